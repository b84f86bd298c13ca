"""Reports come in here. The busiest route of the house: raw Starlette with a msgspec decoder, one call into
`moderation/report.py`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, TypeVar

import msgspec
from fastapi import APIRouter
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tawatur.log.events import Signals
from tawatur.moderation.cases import policy_now
from tawatur.moderation.once import Given
from tawatur.moderation.pseudonyms import Pseudonyms
from tawatur.moderation.refusals import NoAnonymous, TokenRefused, TooOften
from tawatur.moderation.report import NewReport, Reported, receive_report, withdraw_report
from tawatur.moderation.tokens import Claims
from tawatur.store.database_book import DatabaseBook
from tawatur.store.reading_book import Wants
from tawatur.store.writer import Change
from tawatur.web.api.fields import ReportId, give, image_id, in_utc, make_once, report_id
from tawatur.web.auth import SiteOrReader, asker_of
from tawatur.web.house import house_of
from tawatur.web.peers import client_address
from tawatur.web.problems import Problem

router = APIRouter(tags=["reports"])

T = TypeVar("T")

_Word = Annotated[str, msgspec.Meta(min_length=1, max_length=255, pattern="^[^\\x00]*$")]
_Comment = Annotated[
    Annotated[str, msgspec.Meta(max_length=4000, pattern="^[^\\x00]*$")] | None,
    msgspec.Meta(description="In the reporter's own words."),
]
_Aware = Annotated[datetime, msgspec.Meta(tz=True)]


class SignalsIn(msgspec.Struct, forbid_unknown_fields=True):
    """What the site knows of the reporter's means. Kept only as keyed digests; a key that is missing links nobody."""

    network: Annotated[
        _Word | None, msgspec.Meta(description="The reader's IP address, or any name for the network.")
    ] = None
    device: Annotated[_Word | None, msgspec.Meta(description="Anything that tells devices apart.")] = None
    referrer: Annotated[_Word | None, msgspec.Meta(description="The campaign or page that the reader came from.")] = (
        None
    )
    account_created_at: Annotated[_Aware | None, msgspec.Meta(description="When the reader's account was made.")] = None


class ReportIn(msgspec.Struct, forbid_unknown_fields=True):
    """One reporter's statement that this image breaks one rule."""

    reporter: Annotated[_Word, msgspec.Meta(description="The site's own opaque id of who reports.")]
    reason: Annotated[_Word, msgspec.Meta(description="One of the reasons of the site's policy.")]
    comment: _Comment = None
    signals: SignalsIn | None = None


class ReaderReportIn(msgspec.Struct, forbid_unknown_fields=True):
    """The same with a reporter token, which says whose report it is."""

    reason: Annotated[_Word, msgspec.Meta(description="One of the reasons of the site's policy.")]
    comment: _Comment = None


class ReportOut(BaseModel):
    """The report's id, and the status of the image now. `suspended_until` is there while this person's reports are
    suspended: the report is kept and counts for nothing."""

    id: str
    status: str
    suspended_until: datetime | None = None


_decoder = msgspec.json.Decoder(ReportIn)
_reader_decoder = msgspec.json.Decoder(ReaderReportIn)
_NO_SIGNALS = Signals()


async def make_report(request: Request) -> Response:
    """POST /v1/images/{id}/reports: 201 for a new report, 200 with the same id for a repeat."""
    site, reader = await asker_of(request)
    image = image_id(request.path_params["image"])
    body = await request.body()
    house = house_of(request)
    if reader is None:
        new = _pseudonymous(house.pseudonyms(site), site, image, _said(_decoder, body))
    else:
        new = await _of_reader(request, reader, image, _said(_reader_decoder, body))
    wants = Wants(site, images=(image,), reporters=(new.reporter,))

    def run(book: DatabaseBook, now: datetime) -> Given:
        return _given(receive_report(book, new, now), 201)

    if reader is None:
        return await make_once(house, request, wants, body, run)
    # A reader's repeat is answered like the first one anyway, and another reader's key must not get at the answer.
    given = await house.make(Change(wants, run))
    return Response(given.body, given.status, media_type="application/json")


