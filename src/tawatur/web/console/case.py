"""One case: the picture, what is said of it and why, and what people did."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from anyio import to_thread
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from tawatur.decision.timeline import Point
from tawatur.imaging.decode import BLUR_MEDIA_TYPE, blurred
from tawatur.moderation import case_file, claims, people
from tawatur.moderation.appeal import MOST_TEXT
from tawatur.moderation.case_file import CaseFile
from tawatur.moderation.notes import MOST_NOTE
from tawatur.moderation.opening import opened_until
from tawatur.moderation.refusals import UnknownImage
from tawatur.store.appeals import Appeal
from tawatur.store.claims import Claim
from tawatur.store.veils import Veil
from tawatur.store.writer import Refused
from tawatur.web.api.fields import image_id, is_id
from tawatur.web.console import appeals
from tawatur.web.console.pages import HEADERS, page, tongue
from tawatur.web.console.session import (
    Desk,
    NotAllowed,
    authority,
    desk_of,
    form_of,
    own,
    pseudonym,
    reviewer,
)
from tawatur.web.house import House, house_of

MOST_GROUPS = 4
"""Lines of linked groups in the plot; smaller groups are one line together."""
MOST_UNDONE = 50


async def show(request: Request, refused: Refused | None = None, said: str = "") -> Response:
    """GET /console/cases/{image}. Whoever may decide has the case from now on, unless a colleague has it."""
    desk = await desk_of(request)
    house, now = house_of(request), datetime.now(UTC)
    key = image_id(request.path_params["image"])
    found = await run_in_threadpool(case_file.case_file, house.database, desk.site.id, key, now, tongue(request))
    claim = await run_in_threadpool(_claim, house, desk, found, key, now)
    ids = [one.id for one in found.images]
    waiting, closed = await run_in_threadpool(appeals.boxes, house, desk, ids, now)
    opened = None
    if found.hidden:
        opened = await run_in_threadpool(opened_until, house.database, key, desk.me, now)
    return page(
        request,
        "case.html",
        desk,
        200 if refused is None else 409,
        case=found,
        names=await run_in_threadpool(names, house, desk.site.id),
        barred=barred(house, desk, found),
        claim=claim if claim is not None and claim.person != desk.me else None,
        opened=opened,
        veil=await run_in_threadpool(people.veil_of, house.database, desk.me),
        appeals=waiting,
        now=now,
        said=said,
        history=history(found, closed),
        plot=partial(plot, found.points, found.explained["gates"]),
        undo=await decided(request, desk),
        refused=refused,
        MOST_NOTE=MOST_NOTE,
        MOST_TEXT=MOST_TEXT,
    )


def _claim(house: House, desk: Desk, found: CaseFile, key: str, now: datetime) -> Claim | None:
    if found.family.queued_at is not None and desk.may("moderator") and not barred(house, desk, found):
        return claims.claim_case(house.database, desk.site.id, found.family.id, desk.me, now)
    return claims.holder(house.database, desk.site.id, key, now)


def barred(house: House, desk: Desk, found: CaseFile) -> bool:
    """Whether this person took part in the case, or an admin decided it whom they cannot overrule."""
    return bool(own(house, desk) & found.people) or found.family.authority > authority(desk)


async def decided(request: Request, desk: Desk) -> list[Any]:
    """What this person decided a moment ago (`?after=`, image ids) and may still take back."""
    after = [one for one in request.query_params.get("after", "").split(",")[:MOST_UNDONE] if is_id(one)]
    if not after:
        return []
    house = house_of(request)
    mine = reviewer(house, desk)
    return await run_in_threadpool(case_file.undoables, house.database, desk.site.id, after, mine, datetime.now(UTC))


def names(house: House, site: str) -> dict[str, str]:
    """Who of the console's people stands behind each pseudonym of a reviewer, and behind each account."""
    found = {}
    for one in people.listed(house.database):
        found[one.person.id] = one.person.email
        found[pseudonym(house, site, one.person.id)] = one.person.email
    return found


def history(found: CaseFile, closed: Sequence[Appeal]) -> list[dict[str, Any]]:
    """What the engine and people did to the case, latest first, each plainly one or the other; and what became of
    appeals."""
    machine = [{"at": one.at, "machine": True, "what": one.action} for one in found.acted]
    person = [{"at": one.at, "machine": False, "review": one} for one in found.reviews]
    answered = [{"at": one.closed_at, "machine": False, "review": None, "appeal": one} for one in closed]
    return sorted([*machine, *person, *answered], key=lambda one: one["at"], reverse=True)


async def veil(request: Request) -> Response:
    """POST /console/veil: how this person wants pictures to come: `blur` and `grey`, each on or off."""
    desk = await desk_of(request)
    form = await form_of(request, desk)
    wanted = Veil(desk.me, form.get("blur") != "off", form.get("grey") != "off")
    await run_in_threadpool(people.keep_veil, house_of(request).database, wanted)
    return Response(status_code=204, headers=HEADERS)


def plot(
    points: Sequence[Point], gates: Sequence[dict[str, Any]], all_: str, alone: str, group_: str, floor_: str
) -> str:
    """The voices over time for plot.js, as JSON: all together, each large linked group, and what a block needs. The
    last four are what these are called."""
    times: list[float] = []
    total: list[float] = []
    linked = len({point.group for point in points} - {0})
    lines: dict[int, list[float | None]] = {group: [] for group in range(min(linked, MOST_GROUPS) + 1)}
    sums = dict.fromkeys(lines, 0.0)
    for point in points:
        if not point.supports:
            continue
        group = point.group if point.group in lines else 0
        sums[group] += point.voice
        times.append(point.at.timestamp())
        total.append(round(sum(sums.values()), 3))
        for one, values in lines.items():
            values.append(round(sums[one], 3) if one == group or any(value is not None for value in values) else None)
    series: list[dict[str, Any]] = [{"label": all_, "kind": "step", "values": total}]
    for group, values in sorted(lines.items()) if linked else ():
        if any(value is not None for value in values):
            series.append({"label": f"{group_} {group}" if group else alone, "kind": "step", "values": values})
    floor = next((gate["needed"] for gate in gates if gate["name"] == "floor"), None)
    if floor is not None:
        series.append({"label": floor_, "kind": "limit", "values": [floor] * len(times)})
    return json.dumps({"x": times, "series": series}, ensure_ascii=False)


async def picture(request: Request) -> Response:
    """GET /console/pictures/{image}: the picture for a person who works here, blurred unless `?sharp=1`."""
    desk = await desk_of(request)
    key = image_id(request.path_params["image"])
    house = house_of(request)
    found, hidden = await run_in_threadpool(case_file.picture, house.database, desk.site.id, key)
    if hidden and not await run_in_threadpool(opened_until, house.database, key, desk.me, datetime.now(UTC)):
        raise NotAllowed("Pictures of such cases are shown to nobody here.")
    if not found.size:
        raise UnknownImage("The site keeps this picture itself.")
    headers = {**HEADERS, "Content-Security-Policy": "default-src 'none'; sandbox"}
    if request.query_params.get("sharp") == "1":
        return FileResponse(house.files.image(found.sha256), headers=headers, media_type=found.media_type)
    render = partial(blurred, draw=house.sandbox.draw)
    body = await to_thread.run_sync(house.files.blurred, found.sha256, render, limiter=house.decoding)
    return Response(body, headers=headers, media_type=BLUR_MEDIA_TYPE)


routes = [
    Route("/console/cases/{image}", show, methods=["GET"]),
    Route("/console/pictures/{image}", picture, methods=["GET"]),
    Route("/console/veil", veil, methods=["POST"]),
]
