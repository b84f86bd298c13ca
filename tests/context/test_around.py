"""What is kept of a page: names, places, events and their sentences, bounded; and whether it reads as a report."""

import msgspec
import pytest

from tawatur.context.around import LONGEST, MOST, Around, around
from tawatur.context.child import MOST_TEXT, found
from tawatur.context.lexicon import Lexicon, lexicon
from tawatur.context.reading import read
from tests.context.test_brief import ARTICLES


@pytest.fixture(scope="module")
def known() -> Lexicon:
    return lexicon()


def of(text: str, known: Lexicon) -> Around:
    return around(read(text, known), known)


@pytest.mark.parametrize("language", ARTICLES)
def test_an_article_is_kept_as_names_with_the_sentences_they_stand_in(language: str, known: Lexicon) -> None:
    told = of(ARTICLES[language], known)
    assert told.groups[0].designated
    assert set(told.groups[0].names) == {"ar", "en", "fr"}
    assert {"LY", "TN", "DZ", "NE", "SD", "EG", "TD"} <= {one.code for one in told.countries}
    (tunisia,) = [one for one in told.countries if one.code == "TN"]
    assert any(name in told.sentences[tunisia.sentence].text for name in ("تونس", "Tunisia", "Tunisie"))
    assert {one.lang for one in told.sentences} == {language}
    assert ("return", "TN") in {(one.kind, one.country) for one in told.events}


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("قال مسؤول أمني إن داعش شن هجوما في سرت. وأفادت مصادر طبية بمقتل ثلاثة.", ("attack",)),
        ("Police arrested a militant in Tunisia on 5 December 2016, officials said.", ("arrest",)),
        ("Selon des témoins, des combattants ont attaqué un village du Mali en 2017.", ("attack",)),
        ("جنود الدولة الإسلامية يهاجمون سرت. هجوم مبارك.", ()),  # praise reports nothing
        ("The harbour opens at nine, officials said on 5 December 2016.", ()),  # a report, but of no event
        ("No attack took place in Tunisia on 5 December 2016, officials said.", ()),
    ],
)
def test_a_report_shows_by_who_says_so_and_when(text: str, about: tuple[str, ...], known: Lexicon) -> None:
    assert of(text, known).about == about


def test_a_text_without_names_leaves_nothing(known: Lexicon) -> None:
    assert of("Layla Haddad, of 5 Harbour Street, sings on Sundays.", known) == Around()


def test_what_is_kept_is_bounded_however_long_the_page(known: Lexicon) -> None:
    countries = ["Mali", "Niger", "Chad", "Libya", "Tunisia", "Algeria", "Egypt", "Sudan", "Somalia", "Yemen", "Iraq"]
    countries += ["Syria", "Lebanon", "Kenya", "Nigeria"]
    text = " ".join(f"Boko Haram attacked {one} in the {'long ' * 200} night." for one in countries * 20)
    told = of(text, known)
    assert max(map(len, (told.groups, told.countries, told.regions, told.events))) <= MOST
    assert max(len(one.text) for one in told.sentences) <= LONGEST
    assert len(msgspec.json.encode(told)) < 4 * MOST * (LONGEST + 200)


def test_the_child_reads_texts_and_pages_and_knows_when_there_is_nothing(tmp_path: object) -> None:
    from pathlib import Path

    folder = Path(str(tmp_path))
    told = found("شن داعش هجوما في مصر.".encode(), folder)
    assert told is not None
    assert [one.code for one in told.countries] == ["EG"]
    assert found(b"\xff\xfe", folder) is None
    far = "word " * (MOST_TEXT // 5) + " Boko Haram attacked Niger."
    assert found(far.encode(), folder) == Around()
    (folder / "un-list.json").write_text("{damaged")
    assert found(b"Boko Haram attacked Niger.", folder) is not None
