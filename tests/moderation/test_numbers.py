"""The numbers of a period: what was reported, done, and found wrong, as people would count it by hand."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tawatur.log import events
from tawatur.log.sequencer import sequence
from tawatur.moderation.counting import TYPES, counted
from tawatur.moderation.numbers import Numbers, Share, as_numbers, numbers_of
from tests.moderation.world import START, World

FOREVER = START + timedelta(days=3650)
LAPSING = "lapse = true\nreview_within_hours = 2"


def numbers(world: World, since=START, until=FOREVER) -> Numbers:
    if world.database is None:
        assert world._memory is not None
        return as_numbers(counted(world._memory.appended, since, until))
    sequence(world.database)
    return numbers_of(world.database, world.site, since, until)


def test_what_happened_is_counted_once(world: World) -> None:
    image = world.image("one", uploader="u")
    world.crowd(image, 12, "violence")
    world.image("one")  # a copy, withheld from its first moment
    world.report(world.image("two"), "r1", "spam")
    assert world.status(image) == "blocked"
    found = numbers(world)
    assert found.reports == {"violence": 12, "spam": 1}
    assert found.acted(measure="blur", by="reports") == 1
    assert found.acted(measure="block", by="reports", reason="violence") == 1
    assert found.acted(by="copy") == 1
    assert found.acted(by="person") == 0
    assert found.report_to_action.count == 1
    assert found.report_to_action.median is not None
    assert 0 < found.report_to_action.median < 20
    assert [(day.day, day.reports, day.blurs, day.blocks) for day in found.days] == [(START.date(), 13, 1, 2)]
    assert found.wrong() == Share(0, 0)


def test_a_block_that_people_reject_was_wrong_and_one_they_uphold_was_right(world: World) -> None:
    fine, bad = world.image("fine"), world.image("bad")
    for image in (fine, bad):
        world.crowd(image, 12)
    world.wait(hours=3)
    world.review(fine, "rejected")
    world.review(bad, "upheld")
    world.review(bad, "upheld", reviewer="another")  # judged once already
    found = numbers(world)
    assert found.wrong(measure="block") == Share(1, 2)
    assert found.wrong(measure="blur") == Share(0, 0)
    assert found.reviews == {"upheld": 2, "rejected": 1}
    assert found.restored == {"review": 1}
    assert found.action_to_review.count == 2
    assert found.action_to_review.median == pytest.approx(3 * 3600, abs=60)
    assert found.acted(by="person") == 0  # confirming is no new action


def test_what_a_person_withholds_by_hand_is_theirs(world: World) -> None:
    image = world.image("quiet")
    world.review(image, "upheld", reason="hate", measure="blur")
    world.review(image, "upheld", reason="hate")
    found = numbers(world)
    assert [(one.measure, one.by, one.reason, one.count) for one in found.actions] == [
        ("block", "person", "hate", 1),
        ("blur", "person", "hate", 1),
    ]
    assert found.wrong() == Share(0, 0)
    assert found.report_to_action.count == 0
    assert found.days[0].by_people == 2


def test_what_was_taken_back_never_happened(world: World) -> None:
    image = world.image("one")
    world.crowd(image, 12)
    before = numbers(world)
    world.review(image, "rejected")
    assert numbers(world).wrong() == Share(1, 1)
    world.undo(image)
    assert world.status(image) == "blocked"
    assert numbers(world) == before
    world.wait(hours=1)
    world.review(image, "upheld")
    found = numbers(world)
    assert found.wrong() == Share(0, 1)
    assert found.reviews == {"upheld": 1}
    assert found.action_to_review.median == pytest.approx(3600, abs=60)


def test_a_copy_shares_the_fate_of_its_family(world: World) -> None:
    image = world.image("one")
    world.crowd(image, 12)
    copy = world.image("one")
    world.review(copy, "rejected")
    assert numbers(world).wrong() == Share(1, 1)
    assert numbers(world).restored == {"review": 1}


def test_only_the_period_counts_but_what_was_before_is_known(world: World) -> None:
    image = world.image("one")
    world.crowd(image, 12)
    world.wait(days=2)
    middle = world.now
    world.review(image, "rejected")
    later = numbers(world, middle, FOREVER)
    assert later.reports == {}
    assert later.actions == []
    assert later.wrong(measure="block") == Share(1, 1)
    earlier = numbers(world, START, middle)
    assert earlier.reports == {"violence": 12}
    assert earlier.reviews == {}


def test_the_parts_of_a_period_add_up(world: World) -> None:
    for n in range(3):
        image = world.image(f"picture {n}")
        world.crowd(image, 12, prefix=f"p{n}-")
        world.wait(hours=5)
        world.review(image, "rejected" if n else "upheld")
    whole = numbers(world)
    middle = START + timedelta(hours=7)
    parts = [numbers(world, START, middle), numbers(world, middle, FOREVER)]
    assert sum(one.acted() for one in parts) == whole.acted()
    assert sum(sum(one.reports.values()) for one in parts) == sum(whole.reports.values()) == 36
    assert sum(one.wrong().whole for one in parts) == whole.wrong().whole == 3


def test_what_ends_by_itself_or_by_withdrawal_is_told_apart(new_world: Callable[..., World]) -> None:
    world = new_world(policy=LAPSING)
    one, two = world.image("one"), world.image("two")
    world.crowd(one, 12)
    reports = [world.report(two, f"w{n}").id for n in range(12)]
    for report in reports:
        world.withdraw(report)
    assert world.status(two) == "visible"
    world.wait(hours=3)
    world.lapse(one)
    found = numbers(world)
    assert found.withdrawn == 12
    assert found.restored["lapse"] == 1
    assert found.restored["withdrawal"] >= 1


def test_reporters_and_appeals_are_counted(world: World) -> None:
    world.report(world.image("quiet"), "muted one")
    world.mute("muted one")
    world.unmute("muted one")
    one, two = world.image("one", uploader="amal"), world.image("two", uploader="badr")
    world.crowd(one, 12)
    world.crowd(two, 12)
    wrong, right = world.appeal(one), world.appeal(two)
    world.wait(hours=10)
    world.answer(wrong.id, "reversed")
    world.answer(right.id, "stands")
    found = numbers(world)
    assert found.reporters == {"muted": 1, "unmuted": 1}
    assert found.appeals == {"received": 2, "reversed": 1, "stands": 1}
    assert found.appeal_to_answer.median == pytest.approx(10 * 3600, abs=60)
    assert found.wrong(measure="block") == Share(1, 2)
    assert found.restored == {"review": 1}


def test_an_answer_that_is_taken_back_was_never_given(world: World) -> None:
    image = world.image("one", uploader="amal")
    world.crowd(image, 12)
    appeal = world.appeal(image)
    before = numbers(world)
    world.answer(appeal.id, "reversed")
    assert numbers(world).appeals == {"received": 1, "reversed": 1}
    world.undo(image, "other")
    assert world.types()[-1] != "appeal.decided"
    assert numbers(world) == before


def test_every_type_that_is_counted_exists() -> None:
    assert set(TYPES) <= set(events.TYPES)


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [(0, 0, 0.0, 1.0), (0, 10, 0.0, 0.2775), (1, 10, 0.0179, 0.4042), (10, 10, 0.7225, 1.0)],
)
def test_the_interval_is_wilsons(part: int, whole: int, low: float, high: float) -> None:
    found = Share(part, whole).interval
    assert found == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))
