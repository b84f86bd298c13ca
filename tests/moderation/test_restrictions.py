"""The account of what was withheld: one restriction for each picture, measure and reason, from when until when."""

import pytest
from sqlalchemy import text

from tawatur.moderation import restrictions as account
from tawatur.moderation.restrictions import brought_up_to_date, puid
from tawatur.store import restrictions
from tawatur.store.database import Database
from tawatur.store.restrictions import Restriction, Span
from tests.moderation.world import START, World

ALWAYS = START.replace(year=2000), START.replace(year=2100)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def place(request: pytest.FixtureRequest) -> World:
    """A world in a database: this account is kept there alone."""
    name = {"sqlite": "sqlite_database", "postgresql": "postgres_database"}[request.param]
    database: Database = request.getfixturevalue(name)
    return World(database, f"{abs(hash(request.node.nodeid)) % 10**8}")


def told(world: World) -> list[Restriction]:
    assert world.database is not None
    last = brought_up_to_date(world.database, world.site)
    with world.database.read() as connection:
        return restrictions.page(connection, world.site, Span(0, last, *ALWAYS), None, 1000)


def brief(world: World) -> list[tuple[str, str, str, str, bool]]:
    return [(one.measure, one.by, one.found, one.automation, one.ended_at is None) for one in told(world)]


def test_a_blur_that_becomes_a_block_ends_with_it(place: World) -> None:
    image = place.image("one")
    place.crowd(image, 12)
    blur, block = told(place)
    assert (blur.measure, block.measure) == ("blur", "block")
    assert blur.ended_at == block.at
    assert block.ended_at is None
    assert (block.reason, block.by, block.found, block.automation) == ("violence", "reports", "reports", "fully")
    assert block.puid == puid(place.told("image.blocked")[0]["id"], image)


def test_who_confirms_what_stands_begins_nothing_and_who_rejects_ends_it(place: World) -> None:
    image = place.image("one")
    place.crowd(image, 12)
    place.review(image, "upheld")
    assert len(told(place)) == 2
    place.review(image, "rejected")
    found = told(place)
    assert len(found) == 2
    assert found[1].ended_at == place.now


def test_another_reason_is_another_restriction(place: World) -> None:
    image = place.image("one")
    place.crowd(image, 12)
    place.review(image, "upheld", reason="terrorism")
    assert brief(place)[1:] == [
        ("block", "reports", "reports", "fully", False),
        ("block", "person", "reports", "partly", True),
    ]


def test_each_copy_is_a_picture_of_its_own(place: World) -> None:
    image = place.image("one")
    place.crowd(image, 12)
    copy = place.image("one")
    place.review(image, "upheld")
    late = place.image("one")
    found = {one.image: one for one in told(place) if one.measure == "block"}
    assert set(found) == {image, copy, late}
    assert (found[copy].by, found[copy].found, found[copy].automation) == ("copy", "match", "fully")
    assert (found[late].by, found[late].found, found[late].automation) == ("copy", "match", "partly")
    place.review(image, "rejected")
    assert {one.ended_at for one in told(place) if one.measure == "block"} == {place.now}


def test_what_a_person_finds_alone_is_told_apart_from_what_readers_reported(place: World) -> None:
    quiet, loud = place.image("quiet"), place.image("loud")
    place.report(loud, "r1")
    place.review(quiet, "upheld", reason="hate")
    place.review(loud, "upheld", reason="hate", measure="blur")
    assert brief(place) == [
        ("block", "person", "person", "not", True),
        ("blur", "person", "reports", "not", True),
    ]


def test_what_is_taken_back_goes_on_as_it_was(place: World) -> None:
    image = place.image("one")
    place.crowd(image, 12)
    before = told(place)
    place.review(image, "rejected")
    assert told(place)[1].ended_at is not None
    place.undo(image)
    assert place.status(image) == "blocked"
    assert told(place) == before


def test_reading_in_pages_and_in_parts_is_reading_at_once(place: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account, "PAGE", 3)
    seen: list[list[Restriction]] = []
    for n in range(4):
        image = place.image(f"picture {n}")
        place.crowd(image, 12, prefix=f"p{n}-")
        if n % 2:
            place.review(image, "rejected")
        seen.append(told(place))
    assert place.database is not None
    assert [one.puid for one in seen[-1][: len(seen[1])]] == [one.puid for one in seen[1]]
    with place.database.write() as connection:
        for table in ("restrictions", "restriction_heads"):
            connection.execute(text(f"DELETE FROM {table} WHERE site = :site"), {"site": place.site})
    assert told(place) == seen[-1]
    assert len(seen[-1]) == len({one.puid for one in seen[-1]}) == 8


def test_a_shadow_withholds_nothing(place: World) -> None:
    place.set_policy("shadow = true")
    place.crowd(place.image("one"), 12)
    assert place.told("image.shadowed")
    assert told(place) == []


def test_what_ended_since_an_earlier_telling_is_found(place: World) -> None:
    one, two = place.image("one"), place.image("two")
    place.crowd(one, 12)
    assert place.database is not None
    first = brought_up_to_date(place.database, place.site)
    place.crowd(two, 12, prefix="q")
    place.review(one, "rejected")
    place.review(two, "rejected")
    last = brought_up_to_date(place.database, place.site)
    with place.database.read() as connection:
        found = restrictions.ended(connection, place.site, first, last, "", 10)
    assert [(found_one.image, found_one.measure) for found_one in found] == [(one, "block")]
