"""What a site's reviews teach, and what no history whatever can teach."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tawatur.decision import learning
from tawatur.decision.case import Case, Report
from tawatur.decision.learning import PROOF_FROM, Lesson, learn, learn_proven, lesson
from tawatur.decision.model import PRIORS, Model
from tawatur.decision.policy import DEFAULT_POLICY
from tawatur.decision.stories import posterior

NOW = datetime(2026, 1, 1, tzinfo=UTC)

lessons = st.lists(
    st.builds(
        Lesson,
        views=st.floats(0, 1e6),
        voices=st.floats(0, 300),
        lost=st.floats(0, 2),
        newcomers=st.integers(0, 5),
        known=st.integers(5, 50),
        upheld=st.sampled_from([None, True, False]),
        images=st.sampled_from([1, 1, 10, 10_000]),
    ),
    max_size=20,
)


def community(images: int, violating: float, rates: dict[str, float], reviewed: float, seed: int = 1) -> list[Lesson]:
    """Images with their views and voices, drawn from the model's own stories; some are reviewed."""
    draw, found = np.random.default_rng(seed), []
    for _ in range(images):
        chance = draw.random()
        kind = "violation" if chance < violating else "dislike" if chance < violating + 0.05 else "stray"
        shape = 0.5 if kind == "stray" else 1.0
        views = float(draw.integers(20, 300))
        voices = float(draw.poisson(views * rates[kind] * draw.gamma(shape) / shape))
        upheld = kind == "violation" if draw.random() < reviewed and voices >= 1 else None
        found.append(Lesson(views, voices, known=int(voices), upheld=upheld))
    return found


def violation_rate(model: Model) -> float:
    return sum(rate * share for rate, share in model.violation_rates)


def test_a_site_without_a_history_runs_on_the_priors() -> None:
    assert learn([], DEFAULT_POLICY, "v1") is PRIORS


def test_a_little_history_changes_little() -> None:
    model = learn([Lesson(50.0, 1.0, upheld=False), Lesson(80.0)], DEFAULT_POLICY, "v1")
    assert model.version == "v1"
    assert model.stray_rate == pytest.approx(PRIORS.stray_rate, rel=0.1)
    assert model.prior_violation == pytest.approx(PRIORS.prior_violation, rel=0.1)
    assert model.median_views is None


@pytest.mark.parametrize("violating", [0.02, 0.15])
@pytest.mark.parametrize("stray", [0.0004, 0.003])
def test_planted_rates_are_recovered(violating: float, stray: float) -> None:
    planted = {"violation": 0.06, "dislike": 0.01, "stray": stray}
    model = learn(community(6000, violating, planted, reviewed=0.7), DEFAULT_POLICY, "v1")
    assert model.stray_rate == pytest.approx(stray, rel=0.35)
    assert model.prior_violation == pytest.approx(violating, rel=0.35)
    assert violation_rate(model) == pytest.approx(0.06, rel=0.4)


def test_a_site_whose_reviewers_reject_most_grows_careful() -> None:
    history = [Lesson(100.0, 6.0, known=6, upheld=n % 5 == 0) for n in range(300)]
    model = learn([*history, Lesson(100.0, images=3000)], DEFAULT_POLICY, "v1")
    told, before = (posterior(6.0, 100.0, 0.0, 0, 6, one).violation for one in (model, PRIORS))
    assert told < before
    assert told == pytest.approx(0.2, abs=0.12)


def test_recalibration_brings_chances_to_what_reviews_said() -> None:
    """Of what the model calls likely only half is upheld."""
    history = [Lesson(60.0, 8.0, upheld=n % 2 == 0) for n in range(400)]
    model = learn(history, DEFAULT_POLICY, "v1")
    assert posterior(8.0, 60.0, 0.0, 0, 0, model).violation == pytest.approx(0.5, abs=0.1)


def test_rho0_is_what_viewers_of_fine_images_do() -> None:
    fine = [Lesson(1000.0, 12.0, upheld=False) for _ in range(200)]
    assert learn(fine, DEFAULT_POLICY, "v1").rho0 == pytest.approx(0.012, rel=0.05)
    raided = [*fine, Lesson(300.0, 300.0, upheld=False)]
    assert learn(raided, DEFAULT_POLICY, "v1").rho0 == pytest.approx(0.012, rel=0.05)


