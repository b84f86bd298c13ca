"""Numbers at hand are those of the whole log, counted once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tawatur.log.sequencer import sequence
from tawatur.moderation import tallies
from tawatur.moderation.numbers import Day, Share, numbers_of
from tawatur.moderation.tallies import Tallies
from tests.moderation.conftest import KINDS
from tests.moderation.world import START, World


@pytest.fixture(params=KINDS[1:])
def world(request: pytest.FixtureRequest) -> World:
    database = request.getfixturevalue(f"{request.param}_database".replace("postgresql", "postgres"))
    return World(database, f"{abs(hash(request.node.nodeid)) % 10**8:08}")


def busy(world: World, days: int) -> None:
    for day in range(days):
        image = world.image(f"picture {day}")
        world.crowd(image, 12, prefix=f"p{day}-")
        world.wait(hours=2)
        world.review(image, "rejected" if day % 3 == 0 else "upheld")
        world.wait(hours=22)
    assert world.database is not None
    sequence(world.database)


def test_they_are_those_of_the_transparency_report(world: World) -> None:
    assert world.database is not None
    kept = Tallies(world.database)
    assert kept.numbers(world.site, 7, world.now).numbers.reports == {}
    busy(world, 10)
    told = kept.numbers(world.site, 7, world.now)
    midnight = world.now.replace(hour=0, minute=0, second=0, microsecond=0)
    since, until = midnight - timedelta(days=6), midnight + timedelta(days=1)
    assert told.numbers == numbers_of(world.database, world.site, since, until)
    assert told.counted == 1.0
    assert kept.numbers(world.site, 90, world.now).numbers.wrong() == Share(4, 10)
    busy(world, 1)
    assert kept.numbers(world.site, 90, world.now).numbers.wrong() == Share(5, 11)


def test_every_day_is_there_with_what_people_decided_on_it(world: World) -> None:
    assert world.database is not None
    busy(world, 2)
    days = Tallies(world.database).numbers(world.site, 30, world.now).days
    assert len(days) == 30
    first, second, today = days[-3:]
    assert days[0] == Day((START - timedelta(days=27)).date())
    assert today == Day(world.now.date())
    assert (first.reports, first.reversed, first.blocks_right, first.blocks_wrong) == (12, 1, 0, 1)
    assert (second.reversed, second.blocks_right) == (0, 1)
    assert second.review_s == pytest.approx(7200, abs=60)


def test_who_asks_of_a_long_log_waits_a_moment_and_goes_on_later(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert world.database is not None
    busy(world, 3)
    monkeypatch.setattr(tallies, "PAGE", 7)
    kept = Tallies(world.database)
    shares = []
    while not shares or shares[-1] < 1.0:
        shares.append(kept.numbers(world.site, 7, world.now, most_s=0.0).counted)
        assert len(shares) < 20
    assert shares == sorted(shares)
    assert shares[0] < 1.0
    assert sum(kept.numbers(world.site, 7, world.now).numbers.reports.values()) == 36
