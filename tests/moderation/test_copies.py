"""Copies join one family in any orientation, share its state, and a person can cut one use out for good."""

from collections.abc import Callable
from random import Random

import pytest

from tawatur.imaging.pdq import BITS
from tawatur.moderation.copies import NewCut, cut_image
from tawatur.moderation.refusals import NothingToCut, OwnImage
from tawatur.moderation.register import NewImage, Registered, register_image
from tests.moderation.world import World

Worlds = Callable[..., World]


def bits(seed: int) -> int:
    return Random(seed).getrandbits(BITS)


def off(hashed: int, distance: int, seed: int = 0) -> int:
    """The hash with so many of its bits turned."""
    for place in Random(seed).sample(range(BITS), distance):
        hashed ^= 1 << place
    return hashed


def register(world: World, hashed: int, others: tuple[int, ...] = (), **more: object) -> Registered:
    """Registers a picture with this hash, and these in its other orientations; its bytes are always new."""
    given = {"quality": 100, "sha256": world.new_id(), "uploader": None, **more}
    text = tuple(f"{one:064x}" for one in (hashed, *others))
    new = NewImage(
        world.site, media_type="image/png", size=1, width=640, height=480, pdq=text[0], orientations=text, **given
    )
    now = world.tick()
    return world.run(lambda book: register_image(book, new, now))


def cut(world: World, image: str, reviewer: str = "mod") -> str:
    now = world.tick()
    return world.run(lambda book: cut_image(book, NewCut(world.site, image, reviewer), now))


@pytest.mark.parametrize("distance", [0, 1, 15, 16])
def test_a_near_picture_joins_the_family(new_world: Worlds, distance: int) -> None:
    world = new_world()
    first = register(world, bits(1))
    second = register(world, off(bits(1), distance))
    assert second.copies == [first.image.id]
    assert second.image.family == first.image.family


@pytest.mark.parametrize("distance", [17, 31])
def test_a_likely_copy_is_shown_to_a_person_and_stands_alone(new_world: Worlds, distance: int) -> None:
    world = new_world()
    first = register(world, bits(1))
    second = register(world, off(bits(1), distance))
    assert (second.copies, second.likely_copies) == ([], [first.image.id])
    assert second.image.family != first.image.family


def test_a_picture_far_away_has_nothing_to_do_with_it(new_world: Worlds) -> None:
    world = new_world()
    register(world, bits(1))
    second = register(world, off(bits(1), 32))
    assert (second.copies, second.likely_copies) == ([], [])


def test_a_turned_picture_is_found_by_any_of_its_orientations(new_world: Worlds) -> None:
    world = new_world()
    first = register(world, bits(1))
    turned = register(world, bits(2), (bits(3), off(bits(1), 9), bits(4)))
    assert turned.copies == [first.image.id]


def test_a_hash_that_says_too_little_matches_nothing(new_world: Worlds) -> None:
    world = new_world()
    register(world, bits(1), quality=49)
    assert register(world, bits(1)).copies == []
    assert register(world, bits(1), quality=49).copies == []


def test_another_sites_pictures_are_not_compared(new_world: Worlds) -> None:
    one, other = new_world(), new_world()
    register(one, bits(1))
    assert register(other, bits(1)).copies == []


def test_the_policy_says_how_near_is_near(new_world: Worlds) -> None:
    world = new_world(policy="copy_distance = 4\nlikely_distance = 8\n")
    first = register(world, bits(1))
    assert register(world, off(bits(1), 4)).copies == [first.image.id]
    assert register(world, off(bits(1), 8, 5)).likely_copies
    assert register(world, off(bits(1), 20, 7)).likely_copies == []


def test_a_copy_in_the_same_transaction_is_found(new_world: Worlds) -> None:
    world = new_world()
    with world.group():
        first = register(world, bits(1))
        second = register(world, off(bits(1), 3))
    assert second.copies == [first.image.id]


def test_a_block_holds_for_every_copy_whenever_it_came(new_world: Worlds) -> None:
    world = new_world()
    before = register(world, bits(1)).image.id
    reported = register(world, off(bits(1), 5)).image.id
    assert world.crowd(reported, reason="terrorism") == "blocked"
    after = register(world, off(bits(1), 7))
    assert after.status == "blocked"
    assert [world.status(image) for image in (before, reported, after.image.id)] == ["blocked"] * 3
    (block,) = [line for line in world.told("image.blocked") if line["cause"] != "copy"]
    assert set(block["images"]) == {before, reported}


def test_one_person_counts_once_over_all_copies(new_world: Worlds) -> None:
    world = new_world()
    images = [register(world, off(bits(1), n, n)).image.id for n in range(8)]
    for image in images:
        world.report(image, "one person", "terrorism")
    assert world.voices(images[0]) == pytest.approx(1.0)
    assert world.status(images[-1]) == "visible"


def test_restoring_one_restores_all_copies(new_world: Worlds) -> None:
    world = new_world()
    images = [register(world, off(bits(1), n, n)).image.id for n in range(3)]
    world.crowd(images[1], reason="terrorism")
    world.review(images[2], "rejected")
    assert [world.status(image) for image in images] == ["visible"] * 3


def test_one_use_cut_out_is_shown_while_its_copies_stay_blocked(new_world: Worlds) -> None:
    world = new_world()
    propaganda, news = register(world, bits(1)).image.id, register(world, off(bits(1), 2)).image.id
    world.crowd(propaganda, reason="terrorism")
    assert cut(world, news) == "visible"
    assert (world.status(propaganda), world.status(news)) == ("blocked", "visible")
    assert world.told("image.restored")[-1]["images"] == [news]


def test_what_was_cut_out_is_never_joined_again(new_world: Worlds) -> None:
    world = new_world()
    stays, news = register(world, bits(1), sha256="same"), register(world, bits(1), sha256="same")
    cut(world, news.image.id)
    again = register(world, bits(1), sha256="same")
    assert again.copies == [stays.image.id]
    assert register(world, off(bits(1), 1)).image.family == stays.image.family
    world.crowd(stays.image.id, reason="terrorism")
    assert world.status(news.image.id) == "visible"


def test_what_was_cut_out_takes_its_views_along(new_world: Worlds) -> None:
    world = new_world()
    one, other = register(world, bits(1)).image.id, register(world, bits(1)).image.id
    world.views(one, 30)
    world.views(other, 12)
    cut(world, other)
    assert (world.family(one).views, world.family(other).views) == (30, 12)


def test_what_has_no_copies_cannot_be_cut_out(new_world: Worlds) -> None:
    world = new_world()
    with pytest.raises(NothingToCut):
        cut(world, register(world, bits(1)).image.id)


def test_nobody_cuts_out_their_own_image(new_world: Worlds) -> None:
    world = new_world()
    register(world, bits(1))
    mine = register(world, bits(1), uploader="mod").image.id
    with pytest.raises(OwnImage):
        cut(world, mine, reviewer="mod")
