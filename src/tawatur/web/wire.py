"""HTTP as it comes over the wire: what is not HTTP, or a head without end, is told as a problem and cut off."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tawatur.web.problems import answer

HEAD_BYTES = 64 * 1024
"""The request line and all headers together."""


class Line(NamedTuple):
    """What an answer without end must know of its connection: when the server wants to stop, and how to cut it off."""

    leaving: asyncio.Event
    cut: Callable[[], None]


LINE = "tawatur.line"
SUBSCRIBE = "/xrpc/com.atproto.label.subscribeLabels"
"""The only path at which a connection becomes a WebSocket; anywhere else the request is taken as what it is."""


def line_of(scope: Scope) -> Line:
    """The connection that a request came over; where there is none, as in tests, it never wants to end."""
    found = scope.get("extensions", {}).get(LINE)
    return found if isinstance(found, Line) else Line(asyncio.Event(), lambda: None)


class Wire(HttpToolsProtocol):
    """uvicorn's protocol, which by itself answers such requests in plain text and takes heads of any length."""

    _line: Line
    _in_head = True
    _head = 0  # bytes of it so far, counted from the first piece that belongs to it alone

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._line = Line(asyncio.Event(), transport.abort)

    def shutdown(self) -> None:
        super().shutdown()
        self._line.leaving.set()

    def on_message_begin(self) -> None:
        super().on_message_begin()  # type: ignore[no-untyped-call, unused-ignore]
        self.scope["extensions"] = {LINE: self._line}  # type: ignore[dict-item]

    def data_received(self, data: bytes) -> None:
        self._head += len(data)
        super().data_received(data)
        if self._in_head and self._head > HEAD_BYTES and not self.transport.is_closing():
            self._refuse(431, "The head is too large", f"Send at most {HEAD_BYTES:,} bytes of headers.")

    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()  # type: ignore[no-untyped-call, unused-ignore]

    def on_message_complete(self) -> Any:
        self._in_head, self._head = True, 0
        return super().on_message_complete()  # type: ignore[no-untyped-call, func-returns-value, unused-ignore]

    def _should_upgrade_to_ws(self) -> bool:
        upgrades = super()._should_upgrade_to_ws()  # type: ignore[no-untyped-call, unused-ignore]
        return bool(upgrades) and self.url.partition(b"?")[0] == SUBSCRIBE.encode()

    def send_400_response(self, msg: str) -> None:
        self._refuse(400, "This is not HTTP", "The request cannot be read; send HTTP/1.1 as RFC 9112 has it.")

    def _refuse(self, status: int, title: str, detail: str) -> None:
        told = answer(status, title, detail, {"Connection": "close"})
        head = b"".join(b"%s: %s\r\n" % header for header in told.raw_headers)
        self.transport.write(b"HTTP/1.1 %d \r\n%s\r\n%s" % (status, head, bytes(told.body)))
        self.transport.close()
