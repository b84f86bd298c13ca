"""Who reports wrongly again and again: when that is so, and for how long nobody listens then.

The rule must not be a weapon against people who report in good faith. Only what a person clearly rejected counts; what
was left undecided, broke another rule, or stood on a report that counted for nothing says nothing. One is warned
before anything happens, and only what was reported after the last warning or suspension bears on the next.
"""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from tawatur.decision.policy import Policy

MOST_DOUBLINGS = 12


class Tally(NamedTuple):
    """Of the pictures that one person reported lately: how many people found to be fine, of how many they decided."""

    rejected: int
    reviewed: int


def is_abuse(tally: Tally, policy: Policy) -> bool:
    """At least `abuse_rejected` pictures, and at least `abuse_share` of all reviewed ones."""
    if policy.abuse_rejected < 1 or tally.rejected < policy.abuse_rejected:
        return False
    return tally.rejected >= policy.abuse_share * tally.reviewed


def suspension(before: int, policy: Policy) -> timedelta:
    """How long, after so many suspensions before: doubled each time, up to the policy's most."""
    days = policy.suspension_days * 2.0 ** min(before, MOST_DOUBLINGS)
    return timedelta(days=min(days, policy.suspension_most_days))
