"""The brief of an article: each country with the right kind of threat, as JSON, table and picture."""

import json
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest

from tawatur.context.brief import Brief, brief
from tawatur.context.lexicon import Lexicon, lexicon
from tawatur.context.page import NoText, text_of
from tawatur.context.picture import picture
from tawatur.context.reading import read
from tawatur.context.threats import KINDS
from tests.test_cli import fails, tawatur

ARTICLES = {
    "ar": """داعش بعد سرت: إلى أين؟

خسر تنظيم داعش مدينة سرت بعد معارك استمرت سبعة أشهر مع قوات حكومة الوفاق.
ويخشى جيران ليبيا أن يتفرق مقاتلوه في المنطقة.
وقال مسؤول أمني إن عشرات المقاتلين قد يعودون إلى تونس عبر بن قردان، حيث يسعى التنظيم إلى تجنيد شبان جدد. وفي الجزائر
يُخشى من تنسيق بين التنظيم وتنظيم القاعدة في بلاد المغرب الإسلامي. أما النيجر فقد صارت ممرًا للمقاتلين نحو مالي.
وتتحدث تقارير عن معسكرات تدريب للمتطرفين في السودان. كما هدد التنظيم بشن هجمات في مصر،
وفرّ عدد من عناصره من سرت إلى تشاد.
""",
    "en": """After Sirte, where will Daesh go?

Daesh lost the Libyan city of Sirte after seven months of fighting. Dozens of its fighters may return to Tunisia through
the border town of Ben Gardane. In Algeria, officials fear that the group will coordinate with Al-Qaida in the Islamic
Maghreb. Niger has become a corridor for fighters heading for Mali, while the group runs training camps in Sudan. The
group has threatened attacks in Egypt, and some militants fled from Sirte towards Chad.
""",
    "fr": """Après Syrte, où ira Daech ?

Daech a perdu Syrte après sept mois de combats. Des dizaines de ses combattants pourraient revenir en Tunisie par Ben
Guerdane. En Algérie, on craint une coordination du groupe avec Al-Qaïda au Maghreb islamique. Le Niger est devenu un
couloir pour les djihadistes, tandis que le groupe a des camps d'entraînement au Soudan. Le groupe menace d'attentats
l'Égypte, et des combattants ont fui de Syrte vers le Tchad.
""",
}
EXPECTED = {
    "LY": "fighting", "TN": "return", "DZ": "coordination", "NE": "transit", "SD": "training_camp", "EG": "attack",
    "TD": "dispersal",
}  # fmt: skip


@pytest.fixture(scope="module")
def known() -> Lexicon:
    return lexicon()


@pytest.mark.parametrize("language", ARTICLES)
def test_each_country_that_the_article_names_has_its_threat(language: str, known: Lexicon) -> None:
    told = brief(read(ARTICLES[language], known), known, language)
    kinds = {country.code: {threat.kind for threat in country.threats} for country in told.countries}
    assert {code: kind for code, kind in EXPECTED.items() if kind not in kinds.get(code, ())} == {}
    assert set(kinds) == {*EXPECTED, "ML"} if language != "fr" else set(kinds) == set(EXPECTED)
    (chad,) = [threat for country in told.countries if country.code == "TD" for threat in country.threats]
    assert (chad.come_from, chad.go_to) == ("LY", "TD")
    daesh = known.groups["daesh"].names[language]
    assert all(daesh in threat.who for country in told.countries for threat in country.threats if country.code != "SD")
    assert [group.designated for group in told.groups] == [True, True]


@pytest.mark.parametrize(
    ("text", "code", "kind", "way"),
    [
        ("تسلل مسلحون من ليبيا إلى مصر.", "EG", "transit", ("LY", "EG")),
        ("وصلت شحنة أسلحة من ليبيا إلى مالي عبر النيجر.", "NE", "transit", ("LY", "ML")),
        ("ISIS moves guns and money through Niger.", "NE", "financing", (None, None)),
        ("يهرّب تنظيم الدولة السلاح إلى النيجر.", "NE", "financing", (None, "NE")),
        ("Algeria has warned of the threat posed by ISIS fighters fleeing Sirte.", "DZ", "threat", ("LY", None)),
        ("تستهدف داعش الجيش في مصر.", "EG", "attack", (None, None)),
        ("Militants returned from Syria to Tunisia and Algeria.", "DZ", "return", ("SY", "DZ")),
        ("Boko Haram attacked Niger, while Al-Shabaab recruited in Kenya.", "KE", "recruitment", (None, None)),
        ("Boko Haram attacked Niger, while Al-Shabaab recruited in Kenya.", "NE", "attack", (None, None)),
    ],
)
def test_a_sentence_tells_what_where_from_and_where_to(
    text: str, code: str, kind: str, way: tuple[str | None, str | None], known: Lexicon
) -> None:
    told = brief(read(text, known), known, "en")
    (country,) = [one for one in told.countries if one.code == code]
    assert [(one.kind, (one.come_from, one.go_to)) for one in country.threats] == [(kind, way)]


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("شن داعش هجوما في مصر في 5 ديسمبر 2016.", "2016-12-05"),
        ("Militants attacked Niger in March 2017, and fled to Mali in 2018.", "2017-03"),
        ("Des combattants ont attaqué le Mali hier.", None),
        ("Boko Haram attacked Niger.", None),
    ],
)
def test_a_threat_has_its_date_where_the_sentence_tells_one(text: str, when: str | None, known: Lexicon) -> None:
    told = brief(read(text, known), known, "en")
    assert next(one.when for country in told.countries for one in country.threats) == when


