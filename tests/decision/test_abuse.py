"""When wrong reports are abuse, and how long a suspension lasts."""

from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tawatur.decision.abuse import Tally, is_abuse, suspension
from tawatur.decision.policy import DEFAULT_POLICY

P = DEFAULT_POLICY
counts = st.integers(0, 60)


@pytest.mark.parametrize(
    ("rejected", "reviewed", "abuse"),
    [(0, 0, False), (4, 4, False), (5, 5, True), (5, 6, True), (5, 7, False), (6, 8, True), (50, 100, False)],
)
def test_it_takes_several_and_nearly_only_wrong_ones(rejected: int, reviewed: int, abuse: bool) -> None:
    assert is_abuse(Tally(rejected, reviewed), P) is abuse


@given(rejected=counts, right=counts)
def test_being_right_once_more_never_makes_it_abuse(rejected: int, right: int) -> None:
    before, after = (is_abuse(Tally(rejected, rejected + one), P) for one in (right, right + 1))
    assert before or not after


@given(rejected=counts, right=counts)
def test_being_wrong_once_more_never_takes_it_away(rejected: int, right: int) -> None:
    before, after = (is_abuse(Tally(wrong, wrong + right), P) for wrong in (rejected, rejected + 1))
    assert after or not before


@given(rejected=counts, right=counts)
def test_a_policy_can_leave_it(rejected: int, right: int) -> None:
    assert not is_abuse(Tally(rejected, rejected + right), msgspec.structs.replace(P, abuse_rejected=0))


def test_suspensions_double_and_always_end() -> None:
    assert [suspension(n, P) for n in range(4)] == [timedelta(days=days) for days in (7, 14, 28, 56)]
    assert suspension(5, P) == suspension(1000, P) == timedelta(days=180)
