"""Attacks: what is known of a surge of reports, and the shields against it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tawatur.decision.surges import Hour
from tawatur.moderation.attack_view import AttackView, attack_view
from tawatur.moderation.attacks import on_now, watch_site
from tawatur.moderation.shields import NewShield, lower_shields, raise_shields
from tawatur.store.database_book import DatabaseBook
from tawatur.store.reading_book import Wants
from tawatur.store.writer import Change
from tawatur.web.console.pages import page
from tawatur.web.console.session import Desk, desk_of, form_of, reviewer
from tawatur.web.house import House, house_of

_FORM = "%Y%m%dT%H"


async def show(request: Request) -> Response:
    """GET /console/attacks: the surge that goes on now, or the one that began in the hour `?at=` (as 20260131T09)."""
    desk = await desk_of(request)
    house = house_of(request)
    view = await _view(house, desk, request.query_params.get("at"))
    if view.surge is None and "at" in request.query_params:
        return RedirectResponse("/console/attacks", 303)
    storms = await run_in_threadpool(on_now, house.database, desk.site.id, datetime.now(UTC))
    return page(
        request,
        "attacks.html",
        desk._replace(storms=storms),  # as of this look, not of the one before
        view=view,
        at_of=at_of,
        plot=partial(plot, view.hours),
    )


async def _view(house: House, desk: Desk, at: str | None) -> AttackView:
    """What is known, with what came since the last look."""
    begins, now = _moment(at), datetime.now(UTC)
    if begins is None:
        await run_in_threadpool(watch_site, house.database, desk.site, now)
    return await run_in_threadpool(attack_view, house.database, desk.site, begins, now)


def at_of(begins: datetime) -> str:
    """How a surge is called in addresses."""
    return begins.strftime(_FORM)


def _moment(text: str | None) -> datetime | None:
    try:
        return datetime.strptime(text or "", _FORM).replace(tzinfo=UTC)
    except ValueError:
        return None


def plot(found: list[Hour], reports: str, usual: str) -> str:
    """The hours for plot.js, as JSON."""
    series = [
        {"label": reports, "kind": "line", "values": [hour.reports for hour in found]},
        {"label": usual, "kind": "line", "values": [round(hour.usual, 1) for hour in found]},
    ]
    return json.dumps({"x": [hour.at.timestamp() for hour in found], "series": series}, ensure_ascii=False)


async def shields(request: Request) -> Response:
    """POST /console/attacks/shields: `do` is up or down, `over` the site, the surge's targets or their uploader; `at`
    says which surge."""
    desk = await desk_of(request, "moderator")
    form = await form_of(request, desk)
    house, by = house_of(request), reviewer(house_of(request), desk)
    over, down = str(form.get("over") or "site"), form.get("do") == "down"
    view = await _view(house, desk, str(form.get("at") or ""))
    images: list[str | None] = [one.image.id for one in view.targets] if over == "targets" else [None]
    uploader = view.uploader if over == "uploader" else None
    if over == "uploader" and uploader is None:
        images = []

    def run(book: DatabaseBook, now: datetime) -> None:
        for image in images:
            if down:
                lower_shields(book, desk.site.id, by, now, image=image, uploader=uploader)
            else:
                raise_shields(book, NewShield(desk.site.id, by, image, uploader), now)

    if images:
        wanted = tuple(image for image in images if image is not None)
        await house.make(Change(Wants(desk.site.id, images=wanted, rules=True), run))
    where = "" if view.surge is None else f"?at={at_of(view.surge.begins)}"
    return RedirectResponse("/console/attacks" + where, 303)


routes = [
    Route("/console/attacks", show, methods=["GET"]),
    Route("/console/attacks/shields", shields, methods=["POST"]),
]
