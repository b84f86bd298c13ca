"""Cases near a given one: the same with more people reporting, or with fewer. They say what would change a verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

import msgspec

from tawatur.decision.case import Case, Record, Report, Silent, Viewers
from tawatur.decision.policy import Policy

MOST = 256


def joined_by(case: Case, count: int, reason: str, policy: Policy, now: datetime, *, recorded: bool) -> Case:
    """The case after `count` more reports by independent people with old accounts; with `recorded`, one has a good
    record."""
    last = max([now, *(report.at for report in case.reports)])
    created = last - timedelta(days=policy.newcomer_days + 1)
    # No id that the caller may use sorts after these, and equal times are ordered by id.
    names = [f"\U0010ffff{place:06d}" for place in range(count)]
    more = tuple(Report(name, reason, last, account_created_at=created) for name in names)
    records = dict(case.records)
    if recorded and names:
        records[names[0]] = Record(confirmed={reason: 1.0}, confirmed_reports=1, reported=1)
    return msgspec.structs.replace(case, reports=case.reports + more, records=records)


def left_by(case: Case, reporters: Iterable[str]) -> Case:
    """The case after these people withdrew."""
    gone = set(reporters)
    case = case if case.viewers is None else msgspec.structs.replace(case, viewers=_silenced(case.viewers, gone))
    return msgspec.structs.replace(case, reports=tuple(one for one in case.reports if one.reporter not in gone))


def _silenced(viewers: Viewers, gone: set[str]) -> Viewers:
    """Who withdraws has looked and stays silent."""
    reporters = {who: coins for who, coins in viewers.reporters.items() if who not in gone}
    silent = tuple(Silent(coins, 1) for who, coins in viewers.reporters.items() if who in gone)
    return msgspec.structs.replace(viewers, reporters=reporters, silent=viewers.silent + silent)


def fewest(reaches: Callable[[int], bool], most: int = MOST) -> int | None:
    """The smallest count from 1 to `most` that reaches something which, once reached, every larger count reaches
    too."""
    high = 1
    while not reaches(high):
        high *= 2
        if high > most:
            return None
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reaches(middle) else (middle, high)
    return high
