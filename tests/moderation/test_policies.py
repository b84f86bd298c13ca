"""A site changes its policy: at once, by versions that are kept, and told in the log."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tawatur.moderation.refusals import BadPolicy, PolicyMoved
from tests.moderation.world import World

NEVER = "floor_block = 1000\nfloor_blur = 1000\n"


def test_a_changed_policy_decides_the_next_report(world: World) -> None:
    world.set_policy(NEVER)
    image = world.image()
    assert world.crowd(image) == "visible"
    world.set_policy("")
    assert world.status(image) == "visible", "an open case waits for its next event"
    assert world.report(image, "one more").status == "blocked"


def test_a_case_is_decided_anew_at_its_next_withdrawal_and_when_its_views_have_grown(world: World) -> None:
    for event in ("withdrawal", "views"):
        world.set_policy("stakes_young = 1000")
        image = world.image(event)
        world.crowd(image, prefix=event)
        world.set_policy(NEVER)
        if event == "withdrawal":
            world.withdraw(world.live(image)[0].id)
            assert world.status(image) == "visible"
        else:
            world.views(image, 50)
            assert world.status(image) == "blocked", "views never lift a block"


def test_a_change_is_told_with_its_document(world: World) -> None:
    made = world.set_policy(NEVER, changed_by="c" * 32)
    (told,) = world.told("policy.changed")
    assert (told["version"], told["toml"], told["changed_by"]) == (1, NEVER, "c" * 32)
    assert "image" not in told
    assert (made.version, made.changed_by, made.changed_at) == (1, "c" * 32, world.now)
    assert "floor_block = 1000.0" in made.toml
    assert "stakes = 2" in made.toml, "what it leaves out stands there with its default"


def test_the_same_document_again_changes_nothing(world: World) -> None:
    for _ in range(2):
        assert world.set_policy(NEVER).version == 1
    assert world.set_policy(NEVER, instead_of=frozenset((0,))).version == 1
    assert world.types().count("policy.changed") == 1


def test_a_version_that_was_replaced_meanwhile_cannot_be_replaced_again(world: World) -> None:
    world.set_policy(NEVER, instead_of=frozenset((0,)))
    with pytest.raises(PolicyMoved, match="Version 1 is in force"):
        world.set_policy("", instead_of=frozenset((0,)))
    assert world.set_policy("", instead_of=frozenset((1,))).version == 2


def test_a_policy_that_cannot_be_used_leaves_everything_as_it_was(world: World) -> None:
    with pytest.raises(BadPolicy, match=r"Line 2: floor_block is 'x'; it must be a number, 1 to 1,000\.") as refused:
        world.set_policy("\nfloor_block = 'x'")
    assert refused.value.line == 2
    assert "policy.changed" not in world.types()


@pytest.mark.parametrize(
    ("toml", "name"),
    [("", "default-1"), ("stakes = 3", "policy-1"), ('version = "calm"\nstakes = 3', "calm")],
)
def test_no_verdict_names_a_policy_that_it_was_not_decided_by(world: World, toml: str, name: str) -> None:
    assert world.set_policy(toml).name == name
    image = world.image()
    world.crowd(image)
    assert world.told("image.blocked")[0]["verdict"]["policy"] == name


@pytest.mark.parametrize(("before", "after"), [("true", "false"), ("false", "true")])
def test_what_fell_due_before_is_ended_by_the_policy_of_then(
    new_world: Callable[..., World], before: str, after: str
) -> None:
    """However late the change finds it: a replay could not tell when a sweep came by."""
    world = new_world()
    world.set_policy(f"review_within_hours = 1\nlapse = {before}")
    image = world.image()
    world.crowd(image)
    world.wait(hours=2)
    world.set_policy(f"review_within_hours = 1\nlapse = {after}")
    world.lapse(image)
    assert world.status(image) == ("visible" if before == "true" else "blocked")
    assert ("image.restored" in world.types()) is (before == "true")
