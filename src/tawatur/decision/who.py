"""Who reports, in numbers that a moderator can follow: how many, how independent, how new, and why some count less."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tawatur.decision.case import Case, Viewers
from tawatur.decision.evidence import Claim, Crowd, probation_count, views_for_silence
from tawatur.decision.links import DAY, co_reports_keep, errors_keep, known_pairs, network_link, vouched_for
from tawatur.decision.model import Model
from tawatur.decision.policy import Policy
from tawatur.decision.record import NO_RECORD
from tawatur.decision.stories import stray_quantiles, violation_quantiles
from tawatur.decision.viewers import silence, site_rates
from tawatur.decision.voices import independent

WHYS = ("device", "network", "referrer", "cohort", "shared_errors", "co_reports")


def who_reports(
    crowd: Crowd, claim: Claim | None, case: Case, policy: Policy, model: Model, now: datetime
) -> dict[str, Any]:
    """The reporters' part of an explanation. `expected_if_violating` is where half of the violating images lie,
    `expected_if_fine` where nineteen of twenty ordinary ones do, as [least, most] voices at `views_counted` views.
    """
    seen = views_for_silence(case, policy, model)
    counted = max(seen, 1.0)
    return {
        "reports": len(crowd.reports),
        "supporters": claim.reports if claim else 0,
        "voices": claim.voices if claim else 0.0,
        "established": claim.established if claim else 0.0,
        "discounted": discounted(crowd, claim.members if claim else None, case, policy),
        "newcomers": sum(crowd.newcomers),
        "anonymous": sum(report.anonymous for report in crowd.reports),
        "with_record": claim.with_record if claim else 0,
        "on_probation": probation_count(crowd, now),
        "muted": sum(case.records.get(name, NO_RECORD).muted for name in {report.reporter for report in case.reports}),
        "views": case.views,
        "views_counted": seen,
        "viewers": None if case.viewers is None else who_looked(case, case.viewers, policy),
        "expected_if_violating": [*violation_quantiles(counted, (0.25, 0.75), model)],
        "expected_if_fine": [0, *stray_quantiles(counted, (0.95,), model)],
    }


def who_looked(case: Case, viewers: Viewers, policy: Policy) -> dict[str, Any]:
    """The viewers' part: how many silent people are known from reviewed pictures, how many views their silence counts
    as, how many reporters are known so, and how often the site's mean person reports a violating picture and a fine
    one that came to a review."""
    hit, false = site_rates(viewers.site)
    return {
        "silent": sum(one.people for one in viewers.silent),
        "silence_counts": sum(one.people * silence(one.coins, viewers.site, policy) for one in viewers.silent),
        "reporters": len(viewers.reporters),
        "report_if_violating": hit,
        "report_if_fine": false,
    }


def discounted(crowd: Crowd, members: list[bool] | None, case: Case, policy: Policy) -> list[dict[str, Any]]:
    """How many supporters' reports lost at least half their weight to links, by the link that took most of it."""
    if not crowd.reports:
        return []
    left = independent(crowd.reports, crowd.weights, crowd.newcomers, case, policy, [members])[0]
    kept = keeps(crowd, case, policy)
    counts: Counter[str] = Counter()
    for place, (voice, weight) in enumerate(zip(left, crowd.weights, strict=True)):
        if voice <= weight / 2 and (members is None or members[place]):
            counts[min(WHYS, key=lambda why: kept[why][place])] += 1
    return [{"count": counts[why], "why": why} for why in WHYS if counts[why]]


def keeps(crowd: Crowd, case: Case, policy: Policy) -> dict[str, list[float]]:
    """For each kind of link, what it alone would leave of every report were all reports of weight 1."""
    reports = crowd.reports
    networks = [report.network for report in reports]
    others = vouched_for(reports, case)
    links = [network_link(others.get(name or "", 0), policy) for name in networks]
    keeps = {
        "device": _by_rank([report.device for report in reports], [policy.link_device] * len(reports)),
        "network": _by_rank(networks, links),
        "referrer": _by_rank([report.referrer for report in reports], [policy.link_referrer] * len(reports)),
        "cohort": _by_cohort(crowd, policy),
        "shared_errors": [1.0] * len(reports),
        "co_reports": [1.0] * len(reports),
    }
    for i, j, pair in known_pairs(reports, case):
        keeps["shared_errors"][j] *= errors_keep(pair, crowd.records[i], crowd.records[j], policy)
        keeps["co_reports"][j] *= co_reports_keep(pair, crowd.records[i], crowd.records[j], policy)
    return keeps


def _by_rank(values: Sequence[str | None], links: Sequence[float]) -> list[float]:
    """(1 - r) for each earlier report with the same value."""
    before: Counter[str] = Counter()
    keeps = []
    for value, link in zip(values, links, strict=True):
        keeps.append(1.0 if value is None else (1.0 - link) ** before[value])
        if value is not None:
            before[value] += 1
    return keeps


def _by_cohort(crowd: Crowd, policy: Policy) -> list[float]:
    """(1 - r) for each earlier newcomer whose account was made within two days of this one's."""
    span = policy.cohort_days * DAY
    before: list[float] = []
    keeps = []
    for report, newcomer in zip(crowd.reports, crowd.newcomers, strict=True):
        if not newcomer or report.account_created_at is None:
            keeps.append(1.0)
            continue
        created = report.account_created_at.timestamp()
        near = bisect_left(before, created + span) - bisect_left(before, created - span)
        keeps.append((1.0 - policy.link_cohort) ** near)
        insort(before, created)
    return keeps
