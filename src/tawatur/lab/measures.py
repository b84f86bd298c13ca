"""What a rule did to a community, in numbers."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from tawatur.lab.loop import Plan, Trace
from tawatur.lab.world import HOUR, VIOLATING, Numbers, World

BINS = 10


class Measures(msgspec.Struct, frozen=True):
    """Shares are from 0 to 1. `wrong_*` are of the legitimate images, `recall` (blocked by reports before a person
    looked) and `withheld` (that, or blurred) of the violating ones. `brier` and `ece` are over the images that anybody
    reported, by what the rule thought of them before a person told it.
    """

    prevented: float
    recall: float
    withheld: float
    wrong_blocks: float
    wrong_blurs: float
    hours_to_block: float
    looks_a_day: float
    brier: float
    ece: float


NAMES = Measures.__struct_fields__


def measure(world: World, trace: Trace) -> Measures:
    """The measures of one run without attack."""
    bad = world.images.kind == VIOLATING
    blocked, blurred = ~np.isnan(trace.blocked_at), ~np.isnan(trace.blurred_at)
    took = (trace.blocked_at - world.images.posted)[bad & blocked] / HOUR
    chances, truths = forecasts(world, trace)
    return Measures(
        prevented=prevented(trace, bad),
        recall=_mean(blocked[bad]),
        withheld=_mean((blocked | blurred)[bad]),
        wrong_blocks=_mean(blocked[~bad]),
        wrong_blurs=_mean(blurred[~bad]),
        hours_to_block=float(np.median(took)) if len(took) else float("nan"),
        looks_a_day=trace.looks / world.shape.days,
        brier=_mean((chances - truths) ** 2),
        ece=calibration_error(chances, truths),
    )


def prevented(trace: Trace, of: Sequence[int] | np.ndarray) -> float:
    """The share of these images' views that did not take place; one behind a blur counts 0.8."""
    potential = float(trace.potential[of].sum())
    return float(trace.prevented[of].sum()) / potential if potential else float("nan")


def forecasts(world: World, trace: Trace) -> tuple[Numbers, Numbers]:
    """For every image that was reported: the rule's P(violation), and whether it violates."""
    there = ~np.isnan(trace.chance)
    truth: Numbers = (world.images.kind[there] == VIOLATING).astype(np.float64)
    return trace.chance[there], truth


def calibration_error(chances: Numbers, truths: Numbers) -> float:
    """ECE: the mean distance of forecast and frequency over ten bins of equal width, weighted by their sizes."""
    if not len(chances):
        return float("nan")
    place = np.minimum((chances * BINS).astype(int), BINS - 1)
    error = 0.0
    for one in range(BINS):
        inside = place == one
        if inside.any():
            error += float(inside.mean()) * abs(float(chances[inside].mean() - truths[inside].mean()))
    return error


def success(plan: Plan, trace: Trace, untouched: Trace) -> float:
    """Of an attack that wants blocks: the share of its targets that were ever blocked by reports. Of one that protects:
    how much of what was prevented on the measured images it cost."""
    measured = np.asarray(plan.measured, dtype=int)
    if not len(measured):
        return float("nan")
    if plan.wants_blocks:
        return _mean(~np.isnan(trace.blocked_at[measured]))
    return prevented(untouched, measured) - prevented(trace, measured)


def interval(values: Sequence[float], rounds: int = 2000, seed: int = 0) -> tuple[float, float, float]:
    """Mean and a 95 % bootstrap interval over seeds. With few seeds it is a hint, no more."""
    known = np.asarray([value for value in values if not np.isnan(value)])
    if not len(known):
        return float("nan"), float("nan"), float("nan")
    drawn = np.random.default_rng(seed).choice(known, (rounds, len(known))).mean(axis=1)
    low, high = np.quantile(drawn, (0.025, 0.975))
    return float(known.mean()), float(low), float(high)


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else float("nan")
