"""The staircase that honest strays climb with probability at most alpha."""

from __future__ import annotations

from math import exp, log1p

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tawatur.decision.guard import needed_beyond_strays

ALPHAS = st.floats(1e-6, 0.5)
RATES = st.floats(1e-5, 0.3)


def ever_crossed(alpha: float, rho0: float, views: int) -> float:
    """The exact chance that a count of Bernoulli reports is ever at or above what is needed."""
    alive = np.zeros(views + 2)
    alive[0] = 1.0
    for n in range(1, views + 1):
        alive[1:] = alive[1:] * (1.0 - rho0) + alive[:-1] * rho0
        alive[0] *= 1.0 - rho0
        stair = int(np.ceil(needed_beyond_strays(float(n), rho0, alpha)))
        alive[stair:] = 0.0
    return 1.0 - float(alive.sum())


@pytest.mark.parametrize("alpha", [0.2, 0.01, 1e-4])
@pytest.mark.parametrize("rho0", [0.001, 0.006, 0.05, 0.3])
def test_strays_ever_reach_it_with_probability_at_most_alpha(alpha: float, rho0: float) -> None:
    ever = ever_crossed(alpha, rho0, 3000)
    assert ever <= alpha * (1 + 1e-6)
    # And it is not far more cautious than it promises, where Poisson's count is close to what people do.
    assert rho0 > 0.01 or ever >= alpha * 0.2


def test_the_first_stair_by_hand() -> None:
    """Three suffice while 1 - e^-m (1 + m + m^2 / 2) <= alpha 3 / (3 x 4)."""

    def three_or_more(mean: float) -> float:
        return 1 - exp(-mean) * (1 + mean + mean**2 / 2)

    views = max(n for n in range(1, 200) if needed_beyond_strays(float(n), 0.006, 0.01) <= 3.0)
    mean = -views * log1p(-0.006)
    assert three_or_more(mean) <= 0.01 / 4 < three_or_more(mean - log1p(-0.006))


def test_beyond_the_stairs_it_stays_above_what_strays_come_to() -> None:
    for views in (10_000, 100_000, 10_000_000):
        mean = views * 0.006
        assert mean + 2.3 * mean**0.5 < needed_beyond_strays(views, 0.006, 0.01) < 1.3 * mean + 60


@given(ALPHAS, RATES, st.floats(0, 1e6), st.floats(0, 1e6))
def test_more_views_never_need_fewer_reports(alpha: float, rho0: float, one: float, other: float) -> None:
    less, more = sorted((one, other))
    assert needed_beyond_strays(less, rho0, alpha) <= needed_beyond_strays(more, rho0, alpha) + 1e-9


@given(ALPHAS, RATES, st.floats(1, 1e6))
def test_two_strays_never_suffice(alpha: float, rho0: float, views: float) -> None:
    assert needed_beyond_strays(views, rho0, alpha) > 2.0 - 1e-12
