"""The one writer of a process: takes changes from a queue, runs them in groups, commits each group once, then answers.

An answer means durable. A change that refuses (a subclass of `Refused`, raised before it wrote anything) harms nobody
else in its group. A change that fails in any other way is tried again alone, so that it can only hurt itself.
"""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

import structlog

from tawatur.failures import Failure
from tawatur.store.copies import Copies
from tawatur.store.database import Database, DatabaseUnavailable, is_transient
from tawatur.store.database_book import DatabaseBook
from tawatur.store.kept import KeptRounds
from tawatur.store.reading_book import Wants

T = TypeVar("T")

GROUP = 128
"""Changes in one transaction at most: enough to pay for a disk flush, few enough to answer within tens of
milliseconds."""
BACKLOG = 4096
"""Changes that may wait; more are refused at once, for an answer that comes too late helps nobody."""
GATHER_S = 0.008
"""How long a group may wait for as many changes as the last one had. After a lone change nothing waits."""
ATTEMPTS = 12

log = structlog.get_logger(__name__)


class Refused(Failure):
    """A change that is not made. The message says why and what to do."""


class Overloaded(DatabaseUnavailable):
    """More changes wait than can be made in time."""


class Change(Generic[T]):
    """Something to be done to the database: what it needs, and a function of a book and a moment."""

    __slots__ = ("run", "wants")

    def __init__(self, wants: Wants, run: Callable[[DatabaseBook, datetime], T]) -> None:
        self.wants = wants
        self.run = run


class _Waiting:
    __slots__ = ("change", "error", "future", "loop", "result")

    def __init__(self, change: Change[Any], future: Any, loop: asyncio.AbstractEventLoop | None) -> None:
        self.change = change
        self.future = future
        self.loop = loop
        self.result: Any = None
        self.error: BaseException | None = None

    def settle(self) -> None:
        if self.future.cancelled() or self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


class Clock:
    """Tells the time in UTC, each time a little later than before, so that events have an order."""

    def __init__(self) -> None:
        self._last = datetime.min.replace(tzinfo=UTC)

    def __call__(self) -> datetime:
        self._last = max(datetime.now(UTC), self._last + timedelta(microseconds=1))
        return self._last


