"""The likelihoods against numbers computed by hand, and the bounds on what silence and links can say."""

from __future__ import annotations

from math import comb, exp, log, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tawatur.decision.model import PRIORS, Model
from tawatur.decision.stories import (
    log_beta,
    log_count,
    log_share,
    log_violation,
    posterior,
    stray_quantiles,
    violation_quantiles,
)


def test_counts_with_shape_one_are_geometric() -> None:
    # mean 2.4: (2.4/3.4)^3 / 3.4
    assert exp(log_count(3, 80, 1.0, 0.03)) == pytest.approx(0.10344704)
    assert exp(log_count(0, 80, 1.0, 0.03)) == pytest.approx(1 / 3.4)


def test_counts_with_shape_one_half_by_hand() -> None:
    # mean 0.064; Gamma(2.5) / (Gamma(0.5) 2!) = 3/8
    expected = 3 / 8 * (0.064 / 0.564) ** 2 * sqrt(0.5 / 0.564)
    assert exp(log_count(2, 80, 0.5, 0.0008)) == pytest.approx(expected)


@pytest.mark.parametrize(("shape", "rate"), [(1.0, 0.03), (0.5, 0.0008), (0.5, 0.05), (1.0, 0.3)])
def test_counts_sum_to_one(shape: float, rate: float) -> None:
    assert sum(exp(log_count(count, 100, shape, rate)) for count in range(5000)) == pytest.approx(1.0)


def test_the_violation_mixture_sums_to_one() -> None:
    assert sum(exp(log_violation(count, 100, PRIORS)) for count in range(3000)) == pytest.approx(1.0)


def test_shares_sum_to_one_with_their_binomials() -> None:
    assert sum(comb(7, k) * exp(log_share(k, 7 - k, (2.0, 1.0))) for k in range(8)) == pytest.approx(1.0)
    assert exp(log_beta(2, 3)) == pytest.approx(1 / 12)
    assert exp(log_share(1, 1, (2.0, 1.0))) == pytest.approx(1 / 6)


def test_the_posterior_by_hand() -> None:
    """Two voices in 20 views, no links, unknown ages."""
    rates = ((0.6, 0.4), (1.2, 0.3), (2.4, 0.2), (6.0, 0.1))  # mean counts and shares
    violation = sum(share * (mean / (1 + mean)) ** 2 / (1 + mean) for mean, share in rates)
    stray = 3 / 8 * (0.016 / 0.516) ** 2 * sqrt(0.5 / 0.516)
    dislike = (0.24 / 1.24) ** 2 / 1.24
    # BB(0 linked of 2): campaign 1/3 * 2/4, site 9/10 * 10/11
    campaign = violation * (1 / 6) / (9 / 11)
    masses = [0.05 * violation, 0.885 * stray, 0.055 * dislike, 0.01 * campaign]
    assert posterior(2.0, 20.0, 0.0, 0, 0, PRIORS) == pytest.approx([mass / sum(masses) for mass in masses])


def test_recalibration_moves_the_violation_and_keeps_the_other_proportions() -> None:
    raw = posterior(2.0, 20.0, 0.0, 0, 0, PRIORS)
    moved = posterior(2.0, 20.0, 0.0, 0, 0, Model(recalibration_a=-1.0, recalibration_b=0.6))
    logit = -1.0 + 0.6 * log(raw.violation / (1 - raw.violation))
    assert moved.violation == pytest.approx(1 / (1 + exp(-logit)))
    assert sum(moved) == pytest.approx(1.0)
    assert moved.campaign / moved.dislike == pytest.approx(raw.campaign / raw.dislike)


numbers = st.floats(0, 400)


@given(numbers, numbers, st.floats(0, 2), st.integers(0, 50), st.integers(0, 50), st.floats(0.01, 1))
def test_more_voices_never_make_a_violation_less_likely(
    voices: float, views: float, lost: float, newcomers: int, others: int, more: float
) -> None:
    before = posterior(voices, views, lost, newcomers, newcomers + others, PRIORS)
    after = posterior(voices + more, views, lost, newcomers, newcomers + others, PRIORS)
    older = posterior(voices + more, views, lost, newcomers, newcomers + others + 1, PRIORS)
    assert sum(before) == pytest.approx(1.0)
    assert after.violation >= before.violation - 1e-9
    assert older.violation >= before.violation - 1e-9


@given(st.floats(0, 60), st.floats(0, 300), st.floats(0, 2), st.floats(0, 100))
def test_more_silent_views_never_make_a_violation_likelier(
    voices: float, views: float, lost: float, more: float
) -> None:
    before = posterior(voices, views, lost, 0, 0, PRIORS)
    assert posterior(voices, views + more, lost, 0, 0, PRIORS).violation <= before.violation + 1e-9


def test_links_and_newcomers_point_to_a_campaign() -> None:
    plain = posterior(4.0, 60.0, 0.0, 0, 8, PRIORS)
    assert posterior(4.0, 60.0, 2.0, 0, 8, PRIORS).campaign > 5 * plain.campaign
    assert posterior(4.0, 60.0, 0.0, 8, 8, PRIORS).campaign > 20 * plain.campaign


@pytest.mark.parametrize(
    "wrong",
    [
        {"violation_rates": ((0.01, 1.0),)},
        {"violation_rates": ()},
        {"prior_campaign": 0.001},
        {"recalibration_b": 0.0},
        {"newcomers": (6.0, 4.0)},
        {"stray_rate": 0.02},
    ],
)
def test_a_model_under_which_an_honest_report_could_protect_an_image_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="must"):
        Model(**wrong)  # type: ignore[arg-type]


def test_quantiles_are_where_the_sums_say() -> None:
    # Geometric with mean 6: P(X <= k) = 1 - (6/7)^(k+1); 1/4 from k = 1, 3/4 from k = 8.
    one_rate = Model(violation_rates=((0.03, 1.0),))
    assert violation_quantiles(200.0, (0.25, 0.75), one_rate) == (1, 8)
    assert stray_quantiles(200.0, (0.95,), PRIORS) == (1,)
