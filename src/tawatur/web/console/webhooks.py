"""Where the site's events are sent, what has not arrived, and sending it again. For admins."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tawatur.moderation.webhooks import DeadLetter, Standing, dead_letters, find_webhook, replay, standings
from tawatur.store.database import Database
from tawatur.store.writer import Refused
from tawatur.web.api.webhooks import tried
from tawatur.web.console.pages import page
from tawatur.web.console.session import desk_of, form_of
from tawatur.web.house import house_of

LETTERS = 20
"""Dead letters of one endpoint that the page names."""


class _Endpoint(NamedTuple):
    standing: Standing
    letters: list[DeadLetter]


async def show(request: Request) -> Response:
    """GET /console/webhooks: how each endpoint stands, with its first dead letters."""
    desk = await desk_of(request, "admin")
    query = request.query_params
    found = await run_in_threadpool(_endpoints, house_of(request).database, desk.site.id)
    return page(
        request,
        "webhooks.html",
        desk,
        endpoints=found,
        now=datetime.now(UTC),
        tested=query.get("tested"),
        answered=_number(query.get("status")),
        taken=query.get("taken") == "1",
        replayed=_number(query.get("replayed")),
        refused="refused" in query,
    )


async def send_again(request: Request) -> Response:
    """POST /console/webhooks/{webhook}/replay: the dead letter at `position`, or all of them."""
    desk = await desk_of(request, "admin")
    form = await form_of(request, desk)
    position = _number(str(form.get("position", "")))
    which = None if position is None else [position]
    house, now = house_of(request), datetime.now(UTC)
    try:
        key = request.path_params["webhook"]
        count = await run_in_threadpool(replay, house.database, desk.site.id, key, which, now)
    except Refused:
        return _back(refused=1)
    house.webhooks.wake()
    return _back(replayed=count)


async def try_out(request: Request) -> Response:
    """POST /console/webhooks/{webhook}/test: sends a test event."""
    desk = await desk_of(request, "admin")
    await form_of(request, desk)
    house = house_of(request)
    try:
        key = request.path_params["webhook"]
        found = await run_in_threadpool(find_webhook, house.database, desk.site.id, key)
        _, outcome = await tried(house, found)
    except Refused:
        return _back(refused=1)
    return _back(tested=found.id, taken=int(outcome.taken), status=outcome.status or 0)


def _endpoints(database: Database, site: str) -> list[_Endpoint]:
    return [_Endpoint(one, dead_letters(database, one.webhook, 0, LETTERS)) for one in standings(database, site)]


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None


def _back(**told: object) -> Response:
    return RedirectResponse(f"/console/webhooks?{urlencode(told)}", 303)


routes = [
    Route("/console/webhooks", show, methods=["GET"]),
    Route("/console/webhooks/{webhook}/replay", send_again, methods=["POST"]),
    Route("/console/webhooks/{webhook}/test", try_out, methods=["POST"]),
]
