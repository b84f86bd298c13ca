"""GET /widget/v1.js: the custom element, so that two lines of HTML are all a site needs, and its words."""

from __future__ import annotations

import hashlib

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tawatur.web.problems import Problem
from tawatur.web.widget.assemble import assembled, vocabulary


async def script(request: Request) -> Response:
    """The element's source; 304 when the browser has it."""
    return _kept(request, assembled(), "text/javascript")


async def words(request: Request) -> Response:
    """What the element says in one language, as JSON."""
    try:
        found = vocabulary(request.path_params["lang"])
    except FileNotFoundError as error:
        raise Problem(404, str(error)) from None
    return _kept(request, found, "application/json")


def _kept(request: Request, body: bytes, media_type: str) -> Response:
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {
        "ETag": etag,
        "Cache-Control": "public, no-cache",  # asked for each time, mostly for a 304: an upgrade is there at once
        "Access-Control-Allow-Origin": "*",  # also for caches that were asked without an Origin: `integrity` needs it
        "Cross-Origin-Resource-Policy": "cross-origin",
        "X-Content-Type-Options": "nosniff",
    }
    known = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    if etag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=media_type)


raw_routes = [
    Route("/widget/v1.js", script, methods=["GET", "HEAD"]),
    Route("/widget/v1.{lang}.json", words, methods=["GET", "HEAD"]),
]
