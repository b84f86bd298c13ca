"""Tells open connections what happens, soon after it is committed, whichever process committed it.

One task a process follows the log while anybody listens, not one a connection: it asks for the log's head, and when
that has moved, which pictures' states changed and which sites have news. What it then tells of a picture is read from
the state itself, so that what is told is what the gate does, and a change that is undone at once is told at most once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

import msgspec
import structlog

from tawatur.log.events import STATE_CHANGES
from tawatur.moderation.gate import visibilities
from tawatur.store import events
from tawatur.store.database import Database, DatabaseUnavailable
from tawatur.store.images import Visibility

POLL_S = 0.5
"""What another process committed is noticed after this long at the latest, a second where its sequencer has died."""
PAUSE_S = 0.1
"""Between two looks, however much is committed."""

log = structlog.get_logger(__name__)


class Watch:
    """One open page: the pictures on it, and what of them it has not been told yet. Never more than one state each, so
    a reader who is slow costs no more than one who is not."""

    def __init__(self, images: Iterable[str]) -> None:
        self.images = frozenset(images)
        self._told: dict[str, Visibility] = {}
        self._news: dict[str, Visibility] = {}
        self._arrived = asyncio.Event()

    def note(self, states: Mapping[str, Visibility]) -> None:
        """Takes in how these pictures stand now."""
        for image in self.images & states.keys():
            if states[image] != self._told.get(image):
                self._news[image] = states[image]
            else:
                self._news.pop(image, None)
        if self._news:
            self._arrived.set()

    async def news(self, seconds: float) -> dict[str, Visibility]:
        """What has changed since this was last asked, as soon as there is any; empty after that many seconds."""
        try:
            async with asyncio.timeout(seconds):
                while not self._news:
                    self._arrived.clear()
                    await self._arrived.wait()
        except TimeoutError:
            return {}
        news, self._news = self._news, {}
        self._told.update(news)
        return news


class Listener:
    """One reader of a site's log, who reads the log for itself when `stirred`."""

    def __init__(self, site: str) -> None:
        self.site = site
        self._stirred = asyncio.Event()

    def stir(self) -> None:
        self._stirred.set()

    async def stirred(self, seconds: float) -> bool:
        """Whether the site has had events since this was last asked; waits for some, at most that many seconds."""
        try:
            async with asyncio.timeout(seconds):
                await self._stirred.wait()
        except TimeoutError:
            return False
        self._stirred.clear()
        return True


class _Change(msgspec.Struct):
    images: list[str]


class _Seen(msgspec.Struct, frozen=True):
    """What one look at the log found."""

    head: int
    states: dict[str, Visibility]
    sites: set[str] | None  # None: any may have news


class Feed:
    """A process's watches and listeners, and the task that serves them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._watches: set[Watch] = set()
        self._listeners: set[Listener] = set()
        self._position: int | None = None
        self._wanted = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(self._follow())

    def stop(self) -> None:
        self._loop = None
        if self._task is not None:
            self._task.cancel()

    def wake(self) -> None:
        """Something was committed here. Called from the writer's thread."""
        loop = self._loop
        if loop is not None and (self._watches or self._listeners):
            loop.call_soon_threadsafe(self._wanted.set)

    def open(self, one: Watch | Listener) -> None:
        """From here on it is told of every change; what was before, the caller reads afterwards."""
        mine: set[Watch] | set[Listener] = self._watches if isinstance(one, Watch) else self._listeners
        mine.add(one)  # type: ignore[arg-type]
        self._wanted.set()

    def close(self, one: Watch | Listener) -> None:
        mine: set[Watch] | set[Listener] = self._watches if isinstance(one, Watch) else self._listeners
        mine.discard(one)

    async def _follow(self) -> None:
        while True:
            if not (self._watches or self._listeners):
                self._position = None  # nobody listens: what happens meanwhile is nobody's news
                self._wanted.clear()
                await self._wanted.wait()
            try:
                await self._look()
            except DatabaseUnavailable as error:
                log.warning("feed_postponed", reason=str(error))
            except Exception:
                log.exception("feed_failed")
            await asyncio.sleep(PAUSE_S)
            try:
                async with asyncio.timeout(POLL_S - PAUSE_S):
                    await self._wanted.wait()
            except TimeoutError:
                pass
            self._wanted.clear()

    async def _look(self) -> None:
        watched = frozenset[str]().union(*(watch.images for watch in self._watches))
        seen = await asyncio.to_thread(_seen, self._database, self._position, watched, bool(self._listeners))
        self._position = seen.head
        if seen.states:
            for watch in self._watches:
                watch.note(seen.states)
        for listener in self._listeners:
            if seen.sites is None or listener.site in seen.sites:
                listener.stir()


def _seen(database: Database, position: int | None, watched: frozenset[str], listened: bool) -> _Seen:
    """What happened after `position`; where it is None, everything that is watched may have changed."""
    with database.read() as connection:
        head = events.head(connection)
        if position is None:
            changed, sites = watched, None
        elif head == position:
            return _Seen(head, {}, set())
        else:
            told = events.of_types(connection, STATE_CHANGES, position, head) if watched else []
            lists = (msgspec.json.decode(event.body, type=_Change).images for event in told)
            changed = watched & frozenset[str]().union(*lists)
            sites = events.sites(connection, position, head) if listened else set()
    return _Seen(head, visibilities(database, set(changed)) if changed else {}, sites)
