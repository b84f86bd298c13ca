"""What a page says is told to people, and decides nothing: a case lived with it and without comes out the same."""

import ast
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import given, settings

from tawatur.context.around import Around, CountryThere, EventThere, GroupThere, Quoted
from tawatur.moderation import context
from tawatur.moderation.look import verdict_of
from tawatur.moderation.refusals import UnknownImage
from tawatur.moderation.sweep import sweep
from tawatur.store import contexts
from tawatur.store.database import Database
from tawatur.store.writer import Writer
from tests.ground.tables import with_tables
from tests.moderation.world import START, World

_sites = count(5000)


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Database, Database]]:
    made = [Database(with_tables(f"sqlite:///{tmp_path_factory.mktemp('context') / 'tawatur.db'}")) for _ in range(2)]
    yield made[0], made[1]
    for database in made:
        database.close()


_words = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_names = st.fixed_dictionaries({"ar": _words, "en": _words, "fr": _words})
_one = st.integers(0, 1)
_found = st.builds(
    Around,
    sentences=st.tuples(st.builds(Quoted, _words, st.just("ar")), st.builds(Quoted, _words, st.just("fr"))),
    groups=st.lists(st.builds(GroupThere, _names, st.booleans(), _one), max_size=3).map(tuple),
    countries=st.lists(st.builds(CountryThere, st.sampled_from(["LY", "TN", "XX"]), _one), max_size=3).map(tuple),
    events=st.lists(st.builds(EventThere, st.just("attack"), st.none(), st.none(), _one), max_size=3).map(tuple),
    about=st.sampled_from([(), ("attack",)]),
)
_states = st.sampled_from([context.READ, context.UNREADABLE, context.NOT_FETCHED, context.NOT_INSTALLED])
_steps = st.lists(
    st.tuples(st.sampled_from(["report", "views", "review", "withdraw"]), st.integers(0, 7)), min_size=1, max_size=14
)


@settings(max_examples=30)
@given(steps=_steps, pages=st.lists(st.tuples(_states, _found), min_size=1, max_size=3))
def test_the_same_verdict_bit_for_bit_with_and_without_context(
    two: tuple[Database, Database], steps: list[tuple[str, int]], pages: list[tuple[str, Around]]
) -> None:
    site = str(next(_sites))
    told = []
    for database, known in zip(two, (True, False), strict=True):
        world = World(database, site)
        image = world.image()
        reports: list[str] = []
        explained = []
        for number, (step, n) in enumerate(steps):
            if known:
                state, found = pages[number % len(pages)]
                context.keep(database, world.site, image, state, found, world.now)
            if step == "report":
                reports.append(world.report(image, f"r{n}", ["violence", "terrorism"][n % 2]).id)
            elif step == "views":
                world.views(image, n + 1)
            elif step == "review" and n < 2:
                world.review(image, ["rejected", "undecided"][n])
                reports.clear()
            elif step == "withdraw" and reports:
                world.withdraw(reports.pop())
            explained.append(verdict_of(database, world.site, image, world.now, "ar"))
        assert all(one.pop("context")["used_in_decision"] is False for one in explained)
        told.append((msgspec.json.encode(explained), msgspec.json.encode(world.log)))
    assert told[0] == told[1]


@pytest.fixture
def database(two: tuple[Database, Database]) -> Database:
    return two[0]


def kept(database: Database, image: str, lang: str = "en") -> dict[str, object]:
    with database.read() as connection:
        return context.told(connection, image, lang)


FOUND = Around(
    sentences=(Quoted("داعش في ليبيا.", "ar"),),
    groups=(GroupThere({"ar": "داعش", "en": "Daesh", "fr": "Daech"}, True, 0),),
    countries=(CountryThere("LY", 0),),
    events=(EventThere("attack", "LY", "2016-12", 0),),
    about=("attack",),
)


def test_it_is_told_in_the_readers_language_with_its_sentences(database: Database) -> None:
    world = World(database, str(next(_sites)))
    image = world.image()
    assert kept(database, image)["state"] == "none"
    context.keep(database, world.site, image, context.READ, FOUND, world.now)
    told = kept(database, image, "ar")
    sentence = {"text": "داعش في ليبيا.", "lang": "ar"}
    assert told["groups"] == [{"name": "داعش", "designated": True, "sentence": sentence}]
    assert told["countries"] == [{"code": "LY", "name": "ليبيا", "sentence": sentence}]
    assert told["events"] == [
        {"kind": "attack", "country": "LY", "country_name": "ليبيا", "when": "2016-12", "sentence": sentence}
    ]
    assert told["reads_as_report_about"] == ["attack"]
    assert told["used_in_decision"] is False


def test_it_expires_and_a_site_deletes_its_own_alone(database: Database) -> None:
    world, other = World(database, str(next(_sites))), World(database, str(next(_sites)))
    image, later = world.image("a"), world.image("b")
    context.keep(database, world.site, image, context.READ, FOUND, START)
    context.keep(database, world.site, later, context.READ, FOUND, START + timedelta(days=2))
    swept(database, START + contexts.KEPT + timedelta(days=1))
    assert [kept(database, one)["state"] for one in (image, later)] == ["none", "read"]
    with pytest.raises(UnknownImage):
        context.erase(database, other.site, later)
    assert context.erase(database, world.site, later)
    assert not context.erase(database, world.site, later)
    assert kept(database, later)["state"] == "none"


def swept(database: Database, now: datetime) -> None:
    writer = Writer(database, lambda: "no")
    writer.start()
    sweep(database, writer, now)
    writer.stop()


def test_nothing_that_decides_or_replays_knows_of_context() -> None:
    source = Path(context.__file__).parents[1]
    readers = {
        str(path.relative_to(source)) for path in source.rglob("*.py") if "tawatur.store.contexts" in imported(path)
    }
    assert readers == {"moderation/context.py", "moderation/sweep.py", "store/migrations/env.py"}


def imported(path: Path) -> set[str]:
    """The modules that a file imports, and each name that it takes from one."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}", *(f"{node.module}.{one.name}" for one in node.names)}
    return found
