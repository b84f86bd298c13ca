"""WebSockets as this server takes them: to one path, small, and quiet about who came. Needs the extra `atproto`."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from tawatur.web.wire import LINE, Line


class Socket(WebSocketsSansIOProtocol):
    """uvicorn's protocol, which by itself writes every caller's address into the log."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.logger = logging.getLogger("tawatur.sockets")
        self.logger.setLevel(logging.WARNING)
        self.conn.logger = self.logger

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.response.status_code == 101:
            extensions: Any = self.scope["extensions"]
            extensions[LINE] = Line(asyncio.Event(), self.transport.abort)

    async def send(self, message: Any) -> None:
        await super().send(message)
        if self.initial_response is not None and self.close_sent:
            self.handshake_complete = True  # refused in full; uvicorn would call it an unfinished handshake
