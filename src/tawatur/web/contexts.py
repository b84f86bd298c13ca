"""Reads the pages that images stand on, behind the answers: nothing here ever holds up or fails a registration.

One page at a time, in a child (context/child.py) that is started for the first one and ended when there have been none
for a while. What waits is in memory alone, bounded, and lost when the server ends: the text is not kept anywhere else.
"""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec
import structlog

from tawatur.context.around import Around
from tawatur.context.child import LENGTH, SECONDS
from tawatur.context.needs import missing
from tawatur.moderation.context import NONE, NOT_FETCHED, NOT_INSTALLED, READ, UNREADABLE, WAITING, keep
from tawatur.moderation.fetch import Fetcher
from tawatur.store.database import Database, DatabaseUnavailable
from tawatur.store.writer import Refused

MOST_BYTES = 100_000
"""Of a text that comes with a registration."""
MOST_WAITING = 2000
BYTES_WAITING = 20_000_000
_PAGE_BYTES = 2_000_000
_ACCEPT = "text/html, text/plain;q=0.9, */*;q=0.1"
_IDLE_S = 120.0

log = structlog.get_logger(__name__)


class _Page(NamedTuple):
    """The page of an image: its text, or where it is."""

    site: str
    image: str
    text: bytes
    url: str


class Contexts:
    """The pages that wait, and the task that has them read. `fetching`: whether addresses are fetched."""

    def __init__(self, database: Database, fetcher: Fetcher, folder: Path, fetching: bool) -> None:
        self._database = database
        self._fetcher = fetcher
        self._folder = folder
        self._fetching = fetching
        self._installed = missing() is None
        self._waiting: deque[_Page] = deque()
        self._arrived = asyncio.Event()
        self._child: Process | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._work())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self._end_child()

    def expected(self, text: str | None, url: str | None) -> str:
        """What will come of an image's page: `waiting`, `not_installed`, or `none` where there is nothing to read."""
        if not text and not (url and self._fetching):
            return NONE
        return WAITING if self._installed else NOT_INSTALLED

    def note(self, site: str, image: str, text: str | None, url: str | None) -> None:
        """Has the page read when its turn comes: the text where there is one, else what stands at the address."""
        if self.expected(text, url) == NONE:
            return
        page = _Page(site, image, (text or "").encode(errors="replace"), url or "")
        full = sum(len(one.text) for one in self._waiting) + len(page.text) > BYTES_WAITING
        if full or len(self._waiting) >= MOST_WAITING:
            log.warning("context_not_read", image=image, reason="too many pages wait")
            return
        self._waiting.append(page)
        self._arrived.set()

    async def _work(self) -> None:
        while True:
            try:
                async with asyncio.timeout(_IDLE_S):
                    await self._arrived.wait()
            except TimeoutError:
                await self._end_child()
                continue
            page = self._waiting.popleft()
            if not self._waiting:
                self._arrived.clear()
            try:
                state, found = await self._read(page)
                await asyncio.to_thread(keep, self._database, page.site, page.image, state, found, datetime.now(UTC))
            except DatabaseUnavailable as error:
                log.warning("context_not_kept", image=page.image, reason=str(error))
            except Exception:
                log.exception("context_failed", image=page.image)

    async def _read(self, page: _Page) -> tuple[str, Around | None]:
        if not self._installed:
            return NOT_INSTALLED, None
        data = page.text
        if not data:
            try:
                data = await self._fetcher.fetch(page.url, _PAGE_BYTES, accept=_ACCEPT)
            except Refused as refusal:
                log.info("page_not_fetched", image=page.image, reason=str(refusal))
                return NOT_FETCHED, None
        found = await self._ask(data)
        return (UNREADABLE, None) if found is None else (READ, found)

    async def _ask(self, data: bytes) -> Around | None:
        """What the child finds; None where it finds nothing to read, or breaks down over it."""
        try:
            async with asyncio.timeout(2 * SECONDS):
                child = await self._begin_child()
                assert child.stdin is not None
                assert child.stdout is not None
                child.stdin.write(LENGTH.pack(len(data)) + data)
                await child.stdin.drain()
                (size,) = LENGTH.unpack(await child.stdout.readexactly(LENGTH.size))
                answer = await child.stdout.readexactly(size)
            return msgspec.json.decode(answer, type=Around | None)
        except (TimeoutError, asyncio.IncompleteReadError, ConnectionError, msgspec.DecodeError) as error:
            log.warning("context_child_replaced", reason=type(error).__name__)
        except BaseException:
            await self._end_child()  # its answer may still come, and the next page would get it
            raise
        await self._end_child()
        return None

    async def _begin_child(self) -> Process:
        if self._child is None or self._child.returncode is not None:
            self._child = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "tawatur.context.child", str(self._folder.absolute())),
                stdin=PIPE,
                stdout=PIPE,
                env={key: value for key, value in os.environ.items() if not key.startswith("TAWATUR_")},  # no secrets
                start_new_session=True,
            )
        return self._child

    async def _end_child(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            with suppress(ProcessLookupError):
                child.kill()
            await child.wait()
