"""Reports of Bluesky's network come in here, each by an account that its server vouches for."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tawatur.delivery.labels import written
from tawatur.log.events import Signals
from tawatur.moderation.cases import policy_now
from tawatur.moderation.refusals import TooOften
from tawatur.moderation.report import NewReport, Reported, receive_report
from tawatur.moderation.subjects import APPEAL, OTHER, images_of_account, images_of_record, reason_of
from tawatur.store.database_book import DatabaseBook
from tawatur.store.labels import Labeler
from tawatur.store.reading_book import Wants
from tawatur.store.writer import Change
from tawatur.web.house import House, house_of
from tawatur.web.peers import client_address
from tawatur.web.xrpc.answers import answered, json, labeler_of
from tawatur.web.xrpc.failures import invalid
from tawatur.web.xrpc.tokens import check_token, read_token

METHOD = "com.atproto.moderation.createReport"
LONGEST_COMMENT = 4000
_Text = Annotated[str, msgspec.Meta(max_length=2048, pattern="^[^\\x00]*$")]


class RecordRef(msgspec.Struct, tag_field="$type", tag="com.atproto.repo.strongRef"):
    """A version of a record."""

    uri: _Text
    cid: _Text


class AccountRef(msgspec.Struct, tag_field="$type", tag="com.atproto.admin.defs#repoRef"):
    """An account."""

    did: _Text


class ReportIn(msgspec.Struct, rename="camel"):
    """What com.atproto.moderation.createReport takes; what else a client says is left alone."""

    reason_type: _Text
    subject: RecordRef | AccountRef
    reason: Annotated[str, msgspec.Meta(max_length=20_000)] | None = None


_decoder = msgspec.json.Decoder(ReportIn)


@answered
async def make_report(request: Request) -> Response:
    """POST com.atproto.moderation.createReport: a report of each picture that the record holds."""
    labeler = await labeler_of(request)
    if not labeler.active:
        raise invalid("This labeler takes no reports any more.")
    house, now, asker = house_of(request), datetime.now(UTC), client_address(request)
    token = read_token(request.headers.get("authorization", ""))
    account = await check_token(token, house.dids, labeler.did, METHOD, now, asker)
    try:
        said = _decoder.decode(await request.body())
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise invalid(str(error)) from None
    if said.reason_type in APPEAL:
        raise invalid("An objection is made by the link in the notice that the uploader got.")
    reporter = house.pseudonyms(labeler.site).person(token.issuer)
    if wait := house.reports_pace.take(reporter):
        raise TooOften("You have reported very often within a minute.", wait)
    found = await _report(house, labeler, said, reporter, account.server)
    body: dict[str, Any] = {
        "id": _number(found.id),
        "reasonType": said.reason_type,
        "subject": msgspec.to_builtins(said.subject),
        "reportedBy": token.issuer,
        "createdAt": written(now),
    }
    return json(body if said.reason is None else {**body, "reason": said.reason})


async def _report(house: House, labeler: Labeler, said: ReportIn, reporter: str, server: str) -> Reported:
    site, database, pseudonyms = labeler.site, house.database, house.pseudonyms(labeler.site)
    subject = said.subject
    if isinstance(subject, RecordRef):
        pictures = await run_in_threadpool(images_of_record, database, site, subject.uri, subject.cid)
    else:
        pictures = await run_in_threadpool(images_of_account, database, pseudonyms, site, subject.did)
    policy = await run_in_threadpool(policy_now, database, site)
    reason = reason_of(said.reason_type)
    comment = (said.reason or "").replace("\x00", "")[:LONGEST_COMMENT] or None
    signals = Signals(network=pseudonyms.network(server) if server else None)
    news = [
        NewReport(site, image, reporter, reason if reason in policy.reasons else OTHER, comment, signals)
        for image in pictures
    ]

    def run(book: DatabaseBook, now: datetime) -> Reported:
        return [receive_report(book, new, now) for new in news][-1]

    return await house.make(Change(Wants(site, images=tuple(pictures), reporters=(reporter,)), run))


def _number(report: str) -> int:
    """The report's id as the network has it: a whole number that every language can hold, the same for a repeat."""
    return int.from_bytes(hashlib.sha256(report.encode()).digest()[:7]) >> 4


routes = [Route(f"/xrpc/{METHOD}", make_report, methods=["POST"])]
