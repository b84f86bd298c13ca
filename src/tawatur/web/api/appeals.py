"""Appeals: whoever posted a withheld image, or is suspended as a reporter, objects; a person answers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import AfterValidator, BaseModel, Field, StringConstraints
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from tawatur.moderation.appeal import (
    MOST_TEXT,
    NewAnswer,
    NewAppeal,
    NewObjection,
    answer_appeal,
    receive_appeal,
    receive_objection,
    withdraw_appeal,
)
from tawatur.moderation.appeals_waiting import about_reporter, find_appeal, listed_appeals, needs
from tawatur.moderation.notice import appeals_of_image
from tawatur.moderation.once import Given
from tawatur.moderation.refusals import TokenRefused, TooOften, UnknownAppeal
from tawatur.store.appeals import IMAGE, REPORTER, Appeal
from tawatur.store.database_book import DatabaseBook
from tawatur.store.reading_book import Wants
from tawatur.store.writer import Change
from tawatur.web.api.fields import IdempotencyKey, ImageId, ShortText, give, image_id, is_id, make_once, no_nul
from tawatur.web.api.reporters import ReporterId, whom_of
from tawatur.web.auth import AnyObjector, Objector, SiteId, SiteOrUploader
from tawatur.web.house import House, house_of

router = APIRouter(tags=["appeals"])

AppealId = Annotated[str, Path(max_length=64, description="The appeal's id, as making it answered.")]
Words = Annotated[str, StringConstraints(min_length=1, max_length=MOST_TEXT), AfterValidator(no_nul)]
ME = "me"
"""Whom a reporter token's own reader calls themself."""


class AppealIn(BaseModel):
    """What whoever posted the image says against the decision."""

    text: Words
    uploader: ShortText | None = Field(
        None, description="With the site key: the site's own id of who objects. It must be whoever posted the image."
    )


class ObjectionIn(BaseModel):
    """What a suspended reporter says against that."""

    text: Words


class AnswerIn(BaseModel):
    """A person's answer, which is done at once."""

    outcome: str = Field(description="`reversed`: the image is shown, or the reporter is heard; or `stands`.")
    answer: Words = Field(description="In words, for whoever objected.")
    reviewer: ShortText = Field(description="The site's opaque id of the person who decided; they took no part before.")
    scope: ShortText = Field(
        "everywhere", description="What is shown when reversed: the picture `everywhere`, or in `this_use` alone."
    )
    nobody_else: bool = Field(
        False,
        strict=True,
        description="That the site has no other person who could answer. Then whoever decided before may, a day after "
        "the appeal, and whoever objected is told so.",
    )


class AppealOut(BaseModel):
    """An appeal."""

    id: str
    about: str = Field(description="`image` or `reporter`.")
    image: str | None
    reporter: str | None
    against: str = Field(description="Who decided what it is against: `machine` or `person`.")
    status: str = Field(description="`open`, `reversed`, `stands`, `withdrawn`, or `over`: no longer needed.")
    decided_at: datetime
    received_at: datetime
    answer_by: datetime = Field(description="When a person should have answered.")
    text: str | None = Field(description="None once it has expired.")
    answer: str | None
    answered_at: datetime | None
    same_person: bool = Field(description="Whether whoever decided first answered too, for want of anybody else.")


class AppealsOut(BaseModel):
    appeals: list[AppealOut]
    next: str | None = Field(None, description="Ask again with `after` set to this; null: there are no more.")


@router.post("/v1/images/{image}/appeals", status_code=201, summary="Appeal", response_model=AppealOut)
async def appeal(
    request: Request, asker: SiteOrUploader, image: ImageId, body: AppealIn, idempotency_key: IdempotencyKey = None
) -> Response:
    """Whoever posted a withheld image objects, once to each decision and within six months of it. It changes nothing
    until a person who took no part answers."""
    key, house = image_id(image), house_of(request)
    uploader = None if body.uploader is None else house.pseudonyms(asker.site).person(body.uploader)
    if asker.uploader is not None:
        uploader = _claimed(asker, key)
        _pace(house, key)
    new = NewAppeal(asker.site, key, body.text, uploader)

    def run(book: DatabaseBook, now: datetime) -> Given:
        return give(201, told(receive_appeal(book, new, now)))

    wants = Wants(asker.site, images=(key,))
    if asker.uploader is None:
        return await make_once(house, request, wants, body.model_dump_json().encode(), run)
    return _as_response(await house.make(Change(wants, run)))


@router.get("/v1/images/{image}/appeals", summary="Appeals about an image", response_model=AppealsOut)
async def of_image(request: Request, asker: SiteOrUploader, image: ImageId) -> Response:
    """All of them, oldest first."""
    key = image_id(image)
    if asker.uploader is not None:
        _claimed(asker, key)
    found = await run_in_threadpool(appeals_of_image, house_of(request).database, asker.site, key)
    return _page(found)


