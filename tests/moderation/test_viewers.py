"""Who looked: kept only where the policy says so, judged with a review, corrected with another, forgotten in time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tawatur.decision.case import Coins, Silent
from tawatur.moderation.sweep import forget_viewers
from tawatur.moderation.viewers import note_viewers
from tawatur.store.database import Database
from tawatur.store.viewings import MOST_NAMED, SiteCoins
from tests.moderation.world import World

ON = "viewers_days = 30"
THREE = ["anna", "badr", "cyn"]


@pytest.fixture
def seeing(new_world: Callable[..., World]) -> World:
    return new_world(ON)


def coins(world: World) -> SiteCoins:
    return world.run(lambda book: book.site_coins(world.site))


def test_by_default_viewers_are_counted_and_nothing_of_them_is_kept(world: World) -> None:
    image = world.image()
    world.views(image, None, [*THREE, "anna"])
    assert world.family(image).views == 3
    assert world.viewings(image) == []
    assert world.told("image.viewed") == [{**world.log[-1], "count": 3}]
    assert "viewers" not in world.log[-1]
    world.report(image, "badr")
    world.review(image, "upheld")
    assert coins(world) == SiteCoins(world.site)
    assert world.verdict(image).case.viewers is None


def test_one_person_is_one_view_over_all_copies_and_however_often(seeing: World) -> None:
    image, copy = seeing.image(), seeing.image()
    seeing.views(image, None, THREE)
    seeing.views(copy, None, ["cyn", "dan"])
    assert seeing.family(image).views == 4
    assert [line["viewers"] for line in seeing.told("image.viewed")] == [THREE, ["dan"]]
    before = len(seeing.log)
    seeing.views(image, None, THREE)
    assert (seeing.family(image).views, len(seeing.log)) == (4, before)


def test_a_history_may_name_some_of_those_it_counts(seeing: World) -> None:
    image = seeing.image()
    seeing.views(image, 10, THREE)
    seeing.views(image, 5, ["anna"])
    assert seeing.family(image).views == 14


def test_a_review_lets_the_coins_fall_and_another_one_turns_them(seeing: World) -> None:
    image = seeing.image()
    seeing.views(image, None, THREE)
    seeing.report(image, "badr")
    seeing.report(image, "eve")  # nobody said that she looked
    seeing.review(image, "upheld")
    assert coins(seeing) == SiteCoins(seeing.site, hits=2, violating=4)
    seeing.review(image, "rejected")
    assert coins(seeing) == SiteCoins(seeing.site, false_alarms=2, fine=4)
    seeing.review(image, "undecided")
    assert coins(seeing) == SiteCoins(seeing.site, false_alarms=2, fine=4)


def test_coins_bear_on_other_pictures_and_not_on_the_one_that_they_fell_on(seeing: World) -> None:
    first, second = seeing.image("1"), seeing.image("2")
    seeing.views(first, None, THREE)
    seeing.report(first, "badr")
    seeing.review(first, "upheld")
    for image in (first, second):
        seeing.views(image, None, [*THREE, "new"])
        seeing.report(image, "badr")
    known = seeing.verdict(second).case.viewers
    assert known is not None
    assert known.reporters == {"badr": Coins(hits=1, violating=1)}
    assert known.silent == (Silent(Coins(violating=1), 2),)
    assert known.site == Coins(hits=1, violating=3)
    again = seeing.verdict(first).case.viewers
    assert again is not None
    assert (again.reporters, again.silent) == ({}, ())


def test_whoever_withdraws_has_looked_and_is_silent(seeing: World) -> None:
    first, second = seeing.image("1"), seeing.image("2")
    seeing.views(first, None, ["anna"])
    seeing.review(first, "rejected")
    seeing.views(second, None, ["anna"])
    seeing.report(second, "other")
    report = seeing.report(second, "anna").id
    seeing.withdraw(report)
    known = seeing.verdict(second).case.viewers
    assert known is not None
    assert known.silent == (Silent(Coins(fine=1), 1),)


def test_where_nobody_is_named_nothing_is_learned_of_reporters_either(seeing: World) -> None:
    image = seeing.image()
    seeing.views(image, 40)
    seeing.report(image, "badr")
    seeing.review(image, "upheld")
    assert (coins(seeing), seeing.viewings(image)) == (SiteCoins(seeing.site), [])


def test_after_its_days_a_viewing_is_as_if_it_had_never_been(new_world: Callable[..., World]) -> None:
    world = new_world("viewers_days = 2")
    first, second = world.image("1"), world.image("2")
    world.views(first, None, THREE)
    world.report(first, "badr")
    world.review(first, "upheld")
    world.wait(hours=49)
    world.views(second, None, THREE)
    world.report(second, "badr")
    known = world.verdict(second).case.viewers
    assert known is not None
    assert (known.reporters, known.silent) == ({}, ())
    world.views(first, None, ["anna"])  # seen again, as if for the first time
    assert world.family(first).views == 4


def test_of_one_picture_so_many_are_kept_and_the_rest_are_counted(seeing: World) -> None:
    image = seeing.image()
    for start in range(0, MOST_NAMED + 500, 500):
        seeing.views(image, None, [f"v{n}" for n in range(start, start + 500)])
    assert len(seeing.viewings(image)) == MOST_NAMED
    assert seeing.family(image).views == MOST_NAMED + 500
    assert "viewers" not in seeing.log[-1]


def test_the_sweep_forgets_what_no_longer_counts(database: Database) -> None:
    month, off = World(database, "1", ON), World(database, "2")
    images = [month.image("old"), month.image("new")]
    month.views(images[0], None, THREE)
    month.wait(days=31)
    month.views(images[1], None, THREE)
    switched_off = off.image()
    policy = month.verdict(images[1]).rules
    off.run(lambda book: note_viewers(book, off.family(switched_off), THREE, policy, month.now))
    assert forget_viewers(database, month.now + timedelta(seconds=1)) == 6
    assert [len(month.viewings(image)) for image in images] == [0, 3]
    assert off.viewings(switched_off) == []
    assert month.family(images[0]).views == 3
    database.close()
