"""Reporters who are muted and heard again, and reports that a moderator takes away."""

import pytest

from tawatur.moderation.refusals import UnknownReporter
from tests.moderation.world import World

ENOUGH = """
floor_block = 2
floor_blur = 2
established = 0
review_from = 0
[reasons.violence]
harm = 1000.0
guard = false
"""


def blocked(world: World, people: int = 3) -> str:
    """An image that so many people block, none of whom can be missed; it stands on exactly two voices at least."""
    world.set_policy(ENOUGH)
    image = world.image()
    assert world.crowd(image, people) == "blocked"
    return image


def test_muting_shows_again_what_only_muted_people_withheld(world: World) -> None:
    image = blocked(world)
    assert world.mute("r0", "mod", "reports everything")
    assert world.status(image) == "blocked"
    assert world.mute("r1")
    assert world.status(image) == "visible"
    assert [line["cause"] for line in world.told("image.restored")] == ["mute"]
    first = world.told("reporter.muted")[0]
    assert (first["reporter"], first["by"], first["why"]) == ("r0", "mod", "reports everything")
    assert first["images"] == [image]
    assert "image" not in first


def test_muting_twice_says_nothing_twice(world: World) -> None:
    blocked(world)
    assert world.mute("r0")
    assert not world.mute("r0")
    assert world.unmute("r0")
    assert not world.unmute("r0")
    assert [line["type"] for line in world.log[-2:]] == ["reporter.muted", "reporter.unmuted"]


def test_who_is_heard_again_counts_with_what_was_kept(world: World) -> None:
    image = blocked(world, 2)
    world.mute("r0")
    world.mute("r1")
    assert world.status(image) == "visible"
    world.unmute("r0")
    world.unmute("r1")
    assert world.status(image) == "blocked"
    assert world.told("image.blocked")[-1]["cause"] == "unmute"


def test_muting_never_touches_what_a_person_decided(world: World) -> None:
    image = blocked(world)
    world.review(image, "upheld")
    for n in range(3):
        world.mute(f"r{n}")
    assert world.status(image) == "blocked"


def test_muting_bears_on_every_case_that_they_take_part_in(world: World) -> None:
    first = blocked(world, 2)
    second = world.image("another")
    world.crowd(second, 2)
    judged = world.image("judged")
    world.crowd(judged, 2)
    world.review(judged, "upheld")
    world.mute("r1")
    assert world.told("reporter.muted")[0]["images"] == [first, second]
    assert [world.status(image) for image in (first, second, judged)] == ["visible", "visible", "blocked"]


def test_nobody_is_judged_by_what_counted_for_nothing(world: World) -> None:
    image = blocked(world)
    world.mute("r0")
    world.review(image, "rejected")
    muted, heard = world.reporter("r0"), world.reporter("r1")
    assert (muted.reviewed_reports, muted.probation_until, world.record("r0")) == (0, None, {})
    assert heard.reviewed_reports == 1
    assert heard.probation_until is not None
    assert {report.reporter: report.outcome for report in world.all_reports(image)} == {
        "r0": "muted",
        "r1": "rejected",
        "r2": "rejected",
    }


def test_who_was_muted_then_is_not_judged_later_either(world: World) -> None:
    image = blocked(world)
    world.mute("r0")
    world.review(image, "rejected")
    world.unmute("r0")
    world.review(image, "upheld")
    assert world.record("r0") == {}
    assert world.reporter("r1").confirmed_reports == 1


def test_a_muted_persons_earlier_judgements_are_corrected_as_everybodys(world: World) -> None:
    image = blocked(world)
    world.review(image, "upheld")
    world.mute("r0")
    world.review(image, "rejected")
    assert world.record("r0")["violence"].rejected == 1
    assert world.record("r0")["violence"].confirmed == 0


def test_the_heard_share_what_there_is_to_earn(world: World) -> None:
    image = blocked(world, 4)
    for n in range(3):
        world.mute(f"r{n}")
    world.review(image, "upheld")
    assert world.record("r3")["violence"].confirmed == 1.0


def test_voiding_takes_all_that_somebody_says_now(world: World) -> None:
    first = blocked(world, 2)
    second = world.image("another")
    world.crowd(second, 2)
    assert world.void("r0", "mod", "made for the occasion") == 2
    assert world.status(first) == world.status(second) == "visible"
    voided = world.told("report.voided")
    assert [(line["image"], line["reporter"], line["why"]) for line in voided] == [
        (first, "r0", "made for the occasion"),
        (second, "r0", "made for the occasion"),
    ]
    assert [line["cause"] for line in world.told("image.restored")] == ["void", "void"]
    assert world.void("r0") == 0


def test_what_was_voided_does_not_come_back_by_saying_it_again(world: World) -> None:
    image = blocked(world, 2)
    old = next(report for report in world.live(image) if report.reporter == "r0")
    world.void("r0")
    again = world.report(image, "r0")
    assert (again.id, again.new, again.status) == (old.id, False, "visible")
    assert world.voices(image) == pytest.approx(1.0)


def test_whose_report_was_voided_may_speak_of_other_pictures(world: World) -> None:
    blocked(world, 2)
    world.void("r0")
    other = world.image("other")
    assert world.report(other, "r0").new
    assert world.voices(other) == pytest.approx(1.0)


@pytest.mark.parametrize("act", ["mute", "unmute", "void"])
def test_nobody_is_muted_who_never_reported(world: World, act: str) -> None:
    with pytest.raises(UnknownReporter):
        getattr(world, act)("nobody")
    assert world.types() == []
