"""Who reports wrongly again and again is warned, then suspended for a time, and can be cleared of it."""

from collections.abc import Callable
from datetime import timedelta
from itertools import count

import pytest

from tests.moderation.world import World

_pictures = count(1)
STEPS = ("reporter.warned", "reporter.suspended", "reporter.cleared")


def wrong(world: World, times: int, who: str = "r0", outcome: str = "rejected") -> None:
    """Reports so many pictures, each of which a person then decides on."""
    for _ in range(times):
        image = world.image(f"fine {next(_pictures)}")
        world.report(image, who)
        world.review(image, outcome)


def steps(world: World) -> list[str]:
    return [line["type"] for line in world.log if line["type"] in STEPS]


def test_five_wrong_reports_warn_and_five_more_suspend_for_a_week(world: World) -> None:
    wrong(world, 4)
    assert steps(world) == []
    wrong(world, 1)
    (warned,) = world.told("reporter.warned")
    assert (warned["reporter"], warned["rejected"], warned["reviewed"]) == ("r0", 5, 5)
    wrong(world, 4)
    assert steps(world) == ["reporter.warned"]
    wrong(world, 1)
    (suspended,) = world.told("reporter.suspended")
    assert (suspended["rejected"], suspended["times"]) == (5, 1)
    assert world.reporter("r0").suspended_until == world.now + timedelta(days=7)


def test_what_a_suspended_reporter_says_is_taken_and_counts_for_nothing(world: World) -> None:
    wrong(world, 10)
    image = world.image("another")
    made = world.report(image, "r0")
    assert made.new
    assert made.suspended_until == world.reporter("r0").suspended_until
    assert world.voices(image) == 0
    world.review(image, "rejected")
    assert world.reporter("r0").reviewed_reports == 10


def test_a_suspension_ends_by_itself_and_what_was_said_meanwhile_stays_silent(world: World) -> None:
    wrong(world, 10)
    meanwhile = world.image("meanwhile")
    world.report(meanwhile, "r0")
    world.wait(days=8)
    assert world.voices(meanwhile) == 0
    after = world.image("after")
    assert world.report(after, "r0").suspended_until is None
    assert world.voices(after) > 0
    made = world.live(meanwhile)[0]
    world.withdraw(made.id)
    world.report(meanwhile, "r0")
    assert world.voices(meanwhile) > 0


def test_the_next_suspension_is_twice_as_long_and_only_new_reports_bear_on_it(world: World) -> None:
    wrong(world, 10)
    world.wait(days=8)
    wrong(world, 4)
    assert len(world.told("reporter.suspended")) == 1
    wrong(world, 1)
    assert world.reporter("r0").suspended_until == world.now + timedelta(days=14)
    assert world.told("reporter.suspended")[-1]["times"] == 2


def test_after_a_year_it_begins_with_a_warning_again(world: World) -> None:
    wrong(world, 10)
    world.wait(days=366)
    wrong(world, 5)
    assert steps(world) == ["reporter.warned", "reporter.suspended", "reporter.warned"]
    assert world.reporter("r0").suspended_until is None


def test_wrong_reports_of_long_ago_are_forgotten(world: World) -> None:
    wrong(world, 4)
    world.wait(days=91)
    wrong(world, 4)
    assert steps(world) == []


@pytest.mark.parametrize("outcome", ["undecided", "upheld"])
def test_only_what_a_person_clearly_rejected_counts(world: World, outcome: str) -> None:
    wrong(world, 12, outcome=outcome)
    assert steps(world) == []


def test_another_rule_than_the_one_named_is_no_wrong_report(world: World) -> None:
    for n in range(8):
        image = world.image(f"spam {n}")
        world.report(image, "r0", "violence")
        world.review(image, "upheld", reason="spam")
    assert steps(world) == []


def test_whoever_is_often_right_may_be_wrong(world: World) -> None:
    wrong(world, 3, outcome="upheld")
    wrong(world, 8)
    assert steps(world) == []
    wrong(world, 1)
    assert steps(world) == ["reporter.warned"]


def test_a_thousand_reports_of_one_picture_are_one(world: World) -> None:
    image = world.image()
    for _ in range(8):
        world.report(image, "r0")
        world.review(image, "rejected")
    assert steps(world) == []


def test_clearing_lets_what_was_said_meanwhile_count_and_begins_anew(world: World) -> None:
    wrong(world, 10)
    image = world.image("meanwhile")
    world.report(image, "r0")
    assert world.clear("r0")
    assert world.voices(image) > 0
    cleared = world.told("reporter.cleared")[0]
    assert (cleared["by"], cleared["images"]) == ("mod", [image])
    assert not world.clear("r0")
    world.review(image, "rejected")
    wrong(world, 4)
    assert steps(world) == [*STEPS]
    wrong(world, 1)
    assert steps(world) == [*STEPS, "reporter.warned"]


def test_who_takes_the_decision_back_takes_the_warning_back(world: World) -> None:
    wrong(world, 4)
    image = world.image("the fifth")
    world.report(image, "r0")
    world.review(image, "rejected")
    assert world.reporter("r0").steps == 1
    world.undo(image)
    r0 = world.reporter("r0")
    assert (r0.steps, r0.told_at, r0.suspended_until) == (0, None, None)
    assert steps(world) == ["reporter.warned", "reporter.cleared"]
    world.review(image, "rejected")
    assert world.reporter("r0").steps == 1


def test_a_muted_reporter_is_not_warned_for_what_nobody_heard(world: World) -> None:
    wrong(world, 4)
    image = world.image("the fifth")
    world.report(image, "r0")
    world.mute("r0")
    world.review(image, "rejected")
    assert steps(world) == []


def test_a_policy_says_when_and_for_how_long_or_never(new_world: Callable[..., World]) -> None:
    quick = new_world("abuse_rejected = 2\nsuspension_days = 1\nsuspension_most_days = 1.5")
    wrong(quick, 4)
    assert quick.reporter("r0").suspended_until == quick.now + timedelta(days=1)
    quick.wait(days=2)
    wrong(quick, 2)
    assert quick.reporter("r0").suspended_until == quick.now + timedelta(days=1.5)
    never = new_world("abuse_rejected = 0")
    wrong(never, 12)
    assert steps(never) == []