class Writer:
    """Runs changes on a thread of its own. `on_commit` is called, in that thread, after every commit."""

    def __init__(
        self,
        database: Database,
        new_id: Callable[[], str],
        clock: Callable[[], datetime] | None = None,
        on_commit: Callable[[], None] = lambda: None,
        copies: Copies | None = None,
    ) -> None:
        self._database = database
        self._new_id = new_id
        self._clock = clock or Clock()
        self._on_commit = on_commit
        self._kept = KeptRounds()
        self._copies = Copies() if copies is None else copies
        self._reading: dict[tuple[asyncio.AbstractEventLoop, str], asyncio.Future[None]] = {}
        self._queue: deque[_Waiting] = deque()
        self._arrived = threading.Condition()
        self._stopping = False
        self._wanted = 1
        self._begun: float | None = None
        self._thread = threading.Thread(target=self._work, name="tawatur-writer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Finishes what waits, then ends."""
        with self._arrived:
            self._stopping = True
            self._arrived.notify()
        self._thread.join()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    @property
    def waiting(self) -> int:
        return len(self._queue)

    @property
    def busy_s(self) -> float:
        """How long the group that is being written has taken so far, in seconds; 0 where none is."""
        begun = self._begun
        return 0.0 if begun is None else time.monotonic() - begun

    async def make(self, change: Change[T]) -> T:
        """Makes the change durable and returns its result. Raises what the change refused with, or
        DatabaseUnavailable."""
        loop = asyncio.get_running_loop()
        if self._must_prepare(change):
            await self._prepare(loop, change.wants.site)
        future: asyncio.Future[T] = loop.create_future()
        self._enqueue(_Waiting(change, future, loop))
        return await future

    def make_now(self, change: Change[T]) -> T:
        """The same for callers outside an event loop; waits."""
        if self._must_prepare(change):
            self._copies.prepare(self._database, change.wants.site)
        future: Future[T] = Future()
        self._enqueue(_Waiting(change, future, None))
        return future.result()

    def _must_prepare(self, change: Change[Any]) -> bool:
        """Whether a site's hashes are still to be read: not by the writer, for which everybody waits."""
        return bool(change.wants.pictures) and not self._copies.knows(change.wants.site)

    async def _prepare(self, loop: asyncio.AbstractEventLoop, site: str) -> None:
        """Has the site's hashes read on a thread, one for all who wait for them."""
        reading = self._reading.get((loop, site))
        if reading is None:
            reading = loop.run_in_executor(None, self._copies.prepare, self._database, site)
            self._reading[loop, site] = reading
            reading.add_done_callback(lambda _: self._reading.pop((loop, site), None))
        await asyncio.shield(reading)

    def _enqueue(self, waiting: _Waiting) -> None:
        if len(self._queue) >= BACKLOG:
            raise Overloaded("More changes are waiting than can be made in time.")
        with self._arrived:
            if self._stopping:
                raise DatabaseUnavailable("The server is stopping.")
            self._queue.append(waiting)
            if len(self._queue) >= self._wanted:  # waking the writer for each arrival would cost more than it gains
                self._arrived.notify()

    def _gather(self, last: int) -> None:
        """Waits a moment for as many changes as came last time: who was just answered is likely to ask again."""
        if len(self._queue) < last and not self._stopping:
            self._wanted = last
            self._arrived.wait(GATHER_S)
            self._wanted = 1

    def _work(self) -> None:
        group: list[_Waiting] = []
        while True:
            with self._arrived:
                while not self._queue and not self._stopping:
                    self._arrived.wait()
                if not self._queue:
                    return
                self._gather(len(group))
                group = [self._queue.popleft() for _ in range(min(GROUP, len(self._queue)))]
            self._begun = time.monotonic()
            self._commit(group)
            self._begun = None
            _answer(group)

    def _commit(self, group: list[_Waiting]) -> None:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self._try(group)
            except DatabaseUnavailable as error:
                return _fail(group, error)
            except Exception as error:
                if is_transient(error):
                    time.sleep(random.uniform(0, 0.002 * 2 ** min(attempt, 6)))
                    continue
                if len(group) > 1:
                    return self._commit_each(group)
                if not isinstance(error, Refused):
                    log.error("change_failed", exc_info=error)
                return _fail(group, error)
            else:
                self._on_commit()
                return None
        if len(group) > 1:
            return self._commit_each(group)
        return _fail(group, DatabaseUnavailable("Other processes kept changing the same rows."))

    def _commit_each(self, group: list[_Waiting]) -> None:
        for waiting in group:
            self._commit([waiting])

    def _try(self, group: list[_Waiting]) -> None:
        with self._database.write() as connection:
            book = DatabaseBook(
                connection, self._new_id, lock=not self._database.is_sqlite, kept=self._kept, copies=self._copies
            )
            book.prefetch([waiting.change.wants for waiting in group])
            for waiting in group:
                before = book.writes
                waiting.error = None
                try:
                    waiting.result = waiting.change.run(book, self._clock())
                except Refused as refusal:
                    if book.writes != before:  # it had begun to write: its group must be rolled back
                        raise
                    waiting.error = refusal
            book.flush()
        book.keep()


def _fail(group: list[_Waiting], error: BaseException) -> None:
    for waiting in group:
        waiting.error = error


def _answer(group: list[_Waiting]) -> None:
    loops: dict[asyncio.AbstractEventLoop, list[_Waiting]] = {}
    for waiting in group:
        if waiting.loop is None:
            waiting.settle()
        else:
            loops.setdefault(waiting.loop, []).append(waiting)
    for loop, theirs in loops.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle_all, theirs)


def _settle_all(group: list[_Waiting]) -> None:
    for waiting in group:
        waiting.settle()
