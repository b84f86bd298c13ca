"""Whether this server can work, part by part, each looked at on a thread of its own and given up after a few seconds:
a database or disk that hangs is told as such, and never holds the answer up.

A part that does not answer is not asked again until it has, so however often somebody asks, no more threads hang than
there are parts.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import structlog

from tawatur.log import seal, tally
from tawatur.moderation.vitals import lag, unpositioned
from tawatur.store.database import Database, DatabaseUnavailable, NotInitialised

if TYPE_CHECKING:
    from tawatur.web.house import House  # which has its readiness

T = TypeVar("T")

PATIENCE_S = 3.0
"""A part that does not answer for this long does not work."""
WRITER_S = 5.0
"""A group of changes takes milliseconds; one that waits for a lock on SQLite is given up after ten seconds."""
STALE_S = 300.0
"""A reader of the log that has left an event unread for longer (and longer than it may wait) does not work."""
SWEEP_S = 600.0
"""The sweep, which also searches for altered copies of what was blocked, comes every half minute."""
ROOM = 64 * 2**20
"""Bytes that a disk must have free: three pictures of the largest size, or some thousand reports."""
READERS = (seal.READER, tally.READER)
"""Readers of the log that every server runs, by the names of their cursors."""

log = structlog.get_logger(__name__)


def on_thread(look: Callable[[], T]) -> asyncio.Future[T]:
    """What `look` returns or raises, called on a thread that nobody waits for when the server ends."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def settle(tell: Callable[[], None]) -> None:
        if not answer.done():
            tell()

    def work() -> None:
        try:
            result = look()
            tell = partial(answer.set_result, result)
        except Exception as error:
            tell = partial(answer.set_exception, error)
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, tell)

    threading.Thread(target=work, name="tawatur-look", daemon=True).start()
    return answer


class Part:
    """One thing that must work. `look` says what is wrong and what to do, or None; it may take any time, and `hangs`
    says what to do then."""

    def __init__(self, name: str, look: Callable[[], str | None], hangs: str) -> None:
        self.name = name
        self._look = look
        self._hangs = hangs
        self._asked: asyncio.Future[str | None] | None = None
        self._since = 0.0

    async def wrong(self) -> str | None:
        """What is wrong with it, in time."""
        if self._asked is None or self._asked.done():
            self._asked, self._since = on_thread(self._ask), time.monotonic()
        await asyncio.wait({self._asked}, timeout=PATIENCE_S)
        if self._asked.done():
            return self._asked.result()
        return f"It has not answered for {time.monotonic() - self._since:.0f} seconds. {self._hangs}"

    def _ask(self) -> str | None:
        try:
            return self._look()
        except Exception as error:
            log.exception("not_looked_at", part=self.name, reason=str(error))
            return "It could not be looked at; the server's log says why."


class Readiness:
    """The parts of one server. `house` has them."""

    def __init__(self, house: House) -> None:
        self._house = house
        see = "See whether it runs and the network to it works."
        self.parts = (
            Part("database", self._database, see),
            Part("writer", self._writer, "Restart the server."),
            Part("readers", self._readers, see),
            Part("index", self._index, "Restart the server."),
            Part("disk", self._disk, "See whether the disk, or the network to it, works."),
        )

    async def wrong(self) -> dict[str, str]:
        """What does not work, by its part; empty when the server can work."""
        found = await asyncio.gather(*(part.wrong() for part in self.parts))
        return {part.name: said for part, said in zip(self.parts, found, strict=True) if said is not None}

    def _database(self) -> str | None:
        try:
            self._house.database.check_migrated()
        except DatabaseUnavailable as error:
            log.warning("not_ready", reason=str(error))  # to the operator alone: it names hosts and paths
            return "It does not answer. See whether it runs and has room; the server's log says more."
        except NotInitialised as error:
            log.warning("not_ready", reason=str(error))
            return "Its tables are not those of this release. Run `tawatur migrate`, or the release that they are of."
        return None

    def _writer(self) -> str | None:
        writer = self._house.writer
        if not writer.alive:
            return "It has ended. Restart the server."
        if writer.busy_s > WRITER_S:
            return (
                f"It has been at one group for {writer.busy_s:.0f} seconds, and {writer.waiting:,} changes wait. "
                "See what holds the database's locks; if nothing does, restart the server."
            )
        return None

    def _readers(self) -> str | None:
        house = self._house
        dead = [name for name, one in house.log_threads.items() if not one.alive]
        if dead:
            return f"{', '.join(dead)} has ended. Restart the server."
        now, wait = datetime.now(UTC), STALE_S + house.settings.seal_seconds
        try:
            with house.database.read() as connection:
                late = {name: lag(connection, name, now) for name in READERS if _is_read(house, name)}
                late["positions"] = unpositioned(connection, now)
        except DatabaseUnavailable:
            return None  # that is the database's to tell
        stale = [f"{name} has left {one.events:,} events unread, the first {one.seconds:.0f} seconds ago"
                 for name, one in late.items() if one.seconds > wait]  # fmt: skip
        return f"{'; '.join(stale)}. The server's log says why." if stale else None

    def _index(self) -> str | None:
        house = self._house
        if house.copies.reading:
            return "The hashes of large sites are being read. Wait; the gate answers meanwhile."
        if house.swept_s > SWEEP_S:
            return (
                f"For {house.swept_s:.0f} seconds nothing was swept, and altered copies of what was blocked were not "
                "looked for. The server's log says why."
            )
        return None

    def _disk(self) -> str | None:
        house = self._house
        for what, folder in (("data directory", house.settings.data_dir), ("database", _folder_of(house.database))):
            if folder is None:
                continue
            found = os.statvfs(next(one for one in (folder.absolute(), *folder.absolute().parents) if one.exists()))
            free = found.f_bavail * found.f_frsize
            if free < ROOM:
                return f"The disk of the {what} has {free / 2**20:.0f} MB free, and {ROOM >> 20} must be. Make room."
        return None


def _is_read(house: House, reader: str) -> bool:
    return reader != seal.READER or bool(house.settings.seal_seconds)


def _folder_of(database: Database) -> Path | None:
    return Path(database.url.database or "").parent if database.is_sqlite else None
