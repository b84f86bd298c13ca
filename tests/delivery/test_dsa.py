"""Statements of reasons: what the Transparency Database takes, the same each time, and nothing of people."""

from __future__ import annotations

import json
import re
import tracemalloc
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count, islice
from typing import Any

import pytest

from tawatur.decision.policy import REASONS
from tawatur.delivery import dsa
from tawatur.delivery.dsa import (
    BadStatement,
    UnknownPuid,
    ended,
    find,
    note_told,
    statement_of,
    statements,
    told_up_to,
)
from tawatur.delivery.dsa_grounds import DEFAULT_GROUNDS, EU, BadGrounds, Grounds, grounds_toml, read_grounds
from tawatur.delivery.dsa_schema import KEYWORDS, SCHEMA, why_not
from tawatur.delivery.dsa_words import WORDS, rounded
from tawatur.moderation.restrictions import brought_up_to_date
from tawatur.store.database import Database
from tawatur.store.restrictions import Restriction, Span
from tests.ground.tables import with_tables
from tests.moderation.world import START, World

_sites = count(1)
WHENEVER = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    if request.param == "sqlite":
        url = with_tables(f"sqlite:///{tmp_path_factory.mktemp('dsa') / 'tawatur.db'}")
    else:
        url = request.getfixturevalue("postgres_server").create_database(f"dsa_{uuid.uuid4().hex[:12]}", tables=True)
    made = Database(url)
    yield made
    made.close()


@pytest.fixture
def world(database: Database) -> World:
    """A site of its own."""
    return World(database, str(next(_sites)))


def told(
    world: World, after: int = 0, grounds: Grounds = DEFAULT_GROUNDS, lang: str = "en", period=WHENEVER
) -> list[dict[str, Any]]:
    assert world.database is not None
    last = brought_up_to_date(world.database, world.site)
    return [*statements(world.database, world.site, Span(after, last, *period), grounds, lang)]


def blocked(world: World, name: str = "one", people: int = 12, reason: str = "violence") -> str:
    image = world.image(name, uploader=f"uploader-of-{name}")
    assert world.crowd(image, people, reason, prefix=f"reader-of-{name}-") == "blocked"
    return image


def test_a_block_by_reports_is_told_in_the_databases_own_terms(world: World) -> None:
    blocked(world)
    blur, block = told(world)
    assert block == {
        "puid": block["puid"],
        "decision_visibility": ["DECISION_VISIBILITY_CONTENT_DISABLED"],
        "application_date": "2026-01-01",
        "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
        "incompatible_content_ground": "The site’s rule on “violence”",
        "incompatible_content_explanation": block["incompatible_content_explanation"],
        "category": "STATEMENT_CATEGORY_VIOLENCE",
        "content_type": ["CONTENT_TYPE_IMAGE"],
        "content_language": "EN",
        "content_date": "2026-01-01",
        "territorial_scope": list(DEFAULT_GROUNDS.territorial_scope),
        "decision_facts": block["decision_facts"],
        "source_type": "SOURCE_TYPE_OTHER_NOTIFICATION",
        "automated_detection": "No",
        "automated_decision": "AUTOMATED_DECISION_FULLY",
    }
    assert re.search(r"about \d+ independent voices, .* enough to withhold it", block["decision_facts"])
    assert blur["decision_visibility"] == ["DECISION_VISIBILITY_OTHER"]
    assert "blur" in blur["decision_visibility_other"]
    assert blur["end_date_visibility_restriction"] == "2026-01-01"  # the block took its place


def test_what_a_person_rejects_ends_that_day_and_keeps_its_name(world: World) -> None:
    image = blocked(world)
    before = told(world)
    world.wait(days=3)
    world.review(image, "rejected")
    after = told(world)
    assert after[1].pop("end_date_visibility_restriction") == "2026-01-04"
    assert after == before


def test_what_a_person_decides_says_so(world: World) -> None:
    quiet, loud = world.image("quiet"), blocked(world, "loud")
    world.image("loud")
    world.review(quiet, "upheld", reason="hate")
    world.review(loud, "upheld", reason="terrorism")
    by_puid = {one["puid"]: one for one in told(world)}
    found = {one["category"].removeprefix("STATEMENT_CATEGORY_"): one for one in by_puid.values()}
    hate, terror = found["ILLEGAL_OR_HARMFUL_SPEECH"], found["RISK_FOR_PUBLIC_SECURITY"]
    assert (hate["source_type"], hate["automated_decision"]) == (
        "SOURCE_VOLUNTARY",
        "AUTOMATED_DECISION_NOT_AUTOMATED",
    )
    assert terror["automated_decision"] == "AUTOMATED_DECISION_PARTIALLY"
    assert terror["category_specification"] == ["KEYWORD_TERRORIST_CONTENT"]
    copy = next(one for one in by_puid.values() if "same picture" in one["decision_facts"])
    assert (copy["automated_detection"], copy["source_type"]) == ("Yes", "SOURCE_VOLUNTARY")


