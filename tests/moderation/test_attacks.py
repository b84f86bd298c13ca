"""Surges are found as hours pass, looked into once they are there, and kept."""

from __future__ import annotations

from datetime import datetime, timedelta
from time import perf_counter

import pytest

from tawatur.moderation.attack_view import AttackView, attack_view
from tawatur.moderation.attacks import MOST_READ, findings, on_now, watch, watch_site
from tawatur.store import rows, schema, surges
from tawatur.store.database import Database
from tawatur.store.families import Family
from tawatur.store.reports import Report
from tawatur.store.sites import Site, of_ids
from tests.moderation.conftest import KINDS
from tests.moderation.world import START, World

NOON = START + timedelta(days=42, hours=12)


@pytest.fixture(params=KINDS[1:])
def there(request: pytest.FixtureRequest) -> Database:
    made: Database = request.getfixturevalue(f"{request.param}_database".replace("postgresql", "postgres"))
    return made


@pytest.fixture
def world(there: Database, request: pytest.FixtureRequest) -> World:
    """A site that had two reports in each hour of six weeks; it is noon."""
    made = World(there, f"{abs(hash(request.node.nodeid)) % 10**8:08}")
    with there.write() as connection:
        surges.keep_hours(connection, made.site, {START + timedelta(hours=n): 2 for n in range(42 * 24 + 12)})
    made.now = NOON
    return made


def site(world: World) -> Site:
    assert world.database is not None
    with world.database.read() as connection:
        return of_ids(connection, {world.site})[0]


def look(world: World) -> int:
    assert world.database is not None
    return watch_site(world.database, site(world), world.now)


def view(world: World, begins: datetime | None = None) -> AttackView:
    assert world.database is not None
    return attack_view(world.database, site(world), begins, world.now)


def raid(world: World, images: list[str], accounts: int = 20) -> None:
    with world.group():
        for image in images:
            world.crowd(image, accounts, prefix="raider", device="one phone", account_created_at=START)


def test_a_raid_is_one_attack_with_one_group(world: World) -> None:
    images = [world.image(f"p{n}") for n in range(3)]
    raid(world, images)
    assert look(world) == 1
    seen = view(world)
    assert seen.surge is not None
    assert (seen.surge.attack, seen.surge.begins, seen.surge.reports, seen.surge.usual) == (True, NOON, 60, 2.0)
    (group,) = seen.found.groups
    assert (group.people, group.links["device"]) == (20, 20)
    assert [one.image.id for one in seen.targets] == sorted(images)
    assert {one.people for one in seen.targets} == {20}
    assert (seen.found.by_count, seen.found.blocked) == (3, [])
    assert on_now(world.database, world.site, world.now) == (1, 0)  # type: ignore[arg-type]
    assert seen.hours[-1].reports == 60


def test_what_nothing_new_is_known_of_is_not_looked_into_again(world: World) -> None:
    image = world.image()
    raid(world, [image])
    assert look(world) == 1
    assert look(world) == 0
    world.report(image, "one more")
    assert look(world) == 0  # in a minute
    world.wait(minutes=2)
    assert look(world) == 1
    raid(world, [world.image("another")])
    assert look(world) == 1  # at once: it has doubled
    assert len(view(world).past) == 1


def test_an_attack_that_goes_on_stays_the_same_and_ends_when_it_is_calm(world: World) -> None:
    for hour in range(3):
        raid(world, [world.image(f"p{hour}")], 20)
        look(world)
        world.wait(hours=1)
    (storm,) = view(world).past
    assert (storm.begins, storm.ends, storm.reports) == (NOON, NOON + timedelta(hours=3), 60)
    assert view(world).going
    world.wait(hours=3)
    look(world)
    assert on_now(world.database, world.site, world.now) == (0, 0)  # type: ignore[arg-type]
    assert view(world).surge is None
    past = view(world, NOON)
    assert past.surge is not None
    assert not past.going
    world.wait(hours=6)
    raid(world, [world.image("later")], 20)
    look(world)
    assert [one.begins.hour for one in view(world).past] == [world.now.hour, 12]


