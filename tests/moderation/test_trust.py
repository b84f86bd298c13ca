"""What people say of automatic blocks bounds the next ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.moderation.world import World


def site_of(world: World, image: str) -> Any:
    return world.verdict(image).case.site


def with_records(new_world: Callable[..., World]) -> World:
    """A site where two crowds, `r` and `s`, have had a record for a fortnight."""
    world = new_world("record_pool = 1")
    for prefix in ("r", "s"):
        earned = world.image(f"earned {prefix}")
        world.crowd(earned, prefix=prefix)
        world.review(earned, "upheld")
    world.wait(days=15)
    return world


def test_with_records_a_block_that_a_person_rejects_stops_the_next_for_a_fortnight(
    new_world: Callable[..., World],
) -> None:
    world = with_records(new_world)
    wrong = world.image("wrong")
    assert world.crowd(wrong) == "blocked"
    world.review(wrong, "rejected")
    held = world.image("held")
    assert world.crowd(held, prefix="s") == "blurred"
    assert site_of(world, held).blocks_rejected == 1
    world.wait(days=13)
    world.report(held, "early")
    assert world.status(held) == "blurred"
    world.wait(days=1.1)
    world.report(held, "late")
    assert world.status(held) == "blocked"


def test_without_records_a_wrong_block_stops_no_other(world: World) -> None:
    wrong = world.image("wrong")
    assert world.crowd(wrong, prefix="a") == "blocked"
    world.review(wrong, "rejected")
    assert world.crowd(world.image("next"), prefix="b") == "blocked"


def test_what_is_taken_back_was_never_said(world: World) -> None:
    wrong = world.image("wrong")
    world.crowd(wrong, prefix="a")
    world.review(wrong, "rejected")
    world.undo(wrong)
    assert world.crowd(world.image("next"), prefix="b") == "blocked"


def test_blurs_hash_lists_and_later_words_on_one_picture_say_nothing_of_blocks(world: World) -> None:
    blurred = world.image("blurred")
    assert world.crowd(blurred, 3, prefix="a") == "blurred"
    world.review(blurred, "rejected")
    right = world.image("right")
    assert world.crowd(right, prefix="b") == "blocked"
    world.review(right, "upheld")
    world.review(right, "rejected", reviewer="other")
    seen = world.image("seen")
    assert world.crowd(seen, prefix="c") == "blocked"
    found = site_of(world, seen)
    assert (found.blocks_upheld, found.blocks_rejected) == (1, 0)
    assert (found.blocks_last_day, found.blocks_seen_last_day) == (2, 1)


def test_with_records_one_block_a_day_goes_ahead_of_people(new_world: Callable[..., World]) -> None:
    world = with_records(new_world)
    images = [world.image(str(n)) for n in range(3)]
    assert [world.crowd(image) for image in images[:2]] == ["blocked", "blurred"]
    world.review(images[0], "upheld")
    assert world.crowd(images[2]) == "blocked"
    world.wait(days=1.1)
    world.report(images[1], "late")
    assert world.status(images[1]) == "blocked", "its turn comes with the next report"


def test_in_shadow_what_would_have_been_blocked_is_judged_the_same(new_world: Callable[..., World]) -> None:
    world = new_world("shadow = true")
    wrong = world.image("wrong")
    world.crowd(wrong, prefix="a")
    world.review(wrong, "rejected")
    held = world.image("held")
    world.crowd(held, prefix="b")
    assert site_of(world, held).blocks_rejected == 1
    assert world.family(held).shadow == "blocked"
