"""Learns the model's numbers from what people decided on a site (decision.md, section 4). Pure: lessons in, model out.

Rates and priors come by EM over all images, reviewed or not: a review says 95 : 5 which story it was, without one the
stories share the image as the numbers have it. Each rate's prior is worth 20 reports, each share's 100 images, so a
site without a history runs on the priors and a small one stays near them. Whatever the lessons say, the result keeps
to the bounds below and to what `Model` demands, so one more honest report never lowers P(violation), and no crowd can
teach the engine to sleep.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from math import exp, fsum, lgamma, log, sqrt

import msgspec
import numpy as np
import numpy.typing as npt

from tawatur.decision.case import Case
from tawatur.decision.evidence import age_known, gather, most_silence
from tawatur.decision.model import PRIORS, Model
from tawatur.decision.policy import Policy
from tawatur.decision.stories import campaign_evidence
from tawatur.decision.voices import independent

PRIOR_REPORTS = 20.0
PRIOR_IMAGES = 100.0
SURE = 0.95
"""How far a review is believed: moderators err, and an upheld image may have been upheld for another reason."""
ROUNDS = 60
CLOSE = 1e-3

STRAY = (0.0001, 0.005)
DISLIKE = (0.002, 0.03)
VIOLATION = (0.5, 2.0)
"""Times the prior's rate: a violation's rates stay apart from what is merely disliked."""
PRIOR_OF_VIOLATION = (0.005, 0.3)
PRIOR_OF_DISLIKE = (0.005, 0.3)
PRIOR_OF_CAMPAIGN = (0.01, 0.1)
RHO0 = (0.002, 0.02)
A, B = (-1.5, 1.0), (0.6, 1.6)
MEDIAN_FROM = 30
"""Images whose views are known, before their median says more than the policy's default."""

PROOF_FROM = 60
"""Reviews before a site may learn: half of them, thirty, are the least that a standard error says something on."""

Numbers = npt.NDArray[np.float64]