def test_what_the_same_people_report_elsewhere_is_named(world: World) -> None:
    world.now = NOON - timedelta(days=5)
    before, alone = world.image("before"), world.image("alone")
    raid(world, [before], 12)
    world.report(alone, "raider3")
    world.now = NOON
    raid(world, [world.image("now")])
    look(world)
    seen = view(world)
    assert [(one.image.id, one.people) for one in seen.elsewhere] == [(before, 12)]


def test_withdrawn_reports_would_not_have_been_counted_and_voided_ones_would(world: World) -> None:
    image = world.image()
    for n in range(20):
        world.report(image, f"raider{n}", device="one phone")
    other = world.image("other")
    gone = [world.report(other, f"raider{n}", device="one phone").id for n in range(3)]
    world.withdraw(gone[0])
    look(world)
    assert view(world).found.by_count == 1
    for n in range(20):
        world.void(f"raider{n}")
    world.wait(minutes=2)
    world.report(world.image("third"), "somebody")
    look(world)
    assert view(world).found.looked_at == 24
    assert view(world).found.by_count == 1


def test_what_the_engine_blocked_and_people_decided_since_is_told(world: World) -> None:
    images = [world.image(f"p{n}") for n in range(2)]
    for image in images:
        world.views(image, 60)
        assert world.crowd(image, 12) == "blocked"
    look(world)
    seen = view(world)
    assert (len(seen.found.blocked), seen.surge.attack if seen.surge else None) == (2, False)
    world.review(images[0], "upheld")
    world.review(images[1], "rejected")
    counted = view(world).counted
    assert (counted.upheld, counted.rejected) == (1, 1)


def test_a_surge_of_a_long_ago_is_found_when_a_site_is_watched_for_the_first_time(there: Database) -> None:
    world = World(there, "77777001")
    world.now = NOON
    raid(world, [world.image()], 30)
    world.wait(days=20)
    watch(there, world.now)
    (storm,) = view(world).past
    assert (storm.begins, findings(storm).people) == (NOON, 30)


def test_a_picture_reported_for_child_safety_is_hidden(world: World) -> None:
    image, plain = world.image("p0"), world.image("p1")
    raid(world, [image, plain])
    world.report(image, "somebody", reason="child_safety")
    look(world)
    assert {one.image.id: one.hidden for one in view(world).targets} == {image: True, plain: False}


def test_a_hundred_thousand_reports_in_a_day_hold_nobody_up(sqlite_database: Database) -> None:
    world = World(sqlite_database, "77777002")
    begin = START + timedelta(days=50)
    made = [Family(f"{world.site[:8]}-family-{n}", world.site, START) for n in range(2000)]
    flood = [
        Report(
            id=f"{world.site[:8]}-flood-{n}",
            site=world.site,
            family=made[n % 7 if n % 2 else n % 2000].id,
            image="none",
            reporter=f"person {n}",
            round=0,
            reason="spam",
            comment=None,
            first_at=begin + timedelta(seconds=n * 0.8),
            at=begin,
            device=f"farm {n % 50}" if n % 2 else f"own {n}",
            network=f"net {n % 3000}",
        )
        for n in range(100_000)
    ]
    with sqlite_database.write() as connection:
        rows.insert(connection, schema.families, made)
        rows.insert(connection, schema.reports, flood)
    world.now = begin + timedelta(days=1)
    started = perf_counter()
    assert look(world) == 1
    looked = perf_counter() - started
    started = perf_counter()
    seen = view(world)
    shown = perf_counter() - started
    assert looked < 15  # a second or two on an idle core
    assert shown < 2
    assert seen.surge is not None
    assert (seen.surge.attack, seen.surge.reports, seen.found.looked_at) == (True, 100_000, MOST_READ)
    assert seen.found.by_count == 1003
