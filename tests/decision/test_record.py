"""A reporter's record turns a report into a fraction, never into a bonus and never into nothing."""

from __future__ import annotations

from datetime import timedelta
from math import exp, log, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tawatur.decision.case import Record, Site
from tawatur.decision.policy import DEFAULT_POLICY
from tawatur.decision.record import NO_RECORD, earning, opens_record_gate, site_rate, weight
from tests.decision.crowds import LATER, any_record, mature

P = DEFAULT_POLICY


def logit(p: float) -> float:
    return log(p / (1 - p))


def test_a_confirmed_report_earns_less_the_more_people_made_it() -> None:
    assert [earning(1), earning(4), earning(100)] == [1.0, 0.5, 0.1]
    assert earning(3) == pytest.approx(1 / sqrt(3))


def test_the_site_rate_starts_at_sixty_percent_and_follows_the_reviews() -> None:
    assert site_rate(Site(), "spam", P) == 0.6
    assert site_rate(mature(), "violence", P) == pytest.approx(61.2 / 102)
    assert site_rate(mature(), "spam", P) == 0.6


def test_nobody_reviewed_counts_in_full() -> None:
    assert weight(NO_RECORD, "spam", Site(), P, LATER) == 1.0


def test_a_bad_record_is_worth_what_the_formula_says() -> None:
    record = Record(confirmed={"violence": 1.0, "spam": 2.0}, rejected={"violence": 5.0, "hate": 1.0})
    m = 61.2 / 102
    mu = (4 * m + 0.3 * 2.0) / (4 + 0.3 * 3.0)
    p = (4 * mu + 1.0) / (4 + 6.0)
    assert weight(record, "violence", mature(), P, LATER) == pytest.approx(exp(logit(p) - logit(m)))


def test_a_record_earned_on_one_reason_says_thirty_percent_about_another() -> None:
    bad = Record(rejected={"spam": 6.0})
    assert weight(bad, "spam", Site(), P, LATER) < weight(bad, "hate", Site(), P, LATER) < 1.0


def test_a_good_record_adds_nothing_to_the_weight() -> None:
    assert weight(Record(confirmed={"spam": 50.0}, confirmed_reports=60), "spam", Site(), P, LATER) == 1.0


def test_probation_leaves_a_third_and_ends() -> None:
    record = Record(probation_until=LATER + timedelta(seconds=1))
    assert weight(record, "spam", Site(), P, LATER) == 0.34
    assert weight(record, "spam", Site(), P, LATER + timedelta(seconds=1)) == 1.0


def test_a_muted_reporter_counts_nothing() -> None:
    assert weight(Record(confirmed={"spam": 9.0}, muted=True), "spam", Site(), P, LATER) == 0.0


@given(any_record(), st.sampled_from(["violence", "spam", "hate"]))
def test_every_other_weight_is_a_fraction_above_nothing(record: Record, reason: str) -> None:
    counts = weight(record, reason, mature(), P, LATER)
    assert counts == 0.0 if record.muted else 0.0 < counts <= 1.0


@pytest.mark.parametrize(
    ("record", "opens"),
    [
        (Record(), False),
        (Record(confirmed={"violence": 0.5}, confirmed_reports=1), True),
        (Record(confirmed={"spam": 0.5}, confirmed_reports=1), True),
        (Record(confirmed={"violence": 1.0}, rejected={"violence": 4.0}, confirmed_reports=1), False),
        (Record(confirmed={"spam": 5.0}, rejected={"violence": 3.0}, confirmed_reports=5), False),
        (Record(confirmed={"violence": 5.0}, confirmed_reports=5, probation_until=LATER + timedelta(1)), False),
        (Record(confirmed={"violence": 5.0}, confirmed_reports=5, muted=True), False),
    ],
)
def test_only_a_confirmed_record_not_below_the_sites_opens_the_record_gate(record: Record, opens: bool) -> None:
    assert opens_record_gate(record, "violence", mature(), P, LATER) is opens
