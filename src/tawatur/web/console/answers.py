"""A person answers an appeal at the console."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tawatur.moderation.appeal import NewAnswer, answer_appeal
from tawatur.moderation.appeals_waiting import needs
from tawatur.moderation.refusals import UnknownImage
from tawatur.store.appeals import IMAGE, Appeal
from tawatur.store.writer import Change, Refused
from tawatur.web.console import appeals, case
from tawatur.web.console.session import authority, desk_of, form_of, known_as, reviewer
from tawatur.web.house import house_of


async def answer(request: Request) -> Response:
    """POST /console/appeals/{appeal}: `outcome` is `reversed` or `stands`, `answer` is for whoever objected; then the
    appeals that still wait."""
    desk = await desk_of(request, "moderator")
    form = await form_of(request, desk)
    house, found = house_of(request), await appeals.asked_for(request, desk)
    who = await run_in_threadpool(appeals.judges, house, found)
    words = str(form.get("answer") or "")
    new = NewAnswer(
        site=desk.site.id,
        appeal=found.id,
        by=reviewer(house, desk),
        outcome=str(form.get("outcome") or ""),
        answer=words,
        authority=authority(desk),
        known_as=known_as(desk),
        scope=str(form.get("scope") or "everywhere"),
        nobody_else=who.only_again(desk.me),
    )
    try:
        await house.make(Change(needs(found), lambda book, now: answer_appeal(book, new, now)))
    except UnknownImage:
        raise
    except Refused as refusal:
        return await _again(request, found, refusal, words)
    after = f"&after={found.target}" if found.about == IMAGE else ""
    return RedirectResponse(f"/console?state=appeals{after}", 303)


async def _again(request: Request, found: Appeal, refusal: Refused, words: str) -> Response:
    """The same page with the reason why not, and with what was written."""
    if found.about != IMAGE:
        return await appeals.show(request, refusal, words)
    request.path_params["image"] = found.target
    return await case.show(request, refusal, words)


routes = [Route("/console/appeals/{appeal}", answer, methods=["POST"])]
