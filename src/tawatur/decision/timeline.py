"""How a case grew: what each report added to the voices when it came, and with which others it is linked.

A report's voice depends on earlier ones alone (voices.py), so the sum up to any moment is what the voices were then,
weighed by what is known now.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from tawatur.decision.evidence import Crowd, claims, gather
from tawatur.decision.groups import linked_groups
from tawatur.decision.verdict import Verdict
from tawatur.decision.voices import independent
from tawatur.decision.who import WHYS, keeps


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
    """For each report the number of its group."""
    numbers = [0] * len(crowd.reports)
    for number, group in enumerate(linked_groups(crowd, verdict.case, verdict.rules), 1):
        for place in group.places:
            numbers[place] = number
    return numbers
