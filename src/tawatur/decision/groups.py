"""Which reporters a chain of strong links joins into one group, and which links those are. What a link is and how
strong stands in `links.py`; here they are only followed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from tawatur.decision.case import Case, Report
from tawatur.decision.evidence import Crowd
from tawatur.decision.links import DAY, co_reports_keep, errors_keep, known_pairs, network_link, sharing, vouched_for
from tawatur.decision.policy import Policy

LEAST_LINK = 0.3
"""Weaker links discount, but do not make a group for the eye."""


class Group(NamedTuple):
    """Linked reporters: their places in the crowd, and how many of them each kind of link joins to another."""

    places: list[int]
    links: dict[str, int]


def linked_groups(crowd: Crowd, case: Case, policy: Policy) -> list[Group]:
    """The groups of at least two, the largest first (ties: who came first)."""
    chains = _Chains(len(crowd.reports))
    reports = crowd.reports
    for why, link, values in (
        ("device", policy.link_device, [report.device for report in reports]),
        ("referrer", policy.link_referrer, [report.referrer for report in reports]),
    ):
        if link >= LEAST_LINK:
            for group in sharing(values):
                chains.join(group, why)
    for group in _neighbours(reports, case, policy):
        chains.join(group, "network")
    if policy.link_cohort >= LEAST_LINK:
        for two in _same_days(crowd, policy.cohort_days * DAY):
            chains.join(two, "cohort")
    for i, j, pair in known_pairs(reports, case):
        errors = errors_keep(pair, crowd.records[i], crowd.records[j], policy)
        together = co_reports_keep(pair, crowd.records[i], crowd.records[j], policy)
        if 1.0 - errors * together >= LEAST_LINK:
            chains.join((i, j), "shared_errors" if errors <= together else "co_reports")
    return chains.groups()


class _Chains:
    """Places that are joined to each other, directly or through others."""

    def __init__(self, places: int) -> None:
        self._parent = list(range(places))
        self._joined: dict[str, set[int]] = {}

    def join(self, places: Iterable[int], why: str) -> None:
        first, *rest = places
        self._joined.setdefault(why, set()).update((first, *rest))
        for other in rest:
            self._parent[self._root(other)] = self._root(first)

    def groups(self) -> list[Group]:
        members: dict[int, list[int]] = {}
        for place in range(len(self._parent)):
            members.setdefault(self._root(place), []).append(place)
        ranked = sorted((one for one in members if len(members[one]) > 1), key=lambda one: (-len(members[one]), one))
        return [Group(members[one], self._links(members[one])) for one in ranked]

    def _links(self, places: list[int]) -> dict[str, int]:
        counts = {why: len(joined.intersection(places)) for why, joined in self._joined.items()}
        return {why: count for why, count in counts.items() if count}

    def _root(self, place: int) -> int:
        parent = self._parent
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place


def _neighbours(reports: Sequence[Report], case: Case, policy: Policy) -> list[list[int]]:
    """Those behind one network, where so few people are known there that it links strongly."""
    groups = sharing([report.network for report in reports])
    others = vouched_for(reports, case) if groups else {}
    return [
        group for group in groups if network_link(others.get(reports[group[0]].network or "", 0), policy) >= LEAST_LINK
    ]


def _same_days(crowd: Crowd, span: float) -> list[tuple[int, int]]:
    """Neighbours by age among newcomers whose accounts were made within `span` seconds of each other."""
    made = sorted(
        (report.account_created_at.timestamp(), place)
        for place, report in enumerate(crowd.reports)
        if crowd.newcomers[place] and report.account_created_at is not None
    )
    return [(a[1], b[1]) for a, b in pairwise(made) if b[0] - a[0] < span]
