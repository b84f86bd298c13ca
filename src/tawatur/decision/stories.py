"""Which of four stories explains the reports best (decision.md, sections 1 and 4).

Counts are gamma-Poisson: people differ in how easily they report, pictures in how often they are reported. Voices are
a real number, so the probabilities are continued from the whole numbers by the gamma function.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import exp, lgamma, log, log1p
from typing import NamedTuple

from tawatur.decision.model import Model


class Stories(NamedTuple):
    """The posterior over the four stories; they sum to 1."""

    violation: float
    stray: float
    dislike: float
    campaign: float


def log_count(voices: float, views: float, shape: float, rate: float) -> float:
    """log NB(K; n, a, m): K events from n views, at a rate per view that is gamma with shape a and mean m.

    NB = Gamma(K + a) / (Gamma(a) K!) * (nm / (a + nm))^K * (a / (a + nm))^a
    """
    mean = views * rate
    log_tail = voices * log(mean / (shape + mean)) if voices else 0.0
    counted = log_tail - shape * log1p(mean / shape)
    if shape == 1.0:
        return counted
    return counted + lgamma(voices + shape) - lgamma(shape) - lgamma(voices + 1.0)


def log_beta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)


def log_share(hits: float, misses: float, beta: tuple[float, float]) -> float:
    """log BB(hits of hits + misses; beta) without the binomial coefficient, which all stories have in common."""
    return log_beta(beta[0] + hits, beta[1] + misses) - _log_beta_of(beta)


@lru_cache(maxsize=64)
def _log_beta_of(beta: tuple[float, float]) -> float:
    return log_beta(*beta)


def log_violation(voices: float, views: float, model: Model) -> float:
    """The violation's count: a mixture over the rates at which violating pictures are reported."""
    parts = [log(share) + log_count(voices, views, 1.0, rate) for rate, share in model.violation_rates]
    return log_sum(parts)


def log_sum(parts: list[float]) -> float:
    top = max(parts)
    return top + log(sum([exp(part - top) for part in parts]))


def campaign_evidence(voices: float, lost: float, newcomers: int, known: int, model: Model) -> float:
    """log of how much better a campaign explains who reports than an honest crowd does.

    A campaign is told by links (which contain devices, networks, referrers and shared errors) and by young accounts,
    never by being many: it is given the violation's own count. `lost` is the weight that links took; the caller bounds
    it, or linked accounts of the uploader could make honest reports look like a campaign.
    """
    by_links = log_share(lost, voices, model.campaign_linked) - log_share(lost, voices, model.linked)
    if not known:
        return by_links
    others = known - newcomers
    by_age = log_share(newcomers, others, model.campaign_newcomers) - log_share(newcomers, others, model.newcomers)
    return by_links + by_age


def posterior(voices: float, views: float, lost: float, newcomers: int, known: int, model: Model) -> Stories:
    """The posterior over the stories for K voices among n views, recalibrated.

    `newcomers` of `known` reporters whose account's age the site says are newcomers. At least as many people saw a
    picture as independent people reported it, so n is at least K.
    """
    seen = max(views, voices, 1.0)
    violation = log_violation(voices, seen, model)
    logs = (
        log(model.prior_violation) + violation,
        log(model.prior_stray) + log_count(voices, seen, model.stray_shape, model.stray_rate),
        log(model.prior_dislike) + log_count(voices, seen, 1.0, model.dislike_rate),
        log(model.prior_campaign) + violation + campaign_evidence(voices, lost, newcomers, known, model),
    )
    top = max(logs)
    masses = [exp(part - top) for part in logs]
    return recalibrated(masses, model)


def recalibrated(masses: list[float], model: Model) -> Stories:
    """logit P' = a + b logit P for the violation; the other stories keep their proportions."""
    against = masses[1] + masses[2] + masses[3]
    if masses[0] <= 0.0 or against <= 0.0:
        chance = 0.0 if masses[0] <= 0.0 else 1.0
    else:
        logit = model.recalibration_a + model.recalibration_b * (log(masses[0]) - log(against))
        chance = 1.0 / (1.0 + exp(-logit)) if logit > -700 else 0.0
    rest = (1.0 - chance) / against if against > 0.0 else 0.0
    return Stories(chance, masses[1] * rest, masses[2] * rest, masses[3] * rest)


@lru_cache(maxsize=4096)
def violation_quantiles(views: float, shares: tuple[float, ...], model: Model) -> tuple[int, ...]:
    """The whole numbers of voices below which those shares of violating images stay, at n views."""
    return _quantiles(lambda count: exp(log_violation(count, views, model)), shares)


@lru_cache(maxsize=4096)
def stray_quantiles(views: float, shares: tuple[float, ...], model: Model) -> tuple[int, ...]:
    """The same for ordinary images."""
    return _quantiles(lambda count: exp(log_count(count, views, model.stray_shape, model.stray_rate)), shares)


def _quantiles(mass: Callable[[float], float], shares: tuple[float, ...]) -> tuple[int, ...]:
    found: list[int] = []
    total, count = 0.0, 0
    for share in sorted(shares):
        while total + mass(count) < share and count < 100_000:
            total += mass(count)
            count += 1
        found.append(count)
    return tuple(found)
