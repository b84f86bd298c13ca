"""Views: how many people were shown an image, and when that makes the engine look again."""

from __future__ import annotations

from unittest.mock import patch

from tawatur.moderation import view
from tests.moderation.world import World


def test_views_count_before_and_after_a_report(world: World) -> None:
    image = world.image()
    world.views(image, 10)
    world.report(image, "r1")
    world.views(image, 20)
    world.views(image, 1)
    assert world.family(image).views == 31
    assert world.verdict(image).case.views == 31


def test_the_case_is_decided_anew_when_views_have_grown_by_a_quarter(world: World) -> None:
    image = world.image()
    world.report(image, "r1")
    with patch.object(view, "settle", side_effect=view.settle) as settle:
        world.views(image, 100)
        assert settle.call_count == 1
        for _ in range(100):
            world.views(image, 1)
        assert 3 <= settle.call_count <= 5  # 200 is three times a quarter more than 100


def test_views_of_an_image_that_nobody_reports_decide_nothing(world: World) -> None:
    image = world.image()
    with patch.object(view, "settle", side_effect=view.settle) as settle:
        world.views(image, 100)
        assert not settle.called


def test_every_view_after_an_immunity_asks_anew(world: World) -> None:
    image = world.image()
    world.crowd(image)
    world.review(image, "rejected")
    world.crowd(image, prefix="s")
    assert world.status(image) == "visible"
    world.wait(hours=30)
    assert world.views(image, 1) != "visible"
