"""How much a request may carry. Counted as it streams in, so that nothing large is ever held."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tawatur.web.problems import answer

UPLOAD_BYTES = 21 * 1024 * 1024
"""20 MB of picture and the form around it."""
LIST_BYTES = 8 * 1024 * 1024
"""A hash list of 20,000 to 100,000 hashes; `tawatur bank import` takes longer ones."""
OTHER_BYTES = 64 * 1024


class BodyLimit:
    """Refuses a request whose body is longer than its path may carry: 413."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        limit = _limit(scope["path"])
        declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if declared.isdigit() and int(declared) > limit:
            refused = answer(413, "The request is too large", _detail(limit), {"Connection": "close"})
            await refused(scope, receive, send)
            return
        taken, whole = 0, False

        async def counted() -> Message:
            nonlocal taken, whole
            message = await receive()
            if message["type"] == "http.request":
                taken += len(message.get("body", b""))
                whole = not message.get("more_body", False)
                if taken > limit:
                    raise HTTPException(413, _detail(limit))
            return message

        async def cut_off(message: Message) -> None:
            """Whoever is answered before the end of a body of unknown length may not go on sending it for ever."""
            if message["type"] == "http.response.start" and not whole:
                message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
            await send(message)

        endless = any(name == b"transfer-encoding" for name, _ in scope["headers"])
        await self._app(scope, counted, cut_off if endless else send)


def _limit(path: str) -> int:
    if path == "/v1/images":
        return UPLOAD_BYTES
    return LIST_BYTES if path.startswith("/v1/banks/") and path.endswith("/import") else OTHER_BYTES


def _detail(limit: int) -> str:
    return f"Send at most {limit:,} bytes here."
