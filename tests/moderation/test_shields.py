"""Shields: while they are up a crowd needs more voices, and nothing else changes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tawatur.moderation.refusals import BadShield, UnknownImage
from tests.moderation.world import World

STORM = 5
"""So many unconnected people block a picture as terrorism while no shields are up."""


def shielded(world: World, **over: object) -> World:
    world.raise_shields(**over)
    return world


def test_shields_over_the_site_ask_for_more_voices_and_a_person(world: World) -> None:
    image = world.image()
    shielded(world)
    assert world.crowd(image, STORM, "terrorism") == "visible"
    assert world.family(image).queued_at is not None
    floor = next(gate for gate in world.verdict(image).gates if gate.name == "floor")
    assert (floor.needed, floor.holds) == (9.0, False)
    assert world.crowd(image, 3 * STORM, "terrorism") == "blocked"


def test_shields_over_an_image_cover_its_copies_and_nothing_else(world: World) -> None:
    image, copy, other = world.image("one"), world.image("one"), world.image("two")
    shielded(world, image=image)
    assert world.crowd(copy, STORM, "terrorism") == "visible"
    assert world.crowd(other, STORM, "terrorism", prefix="o") == "blocked"


def test_shields_over_an_uploader_cover_what_they_posted(world: World) -> None:
    mine, theirs = world.image("one", uploader="ulla"), world.image("two", uploader="omar")
    shielded(world, uploader="ulla")
    assert world.crowd(mine, STORM, "terrorism") == "visible"
    assert world.crowd(theirs, STORM, "terrorism", prefix="o") == "blocked"


def test_shields_end_by_themselves(world: World) -> None:
    image = world.image()
    shielded(world, hours=6)
    world.crowd(image, STORM, "terrorism")
    world.wait(hours=6)
    assert world.report(image, "late", "terrorism").status == "blocked"


def test_shields_come_down_when_told_to_and_only_once(world: World) -> None:
    image = world.image()
    shielded(world)
    world.crowd(image, STORM, "terrorism")
    assert world.lower_shields(image=image) is False
    assert world.lower_shields() is True
    assert world.lower_shields() is False
    assert world.report(image, "late", "terrorism").status == "blocked"
    assert [line["by"] for line in world.told("shields.lowered")] == ["mod"]


def test_the_highest_shields_count_and_new_ones_replace_old_ones(world: World) -> None:
    image = world.image(uploader="ulla")
    for times, over in ((2.0, {}), (5.0, {"uploader": "ulla"}), (4.0, {"image": image})):
        world.raise_shields(times=times, **over)
    assert world.verdict(image).case.floor_raise == 5.0
    world.raise_shields(times=1.5, uploader="ulla")
    assert world.verdict(image).case.floor_raise == 4.0


def test_what_was_blocked_before_stays_blocked_whoever_takes_a_report_back(world: World) -> None:
    image = world.image()
    assert world.crowd(image, STORM, "terrorism") == "blocked"
    shielded(world)
    world.withdraw(world.live(image)[-1].id)
    assert world.status(image) == "blocked"
    for report in world.live(image)[1:]:
        world.withdraw(report.id)
    assert world.status(image) == "visible"


def test_a_withdrawal_never_blocks_what_shields_have_kept_visible(world: World) -> None:
    image = world.image()
    shielded(world)
    world.crowd(image, STORM, "terrorism")
    world.withdraw(world.live(image)[-1].id)
    assert world.status(image) == "visible"


def test_raising_them_is_told_with_who_did_it_and_until_when(world: World) -> None:
    image = world.image()
    shield = world.raise_shields(image=image, hours=2, times=4)
    told = world.told("shields.raised")[-1]
    assert (told["image"], told["times"], told["by"]) == (image, 4.0, "mod")
    assert shield.until - shield.raised_at == timedelta(hours=2)
    assert "uploader" not in told


@pytest.mark.parametrize(
    "asked", [{"times": 1.0}, {"times": 101}, {"hours": 0}, {"hours": 337}, {"times": float("nan")}]
)
def test_shields_beyond_reason_are_refused(world: World, asked: dict[str, float]) -> None:
    with pytest.raises(BadShield):
        world.raise_shields(**asked)
    assert world.told("shields.raised") == []


def test_an_unknown_image_and_two_targets_are_refused(world: World) -> None:
    with pytest.raises(UnknownImage):
        world.raise_shields(image="no such")
    with pytest.raises(BadShield):
        world.raise_shields(image=world.image(), uploader="ulla")


def test_shields_of_one_site_leave_another_alone(new_world: Callable[..., World]) -> None:
    one, other = new_world(), new_world()
    shielded(one)
    assert other.crowd(other.image(), STORM, "terrorism") == "blocked"
