"""The numbers of a site in a period: what was reported, what was done and by whom, how often that was wrong, how long
it took, and what came of objections.

The transparency report and the console's numbers page both ask here, so they never say two things. Nobody is named or
told apart: these are counts alone. What is published hides small ones (delivery/transparency.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from math import sqrt

import msgspec

from tawatur.moderation.counting import BY, REPORTS, TIMES, TYPES, Counting, Key, counted
from tawatur.store import events
from tawatur.store.database import Database
from tawatur.store.events import EventRow

PAGE = 2000
MEASURES = ("blur", "block")
SOURCES = (REPORTS, *BY.values())
"""What withholds an image: reports, as a copy, a hash list, as an altered copy, or a person by hand."""
_Z = 1.959964
"""Of the normal distribution: 95 of 100 intervals hold the true share."""


class Share(msgspec.Struct, frozen=True):
    """`part` of `whole`, and between which shares the true one lies, with 95 % confidence; 0 to 1 where nothing is
    known."""

    part: int
    whole: int

    @property
    def share(self) -> float | None:
        return self.part / self.whole if self.whole else None

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's score interval (E. B. Wilson, 1927), which also holds for few and for extreme shares."""
        if not self.whole:
            return 0.0, 1.0
        n, p = self.whole, self.part / self.whole
        middle = p + _Z**2 / (2 * n)
        spread = _Z * sqrt(p * (1 - p) / n + _Z**2 / (4 * n**2))
        whole = 1 + _Z**2 / n
        return max(0.0, (middle - spread) / whole), min(1.0, (middle + spread) / whole)


class Spread(msgspec.Struct, frozen=True):
    """How long something took, `count` times: the median and what nine of ten stayed below, in seconds; None where it
    never happened."""

    count: int
    median: float | None
    most: float | None


class Action(msgspec.Struct, frozen=True):
    """How often images were withheld by this measure ("blur" or "block"), for this reason, by one of `SOURCES`."""

    measure: str
    by: str
    reason: str
    count: int


class Judged(msgspec.Struct, frozen=True):
    """What people decided on images that the server had withheld by itself."""

    measure: str
    by: str
    reason: str
    upheld: int
    rejected: int


class Day(msgspec.Struct, frozen=True):
    """One day (UTC): reports, what was withheld by the server and by people, and what was shown again; then what people
    decided on that day: how many of the server's blurs and blocks they reversed, how many blocks by reports were right
    and wrong, and the median of the seconds that the server's doings had waited for them."""

    day: date
    reports: int = 0
    blurs: int = 0
    blocks: int = 0
    by_people: int = 0
    restored: int = 0
    reversed: int = 0
    blocks_right: int = 0
    blocks_wrong: int = 0
    review_s: float | None = None


class Numbers(msgspec.Struct, frozen=True):
    """The numbers of a period, `since` included and `until` not."""

    since: datetime
    until: datetime
    reports: dict[str, int]  # by reason; one that was taken back and made again counts twice
    withdrawn: int
    voided: int
    actions: list[Action]
    reviews: dict[str, int]  # by outcome
    judged: list[Judged]
    restored: dict[str, int]  # by cause: "review", "withdrawal", "lapse", ...
    report_to_action: Spread  # from the first report of an image to its first blur or block
    action_to_review: Spread  # from the server's blur or block to a person's decision
    appeal_to_answer: Spread
    appeals: dict[str, int]  # "received", "reversed", "stands", "withdrawn", "ended"
    reporters: dict[str, int]  # "warned", "suspended", "cleared", "muted", "unmuted"
    days: list[Day]

    def acted(self, *, measure: str | None = None, by: str | None = None, reason: str | None = None) -> int:
        """How often images were withheld, of those that these are true of."""
        wanted = (measure, by, reason)
        return sum(one.count for one in self.actions if _fits((one.measure, one.by, one.reason), wanted))

    def wrong(self, *, measure: str | None = None, by: str | None = None, reason: str | None = None) -> Share:
        """How many of the server's own blurs and blocks people rejected, of those they decided on in the period."""
        wanted = (measure, by, reason)
        found = [one for one in self.judged if _fits((one.measure, one.by, one.reason), wanted)]
        rejected = sum(one.rejected for one in found)
        return Share(rejected, rejected + sum(one.upheld for one in found))


