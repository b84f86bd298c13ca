"""What happens because time passed."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tawatur.moderation.sweep import ANSWERS_KEPT, sweep
from tawatur.store import answers
from tawatur.store.answers import Answer
from tawatur.store.database import Database
from tawatur.store.writer import Writer
from tests.moderation.world import World


def overdue(world: World) -> str:
    image = world.image()
    assert world.crowd(image) == "blocked"
    world.wait(hours=25)
    return image


def test_a_block_that_nobody_reviewed_stands_unless_the_policy_says_otherwise(world: World) -> None:
    image = overdue(world)
    assert world.lapse(image) is False
    family = world.family(image)
    assert (family.status, family.provisional) == ("blocked", True)
    assert family.queued_at is not None
    assert world.told("image.restored") == []


def test_a_block_that_nobody_reviewed_lapses_where_the_policy_says_so(new_world: Callable[..., World]) -> None:
    world = new_world("lapse = true")
    image = overdue(world)
    assert world.lapse(image) is True
    family = world.family(image)
    assert (family.status, family.provisional, family.review_by) == ("visible", False, None)
    assert world.log[-1]["type"] == "image.restored"
    assert world.log[-1]["cause"] == "lapse"
    assert world.lapse(image) is False


def test_what_lapsed_does_not_come_back_with_the_next_report(new_world: Callable[..., World]) -> None:
    world = new_world("lapse = true")
    image = overdue(world)
    world.lapse(image)
    assert world.report(image, "late").status == "visible"
    world.wait(hours=25)
    assert world.report(image, "later").status == "blocked"


def test_a_state_lapses_at_its_moment_whether_or_not_a_sweep_came_by(new_world: Callable[..., World]) -> None:
    world = new_world("lapse = true")
    swept, unswept = world.image("1"), world.image("2")
    for image in (swept, unswept):
        assert world.crowd(image) == "blocked"
    world.wait(hours=25)
    world.lapse(swept)
    assert [world.report(image, "late").status for image in (swept, unswept)] == ["visible", "visible"]
    times = [world.family(image).immune_until for image in (swept, unswept)]
    assert times[1] - times[0] == timedelta(seconds=12)  # as far apart as their blocks
    assert [line["cause"] for line in world.told("image.restored")] == ["lapse", "lapse"]


@pytest.mark.parametrize("swept", [True, False])
def test_a_lapsed_block_binds_no_stake(new_world: Callable[..., World], swept: bool) -> None:
    world = new_world("lapse = true\nstakes_young = 1")
    first, second = world.image("1"), world.image("2")
    assert world.crowd(first) == "blocked"
    assert world.crowd(second) == "visible"
    world.wait(hours=25)
    if swept:
        world.lapse(first)
    assert world.report(second, "one more").status == "blocked"


def test_nothing_lapses_before_its_time_or_after_a_review(new_world: Callable[..., World]) -> None:
    world = new_world("lapse = true")
    early, decided = world.image("1"), world.image("2")
    world.crowd(early)
    world.crowd(decided)
    assert world.lapse(early) is False
    world.review(decided, "upheld")
    world.wait(days=10)
    assert world.lapse(decided) is False
    assert world.status(decided) == "blocked"


def test_the_sweep_finds_what_is_overdue_and_forgets_old_answers(database: Database) -> None:
    lapsing, standing = World(database, "1", "lapse = true"), World(database, "2")
    images = [overdue(lapsing), overdue(standing)]
    fresh = lapsing.image("fresh")
    lapsing.crowd(fresh, prefix="f")
    now = lapsing.now
    with database.write() as connection:
        for key, at in (("old", now - ANSWERS_KEPT - timedelta(seconds=1)), ("new", now)):
            answers.insert(connection, [Answer(lapsing.site, key, "f", 200, "{}", at)])
    writer = Writer(database, lapsing.new_id, clock=lambda: now)
    writer.start()
    assert sweep(database, writer, now) == 1
    assert sweep(database, writer, now) == 0
    writer.stop()
    assert [lapsing.status(images[0]), standing.status(images[1]), lapsing.status(fresh)] == [
        "visible",
        "blocked",
        "blocked",
    ]
    with database.read() as connection:
        kept = answers.given(connection, {(lapsing.site, "old"), (lapsing.site, "new")})
    assert [answer.key for answer in kept] == ["new"]
    database.close()
