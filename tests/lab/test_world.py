"""A simulated community: the same seed gives the same one, and it is what its shape says."""

from __future__ import annotations

import numpy as np
import pytest

from tawatur.lab.world import DISPUTED, ORDINARY, QUIET, TOWN, VIOLATING, Shape, World, make_world, shaped

SMALL = shaped(TOWN, readers=600, images=300, days=30)


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(SMALL, 3)


def rates(world: World, kind: int) -> float:
    views = world.views
    images = np.repeat(np.arange(len(world.images.names)), np.diff(views.first))
    return float(views.reports[world.images.kind[images] == kind].mean())


def test_the_same_seed_gives_the_same_world(world: World) -> None:
    again = make_world(SMALL, 3)
    assert np.array_equal(world.views.at, again.views.at)
    assert np.array_equal(world.views.reports, again.views.reports)
    assert world.readers.networks == again.readers.networks


def test_another_seed_gives_another_world(world: World) -> None:
    assert not np.array_equal(world.images.posted, make_world(SMALL, 4).images.posted)


def test_nobody_sees_an_image_twice_or_before_it_is_posted_or_before_joining(world: World) -> None:
    views = world.views
    for image, posted in enumerate(world.images.posted):
        mine = slice(views.first[image], views.first[image + 1])
        viewers, times = views.viewer[mine], views.at[mine]
        assert len(set(viewers.tolist())) == len(viewers)
        assert np.all(times >= posted)
        assert np.all(np.diff(times) >= 0)
        assert np.all(times > world.readers.created[viewers])


def test_what_violates_is_reported_most_and_what_is_disputed_more_than_the_ordinary(world: World) -> None:
    assert rates(world, VIOLATING) > 2 * rates(world, DISPUTED) > 4 * rates(world, ORDINARY) > 0


def test_views_are_heavy_tailed(world: World) -> None:
    sizes = np.diff(world.views.first)
    assert sizes.max() > 4 * np.median(sizes)


def test_carriers_have_hundreds_behind_one_address(world: World) -> None:
    carrier = [network for network in world.readers.networks if network.startswith("carrier")]
    assert len(carrier) >= 500
    assert len(set(carrier)) <= 3


def test_a_site_may_not_know_how_old_accounts_are() -> None:
    known = make_world(shaped(QUIET, readers=600, images=60), 0).readers.age_known
    assert 0.5 < known.mean() < 0.7


@pytest.mark.parametrize("rate", [0.02, 0.33])
def test_a_mean_reader_reports_at_the_images_rate_however_uneven_diligence_is(rate: float) -> None:
    shape = Shape(
        readers=3000, images=40, days=30, violating=1.0, disputed=0.0, violating_rate=rate, violating_spread=0.0,
        violating_shocks=0.0, trolls=0.0, newcomers=0.0, median_views=1500.0, views_spread=0.1,
    )  # fmt: skip
    assert make_world(shape, 0).views.reports.mean() == pytest.approx(rate, rel=0.15)
