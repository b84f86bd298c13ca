"""The queue: the cases that a person should look at, best first. The home of a moderator."""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tawatur.moderation.inbox import inbox
from tawatur.store.families import BLOCKED, BLURRED, VISIBLE
from tawatur.web.console.pages import page
from tawatur.web.console.session import desk_of
from tawatur.web.house import house_of


async def show(request: Request) -> Response:
    """GET /console: all that waits, or what waits in one state (`?state=`). `?part=1`: the list alone, for the page's
    script, which asks again every few seconds."""
    desk = await desk_of(request)
    state = request.query_params.get("state")
    if state not in (VISIBLE, BLURRED, BLOCKED):
        state = None
    found = await run_in_threadpool(inbox, house_of(request).database, desk.site.id, state, datetime.now(UTC))
    template = "queue_list.html" if request.query_params.get("part") == "1" else "queue.html"
    return page(request, template, desk, inbox=found, state=state, total=sum(found.counts.values()))


routes = [Route("/console", show, methods=["GET"])]
