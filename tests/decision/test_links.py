"""Shared histories link in full where a picture is withheld, and less where only the queue is ordered."""

from __future__ import annotations

from itertools import combinations
from unittest import mock

import msgspec
import pytest
from hypothesis import given, settings

from tawatur.decision import evidence
from tawatur.decision.case import Case, Coins, Pair, Record, Viewers
from tawatur.decision.links import habits
from tawatur.decision.policy import DEFAULT_POLICY
from tests.decision.crowds import any_case, case, crowd
from tests.decision.test_properties import CLOSE, judged

P = DEFAULT_POLICY
EIGHT = [f"r{place:05d}" for place in range(8)]
BEFORE = tuple(Pair(a, b, co_reports=6) for a, b in combinations(EIGHT, 2))


def circle(views: int | None, confirmed: int = 1) -> Case:
    """Eight established people who reported the same six pictures before."""
    records = {name: Record({"violence": 1.0}, confirmed_reports=confirmed, reported=8) for name in EIGHT}
    return case(crowd(8, "violence", 400), views, pairs=BEFORE, records=records)


def plain_of(one: Case) -> float:
    verdict = judged(one)
    return next((gate.actual for gate in verdict.gates if gate.name == "plain"), verdict.probability)


def test_strangers_share_no_habits() -> None:
    one = case(crowd(8, "violence", 400), 60)
    assert habits(one.reports, one, P) is None
    assert "plain" not in {gate.name for gate in judged(one).gates}


@pytest.mark.parametrize(("views", "share"), [(8, 0.0), (4, 0.0), (16, 0.5), (800, 0.99), (None, 1.0)])
def test_habits_link_by_the_share_that_stayed_silent(views: int | None, share: float) -> None:
    one = circle(views, confirmed=0)
    assert habits(one.reports, one, P) == pytest.approx([share] * 8)


def test_ten_reviewed_pictures_halve_what_habits_say_those_reported_or_where_it_is_known_those_seen() -> None:
    one = circle(None, confirmed=10)
    assert habits(one.reports, one, P) == pytest.approx([0.5] * 8)
    seen = Viewers(reporters={EIGHT[0]: Coins(hits=5, violating=10, fine=20)})
    found = habits(one.reports, msgspec.structs.replace(one, viewers=seen), P)
    assert found == pytest.approx([0.25, *[0.5] * 7])


def test_a_circle_that_nearly_everybody_joins_comes_before_a_person_and_is_blocked_by_nothing() -> None:
    one = circle(16)
    assert judged(one).probability > plain_of(one) + 0.1
    ring = circle(9)  # they strike while hardly anybody has looked
    told = {gate.name: gate for gate in judged(ring).gates}["plain"]
    assert told.holds is False
    assert told.needed == pytest.approx(judged(ring).threshold)
    assert judged(ring).action in ("allow", "review")


def test_habits_are_the_same_among_many() -> None:
    """Above two dozen reports links are counted in blocks."""
    names = [f"r{place:05d}" for place in range(30)]
    pairs = tuple(Pair(a, b, co_reports=6) for a, b in combinations(names, 2))
    records = {name: Record({"violence": 1.0}, confirmed_reports=1, reported=8) for name in names}
    many = case(crowd(30, "violence", 400), 300, pairs=pairs, records=records)
    assert judged(many).probability > plain_of(many) + 0.001


@settings(max_examples=150)
@given(any_case(most=30))
def test_habits_raise_the_probability_and_withhold_what_is_withheld_without_them(one: Case) -> None:
    verdict = judged(one)
    with mock.patch.object(evidence, "habits", return_value=None):
        in_full = judged(one)
    assert verdict.probability >= in_full.probability - CLOSE
    withheld = [each.action if each.action in ("blur", "block") else "visible" for each in (verdict, in_full)]
    assert withheld[0] == withheld[1]
