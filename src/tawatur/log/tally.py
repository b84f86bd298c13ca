"""Counts what happened, for the operator's metrics: a reader of the log with its own cursor.

The counts are the database's, so they are right however many servers share it, whoever acted (a command line, too), and
after every restart. Of several servers one at a time counts; none counts anything twice.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from typing import Any

import msgspec
import structlog

from tawatur.decision.policy import REASONS
from tawatur.store import cursors, events, tallies
from tawatur.store.database import Database, DatabaseUnavailable, is_transient
from tawatur.store.events import EventRow

READER = "metrics"
BATCH = 1000
POLL_S = 3.0

log = structlog.get_logger(__name__)


class _Said(msgspec.Struct):
    """What is counted of an event's body: "verdict" and the like are skipped unread."""

    cause: Any = None
    outcome: Any = None
    reason: Any = None


_said = msgspec.json.Decoder(_Said)
_word = re.compile(r"[a-z_]{1,20}")


def counted(page: list[EventRow]) -> Counter[tuple[str, str, str]]:
    """How often each type, cause and reason stands in these events. What is not one of our words (a person's own, say)
    counts as "other"."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for event in page:
        said = _said.decode(event.body)
        cause, reason = said.cause or said.outcome or "", said.reason or ""
        if not (cause == "" or (isinstance(cause, str) and _word.fullmatch(cause))):
            cause = "other"
        counts[event.type, cause, reason if reason == "" or reason in REASONS else "other"] += 1
    return counts


def tally(database: Database) -> int:
    """Counts all events that have positions and were not counted; returns how many."""
    total = 0
    while True:
        with database.read() as connection:
            head = events.head(connection)
            at = cursors.position(connection, READER)
        if at >= head:
            return total
        with database.write() as connection:
            after = cursors.hold(connection, READER)
            page = events.page_of_all(connection, after, BATCH)
            if page:
                tallies.add(connection, counted(page))
                cursors.move(connection, READER, page[-1].position or after)
        total += len(page)
        if not page:
            return total


class Tallier:
    """Runs `tally` on a thread every few seconds."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="tawatur-tallier", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def _work(self) -> None:
        while not self._stopping.wait(POLL_S):
            try:
                tally(self._database)
            except DatabaseUnavailable as error:
                log.warning("tally_postponed", reason=str(error))
            except Exception as error:
                if not is_transient(error):
                    log.exception("tally_failed")