def _said(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Problem(422, str(error), "The request is not valid") from error


async def _of_reader(request: Request, reader: Claims, image: str, said: ReaderReportIn) -> NewReport:
    """The report of whom the token stands for, over the network that the token names or the report comes from."""
    house = house_of(request)
    home = (await house.sites_of([image])).get(image, reader.site)
    if home != reader.site:
        raise TokenRefused("This reporter token is of another site than the image. Get one of the image's site.")
    if reader.anonymous and not (await run_in_threadpool(policy_now, house.database, home)).anonymous:
        raise NoAnonymous("This site takes reports from its members only. Sign in there, and report from its page.")
    if wait := house.reports_pace.take(reader.reporter):
        raise TooOften("You have reported very often within a minute.", wait)
    signals = Signals(
        network=reader.network or house.pseudonyms(reader.site).network(client_address(request)),
        device=reader.device,
        account_created_at=reader.account_made,
        anonymous=reader.anonymous,
    )
    return NewReport(reader.site, image, reader.reporter, said.reason, said.comment, signals)


def _pseudonymous(pseudonyms: Pseudonyms, site: str, image: str, said: ReportIn) -> NewReport:
    signals = _NO_SIGNALS
    if said.signals is not None:
        mine = said.signals
        signals = Signals(
            network=None if mine.network is None else pseudonyms.network(mine.network),
            device=None if mine.device is None else pseudonyms.device(mine.device),
            referrer=None if mine.referrer is None else pseudonyms.referrer(mine.referrer),
            account_created_at=None if mine.account_created_at is None else in_utc(mine.account_created_at),
        )
    return NewReport(site, image, pseudonyms.person(said.reporter), said.reason, said.comment, signals)


def _given(reported: Reported, new_status: int) -> Given:
    told: dict[str, Any] = {"id": reported.id, "status": reported.status}
    if reported.suspended_until is not None:
        told["suspended_until"] = reported.suspended_until
    return give(new_status if reported.new else 200, told)


@router.delete(
    "/v1/reports/{report}",
    summary="Withdraw a report",
    response_model=ReportOut,
    response_model_exclude_none=True,
)
async def withdraw(request: Request, asker: SiteOrReader, report: ReportId) -> Any:
    """Takes a report back, as if it had never been made. Withdrawing twice is the same as once. With a reporter token
    only one's own."""
    key = report_id(report)
    site, reader = asker
    only = None if reader is None else reader.reporter
    wants = Wants(site, reports=(key,))
    found = await house_of(request).make(Change(wants, lambda book, now: withdraw_report(book, site, key, now, only)))
    return ReportOut(id=found.id, status=found.status)


raw_routes = [Route("/v1/images/{image}/reports", make_report, methods=["POST"])]


def document(paths: dict[str, Any], components: dict[str, Any]) -> None:
    """Adds the raw route to the OpenAPI document."""
    schemas, shapes = msgspec.json.schema_components(
        [ReportIn, ReaderReportIn], ref_template="#/components/schemas/{name}"
    )
    components.setdefault("schemas", {}).update(shapes)
    components["schemas"].setdefault("ReportOut", ReportOut.model_json_schema())
    answered = {"application/json": {"schema": {"$ref": "#/components/schemas/ReportOut"}}}
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    paths["/v1/images/{image}/reports"] = {
        "post": {
            "tags": ["reports"],
            "summary": "Report an image",
            "description": "One reporter's statement that one image breaks one rule. "
            "Repeats are answered 200 with the same id. With a reporter token the reporter is the token's.",
            "operationId": "make_report",
            "security": [{"siteKey": []}, {"reporterToken": []}],
            "parameters": [
                {"name": "image", "in": "path", "required": True, "schema": {"type": "string"}},
                {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "maxLength": 255}},
            ],
            "requestBody": {"required": True, "content": {"application/json": {"schema": {"anyOf": list(schemas)}}}},
            "responses": {
                "201": {"description": "Taken, and decided", "content": answered},
                "200": {"description": "This reporter's report of this image was there already", "content": answered},
                "default": {"description": "A problem", "content": problem},
            },
        }
    }