def test_what_is_denied_is_no_threat(known: Lexicon) -> None:
    told = brief(read("نفت الوزارة وقوع أي هجوم في تونس. No attack took place in Egypt.", known), known, "en")
    assert [(country.code, country.threats) for country in told.countries] == [("TN", ()), ("EG", ())]


def test_the_json_has_the_promised_keys(known: Lexicon) -> None:
    told = json.loads(msgspec.json.encode(brief(read(ARTICLES["en"], known), known, "en")))
    assert set(told) == {"groups", "countries"}
    assert all(set(group) == {"name", "designated"} for group in told["groups"])
    for country in told["countries"]:
        assert set(country) == {"code", "name", "threats"}
        for threat in country["threats"]:
            assert set(threat) == {"kind", "who", "from", "to", "when", "sentence"}
            assert threat["kind"] in KINDS


@pytest.mark.parametrize("language", ARTICLES)
def test_the_picture_is_whole_and_loads_nothing(language: str, known: Lexicon) -> None:
    drawn = picture(brief(read(ARTICLES[language], known), known, language), language)
    root = ElementTree.fromstring(drawn)
    assert root.get("direction") == ("rtl" if language == "ar" else "ltr")
    assert "href" not in drawn
    assert sum(one.get("marker-end") is not None for one in root.iter()) >= 1
    ElementTree.fromstring(picture(Brief((), ()), language))


def test_an_article_is_taken_out_of_its_page() -> None:
    paragraphs = "".join(f"<p>{line}</p>" for line in ARTICLES["ar"].splitlines() if line)
    article = f"<article><h1>داعش</h1>{paragraphs}</article>"
    page = f"<!doctype html><html><body><nav><a href='/'>قائمة</a></nav>{article}</body></html>"
    assert "بن قردان" in text_of(page.encode())
    with pytest.raises(NoText):
        text_of(b"\xff\xfe\x00")
    with pytest.raises(NoText):
        text_of(b"  ")


def test_the_command_prints_json_a_table_and_a_picture(tmp_path: Path) -> None:
    file, svg, home = tmp_path / "article.txt", tmp_path / "a.svg", {"TAWATUR_DATA_DIR": str(tmp_path / "data")}
    file.write_text(ARTICLES["ar"], encoding="utf-8")
    told = tawatur("context", "brief", str(file), "--lang", "en", "--json", "--svg", str(svg), **home)
    assert {country["code"] for country in json.loads(told.stdout)["countries"]} == {*EXPECTED, "ML"}
    assert svg.read_text(encoding="utf-8").startswith("<svg")
    table = tawatur("context", "brief", str(file), **home)
    assert "تونس" in table.stdout
    assert "معسكر تدريب" in table.stdout


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    home = {"TAWATUR_DATA_DIR": str(tmp_path / "data")}
    fails(tawatur("context", "brief", str(tmp_path / "no.txt"), **home), "no.txt")
    fails(tawatur("context", "brief", "http://127.0.0.1:1/", **home), "not stand for a public address")
    (tmp_path / "bad.xml").write_text("<a>")
    fails(tawatur("context", "lists", "import", str(tmp_path / "bad.xml"), **home), "XML")
    (tmp_path / "text.txt").write_text("x")
    fails(tawatur("context", "brief", str(tmp_path / "text.txt"), "--lang", "de", **home), "--lang")


@pytest.mark.parametrize(
    "text",
    [
        "Thousands of residents fled Sirte for Tunisia while Daesh held the town.",
        "نزح آلاف السكان من سرت إلى تونس بعد أشهر من سيطرة داعش على المدينة.",
        "Les familles quittent Syrte, aux mains de Daech, pour la Tunisie.",
    ],
)
def test_the_flight_of_civilians_is_none_of_fighters(text: str, known: Lexicon) -> None:
    told = [threat.kind for one in brief(read(text, known), known, "en").countries for threat in one.threats]
    assert "dispersal" not in told
