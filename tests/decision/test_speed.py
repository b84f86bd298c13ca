"""A decision is on the path of every report. Bounds are wide, as test machines are shared; goals stand beside."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from time import perf_counter

from tawatur.decision.model import PRIORS
from tawatur.decision.policy import DEFAULT_POLICY
from tawatur.decision.verdict import decide
from tests.decision.crowds import LATER, Case, case, crowd


def quickest(one: Case, times: int) -> float:
    """Seconds of the quickest of some decisions, which other processes disturb least."""

    def once(call: Callable[[], object]) -> float:
        start = perf_counter()
        call()
        return perf_counter() - start

    return min(once(lambda: decide(one, DEFAULT_POLICY, PRIORS, LATER)) for _ in range(times))


def test_ten_reports_take_well_under_a_millisecond() -> None:
    assert quickest(case(crowd(10, "violence", 400), 210), 300) < 0.6e-3  # goal: 0.15 ms


def test_a_thousand_linked_reports_take_milliseconds() -> None:
    assert quickest(case(crowd(1000, "violence", 3, device="d", network="n"), 210), 5) < 0.12  # goal: 30 ms


def test_memory_does_not_grow_with_the_square_of_a_flood() -> None:
    flood = case(crowd(5000, "violence", 3, device="d", network="n"), 210)
    tracemalloc.start()
    decide(flood, DEFAULT_POLICY, PRIORS, LATER)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100e6  # a full matrix of floats would take 200 MB, and several are needed at once