@router.post("/v1/reporters/{reporter}/appeals", status_code=201, summary="Object", response_model=AppealOut)
async def object_to_suspension(
    request: Request,
    asker: AnyObjector,
    reporter: ReporterId,
    body: ObjectionIn,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """A suspended reporter objects; with a reporter token as `me`. A person answers: clears them, or lets it stand."""
    house = house_of(request)
    whom = await _reporter(house, asker, reporter)
    if asker.reader is not None:
        _pace(house, whom)
    new = NewObjection(asker.site, whom, body.text)

    def run(book: DatabaseBook, now: datetime) -> Given:
        return give(201, told(receive_objection(book, new, now)))

    wants = Wants(asker.site, reporters=(whom,), rules=True)
    if asker.reader is None:
        return await make_once(house, request, wants, body.model_dump_json().encode(), run)
    return _as_response(await house.make(Change(wants, run)))


@router.get("/v1/reporters/{reporter}/appeals", summary="Appeals of a reporter", response_model=AppealsOut)
async def of_reporter(request: Request, asker: AnyObjector, reporter: ReporterId) -> Response:
    """All of them, oldest first; with a reporter token as `me`."""
    house = house_of(request)
    whom = await _reporter(house, asker, reporter)
    return _page(await run_in_threadpool(about_reporter, house.database, asker.site, whom))


@router.get("/v1/appeals", summary="Appeals of the site", response_model=AppealsOut)
async def of_site(
    request: Request,
    site: SiteId,
    status: Annotated[Literal["open", "all"], Query(description="Those that wait, or all.")] = "open",
    after: Annotated[
        str, Query(max_length=64, description="What an earlier page gave as `next`."), AfterValidator(no_nul)
    ] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """Oldest first."""
    database, all_ = house_of(request).database, status == "all"
    found = await run_in_threadpool(lambda: listed_appeals(database, site, limit + 1, after, all_=all_))
    return _page(found[:limit], found[limit - 1].id if len(found) > limit else None)


@router.post("/v1/appeals/{appeal}/answer", summary="Answer an appeal", response_model=AppealOut)
async def answer(
    request: Request, site: SiteId, appeal: AppealId, body: AnswerIn, idempotency_key: IdempotencyKey = None
) -> Response:
    """A person who took no part before reverses the decision or lets it stand, with words to whoever objected.
    Reversing undoes all that the decision did, in the same transaction."""
    house = house_of(request)
    found = await _find(house, site, appeal)
    new = NewAnswer(
        site=site,
        appeal=found.id,
        by=house.pseudonyms(site).person(body.reviewer),
        outcome=body.outcome,
        answer=body.answer,
        scope=body.scope,
        nobody_else=body.nobody_else,
    )

    def run(book: DatabaseBook, now: datetime) -> Given:
        return give(200, told(answer_appeal(book, new, now)))

    return await make_once(house, request, needs(found), body.model_dump_json().encode(), run)


@router.delete("/v1/appeals/{appeal}", summary="Take an appeal back", response_model=AppealOut)
async def withdraw(request: Request, asker: AnyObjector, appeal: AppealId) -> Response:
    """Before it is answered. Twice is the same as once. With a token only one's own."""
    house = house_of(request)
    found = await _find(house, asker.site, appeal)
    only = None
    if asker.uploader is not None:
        only = (IMAGE, asker.uploader.image)
    elif asker.reader is not None:
        only = (REPORTER, asker.reader.reporter)
    made = await house.make(
        Change(needs(found), lambda book, now: withdraw_appeal(book, asker.site, found.id, now, only))
    )
    return _as_response(give(200, told(made)))


def told(appeal: Appeal) -> dict[str, Any]:
    """An appeal as those are told who may know of it."""
    return {
        "id": appeal.id,
        "about": appeal.about,
        "image": appeal.target if appeal.about == IMAGE else None,
        "reporter": appeal.target if appeal.about == REPORTER else None,
        "against": appeal.against,
        "status": appeal.status,
        "decided_at": appeal.decided_at,
        "received_at": appeal.at,
        "answer_by": appeal.answer_by,
        "text": appeal.text,
        "answer": appeal.answer,
        "answered_at": appeal.closed_at,
        "same_person": appeal.same_person,
    }


def _claimed(asker: Objector, image: str) -> str | None:
    """Who posted the image, by the token. Raises TokenRefused for another image's."""
    if asker.uploader is None or asker.uploader.image != image:
        raise TokenRefused("This uploader token is of another image.")
    return asker.uploader.uploader


async def _reporter(house: House, asker: Objector, named: str) -> str:
    """The pseudonym of whom it is about. Raises TokenRefused and UnknownReporter."""
    if asker.uploader is not None:
        raise TokenRefused("This is an uploader token; a reporter has a reporter token.")
    if asker.reader is None:
        return await whom_of(house, asker.site, named)
    if named not in (ME, asker.reader.reporter):
        raise TokenRefused("With a reporter token one speaks for oneself: `/v1/reporters/me/appeals`.")
    return asker.reader.reporter


async def _find(house: House, site: str, appeal: str) -> Appeal:
    if not is_id(appeal):
        raise UnknownAppeal(f"This site has no appeal {appeal[:80]!r}.")
    return await run_in_threadpool(find_appeal, house.database, site, appeal)


def _pace(house: House, who: str) -> None:
    if wait := house.appeals_pace.take(who):
        raise TooOften("This was tried very often within some minutes.", wait)


def _page(found: list[Appeal], following: str | None = None) -> Response:
    return _as_response(give(200, {"appeals": [told(one) for one in found], "next": following}))


def _as_response(given: Given) -> Response:
    return Response(given.body, given.status, {"Cache-Control": "no-store"}, media_type="application/json")
