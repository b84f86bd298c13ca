"""Which calls pages of other origins may make: the widget's, reporting and objecting with a token, and reading labels.

None carries a cookie.
"""

from __future__ import annotations

import re

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

_PAGE_FACING = re.compile(
    r"/widget/[^/]+|/v1/images/[^/]+/(reports|appeals)|/v1/reports/[^/]+|/v1/reporters/[^/]+/appeals|/v1/appeals/[^/]+"
    r"|/xrpc/com\.atproto\.label\.queryLabels|/\.well-known/did\.json"
)


class PageFacing:
    """Lets any origin make these calls, and tells no other origin anything of the rest."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._opened = CORSMiddleware(
            app,
            allow_origins=["*"],
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "Idempotency-Key"],
            expose_headers=["Retry-After"],
            max_age=7200,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        page_facing = scope["type"] == "http" and _PAGE_FACING.fullmatch(scope["path"])
        await (self._opened if page_facing else self._app)(scope, receive, send)