class Lesson(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What was known of one image (`images` of them, where many are alike): its views and voices, the weight that links
    took, how many of the reporters of `known` age were newcomers, and what a person decided, if any did."""

    views: float
    voices: float = 0.0
    lost: float = 0.0
    newcomers: int = 0
    known: int = 0
    upheld: bool | None = None
    images: int = 1


def lesson(case: Case, policy: Policy, now: datetime, upheld: bool | None = None) -> Lesson | None:
    """What a case teaches; nothing where its views are unknown."""
    if case.views is None:
        return None
    crowd = gather(case, policy, now)
    if not crowd.reports:
        return Lesson(float(case.views), upheld=upheld)
    voices = sum(independent(crowd.reports, crowd.weights, crowd.newcomers, case, policy, [None])[0])
    lost = min(max(0.0, sum(crowd.weights) - voices), policy.lost_cap)
    known = sum(map(age_known, crowd.reports, crowd.newcomers))
    return Lesson(float(case.views), voices, lost, sum(crowd.newcomers), known, upheld)


def learn(lessons: Iterable[Lesson], policy: Policy, version: str, start: Model = PRIORS) -> Model:
    """The model that these lessons give, named `version`; the priors while people have decided nothing.

    `start` is where the search begins: yesterday's model is near today's.
    """
    known = [one for one in lessons if one.images > 0]
    if all(one.upheld is None for one in known):
        return PRIORS
    median = _median(known)
    table = _Table(_alike(known, policy, median), policy)
    model = msgspec.structs.replace(start, recalibration_a=0.0, recalibration_b=1.0)
    for _ in range(ROUNDS):
        better = _step(table, model)
        close = _apart(better, model) < CLOSE
        model = better
        if close:
            break
    a, b = _recalibration(table, model)
    return msgspec.structs.replace(
        model,
        version=version,
        recalibration_a=a,
        recalibration_b=b,
        rho0=_rho0(known),
        newcomers=_newcomers(table, model),
        median_views=median,
    )


def learn_proven(lessons: Iterable[Lesson], policy: Policy, version: str, start: Model = PRIORS) -> Model:
    """What `learn` gives, where that foretells reviews better than the priors do; else the priors.

    People review what was reported, not a fair sample, so numbers learned from them can be worse for everything else.
    Every second review is kept from the learner, and its model must give those a likelihood that is higher by more
    than chance (the mean gain in log likelihood above one standard error) before the site learns from all of them.
    """
    known = [one for one in lessons if one.images > 0]
    judged = [one for one in known if one.upheld is not None]
    if sum(one.images for one in judged) < PROOF_FROM:
        return PRIORS
    unseen = judged[1::2]
    tried = learn([one for one in known if one.upheld is None] + judged[::2], policy, version, start)
    gain = _log_likelihoods(unseen, policy, tried) - _log_likelihoods(unseen, policy, PRIORS)
    if not float(gain.mean()) > float(gain.std()) / sqrt(len(gain)):  # not a number is no proof either
        return PRIORS
    return learn(known, policy, version, tried)


def _log_likelihoods(judged: Sequence[Lesson], policy: Policy, model: Model) -> Numbers:
    """For each review the log of the probability that the model gave to what the person decided."""
    most = most_silence(policy, model.median_views)
    counted = [_views_that_count(one, most) for one in judged]
    table = _Table([msgspec.structs.replace(one, views=n) for one, n in zip(judged, counted, strict=True)], policy)
    parts = table.parts(model)
    rates = len(model.violation_rates)
    with np.errstate(invalid="ignore"):  # counts so absurd that no story explains them
        odds = np.logaddexp.reduce(parts[:rates], axis=0) - np.logaddexp.reduce(parts[rates:], axis=0)
    chance = 1.0 / (1.0 + np.exp(-(model.recalibration_a + model.recalibration_b * np.clip(odds, -12.0, 12.0))))
    chance = np.clip(chance, 1.0 - SURE, SURE)
    found: Numbers = np.log(np.where(table.upheld, chance, 1.0 - chance))
    return found


def _views_that_count(one: Lesson, most: float) -> float:
    """As far as silence counts, up to `most` views; whoever reported has seen it."""
    return min(max(one.views, one.voices, 1.0), max(most, one.voices))


@lru_cache(maxsize=4096)
def _about(views: float) -> float:
    """The views to a tenth, more or less."""
    return round(exp(round(log(views) * 10) / 10), 3)


def _alike(lessons: Sequence[Lesson], policy: Policy, median: float | None) -> list[Lesson]:
    """Lessons that hardly differ, counted together: nights are short."""
    counts: Counter[tuple[float, float, float, int, int, bool | None]] = Counter()
    most = most_silence(policy, median)
    for one in lessons:
        seen = _views_that_count(one, most)
        views = seen if one.upheld is not None else _about(seen)
        capped = min(one.newcomers, policy.newcomers_cap)
        key = (views, round(one.voices, 1), round(one.lost, 1), capped, one.known - one.newcomers + capped, one.upheld)
        counts[key] += one.images
    ordered = sorted(counts.items(), key=lambda item: (*item[0][:5], str(item[0][5])))
    return [Lesson(v, k, lost, new, age, upheld, images) for (v, k, lost, new, age, upheld), images in ordered]


@lru_cache(maxsize=16384)
def _campaign(voices: float, lost: float, newcomers: int, known: int) -> float:
    return campaign_evidence(voices, lost, newcomers, known, PRIORS)


@lru_cache(maxsize=16384)
def _ways(voices: float, shape: float) -> float:
    """log of Gamma(K + a) / (Gamma(a) K!)."""
    return lgamma(voices + shape) - lgamma(shape) - lgamma(voices + 1.0)


class _Table:
    """The lessons by columns, with what does not change from round to round."""

    def __init__(self, lessons: Sequence[Lesson], policy: Policy) -> None:
        self.views = np.array([one.views for one in lessons])
        self.voices = np.array([one.voices for one in lessons])
        self.images = np.array([float(one.images) for one in lessons])
        self.newcomers = np.array([float(one.newcomers) for one in lessons])
        self.known = np.array([float(one.known) for one in lessons])
        self.upheld = np.array([one.upheld is True for one in lessons])
        self.rejected = np.array([one.upheld is False for one in lessons])
        self.campaign = np.array([_campaign(one.voices, one.lost, one.newcomers, one.known) for one in lessons])
        self._ways: dict[float, Numbers] = {}

    def log_count(self, shape: float, rate: float) -> Numbers:
        """log NB(voices; views, shape, rate), as in `stories.log_count`, for all lessons at once."""
        if shape not in self._ways:
            self._ways[shape] = np.array([_ways(voices, shape) for voices in self.voices.tolist()])
        mean = self.views * rate
        found: Numbers = self.voices * np.log(mean / (shape + mean)) - shape * np.log1p(mean / shape)
        return found + self._ways[shape]

    def parts(self, model: Model) -> Numbers:
        """log of prior times likelihood: a row for each rate of a violation, then stray, dislike and campaign."""
        rates = [
            log(model.prior_violation) + log(share) + self.log_count(1.0, rate) for rate, share in model.violation_rates
        ]
        violation = np.logaddexp.reduce(np.array(rates), axis=0) - log(model.prior_violation)
        return np.array(
            [
                *rates,
                log(model.prior_stray) + self.log_count(model.stray_shape, model.stray_rate),
                log(model.prior_dislike) + self.log_count(1.0, model.dislike_rate),
                log(model.prior_campaign) + violation + self.campaign,
            ]
        )

    def stories(self, model: Model) -> Numbers:
        """How far each lesson is each story's; rows as in `parts`. What was upheld is a violation to 95 %, what was
        rejected is one to 5 % at most."""
        parts = self.parts(model)
        masses: Numbers = np.exp(parts - parts.max(axis=0))
        masses /= masses.sum(axis=0)
        rates = len(model.violation_rates)
        judged = self.upheld | self.rejected
        violation = masses[:rates].sum(axis=0)
        # Among hundreds of images that were found fine, 5 % of each would be more violations than a site has.
        doubted = violation * (1.0 - SURE) / (violation * (1.0 - SURE) + (1.0 - violation) * SURE)
        wanted = np.where(self.upheld, SURE, np.minimum(doubted, 1.0 - SURE))
        masses[:rates, judged] *= (wanted / np.maximum(violation, 1e-300))[judged]
        masses[rates:, judged] *= ((1.0 - wanted) / np.maximum(1.0 - violation, 1e-300))[judged]
        masses /= np.maximum(masses.sum(axis=0), 1e-300)
        return masses


def _step(table: _Table, model: Model) -> Model:
    """One round of EM: how far each image is each story's, then the numbers that explain these shares best."""
    shares = table.stories(model) * table.images
    rates = len(model.violation_rates)
    counts = shares.sum(axis=1)
    total = PRIOR_IMAGES + float(table.images.sum())

    def rate(row: Numbers, prior: float) -> float:
        """(20 + reports) / (20 / prior + views)."""
        return float((PRIOR_REPORTS + row @ table.voices) / (PRIOR_REPORTS / prior + row @ table.views))

    stray = _within(rate(shares[rates], PRIORS.stray_rate), STRAY)
    dislike = max(stray, _within(rate(shares[rates + 1], PRIORS.dislike_rate), DISLIKE))
    of_violation = float(counts[:rates].sum())
    scale = _scale(table, shares[:rates])
    mixture = []
    for place, (prior, share) in enumerate(PRIORS.violation_rates):
        weight = (PRIOR_IMAGES * share + float(counts[place])) / (PRIOR_IMAGES + of_violation)
        mixture.append((max(min(0.9, scale * prior), dislike), weight))
    violation = _within((PRIOR_IMAGES * PRIORS.prior_violation + of_violation) / total, PRIOR_OF_VIOLATION)
    disliked = (PRIOR_IMAGES * PRIORS.prior_dislike + float(counts[rates + 1])) / total
    campaign = (PRIOR_IMAGES * PRIORS.prior_campaign + float(counts[rates + 2])) / total
    disliked, campaign = _within(disliked, PRIOR_OF_DISLIKE), _within(campaign, PRIOR_OF_CAMPAIGN)
    return msgspec.structs.replace(
        model,
        prior_violation=violation,
        prior_stray=1.0 - violation - disliked - campaign,
        prior_dislike=disliked,
        prior_campaign=campaign,
        violation_rates=tuple(mixture),
        stray_rate=stray,
        dislike_rate=dislike,
    )


def _scale(table: _Table, shares: Numbers) -> float:
    """How much more often than the priors say violating images are reported: (20 + reports) / (20 + expected ones).

    One number for all rates, and from what people upheld alone: left free, the rates slide towards silence, because
    every picture that nobody reports could be a violation that nobody reports.
    """
    upheld = shares[:, table.upheld]
    expected = sum(
        rate * float(row @ table.views[table.upheld])
        for row, (rate, _) in zip(upheld, PRIORS.violation_rates, strict=True)
    )
    reports = float(upheld.sum(axis=0) @ table.voices[table.upheld])
    return _within((PRIOR_REPORTS + reports) / (PRIOR_REPORTS + expected), VIOLATION)


def _recalibration(table: _Table, model: Model) -> tuple[float, float]:
    """a and b of logit P' = a + b logit P on reviewed images: the most likely, held near (0, 1) as by 100 reviews."""
    judged = table.upheld | table.rejected
    if not judged.any():
        return 0.0, 1.0
    parts = table.parts(model)[:, judged]
    rates = len(model.violation_rates)
    x = np.logaddexp.reduce(parts[:rates], axis=0) - np.logaddexp.reduce(parts[rates:], axis=0)
    x = np.clip(x, -12.0, 12.0)
    y = np.where(table.upheld[judged], SURE, 1.0 - SURE)
    images = table.images[judged]
    held = 0.25 * PRIOR_IMAGES  # a review near even odds tells a quarter of a nat
    theta = np.array([0.0, 1.0])
    design = np.stack([np.ones_like(x), x])
    for _ in range(50):
        chance = 1.0 / (1.0 + np.exp(-np.clip(theta @ design, -30.0, 30.0)))
        slope = design @ (images * (chance - y)) + held * (theta - [0.0, 1.0])
        curve = (design * (images * chance * (1.0 - chance))) @ design.T + held * np.eye(2)
        move = np.linalg.solve(curve, slope)
        theta = theta - np.clip(move, -0.5, 0.5)
        if float(np.abs(move).max()) < 1e-9:
            break
    return _within(float(theta[0]), A), _within(float(theta[1]), B)


def _rho0(lessons: Sequence[Lesson]) -> float:
    """The share of viewers who report an image that people found fine: (20 + voices) / (20 / rho0 + views).

    No image counts for more than at twice the upper bound, or a raid on one picture could disarm the guard.
    """
    fine = [one for one in lessons if one.upheld is False]
    voices = fsum(one.images * min(one.voices, 2.0 * RHO0[1] * max(one.views, 1.0)) for one in fine)
    views = fsum(one.images * max(one.views, one.voices) for one in fine)  # rounded once, so their order means nothing
    return _within((PRIOR_REPORTS + voices) / (PRIOR_REPORTS / PRIORS.rho0 + views), RHO0)


def _newcomers(table: _Table, model: Model) -> tuple[float, float]:
    """The site's share of newcomers among reporters outside campaigns, as a Beta that stays the milder one."""
    honest = (1.0 - table.stories(model)[-1]) * table.images
    prior = PRIORS.newcomers[0] / sum(PRIORS.newcomers)
    newcomers, known = float(honest @ table.newcomers), float(honest @ table.known)
    share = (PRIOR_REPORTS * prior + newcomers) / (PRIOR_REPORTS + known)
    most, least = PRIORS.campaign_newcomers
    share = _within(share, (0.02, 0.95 * most / (most + least)))
    weight = min(sum(PRIORS.newcomers), most / share)  # so that a campaign is never said to have fewer
    return weight * share, weight * (1.0 - share)


def _median(lessons: Sequence[Lesson]) -> float | None:
    counts: Counter[float] = Counter()
    for one in lessons:
        counts[one.views] += one.images
    total = sum(counts.values())
    if total < MEDIAN_FROM:
        return None
    passed = 0
    for views in sorted(counts):
        passed += counts[views]
        if 2 * passed >= total:
            return max(1.0, views)
    return None


def _within(value: float, bounds: tuple[float, float]) -> float:
    return min(max(value, bounds[0]), bounds[1])


def _apart(one: Model, other: Model) -> float:
    """The largest relative change of any number."""

    def numbers(model: Model) -> Numbers:
        flat = [value for pair in model.violation_rates for value in pair]
        priors = [model.prior_violation, model.prior_stray, model.prior_dislike, model.prior_campaign]
        return np.array([*flat, *priors, model.stray_rate, model.dislike_rate])

    first, second = numbers(one), numbers(other)
    return float(np.abs(first / second - 1.0).max())
