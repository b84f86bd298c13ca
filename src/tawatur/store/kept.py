"""Keeps the reports of families that were decided lately, so that a busy picture is not read anew for every report.

A family's version grows with each change, and its row is read (on PostgreSQL: locked) before what is kept is used; so
what is kept of another version, by another process or before a rollback, is never taken for the truth.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

from tawatur.store.families import Family
from tawatur.store.reports import Report

REPORTS_KEPT = 50_000


class KeptRounds:
    """The present rounds' reports of some families by reporter, least lately used dropped first."""

    def __init__(self, most: int = REPORTS_KEPT) -> None:
        self._most = most
        self._size = 0
        self._rounds: OrderedDict[str, tuple[int, Mapping[str, Report]]] = OrderedDict()

    def find(self, family: Family | None) -> Mapping[str, Report] | None:
        """The reports of exactly this version of the family, if they are kept."""
        if family is None:
            return None
        version, reports = self._rounds.get(family.id, (-1, None))
        if version != family.version:
            return None
        self._rounds.move_to_end(family.id)
        return reports

    def put(self, family: Family, reports: Mapping[str, Report]) -> None:
        """Keeps the reports of a committed version of the family. The mapping must not change afterwards."""
        _, old = self._rounds.pop(family.id, (0, {}))
        self._rounds[family.id] = (family.version, reports)
        self._size += len(reports) - len(old)
        while self._size > self._most:
            _, (_, dropped) = self._rounds.popitem(last=False)
            self._size -= len(dropped)
