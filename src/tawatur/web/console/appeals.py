"""Appeals as the console shows them: those that wait, each with who may answer it, and the page of a reporter's."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tawatur.moderation import people
from tawatur.moderation.appeal import MOST_TEXT, SAME_PERSON_AFTER
from tawatur.moderation.appeals_waiting import (
    Judges,
    about_images,
    find_appeal,
    judges_of,
    reporter_file,
)
from tawatur.moderation.refusals import UnknownAppeal
from tawatur.store.appeals import IMAGE, Appeal
from tawatur.store.writer import Refused
from tawatur.web.api.fields import is_id
from tawatur.web.console.pages import page
from tawatur.web.console.session import Desk, desk_of, pseudonym
from tawatur.web.house import House, house_of


class Box(NamedTuple):
    """An appeal that waits, for whoever sits at a desk: whether they may answer it, from when on where they decided
    before, and who else may (their names)."""

    appeal: Appeal
    may: bool
    again: bool
    not_before: datetime | None
    others: list[str]


def judges(house: House, appeal: Appeal) -> Judges:
    """Who may answer the appeal."""
    return judges_of(house.database, appeal, partial(pseudonym, house, appeal.site))


def box(house: House, desk: Desk, appeal: Appeal, now: datetime) -> Box:
    """The appeal, as this person may answer it."""
    found = judges(house, appeal)
    again = found.only_again(desk.me)
    free_at = appeal.at + SAME_PERSON_AFTER
    emails = {one.person.id: one.person.email for one in people.listed(house.database)}
    return Box(
        appeal,
        may=desk.may("moderator") and (desk.me in found.free or (again and now >= free_at)),
        again=again,
        not_before=free_at if again and now < free_at else None,
        others=sorted(emails[one].partition("@")[0] for one in found.free - {desk.me} if one in emails),
    )


def boxes(house: House, desk: Desk, images: list[str], now: datetime) -> tuple[list[Box], list[Appeal]]:
    """The appeals about these images: those that wait, and those that are closed."""
    found = about_images(house.database, desk.site.id, images)
    return [box(house, desk, one, now) for one in found if one.waits], [one for one in found if not one.waits]


async def show(request: Request, refused: Refused | None = None, said: str = "") -> Response:
    """GET /console/appeals/{appeal}: a reporter's, with what they were suspended for; an image's is on its case."""
    desk = await desk_of(request)
    house, now, found = house_of(request), datetime.now(UTC), await asked_for(request, desk)
    if found.about == IMAGE:
        return RedirectResponse(f"/console/cases/{found.target}#appeal", 303)
    return page(
        request,
        "objection.html",
        desk,
        200 if refused is None else 409,
        box=await run_in_threadpool(box, house, desk, found, now),
        file=await run_in_threadpool(reporter_file, house.database, desk.site.id, found.target),
        now=now,
        refused=refused,
        said=said,
        MOST_TEXT=MOST_TEXT,
    )


async def asked_for(request: Request, desk: Desk) -> Appeal:
    """The appeal that the address names. Raises UnknownAppeal."""
    key = str(request.path_params["appeal"])
    if not is_id(key):
        raise UnknownAppeal(f"This site has no appeal {key[:80]!r}.")
    return await run_in_threadpool(find_appeal, house_of(request).database, desk.site.id, key)


routes = [Route("/console/appeals/{appeal}", show, methods=["GET"])]
