"""How many reports honest strays alone could explain, however long and however often one looks.

While every honest viewer of a legitimate image reports with probability at most rho0, the reports of n viewers are
dominated by a Poisson count of mean n rho0 (exactly -n log(1 - rho0)), which only grows. A staircase lies above that
count: k reports suffice while the mean is at most m_k. The count crosses the stair k with probability at most
w_k alpha, with w_k = 3 / (k (k + 1)) from k = 3 on, which sum to 1; so it ever crosses with probability at most alpha.
Below three nothing is spent: it would only buy a block by two strays among fifteen viewers. The m_k are computed
exactly, given that no earlier stair was crossed. A mixture of exponential supermartingales keeps the same promise, and
needs up to one report more where pictures have few views.
"""

from __future__ import annotations

from bisect import bisect_left
from functools import lru_cache
from math import expm1, log, log1p

import numpy as np
import numpy.typing as npt

FIRST, LAST = 3, 64
FAR_THETA = 0.3
"""The tilt of the straight line that goes on beyond the stairs, where means are above 35."""


def needed_beyond_strays(views: float, rho0: float, alpha: float) -> float:
    """How many reports it takes that strays among `views` honest viewers, who report with probability at most `rho0`,
    ever come to with probability at most `alpha`: a real number, as voices are.

    Between two stairs the line rises evenly from the one to the next. A count crosses it only where it crosses the
    stair above, so the probability is the same.
    """
    mean = -views * log1p(-rho0)
    stairs = _stairs(alpha)
    if mean > stairs[-1]:
        tail = alpha * FIRST / (LAST + 1)
        return max(float(LAST), (mean * expm1(FAR_THETA) - log(tail)) / FAR_THETA)
    above = bisect_left(stairs, mean)
    below = stairs[above - 1] if above else 0.0
    start = above + FIRST - 1.0
    return start if stairs[above] <= below else start + (mean - below) / (stairs[above] - below)


@lru_cache(maxsize=64)
def _stairs(alpha: float) -> tuple[float, ...]:
    """m_3, m_4, ...: the largest means at which 3, 4, ... reports suffice."""
    alive = np.ones(1)  # the chance of each count that has crossed nothing yet
    mean, found = 0.0, []
    for stair in range(FIRST, LAST + 1):
        alive = np.concatenate((alive, np.zeros(stair - len(alive))))
        stays = alive.sum() - alpha * FIRST / (stair * (stair + 1))
        step = _largest_step(alive, stays)
        alive = np.convolve(alive, _poisson(step, stair))[:stair]
        mean += step
        found.append(mean)
    return tuple(found)


def _largest_step(alive: npt.NDArray[np.float64], stays: float) -> float:
    """The largest mean that leaves a chance of at least `stays` below the stair, from below and within 1e-8."""
    room = alive[::-1]
    low, high = 0.0, 3.0
    while high - low > 1e-8:
        middle = (low + high) / 2
        if float((room * np.cumsum(_poisson(middle, len(room)))).sum()) < stays:
            high = middle
        else:
            low = middle
    return low


def _poisson(mean: float, count: int) -> npt.NDArray[np.float64]:
    """The chances of 0, 1, ... count - 1 events."""
    chances: npt.NDArray[np.float64] = np.exp(-mean) * np.cumprod(np.concatenate(([1.0], mean / np.arange(1, count))))
    return chances