def numbers_of(database: Database, site: str, since: datetime, until: datetime) -> Numbers:
    """The numbers of one site. Reads its log from the first event on, in pages."""
    return as_numbers(counted(_history(database, site), since, until))


def as_numbers(counting: Counting, since: datetime | None = None, until: datetime | None = None) -> Numbers:
    """What was counted, as the numbers that people ask for; only the whole days (UTC) of a part of the period where one
    is given, `since` included and `until` not."""
    since, until = since or counting.since, until or counting.until
    whole = (since, until) == (counting.since, counting.until)

    def there(day: date) -> bool:
        return whole or since.date() <= day < until.date()

    totals: Counter[Key] = Counter()
    for (day, key), count in counting.counts.items():
        if there(day):
            totals[key] += count
    times: dict[str, list[float]] = {name: [] for name in TIMES}
    for (day, name), took in counting.times.items():
        if there(day):
            times[name] += took
    return Numbers(
        since=since,
        until=until,
        reports=_under(totals, "report"),
        withdrawn=totals["report.withdrawn",],
        voided=totals["report.voided",],
        actions=_actions(totals),
        reviews=_under(totals, "review"),
        judged=_judged(totals),
        restored=_under(totals, "restored"),
        appeals=_under(totals, "appeal"),
        reporters={key[0].partition(".")[2]: count for key, count in totals.items() if key[0].startswith("reporter.")},
        days=[day for day in _days(counting) if there(day.day)],
        **{name: _spread(sorted(took)) for name, took in times.items()},
    )


def _history(database: Database, site: str) -> Iterator[EventRow]:
    after = 0
    while True:
        with database.read() as connection:
            page = events.site_page_of_types(connection, site, TYPES, after, PAGE)
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1].position or after


def _fits(found: Sequence[str], wanted: Sequence[str | None]) -> bool:
    return all(want in (None, has) for has, want in zip(found, wanted, strict=True))


def _under(totals: Counter[Key], first: str) -> dict[str, int]:
    """The counts under one word by the next word of their keys, most first."""
    found: Counter[str] = Counter()
    for key, count in totals.items():
        if key[0] == first:
            found[key[1]] += count
    return {name: count for name, count in found.most_common() if count}


def _actions(totals: Counter[Key]) -> list[Action]:
    return [
        Action(key[1], key[2], key[3], count) for key, count in sorted(totals.items()) if key[0] == "action" and count
    ]


def _judged(totals: Counter[Key]) -> list[Judged]:
    found = sorted({key[:4] for key, count in totals.items() if key[0] == "judged" and count})
    return [
        Judged(measure, by, reason, totals[*key, "upheld"], totals[*key, "rejected"])
        for key in found
        for _, measure, by, reason in [key]
    ]


def _days(counting: Counting) -> list[Day]:
    """One for each day of the period on which anything happened."""
    found: dict[date, Counter[str]] = {}
    for (day, key), count in counting.counts.items():
        for what in _plotted(key):
            found.setdefault(day, Counter())[what] += count
    return [Day(day, **counts, review_s=_median_wait(counting, day)) for day, counts in sorted(found.items())]


def _median_wait(counting: Counting, day: date) -> float | None:
    return _spread(sorted(counting.times.get((day, "action_to_review"), ()))).median


def _plotted(key: Key) -> list[str]:
    """The counts of a day that this adds to."""
    if key[0] == "action":
        return ["by_people" if key[2] == "person" else f"{key[1]}s"]
    if key[0] == "judged":
        wrong = key[4] == "rejected"
        mine = ["blocks_wrong" if wrong else "blocks_right"] if key[1:3] == ("block", REPORTS) else []
        return [*mine, "reversed"] if wrong else mine
    named = {"report": "reports", "restored": "restored"}.get(key[0])
    return [] if named is None else [named]


def _spread(took: Sequence[float]) -> Spread:
    if not took:
        return Spread(0, None, None)
    return Spread(len(took), _quantile(took, 0.5), _quantile(took, 0.9))


def _quantile(ordered: Sequence[float], share: float) -> float:
    """Between the two values next to it, where it falls between."""
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])
