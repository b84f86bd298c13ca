"""Server-Sent Events: answers that go on until the reader leaves, is too slow, or the server stops."""

from __future__ import annotations

import asyncio
import random
import resource
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress

import msgspec
import structlog
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tawatur.web.problems import Problem
from tawatur.web.wire import line_of

HEARTBEAT_S = 15.0
HEARTBEAT = b": still here\n\n"
SEND_S = 10.0
"""A reader who does not take what was sent for this long is cut off, and comes back when they can."""
LIFE_S = 1800.0
"""About how long a stream lasts; the reader's browser opens the next by itself."""
STREAMS = 2000
STREAMS_A_NETWORK = 100
"""Many readers share a carrier's address, and whoever gets no stream asks now and then instead."""


log = structlog.get_logger(__name__)


class Places:
    """How many streams a process has open, and how many for each network."""

    def __init__(self, most: int | None = None, most_a_network: int = STREAMS_A_NETWORK) -> None:
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        self._most = most or max(16, min(STREAMS, files // 2))  # the others' requests need files as well
        self._most_a_network = most_a_network
        self._open = 0
        self._networks: Counter[str] = Counter()

    def take(self, network: str) -> None:
        """Takes a place. Raises Problem when there is none."""
        if self._open >= self._most or self._networks[network] >= self._most_a_network:
            detail = "As many streams are open as this server keeps. Ask now and then instead, or try again later."
            raise Problem(503, detail, "No stream is free", {"Retry-After": "60"})
        self._open += 1
        self._networks[network] += 1

    @property
    def taken(self) -> int:
        return self._open

    def leave(self, network: str) -> None:
        self._open -= 1
        self._networks[network] -= 1
        if not self._networks[network]:
            del self._networks[network]


def frame(event: str, data: object, position: int | None = None) -> bytes:
    """One event as it goes over the wire; `position` is what a reader who comes back names as `Last-Event-ID`."""
    head = b"" if position is None else b"id: %d\n" % position
    return b"%sevent: %s\ndata: %s\n\n" % (head, event.encode(), msgspec.json.encode(data))


class EventStream(Response):
    """Sends what `frames` gives, each within `SEND_S`; calls `ended` at the end, however it comes."""

    media_type = "text/event-stream"

    def __init__(self, frames: AsyncGenerator[bytes, None], ended: Callable[[], None]) -> None:
        self._frames = frames
        self._ended = ended
        self._begun = False
        self.status_code = 200
        self.background = None
        self.body = b""
        # nginx must not collect the events before it passes them on
        self.init_headers({"Cache-Control": "no-store", "X-Accel-Buffering": "no", "X-Content-Type-Options": "nosniff"})
        del self.headers["content-length"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        line = line_of(scope)
        pump = asyncio.ensure_future(self._pump(send))
        ends = [pump, asyncio.ensure_future(_gone(receive)), asyncio.ensure_future(line.leaving.wait())]
        try:
            await asyncio.wait(ends, timeout=LIFE_S * random.uniform(0.8, 1.2), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()
            how, *_ = await asyncio.gather(*ends, return_exceptions=True)
            await self._frames.aclose()
            self._ended()
        if isinstance(how, Exception) and not isinstance(how, TimeoutError):
            log.warning("stream_ended", reason=str(how))
        if self._begun and not isinstance(how, TimeoutError):
            with suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await send({"type": "http.response.body", "body": b"", "more_body": False})
                return
        line.cut()
        await receive()  # until the connection is seen to be gone

    async def _pump(self, send: Send) -> None:
        async with asyncio.timeout(SEND_S):
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        self._begun = True
        async for piece in self._frames:
            async with asyncio.timeout(SEND_S):
                await send({"type": "http.response.body", "body": piece, "more_body": True})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
