"""When reports surge: hours with far more reports than is usual, and the groups behind them.

    usual(h)  = median of the hours that stood in the same place of the four weeks before: the same hour of the week and
                its two neighbours, twelve in all; at least 1
    spread(h) = max(1, (1.4826 MAD)^2 / usual): how many times as widely as Poisson counts those hours vary
    surge     : 2 (sqrt(k + 3/8) - sqrt(usual + 3/8)) >= 5 sqrt(spread)   and   k >= 3 usual

The same places of earlier weeks as baseline, and a test on a scale on which the counts vary evenly, are Farrington,
Andrews, Beale and Catchpole, "A statistical algorithm for the early detection of outbreaks of infectious disease",
J. R. Statist. Soc. A 159 (1996) 547-563; the scale is Anscombe's, "The transformation of Poisson, binomial and
negative-binomial data", Biometrika 35 (1948) 246-254. Median and MAD instead of their regression, so that an attack of
last week is not this week's usual.

A surge is no attack. It is called one when links join a good part of those who report, and what is joined makes few
voices (`voices.py`); a busy day with many independent readers is a busy day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from math import ceil, sqrt
from statistics import median
from typing import NamedTuple

from tawatur.decision.case import Case
from tawatur.decision.evidence import Crowd, gather
from tawatur.decision.groups import linked_groups
from tawatur.decision.policy import Policy
from tawatur.decision.voices import independent

HOUR = timedelta(hours=1)
WEEK = timedelta(days=7)
WEEKS = 4
"""Of history: long enough for a median, short enough that a site may grow."""
FLOOR = 1.0
"""Reports an hour that are always usual: on a site where nobody ever reports, two are no surge."""
SURE = 5.0
"""Standard deviations: a site whose hours vary as they did sees that by chance once in four centuries."""
TIMES = 3.0
"""And three times the usual: on a large site a few per cent more are five standard deviations, and no news."""
FEW_HOURS = 6
"""A site younger than a week is measured by its own last hours, once there are so many."""
CALM = timedelta(hours=3)
"""So many calm hours end a surge: what comes after them is another."""
LEAST_GROUP = 5
"""Smaller groups are families and offices."""
ACTS_AS_ONE = 0.5
"""A group that keeps at most half of its members' voices acts as a few people."""
ATTACK_SHARE = 0.25
"""From a quarter of the people on a surge is called an attack; below, independent people carry it."""
MOST_HEARD = 2000
"""Members of a group whose voices are counted: what more of them add is next to nothing."""


class Hour(NamedTuple):
    """How many reports came in the hour from `at`, how many are usual then, and from how many on it is a surge."""

    at: datetime
    reports: int
    usual: float
    bound: int


class Surge(NamedTuple):
    """Hours that belong together, from the first that surged to the end of the last: their reports, what would have
    been usual for them, and the most in an hour."""

    begins: datetime
    ends: datetime
    reports: int
    usual: float
    peak: int


class LinkedGroup(NamedTuple):
    """People whom links join: how many, how many of them newcomers, the voices that are left of them, and how many each
    kind of link joins. `places` are theirs in the crowd."""

    people: int
    newcomers: int
    voices: float
    links: dict[str, int]
    places: list[int]


def hour_of(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def hours(counts: Mapping[datetime, int], since: datetime, first: datetime, last: datetime) -> list[Hour]:
    """The hours from `first` to `last`, both included. `counts` has the reports of each hour that had any; `since` is
    when the site began."""
    begin, found, at = hour_of(since), [], hour_of(first)
    while at <= last:
        usual, spread = usual_at(counts, begin, at)
        found.append(Hour(at, counts.get(at, 0), usual, bound(usual, spread)))
        at += HOUR
    return found


def usual_at(counts: Mapping[datetime, int], since: datetime, at: datetime) -> tuple[float, float]:
    """The usual reports of the hour from `at`, and how many times as widely as Poisson counts those before it vary."""
    places = [at - WEEK * week + HOUR * near for week in range(1, WEEKS + 1) for near in (-1, 0, 1)]
    known = [counts.get(place, 0) for place in places if place >= since]
    if not known:
        before = [at - HOUR * n for n in range(1, WEEK // HOUR + 1)]
        known = [counts.get(place, 0) for place in before if place > since]  # its first hour is none in full
        if len(known) < FEW_HOURS:
            return FLOOR, 1.0
    middle = float(median(known))
    deviation = 1.4826 * float(median([abs(count - middle) for count in known]))
    usual = max(FLOOR, middle)
    return usual, max(1.0, deviation**2 / usual)


def bound(usual: float, spread: float) -> int:
    """The fewest reports in an hour that are a surge."""
    root = sqrt(usual + 0.375) + SURE * sqrt(spread) / 2.0
    return max(ceil(root * root - 0.375), ceil(TIMES * usual))


def surges(found: Sequence[Hour]) -> list[Surge]:
    """The surges among hours in a row, the earliest first."""
    runs: list[list[Hour]] = []
    for hour in found:
        if hour.reports < hour.bound:
            continue
        if runs and hour.at - runs[-1][-1].at - HOUR < CALM:
            runs[-1].append(hour)
        else:
            runs.append([hour])
    return [_surge(run[0].at, run[-1].at + HOUR, found) for run in runs]


def _surge(begins: datetime, ends: datetime, found: Sequence[Hour]) -> Surge:
    mine = [hour for hour in found if begins <= hour.at < ends]
    return Surge(
        begins,
        ends,
        sum(hour.reports for hour in mine),
        sum(hour.usual for hour in mine),
        max(hour.reports for hour in mine),
    )


def crowd_of(case: Case, policy: Policy, now: datetime) -> tuple[Crowd, list[LinkedGroup]]:
    """Who reports, one report a person, and the groups among them that act as a few, the largest first. The case holds
    the reports of a whole surge, of whichever pictures."""
    crowd = gather(case, policy, now)
    found = []
    for group in linked_groups(crowd, case, policy):
        people = len(group.places)
        if people < LEAST_GROUP:
            break  # the rest is smaller
        voices = _voices(crowd, group.places[:MOST_HEARD], case, policy)
        if voices <= ACTS_AS_ONE * people:
            newcomers = sum(crowd.newcomers[place] for place in group.places)
            found.append(LinkedGroup(people, newcomers, voices, group.links, group.places))
    return crowd, found


def _voices(crowd: Crowd, places: Sequence[int], case: Case, policy: Policy) -> float:
    """What links leave of these people; each weighs 1 before, for here only who is linked with whom is asked."""
    reports = [crowd.reports[place] for place in places]
    newcomers = [crowd.newcomers[place] for place in places]
    return sum(independent(reports, [1.0] * len(places), newcomers, case, policy, [None])[0])


def is_attack(people: int, groups: Sequence[LinkedGroup]) -> bool:
    """Whether groups that act as a few make up enough of those who report."""
    return sum(group.people for group in groups) >= max(LEAST_GROUP, ATTACK_SHARE * people)
