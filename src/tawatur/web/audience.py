"""Who looked at what, as far as a process remembers, and the views that are to be counted.

A reader is a digest under a key that is made anew each week and never leaves the memory: of the reporter where a token
names one, else of the address and the browser. So nobody can be found in it, not even by whoever has the server's
secret. It is bounded: whoever floods it makes it forget, and counts no more than the bounds below let through.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections import Counter
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import structlog

from tawatur.moderation.view import count_views
from tawatur.store.database import DatabaseUnavailable
from tawatur.store.reading_book import Wants
from tawatur.store.writer import Change, Refused
from tawatur.web.pace import Pace

COUNTED_EVERY_S = 2.0
TOGETHER = 100
"""Pictures whose views join the writer's queue at once, so that a report behind them waits for one group at most."""
KEPT = timedelta(days=7)
"""How long a reader counts once for a picture; almost all look at it within."""
A_NETWORK_AND_IMAGE = 30
"""Readers behind one network who count for one picture: a carrier's address has many, an attacker's a few hundred."""
A_NETWORK_AND_HOUR = 600
REMEMBERED = 200_000
"""Views in each of two generations; when one is full the older is forgotten."""
WAITING = 20_000
"""Pictures with views to be counted; when the database is away for long, the rest is not counted."""

log = structlog.get_logger(__name__)


class Reader(NamedTuple):
    """Who looks, as this process tells readers apart. `member` is the reporter's pseudonym where a token names a member
    of the site."""

    name: str
    network: str
    member: str | None = None


class _Seen(NamedTuple):
    """Views, and how many of each network and image."""

    views: set[bytes]
    shares: Counter[bytes]


class Audience:
    """Takes views in, and has them counted now and then, each picture's together."""

    def __init__(self) -> None:
        self._ends: datetime | None = None
        self._key = b""
        self._new = _Seen(set(), Counter())
        self._old = _Seen(set(), Counter())
        self._hour = Pace(A_NETWORK_AND_HOUR, 3600)
        self._waiting: Counter[tuple[str, str]] = Counter()
        self._members: dict[tuple[str, str], set[str]] = {}
        self._make: Callable[[Change[Any]], Coroutine[Any, Any, Any]] | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self, make: Callable[[Change[Any]], Coroutine[Any, Any, Any]]) -> None:
        self._make = make
        self._task = asyncio.get_running_loop().create_task(self._count_often())

    async def stop(self) -> None:
        """Counts what waits, then ends."""
        if self._task is not None:
            self._task.cancel()
        await self.count()

    def note(self, site: str, image: str, reader: Reader, now: datetime) -> bool:
        """Whether this is a view that counts: the reader's first of this image, within the bounds."""
        self._turn(now)
        view, share = self._digest(image, reader.name), self._digest(image, reader.network)
        if view in self._new.views or view in self._old.views:
            return False
        if self._new.shares[share] + self._old.shares[share] >= A_NETWORK_AND_IMAGE and reader.member is None:
            return False
        if self._hour.take(reader.network) or (len(self._waiting) >= WAITING and (site, image) not in self._waiting):
            return False
        self._new.views.add(view)
        self._new.shares[share] += 1
        self._waiting[site, image] += 1
        if reader.member is not None:
            self._members.setdefault((site, image), set()).add(reader.member)
        return True

    async def count(self) -> None:
        """Counts what waits."""
        make, waiting, members = self._make, self._waiting, self._members
        self._waiting, self._members = Counter(), {}
        if make is None or not waiting:
            return
        asked = [(key, count, members.get(key, set())) for key, count in waiting.items()]
        done: list[Any] = []
        while len(done) < len(asked):
            some = asked[len(done) : len(done) + TOGETHER]
            done += await asyncio.gather(*(make(_change(*one)) for one in some), return_exceptions=True)
        for (key, count, named), result in zip(asked, done, strict=True):
            if isinstance(result, DatabaseUnavailable):
                self._waiting[key] += count
                self._members.setdefault(key, set()).update(named)
            elif isinstance(result, Exception) and not isinstance(result, Refused):
                log.error("views_failed", exc_info=result)

    async def _count_often(self) -> None:
        while True:
            await asyncio.sleep(COUNTED_EVERY_S)
            await self.count()

    def _turn(self, now: datetime) -> None:
        """Another week, another key; a full generation is put aside."""
        if self._ends is None or now >= self._ends:
            self._ends, self._key = now + KEPT, secrets.token_bytes(32)
            self._new, self._old = _Seen(set(), Counter()), _Seen(set(), Counter())
        elif len(self._new.views) >= REMEMBERED:
            self._new, self._old = _Seen(set(), Counter()), self._new

    def _digest(self, image: str, name: str) -> bytes:
        return hashlib.blake2b(f"{image}/{name}".encode(errors="replace"), key=self._key, digest_size=8).digest()


def _change(key: tuple[str, str], count: int, members: set[str]) -> Change[Any]:
    site, image = key
    return Change(
        Wants(site, images=(image,)), lambda book, now: count_views(book, site, image, count, now, sorted(members))
    )
