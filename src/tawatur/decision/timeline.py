"""How a case grew: what each report added to the voices when it came, and with which others it is linked.

A report's voice depends on earlier ones alone (voices.py), so the sum up to any moment is what the voices were then,
weighed by what is known now.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from tawatur.decision.evidence import Crowd, claims, gather
from tawatur.decision.links import DAY, co_reports_keep, errors_keep, known_pairs, network_link, sharing, vouched_for
from tawatur.decision.verdict import Verdict
from tawatur.decision.voices import independent
from tawatur.decision.who import WHYS, keeps

LEAST_LINK = 0.3
"""Weaker links discount, but do not make a group for the eye."""


class Point(NamedTuple):
    """One report that counts, in order of arrival: its weight before links and its voice after them, the group of
    linked reports that it belongs to (0: linked with nobody), what took most of it (None: it kept more than half), and
    whether it supports the verdict's reason."""

    at: datetime
    reporter: str
    reason: str
    weight: float
    voice: float
    group: int
    why: str | None
    supports: bool
    newcomer: bool


def timeline(verdict: Verdict) -> list[Point]:
    """The reports behind a verdict, oldest first. Groups are numbered by size, the largest is 1."""
    case, policy, model, now = verdict.case, verdict.rules, verdict.learned, verdict.at
    crowd = gather(case, policy, now)
    if not crowd.reports:
        return []
    found = claims(crowd, case, policy, model, now)
    members = next((one.members for one in found if one.reason == verdict.reason), None)
    left = independent(crowd.reports, crowd.weights, crowd.newcomers, case, policy, [members])[0]
    groups = _groups(crowd, verdict)
    kept = keeps(crowd, case, policy)
    return [
        Point(
            at=report.at,
            reporter=report.reporter,
            reason=report.reason,
            weight=crowd.weights[place],
            voice=left[place],
            group=groups[place],
            why=min(WHYS, key=lambda why: kept[why][place]) if left[place] <= crowd.weights[place] / 2 else None,
            supports=members is None or members[place],
            newcomer=crowd.newcomers[place],
        )
        for place, report in enumerate(crowd.reports)
    ]


def _groups(crowd: Crowd, verdict: Verdict) -> list[int]:
    """For each report the number of its group: those that a chain of strong links joins."""
    case, policy = verdict.case, verdict.rules
    reports = crowd.reports
    parent = list(range(len(reports)))

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    def join(places: Iterable[int]) -> None:
        first, *rest = places
        for other in rest:
            parent[root(other)] = root(first)

    for link, values in (
        (policy.link_device, [report.device for report in reports]),
        (policy.link_referrer, [report.referrer for report in reports]),
    ):
        if link >= LEAST_LINK:
            for group in sharing(values):
                join(group)
    others = vouched_for(reports, case)
    for group in sharing([report.network for report in reports]):
        if network_link(others.get(reports[group[0]].network or "", 0), policy) >= LEAST_LINK:
            join(group)
    for a, b in _same_days(crowd, policy.cohort_days * DAY) if policy.link_cohort >= LEAST_LINK else ():
        join((a, b))
    for i, j, pair in known_pairs(reports, case):
        one, other = crowd.records[i], crowd.records[j]
        if 1.0 - errors_keep(pair, one, other, policy) * co_reports_keep(pair, one, other, policy) >= LEAST_LINK:
            join((i, j))
    sizes: dict[int, int] = {}
    for place in range(len(reports)):
        sizes[root(place)] = sizes.get(root(place), 0) + 1
    ranked = sorted((one for one in sizes if sizes[one] > 1), key=lambda one: (-sizes[one], one))
    number = {one: rank for rank, one in enumerate(ranked, 1)}
    return [number.get(root(place), 0) for place in range(len(reports))]


def _same_days(crowd: Crowd, span: float) -> list[tuple[int, int]]:
    """Neighbours by age among newcomers whose accounts were made within `span` seconds of each other."""
    made = sorted(
        (report.account_created_at.timestamp(), place)
        for place, report in enumerate(crowd.reports)
        if crowd.newcomers[place] and report.account_created_at is not None
    )
    return [(a[1], b[1]) for a, b in pairwise(made) if b[0] - a[0] < span]
