"""Where the site's events are sent, what has not arrived, and sending it again; making, changing and removing such
addresses. For admins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tawatur.log.events import TYPES
from tawatur.moderation.webhooks import (
    KEPT_HOURS,
    Change,
    DeadLetter,
    NewWebhook,
    Standing,
    change_webhook,
    create_webhook,
    dead_letters,
    find_webhook,
    id_by_request,
    remove_webhook,
    replay,
    request_digest,
    rotate_secret,
    secrets,
    standings,
)
from tawatur.store.database import Database
from tawatur.store.ids import new_id
from tawatur.store.webhooks import Webhook
from tawatur.store.writer import Refused
from tawatur.web.api.webhooks import tried
from tawatur.web.console.pages import page
from tawatur.web.console.session import Desk, desk_of, form_of
from tawatur.web.house import House, house_of

LETTERS = 20
"""Dead letters of one endpoint that the page names."""
MOST_URL, MOST_DESCRIPTION = 2000, 255
DONE = ("on", "off", "removed")


class _Endpoint(NamedTuple):
    standing: Standing
    letters: list[DeadLetter]


async def show(request: Request) -> Response:
    """GET /console/webhooks: how each endpoint stands, with its first dead letters."""
    return await _page(request, await desk_of(request, "admin"))


async def make(request: Request) -> Response:
    """POST /console/webhooks: a new endpoint at `url`; the answer shows its secret, as no other page does."""
    desk = await desk_of(request, "admin")
    form = await form_of(request, desk)
    said = {name: str(form.get(name, "")).strip().replace("\0", "") for name in ("url", "description")}
    types = tuple(one for one in TYPES if one in form.getlist("events"))
    new = NewWebhook(desk.site.id, said["url"][:MOST_URL], types, said["description"][:MOST_DESCRIPTION])
    house, now = house_of(request), datetime.now(UTC)
    allowed, digest = house.settings.allowed_networks(), _request(house, desk, form)
    try:
        made = await run_in_threadpool(create_webhook, house.database, lambda: id_by_request(digest), new, allowed, now)
    except Refused as refusal:
        return await _page(request, desk, 422, wrong=str(refusal), said=said, chosen=types)
    house.webhooks.wake()
    return await _page(request, desk, fresh=made, secret=_secret(house, made, now))


async def rotate(request: Request) -> Response:
    """POST /console/webhooks/{webhook}/rotate: a new secret, which the answer alone shows."""
    desk = await desk_of(request, "admin")
    form = await form_of(request, desk)
    house, now = house_of(request), datetime.now(UTC)
    key, once = request.path_params["webhook"], _request(house, desk, form).hex()
    try:
        keep = timedelta(hours=KEPT_HOURS)
        changed = await run_in_threadpool(rotate_secret, house.database, desk.site.id, key, keep, now, once)
    except Refused:
        return _back(refused=1)
    return await _page(request, desk, fresh=changed, secret=_secret(house, changed, now))


async def switch(request: Request) -> Response:
    """POST /console/webhooks/{webhook}/switch: `to` is `on` or `off`; switched on again it goes on where it was."""
    desk = await desk_of(request, "admin")
    on = (await form_of(request, desk)).get("to") == "on"
    house, now = house_of(request), datetime.now(UTC)
    allowed = house.settings.allowed_networks()
    try:
        key = request.path_params["webhook"]
        await run_in_threadpool(change_webhook, house.database, desk.site.id, key, Change(enabled=on), allowed, now)
    except Refused:
        return _back(refused=1)
    house.webhooks.wake()
    return _back(done="on" if on else "off")


async def remove(request: Request) -> Response:
    """POST /console/webhooks/{webhook}/remove: takes it away with all that has not arrived."""
    desk = await desk_of(request, "admin")
    await form_of(request, desk)
    try:
        key = request.path_params["webhook"]
        await run_in_threadpool(remove_webhook, house_of(request).database, desk.site.id, key)
    except Refused:
        return _back(refused=1)
    return _back(done="removed")


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


async def _page(request: Request, desk: Desk, status: int = 200, **told: Any) -> Response:
    query = request.query_params
    found = await run_in_threadpool(_endpoints, house_of(request).database, desk.site.id)
    told = {"fresh": None, "wrong": None, "said": None, "chosen": (), **told}
    return page(
        request,
        "webhooks.html",
        desk,
        status,
        endpoints=found,
        now=datetime.now(UTC),
        tested=query.get("tested"),
        answered=_number(query.get("status")),
        taken=query.get("taken") == "1",
        replayed=_number(query.get("replayed")),
        refused="refused" in query,
        done=query.get("done") if query.get("done") in DONE else None,
        once=new_id(),
        types=TYPES,
        **told,
    )


def _secret(house: House, webhook: Webhook, now: datetime) -> str:
    return secrets(house.secret, webhook, now)[0]


def _request(house: House, desk: Desk, form: FormData) -> bytes:
    """What stands for a form that may be sent twice, as when somebody loads the answer again."""
    return request_digest(house.secret, desk.site.id, f"console/{desk.me}/{str(form.get('once', ''))[:64]}")


def _endpoints(database: Database, site: str) -> list[_Endpoint]:
    return [_Endpoint(one, dead_letters(database, one.webhook, 0, LETTERS)) for one in standings(database, site)]


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None


def _back(**told: object) -> Response:
    return RedirectResponse(f"/console/webhooks?{urlencode(told)}", 303)


routes = [
    Route("/console/webhooks", show, methods=["GET"]),
    Route("/console/webhooks", make, methods=["POST"]),
    Route("/console/webhooks/{webhook}/rotate", rotate, methods=["POST"]),
    Route("/console/webhooks/{webhook}/switch", switch, methods=["POST"]),
    Route("/console/webhooks/{webhook}/remove", remove, methods=["POST"]),
    Route("/console/webhooks/{webhook}/replay", send_again, methods=["POST"]),
    Route("/console/webhooks/{webhook}/test", try_out, methods=["POST"]),
]
