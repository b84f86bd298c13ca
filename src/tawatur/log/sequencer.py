"""Gives committed events their positions, so that a reader with a cursor never misses one that commits late.

Where several processes write at once, ids and times are handed out before the commit, so a later id can be seen before
an earlier one. Only the sequencer, one at a time under a lock on one row, turns what is committed into a gapless order.
"""

from __future__ import annotations

import threading

import structlog

from tawatur.store import events
from tawatur.store.database import Database, DatabaseUnavailable, is_transient

BATCH = 2000
PAUSE_S = 0.005
"""Between two runs under load: events become visible to readers a few milliseconds after the answer."""
POLL_S = 1.0

log = structlog.get_logger(__name__)


def sequence(database: Database) -> int:
    """Gives positions to all committed events that have none; returns how many. Nothing to do on SQLite, whose one
    writer gives them."""
    if database.is_sqlite:
        return 0
    given = 0
    while True:
        with database.write() as connection:
            last = events.hold_sequence(connection)
            ids = events.unpositioned(connection, BATCH)
            events.give_positions(connection, ids, last + 1)
            if ids:
                events.advance_sequence(connection, last + len(ids))
        given += len(ids)
        if len(ids) < BATCH:
            return given


class Sequencer:
    """Runs `sequence` on a thread: soon after each `wake`, and now and then for events that another process left."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="tawatur-sequencer", daemon=True)

    def start(self) -> None:
        if not self._database.is_sqlite:
            self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether it works, or has nothing to do here (on SQLite)."""
        return self._database.is_sqlite or self._thread.is_alive()

    def wake(self) -> None:
        self._woken.set()

    def stop(self) -> None:
        self._stopping.set()
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join()

    def _work(self) -> None:
        while not self._stopping.is_set():
            self._woken.wait(POLL_S)
            self._woken.clear()
            try:
                sequence(self._database)
            except DatabaseUnavailable:
                self._stopping.wait(POLL_S)
            except Exception as error:
                if not is_transient(error):
                    log.exception("sequencer_failed")
            self._stopping.wait(PAUSE_S)