def test_the_newcomers_share_and_the_median_of_views_are_the_sites_own() -> None:
    young = [Lesson(90.0, 10.0, newcomers=4, known=10, upheld=True) for _ in range(60)]
    model = learn(young, DEFAULT_POLICY, "v1")
    honest, campaign = model.newcomers, model.campaign_newcomers
    assert honest[0] / sum(honest) == pytest.approx(0.39, abs=0.05)
    assert honest[0] / sum(honest) < campaign[0] / sum(campaign)
    assert model.median_views == 90.0


@given(history=lessons)
@settings(max_examples=150)
def test_no_history_leaves_the_bounds(history: list[Lesson]) -> None:
    model = learn(history, DEFAULT_POLICY, "v1")
    assert model.prior_campaign >= 0.01
    assert -1.5 <= model.recalibration_a <= 1.0
    assert 0.6 <= model.recalibration_b <= 1.6
    assert learning.RHO0[0] <= model.rho0 <= learning.RHO0[1]
    total = model.prior_violation + model.prior_stray + model.prior_dislike + model.prior_campaign
    assert total == pytest.approx(1.0)
    assert sum(share for _, share in model.violation_rates) == pytest.approx(1.0)


@given(history=lessons, voices=st.floats(0, 60), views=st.floats(1, 300), lost=st.floats(0, 2), new=st.integers(0, 4))
@settings(max_examples=150)
def test_one_more_honest_report_never_lowers_the_chance(
    history: list[Lesson], voices: float, views: float, lost: float, new: int
) -> None:
    model = learn(history, DEFAULT_POLICY, "v1")
    known = new + 5
    before = posterior(voices, views, lost, new, known, model).violation
    after = posterior(voices + 1.0, views, lost, new, known + 1, model).violation
    assert after >= before - 1e-12


@given(history=lessons, seed=st.integers(0, 9))
@settings(max_examples=50)
def test_the_same_lessons_in_any_order_give_the_same_model(history: list[Lesson], seed: int) -> None:
    shuffled = random.Random(seed).sample(history, len(history))
    assert learn(history, DEFAULT_POLICY, "v1") == learn(shuffled, DEFAULT_POLICY, "v1")


def test_rounding_does_not_tell_the_order_of_lessons_either() -> None:
    """A sum of these, taken from left to right, depends on where it begins."""
    history = [Lesson(views, views / 300.0, upheld=False) for views in (0.1, 247.5, 1e9, 0.3, 1e-3, 77.7)]
    assert learn(history, DEFAULT_POLICY, "v1").rho0 == learn(history[::-1], DEFAULT_POLICY, "v1").rho0


def test_a_case_teaches_its_voices_and_views() -> None:
    reports = tuple(Report(f"r{n}", "violence", NOW, device="d" if n < 2 else None) for n in range(4))
    taught = lesson(Case(reports, views=40), DEFAULT_POLICY, NOW, upheld=True)
    assert taught is not None
    assert (taught.views, taught.upheld, taught.known) == (40.0, True, 0)
    assert taught.voices == pytest.approx(3.1)
    assert taught.lost == pytest.approx(0.9)
    assert lesson(Case(reports), DEFAULT_POLICY, NOW) is None
    assert lesson(Case((), views=40), DEFAULT_POLICY, NOW) == Lesson(40.0)


LOUD = {"violation": 0.05, "dislike": 0.02, "stray": 0.004}
"""A community that reports ordinary pictures five times as often as the priors say."""


def test_what_foretells_unseen_reviews_better_is_adopted() -> None:
    history = community(4000, 0.15, LOUD, reviewed=0.5)
    model = learn_proven(history, DEFAULT_POLICY, "v1")
    assert model.version == "v1"
    assert model.stray_rate > 2 * PRIORS.stray_rate


def test_a_few_reviews_prove_nothing() -> None:
    few = community(4000, 0.15, LOUD, reviewed=0.5)
    judged = [one for one in few if one.upheld is not None][: PROOF_FROM - 1]
    assert learn_proven(judged, DEFAULT_POLICY, "v1") is PRIORS


@given(history=lessons)
@settings(max_examples=40)
def test_proof_never_leads_out_of_the_bounds(history: list[Lesson]) -> None:
    model = learn_proven(history * 4, DEFAULT_POLICY, "v1")
    assert 0.005 <= model.prior_violation <= 0.3
    assert model.prior_campaign >= 0.01
    assert 0.002 <= model.rho0 <= 0.02
