"""The numbers of sites at hand: each site's log is counted once, and then only what came since.

A log of millions of events takes minutes to count, and a page must not wait for it; so whoever asks counts for a few
seconds at most, and is told how far it came. The counts are those of `numbers.py`, and nothing else is kept.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import UTC, date, datetime, timedelta
from threading import Lock
from time import monotonic

import msgspec

from tawatur.moderation.counting import TYPES, Counting
from tawatur.moderation.numbers import PAGE, Day, Numbers, as_numbers
from tawatur.store import events
from tawatur.store.database import Database

MOST_S = 4.0
"""A page waits no longer for its numbers."""
MOST_SITES = 4
"""Sites whose counts are kept; of each image with open reports a few words are."""
_EVER = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


class Told(msgspec.Struct, frozen=True):
    """Numbers, every day of the period in `days` whether anything happened or not, and which share of the log they are
    counted from."""

    numbers: Numbers
    days: list[Day]
    counted: float


class _Tally:
    def __init__(self) -> None:
        self.counting = Counting(*_EVER)
        self.position = 0
        self.lock = Lock()


class Tallies:
    """Counts by site; safe for several threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: OrderedDict[str, _Tally] = OrderedDict()
        self._lock = Lock()

    def numbers(self, site: str, days: int, now: datetime, most_s: float = MOST_S) -> Told:
        """The numbers of so many days, today included, as far as the log is counted within `most_s`."""
        tally = self._tally(site)
        with tally.lock:
            counted = self._go_on(tally, site, most_s)
            until = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
            numbers = as_numbers(tally.counting, until - timedelta(days=days), until)
        return Told(numbers, _every_day(numbers, days), counted)

    def _tally(self, site: str) -> _Tally:
        with self._lock:
            found = self._known.pop(site, None) or _Tally()
            self._known[site] = found
            if len(self._known) > MOST_SITES:
                self._known.popitem(last=False)
            return found

    def _go_on(self, tally: _Tally, site: str, most_s: float) -> float:
        """Counts what came since; the share of the log that is counted then."""
        end = monotonic() + most_s
        while True:
            with self._database.read() as connection:
                head = events.head(connection)
                page = events.site_page_of_types(connection, site, TYPES, tally.position, PAGE)
            for event in page:
                tally.counting.add(event)
                tally.position = event.position or tally.position
            if len(page) < PAGE:
                return 1.0
            if monotonic() > end:
                return tally.position / max(head, tally.position)


def _every_day(numbers: Numbers, days: int) -> list[Day]:
    known = {day.day: day for day in numbers.days}
    first: date = numbers.since.date()
    return [known.get(one, Day(one)) for one in (first + timedelta(days=n) for n in range(days))]
