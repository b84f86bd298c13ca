"""How one reporter stands with a site, and what a person who moderates does about it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

import msgspec
from fastapi import APIRouter, Path
from pydantic import AfterValidator, BaseModel, Field, StringConstraints
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from tawatur.moderation.once import Given
from tawatur.moderation.refusals import UnknownReporter
from tawatur.moderation.standing import (
    Ask,
    clear_reporter,
    first_known,
    mute_reporter,
    standing_in,
    standing_of,
    told,
    unmute_reporter,
    void_reports,
)
from tawatur.store.database_book import DatabaseBook
from tawatur.store.reading_book import Wants
from tawatur.web.api.fields import IdempotencyKey, ShortText, give, make_once, no_nul
from tawatur.web.auth import SiteId
from tawatur.web.house import House, house_of

router = APIRouter(prefix="/v1/reporters", tags=["reporters"])

ReporterId = Annotated[
    str,
    Path(
        min_length=1,
        max_length=255,
        description="The site's own opaque id of the reporter, or the digest that events name them by.",
    ),
]
Why = Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(no_nul)]


class AskIn(BaseModel):
    """Who asks for it, and why."""

    by: ShortText = Field(description="The site's opaque id of the person who decided.")
    why: Why | None = Field(None, description="In words that stay in the log, and so should name nobody.")


class ReporterOut(BaseModel):
    """How a reporter stands."""

    reporter: str = Field(description="The keyed digest that events name this person by.")
    muted: bool = Field(description="Whether their reports are kept and count for nothing.")
    warned_at: datetime | None = Field(description="When they were last warned or suspended for wrong reports.")
    suspended_until: datetime | None = Field(description="Until then their reports are kept and count for nothing.")
    suspensions: int = Field(description="How often they were suspended since the warning.")
    reported: int = Field(description="How many pictures they ever reported.")
    reviewed: int = Field(description="How many of these reports people decided on.")
    confirmed: int
    live: int = Field(description="Reports that nobody has decided on yet.")


class VoidedOut(ReporterOut):
    voided: int = Field(description="How many live reports were taken away.")


@router.get("/{reporter}", summary="How a reporter stands", response_model=ReporterOut)
async def standing(request: Request, site: SiteId, reporter: ReporterId) -> Response:
    """For the site and its moderators; also how a site finds which of its people an event means."""
    house = house_of(request)
    whom = await whom_of(house, site, reporter)
    found = await run_in_threadpool(standing_of, house.database, site, whom)
    return Response(msgspec.json.encode(told(found)), media_type="application/json")


@router.post("/{reporter}/mute", summary="Stop listening to a reporter", response_model=ReporterOut)
async def mute(
    request: Request, site: SiteId, reporter: ReporterId, body: AskIn, idempotency_key: IdempotencyKey = None
) -> Response:
    """What they said and will say is kept and counts for nothing. The cases that they take part in are decided anew:
    what only they withheld is shown again, unless a person decided it."""
    return await _do(request, site, reporter, body, mute_reporter)


@router.post("/{reporter}/unmute", summary="Listen to a reporter again", response_model=ReporterOut)
async def unmute(
    request: Request, site: SiteId, reporter: ReporterId, body: AskIn, idempotency_key: IdempotencyKey = None
) -> Response:
    """Their reports count again, also those that were kept meanwhile."""
    return await _do(request, site, reporter, body, unmute_reporter)


@router.post("/{reporter}/void", summary="Take away all that a reporter says now", response_model=VoidedOut)
async def void(
    request: Request, site: SiteId, reporter: ReporterId, body: AskIn, idempotency_key: IdempotencyKey = None
) -> Response:
    """As if all their live reports had been withdrawn, and for good: saying the same again changes nothing. What they
    report from now on counts."""
    return await _do(request, site, reporter, body, void_reports, "voided")


@router.post("/{reporter}/clear", summary="Take a warning or suspension back", response_model=ReporterOut)
async def clear(
    request: Request, site: SiteId, reporter: ReporterId, body: AskIn, idempotency_key: IdempotencyKey = None
) -> Response:
    """It begins anew, and what they reported meanwhile counts. What the rule did to others stays."""
    return await _do(request, site, reporter, body, clear_reporter)


async def whom_of(house: House, site: str, named: str) -> str:
    """The digest of the reporter whom the site names by its own id, or by that digest. Raises UnknownReporter."""
    known = await run_in_threadpool(first_known, house.database, site, [house.pseudonyms(site).person(named), named])
    if known is None:
        raise UnknownReporter(f"Nobody whom this site calls {named[:80]!r} has reported here.")
    return known


async def _do(
    request: Request,
    site: str,
    named: str,
    body: AskIn,
    act: Callable[[DatabaseBook, Ask, datetime], int],
    counted: str | None = None,
) -> Response:
    """Does it, and answers with how the reporter stands then, and with what was `counted`."""
    house = house_of(request)
    whom = await whom_of(house, site, named)
    ask = Ask(site, whom, house.pseudonyms(site).person(body.by), body.why)

    def run(book: DatabaseBook, now: datetime) -> Given:
        done = act(book, ask, now)
        return give(200, told(standing_in(book, ask)) | ({} if counted is None else {counted: done}))

    wants = Wants(site, reporters=(whom,), rules=True)
    return await make_once(house, request, wants, body.model_dump_json().encode(), run)