def test_every_statement_holds_to_the_schema_in_every_language(world: World) -> None:
    for reason in REASONS:
        image = world.image(reason)
        if reason in ("terrorism", "spam"):
            world.crowd(image, 14, reason, prefix=f"{reason}-")
        else:
            world.review(image, "upheld", reason=reason, measure="blur" if reason == "sexual" else None)
    for lang in WORDS:
        found = told(world, lang=lang)
        assert len({one["category"] for one in found}) >= 9
        assert [wrong for one in found if (wrong := why_not(one))] == []
        assert {one["content_language"] for one in found} == {lang.upper()}
        assert not [one for one in found if "{" in json.dumps(one, ensure_ascii=False)[1:-1]]


def test_told_twice_is_the_same_and_in_parts_is_the_whole(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert world.database is not None
    parts: list[dict[str, Any]] = []
    reached = 0
    for n in range(3):
        blocked(world, f"picture {n}")
        parts += told(world, reached)
        reached = brought_up_to_date(world.database, world.site)
    whole = told(world)
    monkeypatch.setattr(dsa, "PAGE", 2)
    assert told(world) == whole
    assert [one["puid"] for one in parts] == [one["puid"] for one in whole]
    assert len({one["puid"] for one in whole}) == len(whole) == 6


def test_what_was_told_as_lasting_and_ended_since_is_told_apart(world: World) -> None:
    assert world.database is not None
    image = blocked(world)
    first = told(world)
    reached = brought_up_to_date(world.database, world.site)
    world.wait(days=1)
    world.review(image, "rejected")
    assert told(world, reached) == []
    last = brought_up_to_date(world.database, world.site)
    assert [*ended(world.database, world.site, reached, last)] == [
        {"puid": first[1]["puid"], "end_date_visibility_restriction": "2026-01-02"}
    ]


def test_only_the_period_is_told(world: World) -> None:
    blocked(world, "early")
    world.wait(days=2)
    blocked(world, "late")
    middle = START.replace(day=2)
    assert {one["application_date"] for one in told(world, period=(WHENEVER[0], middle))} == {"2026-01-01"}
    assert {one["application_date"] for one in told(world, period=(middle, WHENEVER[1]))} == {"2026-01-03"}


def test_nothing_of_people_or_of_the_house_is_in_it(world: World) -> None:
    image = blocked(world)
    world.report(world.image("two"), "reader-of-two", network="net-1", device="dev-1", referrer="ref-1")
    world.image("one", uploader="uploader-of-the-copy")
    world.review(image, "upheld", reviewer="moderator-1", reason="hate", note="seen by moderator-1")
    said = json.dumps(told(world))
    log = json.dumps(world.log)
    names = set(
        re.findall(r'"(?:reporter|uploader|reviewer|by|report|image|family|id|network|device)": "([^"]+)"', log)
    )
    assert len(names) > 30
    assert [name for name in names if name in said] == []
    assert world.site not in said


def test_a_puid_leads_the_operator_back(world: World) -> None:
    assert world.database is not None
    image = blocked(world)
    puid = told(world)[1]["puid"]
    found = find(world.database, world.site, puid)
    assert (found["image"], found["event"]) == (image, world.told("image.blocked")[0]["id"])
    with pytest.raises(UnknownPuid, match="No statement of this site"):
        find(world.database, "another site", puid)


def test_what_would_not_be_taken_names_its_event(world: World) -> None:
    world.now = START.replace(year=2019)
    world.crowd(world.image("one"), 12, account_created_at=START.replace(year=2015))
    with pytest.raises(BadStatement, match=r"Event .* \(image\.blurred\) at position \d+ .*application_date.*clock"):
        told(world)


def test_how_far_it_was_told_is_kept_and_never_goes_back(world: World) -> None:
    assert world.database is not None
    assert told_up_to(world.database, world.site) == 0
    note_told(world.database, world.site, 7)
    note_told(world.database, world.site, 5)
    assert told_up_to(world.database, world.site) == 7


def test_memory_does_not_grow_with_what_was_withheld(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten times as many statements are written in about the same memory."""
    assert world.database is not None
    with world.group():
        for n in range(200):
            world.review(world.image(f"picture {n}"), "upheld", reason="hate")
    last = brought_up_to_date(world.database, world.site)
    monkeypatch.setattr(dsa, "PAGE", 10)
    peaks = []
    for number in (20, 20, 200):  # the first time fills what is kept for good
        lines = statements(world.database, world.site, Span(0, last, *WHENEVER), DEFAULT_GROUNDS, "en")
        tracemalloc.start()
        assert sum(1 for _ in islice(lines, number)) == number
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[2] < peaks[1] + 100_000  # all of them would be half a megabyte more


# -- the operator's document ---------------------------------------------------------------------------


def test_the_default_document_reads_back_as_the_default() -> None:
    assert read_grounds(grounds_toml()) == DEFAULT_GROUNDS
    assert read_grounds("") == DEFAULT_GROUNDS


def test_every_reason_has_a_ground_and_words() -> None:
    assert set(DEFAULT_GROUNDS.reasons) == set(REASONS)
    for words in WORDS.values():
        assert set(words.reasons) == set(REASONS)


def test_an_operator_says_what_is_illegal_where_and_by_which_law(world: World) -> None:
    grounds = read_grounds(
        'territorial_scope = "EU"\ncontent_language = "AR"\nreports_are = "SOURCE_ARTICLE_16"\n'
        'reference_url = "https://news.example/terms"\n'
        '[reasons.violence]\nground = "illegal"\nreference = "Section 131 of the Criminal Code"\n'
    )
    blocked(world)
    one = told(world, grounds=grounds, lang="fr")[1]
    assert one["decision_ground"] == "DECISION_GROUND_ILLEGAL_CONTENT"
    assert one["illegal_content_legal_ground"] == "Section 131 of the Criminal Code"
    assert "incompatible_content_ground" not in one
    assert (one["territorial_scope"], one["content_language"]) == (list(EU), "AR")
    assert (one["source_type"], one["decision_ground_reference_url"]) == (
        "SOURCE_ARTICLE_16",
        "https://news.example/terms",
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = ", "not TOML"),
        ("x = 1", "unknown field `x`"),
        ("reasons = 1", r"as in \[reasons.spam\]"),
        ("[reasons.rudeness]", "reasons.rudeness: there is no such reason"),
        ('[reasons.spam]\ncategory = "SPAM"', r"reasons.spam.category is 'SPAM'; allowed are: STATEMENT_CATEGORY_AN"),
        ('[reasons.spam]\nkeywords = ["KEYWORD_SPAM"]', "reasons.spam.keywords is 'KEYWORD_SPAM'; allowed are"),
        ('[reasons.spam]\nground = "illegal"', "name it in reasons.spam.reference"),
        ('[reasons.spam]\nground = "unwanted"', "allowed are: terms, illegal"),
        ('territorial_scope = ["TN"]', "territorial_scope is 'TN'"),
        ("territorial_scope = []", "name at least one country"),
        ('content_language = "arabic"', "two capital letters"),
        ('reference_url = "our terms"', "begins with https://"),
        ('reports_are = "SOURCE_VOLUNTARY"', "SOURCE_ARTICLE_16"),
        (f'[reasons.spam]\nreference = "{"x" * 501}"', "has 501 characters"),
    ],
)
def test_a_wrong_document_is_told_by_key(text: str, said: str) -> None:
    with pytest.raises(BadGrounds, match=said):
        read_grounds(text)


@pytest.mark.parametrize(("voices", "shown"), [(3.4, 3), (9.4, 9), (12.2, 10), (13.0, 15), (48.0, 50), (112.0, 110)])
def test_voices_are_rounded(voices: float, shown: int) -> None:
    assert rounded(voices) == shown


def test_so_few_voices_are_not_counted(world: World) -> None:
    image = world.image("one")
    for n in range(12):
        if world.report(image, f"r{n}", "child_safety").status != "visible":
            break
    first = told(world)[0]
    voices = world.told("image.blurred" if world.told("image.blurred") else "image.blocked")[0]["verdict"]["voices"]
    assert ("a few independent voices" in first["decision_facts"]) == (voices < 3)


# -- the schema ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"decision_facts": None}, "'decision_facts' is a required property"),
        ({"email": "a@b.example"}, "Additional properties"),
        ({"puid": "a b"}, "puid"),
        ({"application_date": "2026-13-01"}, "application_date"),
        ({"end_date_visibility_restriction": "2025-12-31"}, "is before application_date"),
        ({"decision_visibility": ["DECISION_VISIBILITY_OTHER"]}, "'decision_visibility_other' is a required"),
        ({"decision_ground": "DECISION_GROUND_ILLEGAL_CONTENT"}, "illegal_content_legal_ground"),
        ({"category_specification_other": "Spam"}, "category_specification"),
        ({"automated_decision": "Yes"}, "automated_decision"),
    ],
)
def test_the_schema_refuses_what_the_database_would(change: dict[str, Any], said: str) -> None:
    stands = Restriction("p", "s", 1, "i", "block", "violence", "reports", "reports", "fully", START)
    right = statement_of(stands, 6.0, START, DEFAULT_GROUNDS, "en")
    assert why_not(right) is None
    one = {name: value for name, value in {**right, **change}.items() if value is not None}
    assert said in (why_not(one) or "")


def test_the_schema_is_one() -> None:
    from jsonschema import Draft202012Validator

    Draft202012Validator.check_schema(SCHEMA)
    assert len(KEYWORDS) == len(set(KEYWORDS)) == 69
