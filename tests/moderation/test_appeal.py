"""Whoever posted a withheld picture objects; a person who took no part before answers, and what they say is done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tawatur.moderation import refusals
from tawatur.moderation.appeal import MOST_OPEN, MOST_TEXT
from tests.moderation.test_abuse import wrong
from tests.moderation.world import ADMIN, World


def blocked(world: World, content: str = "picture", uploader: str | None = "amal") -> str:
    image = world.image(content, uploader)
    assert world.crowd(image) == "blocked"
    return image


def appeals(world: World) -> list[str]:
    return [line["type"] for line in world.log if line["type"].startswith("appeal.")]


def test_an_appeal_changes_nothing_until_somebody_answers(world: World) -> None:
    image = blocked(world)
    before = world.family(image)
    made = world.appeal(image, uploader="amal")
    assert world.family(image) == before
    told = world.told("appeal.received")[0]
    assert (told["image"], told["appeal"], told["against"], told["uploader"]) == (image, made.id, "machine", "amal")
    assert "It is news." not in str(told)
    assert made.answer_by - made.at == timedelta(days=14)


def test_reversing_restores_the_picture_and_undoes_all_that_the_block_did(world: World) -> None:
    image, copy = blocked(world), world.image("picture", "badr")
    altered = world.image("crop", "dina")
    world.take_for_altered(altered, image)
    assert (world.status(copy), world.status(altered)) == ("blocked", "blurred")
    appeal, theirs, crops = world.appeal(image), world.appeal(copy), world.appeal(altered)
    world.log.clear()
    closed = world.answer(appeal.id, "reversed", answer="You are right: it is a news photograph.")
    assert {world.status(one) for one in (image, copy, altered)} == {"visible"}
    family = world.family(image)
    assert (family.outcome, family.immune_until) == ("rejected", world.now + timedelta(hours=24))
    assert world.record("r0")["violence"].rejected == 1
    assert world.reporter("r0").probation_until is not None
    told = world.told("appeal.decided")[0]
    assert (told["outcome"], told["by"], told["answer"]) == ("reversed", "other", closed.answer)
    assert told["review"] == closed.review == world.told("image.reviewed")[0]["id"]
    assert [line["appeal"] for line in world.told("appeal.ended")] == [theirs.id, crops.id]
    assert {line["at"] for line in world.log} == {world.log[0]["at"]}  # in one transaction
    assert world.report(image, "r99").status == "visible"


def test_letting_it_stand_makes_a_provisional_block_a_persons(world: World) -> None:
    image = blocked(world)
    world.answer(world.appeal(image).id, "stands")
    family = world.family(image)
    assert (family.status, family.provisional, family.outcome, family.reason) == (
        "blocked",
        False,
        "upheld",
        "violence",
    )
    assert world.record("r0")["violence"].confirmed > 0


def test_a_blur_that_stands_stays_a_blur(world: World) -> None:
    image = world.image(uploader="amal")
    while world.status(image) != "blurred":
        world.report(image, f"r{len(world.live(image))}")
    world.answer(world.appeal(image).id, "stands")
    assert (world.status(image), world.family(image).provisional) == ("blurred", False)


def test_only_this_use_can_be_shown(world: World) -> None:
    image, copy = blocked(world), world.image("picture", "badr")
    world.answer(world.appeal(copy).id, "reversed", scope="this_use")
    assert (world.status(image), world.status(copy)) == ("blocked", "visible")
    assert appeals(world) == ["appeal.received", "appeal.decided"]


@pytest.mark.parametrize("outcome", ["upheld", "undecided"])
def test_whoever_decided_before_cannot_answer(world: World, outcome: str) -> None:
    image = blocked(world)
    world.review(image, outcome)
    appeal = world.appeal(image)
    world.wait(days=3)
    with pytest.raises(refusals.TookPart, match="took no part"):
        world.answer(appeal.id, "reversed", by="mod")
    assert world.status(image) == "blocked"
    assert world.answer(appeal.id, "reversed").status == "reversed"


def test_who_decides_while_an_appeal_waits_has_taken_part(world: World) -> None:
    image = blocked(world)
    appeal = world.appeal(image)
    world.review(image, "upheld")
    assert world.appeal_now(appeal.id).waits
    with pytest.raises(refusals.TookPart):
        world.answer(appeal.id, "stands", by="mod")
    world.answer(appeal.id, "stands")
    with pytest.raises(refusals.AlreadyAppealed):
        world.appeal(image)


def test_where_nobody_else_is_the_same_person_may_after_a_day_and_it_is_told(world: World) -> None:
    image = blocked(world)
    world.review(image, "upheld")
    appeal = world.appeal(image)
    world.wait(hours=23)
    with pytest.raises(refusals.TookPart, match="a day after"):
        world.answer(appeal.id, "stands", by="mod", nobody_else=True)
    world.wait(hours=1)
    assert world.answer(appeal.id, "stands", by="mod", nobody_else=True).same_person
    assert world.told("appeal.decided")[0]["same_person"] is True


@pytest.mark.parametrize(
    ("by", "refused"),
    [
        ({"by": "amal"}, refusals.OwnImage),
        ({"by": "m", "known_as": "badr"}, refusals.OwnImage),  # posted a copy
        ({"by": "r3"}, refusals.OwnReport),
    ],
)
def test_neither_uploader_nor_reporter_ever_answers(
    world: World, by: dict[str, Any], refused: type[refusals.Refused]
) -> None:
    image = blocked(world)
    world.image("picture", "badr")
    appeal = world.appeal(image)
    world.wait(days=3)
    with pytest.raises(refused):
        world.answer(appeal.id, "reversed", nobody_else=True, **by)
    world.review(image, "upheld")  # reports of earlier rounds are as near
    with pytest.raises(refused):
        world.answer(appeal.id, "reversed", nobody_else=True, **by)


def test_an_admins_decision_is_answered_by_an_admin(world: World) -> None:
    image = blocked(world)
    world.review(image, "upheld", "chief", authority=ADMIN)
    appeal = world.appeal(image)
    assert appeal.against == "person"
    with pytest.raises(refusals.Outranked):
        world.answer(appeal.id, "reversed")
    assert world.answer(appeal.id, "reversed", authority=ADMIN).status == "reversed"


def test_one_appeal_a_decision(world: World) -> None:
    image = blocked(world)
    first = world.appeal(image)
    with pytest.raises(refusals.AlreadyAppealed, match="waits"):
        world.appeal(image)
    world.take_back(first.id)
    assert world.take_back(first.id).status == "withdrawn"
    with pytest.raises(refusals.AlreadyAppealed, match="new decision"):
        world.appeal(image)
    world.review(image, "upheld")  # a person's decision is a new one
    second = world.appeal(image)
    world.answer(second.id, "stands")
    with pytest.raises(refusals.AlreadyAppealed):
        world.appeal(image)
    world.review(image, "rejected")
    world.review(image, "upheld", reason="spam")
    assert world.appeal(image).waits
    with pytest.raises(refusals.AppealClosed):
        world.take_back(second.id)


def test_six_months_and_not_a_day_longer(world: World) -> None:
    image, late = blocked(world), blocked(world, "late")
    world.review(image, "upheld")
    world.review(late, "upheld")
    world.wait(days=183)
    world.appeal(image)
    world.wait(days=2)
    with pytest.raises(refusals.TooLateToAppeal, match="six months"):
        world.appeal(late)


def test_a_copy_that_came_later_was_withheld_when_it_came(world: World) -> None:
    image = blocked(world)
    world.review(image, "upheld")
    world.wait(days=200)
    copy = world.image("picture", "badr")
    assert world.appeal(copy).waits
    with pytest.raises(refusals.TooLateToAppeal):
        world.appeal(image)


def test_what_cannot_be_objected_to(world: World) -> None:
    shown, image = world.image("shown", "amal"), blocked(world)
    with pytest.raises(refusals.NothingToAppeal):
        world.appeal(shown)
    with pytest.raises(refusals.UnknownImage):
        world.appeal("nobody's")
    with pytest.raises(refusals.NotTheirs):
        world.appeal(image, uploader="badr")
    for text in ("", "  \r\n", "x" * (MOST_TEXT + 1), "a\x00b"):
        with pytest.raises(refusals.BadAppeal):
            world.appeal(image, text)
    assert appeals(world) == []


def test_what_cannot_be_answered(world: World) -> None:
    image = blocked(world)
    appeal = world.appeal(image)
    for outcome in ("upheld", "", "restored"):
        with pytest.raises(refusals.UnknownOutcome):
            world.answer(appeal.id, outcome)
    with pytest.raises(refusals.BadAnswer):
        world.answer(appeal.id, "reversed", answer=" ")
    with pytest.raises(refusals.UnknownAppeal):
        world.answer("no-such-appeal", "stands")
    world.answer(appeal.id, "stands")
    with pytest.raises(refusals.AppealClosed):
        world.answer(appeal.id, "reversed")


def test_ten_of_one_uploader_wait_at_a_time(world: World) -> None:
    images = [world.image(f"picture {n}", "amal") for n in range(MOST_OPEN + 1)]
    for image in images:
        world.review(image, "upheld", reason="spam")
    waiting = [world.appeal(image).id for image in images[: MOST_OPEN - 2]]
    with world.group():
        world.appeal(images[-3])
        world.appeal(images[-2])
        with pytest.raises(refusals.TooManyAppeals):
            world.appeal(images[-1])
    world.answer(waiting[0], "stands")
    assert world.appeal(images[-1]).waits


def test_an_appeal_ends_when_the_picture_is_shown_for_another_reason(new_world: Callable[..., World]) -> None:
    world = new_world("lapse = true")
    withdrawn, lapsed = world.image("withdrawn", "amal"), blocked(world, "lapsed")
    reports = [world.report(withdrawn, f"w{n}").id for n in range(12)]
    first, second = world.appeal(withdrawn), world.appeal(lapsed)
    for report in reports:
        world.withdraw(report)
    assert world.appeal_now(first.id).status == "over"
    world.wait(days=30)
    with pytest.raises(refusals.NothingToAppeal):
        world.appeal(lapsed)
    with pytest.raises(refusals.AppealClosed, match="shown again"):
        world.answer(second.id, "stands")
    world.lapse(lapsed)
    assert [(line["appeal"], line["cause"]) for line in world.told("appeal.ended")] == [
        (first.id, "withdrawal"),
        (second.id, "lapse"),
    ]


@pytest.mark.parametrize("outcome", ["reversed", "stands"])
def test_an_answer_taken_back_lets_the_appeal_wait_again(world: World, outcome: str) -> None:
    image, copy = blocked(world), world.image("picture", "badr")
    mine, theirs = world.appeal(image), world.appeal(copy)
    world.answer(mine.id, outcome)
    world.undo(image, "other")
    assert (world.status(image), world.family(image).provisional) == ("blocked", True)
    assert [world.appeal_now(one.id) for one in (mine, theirs)] == [mine, theirs]
    assert world.told("appeal.reopened")[0]["appeal"] == mine.id
    assert world.answer(mine.id, "reversed").status == "reversed"  # who took it back took no part


def test_another_sites_appeals_are_not_there(new_world: Callable[..., World]) -> None:
    here, there = new_world(), new_world()
    appeal = here.appeal(blocked(here))
    with pytest.raises(refusals.UnknownAppeal):
        there.answer(appeal.id, "reversed")
    with pytest.raises(refusals.UnknownAppeal):
        there.take_back(appeal.id)


# -- reporters -------------------------------------------------------------------------------------


def test_a_suspended_reporter_objects_and_is_cleared(world: World) -> None:
    wrong(world, 10)
    image = world.image("meanwhile")
    world.report(image, "r0")
    appeal = world.object("r0")
    told = world.told("appeal.received")[0]
    assert (told["about"], told["reporter"], "image" in told) == ("reporter", "r0", False)
    world.log.clear()
    world.answer(appeal.id, "reversed", by="mod", answer="Your reports were right after all.")
    assert world.reporter("r0").suspended_until is None
    assert world.voices(image) > 0
    assert [line["type"] for line in world.log] == ["reporter.cleared", "image.queued", "appeal.decided"]


def test_a_suspension_stands_and_nobody_answers_for_themself(world: World) -> None:
    wrong(world, 10)
    appeal = world.object("r0")
    for by in ({"by": "r0"}, {"by": "m", "known_as": "r0"}):
        with pytest.raises(refusals.TookPart):
            world.answer(appeal.id, "reversed", **by)
    until = world.reporter("r0").suspended_until
    world.answer(appeal.id, "stands")
    assert world.reporter("r0").suspended_until == until
    with pytest.raises(refusals.AlreadyAppealed):
        world.object("r0")


def test_clearing_ends_the_appeal_and_a_warning_cannot_be_objected_to(world: World) -> None:
    wrong(world, 5)
    with pytest.raises(refusals.NothingToAppeal):
        world.object("r0")
    wrong(world, 5)
    appeal = world.object("r0")
    world.clear("r0")
    assert world.appeal_now(appeal.id).status == "over"
    with pytest.raises(refusals.UnknownReporter):
        world.object("nobody")


def test_the_decision_that_suspended_taken_back_ends_the_appeal(world: World) -> None:
    wrong(world, 9)
    image = world.image("the tenth")
    world.report(image, "r0")
    world.review(image, "rejected")
    appeal = world.object("r0")
    world.undo(image)
    assert world.appeal_now(appeal.id).status == "over"
