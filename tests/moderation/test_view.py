"""Views: how many people were shown an image, and when that makes the engine look again."""

from __future__ import annotations

from tests.moderation.world import World


def test_views_count_before_and_after_a_report(world: World) -> None:
    image = world.image()
    world.views(image, 10)
    world.report(image, "r1")
    world.views(image, 20)
    world.views(image, 1)
    assert world.family(image).views == 31
    assert world.verdict(image).case.views == 31
