"""A policy in shadow decides and records everything, and acts on nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.moderation.world import World

SHADOW = "shadow = true\n"
ACTS = {"image.blurred", "image.blocked", "image.restored"}


@pytest.fixture
def world(new_world: Callable[..., World]) -> World:
    made = new_world()
    made.set_policy(SHADOW)
    return made


def told(world: World) -> list[tuple[str, str]]:
    return [(line["status"], line["cause"]) for line in world.told("image.shadowed")]


def test_what_would_be_withheld_stays_visible_and_is_told_apart(world: World) -> None:
    image = world.image()
    assert world.crowd(image) == "visible"
    assert told(world) == [("blurred", "reports"), ("blocked", "reports")]
    assert ACTS.isdisjoint(world.types())
    last = world.told("image.shadowed")[-1]
    assert last["verdict"]["shadow"] is True
    assert last["verdict"]["action"] == "block"
    assert (last["images"], last["reason"]) == ([image], "violence")
    family = world.family(image)
    assert (family.status, family.provisional, family.authority, family.review_by) == ("visible", False, 0, None)
    assert family.shadow == "blocked"


def test_it_decides_at_the_same_reports_as_if_it_acted(new_world: Callable[..., World]) -> None:
    moments = []
    for policy in ("", SHADOW):
        world = new_world()
        world.set_policy(policy)
        for content in ("a", "b"):
            world.crowd(world.image(content), prefix=content)
        kinds = {"image.blurred": "blurred", "image.blocked": "blocked"}
        lines = [line for line in world.log if line["type"] in (*kinds, "image.shadowed")]
        moments.append([(line["at"], kinds.get(line["type"], line.get("status"))) for line in lines])
    assert moments[0] == moments[1] != []


def test_the_case_waits_for_a_person_whose_decision_acts(world: World) -> None:
    image = world.image()
    world.crowd(image)
    assert world.family(image).queued_at is not None
    assert "image.queued" in world.types()
    world.review(image, "upheld")
    assert world.status(image) == "blocked"
    assert world.family(image).shadow is None
    assert world.register().status == "blocked", "a copy of what a person blocked"


def test_a_rejection_in_shadow_gives_immunity_but_no_probation(world: World) -> None:
    image = world.image()
    world.crowd(image)
    world.review(image, "rejected")
    assert world.family(image).immune_until is not None
    assert world.reporter("r1").probation_until is None, "no reader missed anything"
    world.crowd(image, prefix="again")
    assert told(world)[-1] == ("blocked", "reports")
    assert len(told(world)) == 2


def test_withdrawals_take_back_what_would_have_been(world: World) -> None:
    image = world.image()
    world.crowd(image)
    for report in world.live(image):
        world.withdraw(report.id)
    assert told(world)[-1] == ("visible", "withdrawal")
    assert world.family(image).shadow is None
    assert ACTS.isdisjoint(world.types())


def test_switching_it_off_blocks_nothing_until_something_happens_to_the_case(world: World) -> None:
    quiet, busy = world.image("quiet"), world.image("busy")
    for image in (quiet, busy):
        world.crowd(image, prefix=image)
    world.set_policy("")
    assert world.status(quiet) == world.status(busy) == "visible"
    assert world.report(busy, "one more").status == "blocked"
    assert world.status(quiet) == "visible"
    assert world.family(busy).shadow is None


def test_switching_it_on_keeps_what_is_withheld_until_withdrawals_release_it(
    new_world: Callable[..., World],
) -> None:
    world = new_world()
    image = world.image()
    world.crowd(image)
    world.set_policy(SHADOW)
    world.report(image, "one more")
    assert world.status(image) == "blocked"
    assert told(world) == []
    for report in world.live(image):
        world.withdraw(report.id)
    assert world.status(image) == "visible"


def test_a_copy_of_what_would_be_withheld_is_told_and_shown(world: World) -> None:
    world.crowd(world.image())
    assert world.register().status == "visible"
    assert told(world)[-1] == ("blocked", "copy")


def test_the_breaker_counts_what_would_have_been_blocked(new_world: Callable[..., World]) -> None:
    world = new_world()
    world.set_policy(SHADOW + "breaker_blocks = 2\nstakes_young = 1000")
    for content in "abcd":
        world.crowd(world.image(content), prefix=content)
    assert [status for status, _ in told(world)].count("blocked") == 2
