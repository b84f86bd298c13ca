"""One case: the picture, what is said of it and why, and a person's decision."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial

from anyio import to_thread
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import Route

from tawatur.imaging.decode import BLUR_MEDIA_TYPE, blurred
from tawatur.moderation import inbox, people
from tawatur.moderation.act import acting
from tawatur.moderation.copies import NewCut, cut_image
from tawatur.moderation.inbox import case_file
from tawatur.moderation.refusals import UnknownImage
from tawatur.moderation.review import NewReview, review_image
from tawatur.store.database_book import DatabaseBook
from tawatur.store.families import Authority
from tawatur.store.reading_book import Wants
from tawatur.store.writer import Change, Refused
from tawatur.web.api.fields import image_id
from tawatur.web.console.pages import HEADERS, page, tongue
from tawatur.web.console.session import Desk, NotAllowed, desk_of, form_of
from tawatur.web.house import House, house_of

MOST_NOTE = 2000


async def show(request: Request, refused: str | None = None) -> Response:
    """GET /console/cases/{image}."""
    desk = await desk_of(request)
    house, now = house_of(request), datetime.now(UTC)
    key = image_id(request.path_params["image"])
    found = await run_in_threadpool(case_file, house.database, desk.site.id, key, now, tongue(request))
    return page(
        request,
        "case.html",
        desk,
        200 if refused is None else 409,
        case=found,
        names=await run_in_threadpool(_names, house, desk.site.id),
        refused=refused,
        MOST_NOTE=MOST_NOTE,
    )


async def decide(request: Request) -> Response:
    """POST /console/cases/{image}/review: upheld, rejected or undecided; then the next case that waits."""
    desk = await desk_of(request, "moderator")
    form = await form_of(request, desk)
    key = image_id(request.path_params["image"])
    house = house_of(request)
    outcome = str(form.get("outcome", ""))
    new = NewReview(
        site=desk.site.id,
        image=key,
        reviewer=_pseudonym(house, desk.site.id, desk.person.person.id),
        outcome=outcome,
        reason=str(form.get("reason") or "") or None,
        note=str(form.get("note") or "").replace("\x00", "")[:MOST_NOTE] or None,
        authority=Authority.ADMIN if desk.may("admin") else Authority.MODERATOR,
        known_as=_known_as(desk),
        scope=str(form.get("scope") or "everywhere"),
    )

    def run(book: DatabaseBook, now: datetime) -> str:
        return review_image(book, acting(new, outcome), now).status

    return await _done(request, desk, key, run)


async def cut(request: Request) -> Response:
    """POST /console/cases/{image}/cut: this use of the picture stands alone."""
    desk = await desk_of(request, "moderator")
    await form_of(request, desk)
    key = image_id(request.path_params["image"])
    house = house_of(request)
    authority = Authority.ADMIN if desk.may("admin") else Authority.MODERATOR
    new = NewCut(desk.site.id, key, _pseudonym(house, desk.site.id, desk.person.person.id), authority, _known_as(desk))

    def run(book: DatabaseBook, now: datetime) -> str:
        return cut_image(book, new, now)

    return await _done(request, desk, key, run, stay=True)


async def _done(request: Request, desk: Desk, key: str, run: object, *, stay: bool = False) -> Response:
    """Does it; then on to the next case, or back to this one with the reason why not."""
    house = house_of(request)
    try:
        await house.make(Change(Wants(desk.site.id, images=(key,)), run))  # type: ignore[arg-type]
    except UnknownImage:
        raise
    except Refused as refusal:
        return await show(request, str(refusal))
    if stay:
        return RedirectResponse(f"/console/cases/{key}", 303)
    following = await run_in_threadpool(inbox.next_case, house.database, desk.site.id, datetime.now(UTC))
    return RedirectResponse("/console" if following is None else f"/console/cases/{following}?after={key}", 303)


async def picture(request: Request) -> Response:
    """GET /console/pictures/{image}: the picture for a person who works here, blurred unless `?sharp=1`."""
    desk = await desk_of(request)
    key = image_id(request.path_params["image"])
    house = house_of(request)
    found = await run_in_threadpool(inbox.picture, house.database, desk.site.id, key)
    if found is None:
        raise NotAllowed("Pictures of such cases are shown to nobody here.")
    if not found.size:
        raise UnknownImage("The site keeps this picture itself.")
    headers = {**HEADERS, "Content-Security-Policy": "default-src 'none'; sandbox"}
    if request.query_params.get("sharp") == "1":
        return FileResponse(house.files.image(found.sha256), headers=headers, media_type=found.media_type)
    render = partial(blurred, draw=house.sandbox.draw)
    body = await to_thread.run_sync(house.files.blurred, found.sha256, render, limiter=house.decoding)
    return Response(body, headers=headers, media_type=BLUR_MEDIA_TYPE)


def _pseudonym(house: House, site: str, person: str) -> str:
    return house.pseudonyms(site).person(f"console/{person}")


def _known_as(desk: Desk) -> str | None:
    return next((one.known_as for one in desk.person.memberships if one.site == desk.site.id), None)


def _names(house: House, site: str) -> Mapping[str, str]:
    """Who of the console's people stands behind each pseudonym of a reviewer."""
    return {_pseudonym(house, site, one.person.id): one.person.email for one in people.listed(house.database)}


routes = [
    Route("/console/cases/{image}", show, methods=["GET"]),
    Route("/console/cases/{image}/review", decide, methods=["POST"]),
    Route("/console/cases/{image}/cut", cut, methods=["POST"]),
    Route("/console/pictures/{image}", picture, methods=["GET"]),
]
