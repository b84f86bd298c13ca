"""The book of a replayed history: in memory, with what the use cases tell kept for a moment."""

from __future__ import annotations

from bisect import bisect_right, insort
from datetime import datetime
from heapq import heappop, heappush
from itertools import count

from tawatur.lab.replay_lines import DERIVED
from tawatur.store.book import Book
from tawatur.store.events import EventRow
from tawatur.store.families import Family
from tawatur.store.images import Image
from tawatur.store.reports import Report
from tawatur.store.sites import Site, StoredPolicy
from tawatur.store.verdicts import StoredVerdict


class ReplayBook(Book):
    """One site's rows. Ids are numbers in the order in which they were asked for, so that a replay is repeatable."""

    def __init__(self, site: Site, policy: StoredPolicy | None) -> None:
        numbers = count(1)
        super().__init__(lambda: f"{next(numbers):012d}")
        self.told: list[EventRow] = []
        self.queued: dict[str, None] = {}
        self._due: list[tuple[datetime, str]] = []
        self._probations: dict[str, dict[str, datetime]] = {}
        self._policies[site.id] = policy
        self.add_site(site)

    def append(self, event: EventRow) -> None:
        super().append(event)
        if event.type in DERIVED:
            self.told.append(event)

    def save_family(self, family: Family) -> None:
        before = self.family(family.id)
        super().save_family(family)
        if family.review_by is not None and family.review_by != before.review_by:
            heappush(self._due, (family.review_by, family.id))
        if family.queued_at is not None:
            self.queued[family.id] = None
        elif before.queued_at is not None:
            self.queued.pop(family.id, None)

    def due(self, now: datetime) -> list[str]:
        """Families with a moment to look by that has come; each is named once for each such moment."""
        found = []
        while self._due and self._due[0][0] <= now:
            found.append(heappop(self._due)[1])
        return found

    def _add_hash(self, image: Image) -> None:
        """The history says which images are one picture; nothing is searched."""

    def blocks_since(self, site: str, since: datetime) -> int:
        blocks = self._blocks.get(site)
        return len(blocks) - bisect_right(blocks, since) if blocks else 0

    def blocks_between(self, site: str, since: datetime, until: datetime) -> int:
        blocks = self._blocks.get(site)
        return bisect_right(blocks, until) - bisect_right(blocks, since) if blocks else 0

    def add_verdict(self, verdict: StoredVerdict) -> None:
        """Only the times of blocks are kept, in order."""
        if verdict.action == "block":
            insort(self._blocks.setdefault(verdict.site, []), verdict.at)

    def save_report(self, report: Report) -> None:
        super().save_report(report)
        mine = self._probations.get(report.reporter)
        if report.probation_until is not None:
            self._probations.setdefault(report.reporter, {})[report.id] = report.probation_until
        elif mine is not None:
            mine.pop(report.id, None)

    def probations(self, site: str, reporter: str) -> dict[str, datetime]:
        return self._probations.get(reporter, {})
