"""A site's actor, how it is found, and its inbox, in which reports of other servers come in."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlsplit

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tawatur.moderation.cases import policy_now
from tawatur.moderation.flags import OTHER, Flag, addresses_of, images_of, signals_of, takes_flags
from tawatur.moderation.refusals import TooOften, UnknownReason
from tawatur.moderation.report import NewReport, receive_report
from tawatur.store.database_book import DatabaseBook
from tawatur.store.reading_book import Wants
from tawatur.store.writer import Change
from tawatur.web.api.fields import is_id
from tawatur.web.fediverse.signatures import (
    NotSigned,
    Signature,
    check_date,
    check_digest,
    holds,
    read_signature,
    signed_text,
)
from tawatur.web.house import House, house_of
from tawatur.web.peers import client_address
from tawatur.web.problems import Problem

ACTIVITY = "application/activity+json"
_CONTEXT = "https://www.w3.org/ns/activitystreams"
_flags = msgspec.json.Decoder(Flag)


class _Activity(msgspec.Struct):
    type: str | list[str]


_activities = msgspec.json.Decoder(_Activity)


async def actor(request: Request) -> Response:
    """GET /fediverse/{site}: the site as an actor, as far as a server needs it to deliver."""
    site = await _site(request)
    me = f"{_base(request)}/fediverse/{site}"
    said = {
        "@context": _CONTEXT,
        "id": me,
        "type": "Service",
        "preferredUsername": site,
        "inbox": f"{me}/inbox",
        "outbox": f"{me}/outbox",
        "manuallyApprovesFollowers": True,
    }
    return Response(msgspec.json.encode(said), media_type=ACTIVITY)


async def outbox(request: Request) -> Response:
    """GET /fediverse/{site}/outbox: nothing is ever posted."""
    site = await _site(request)
    here = f"{_base(request)}/fediverse/{site}/outbox"
    said = {"@context": _CONTEXT, "id": here, "type": "OrderedCollection", "totalItems": 0, "orderedItems": []}
    return Response(msgspec.json.encode(said), media_type=ACTIVITY)


async def finger(request: Request) -> Response:
    """GET /.well-known/webfinger: which actor `acct:SITE@HOST` is."""
    base, wanted = _base(request), request.query_params.get("resource", "")
    host = urlsplit(base).netloc
    name, _, where = wanted.removeprefix("acct:").partition("@")
    if wanted.startswith(f"{base}/fediverse/"):
        name, where = wanted.removeprefix(f"{base}/fediverse/"), host
    if where != host or not await _on(house_of(request), name):
        raise HTTPException(404)
    me = f"{base}/fediverse/{name}"
    said = {"subject": f"acct:{name}@{host}", "links": [{"rel": "self", "type": ACTIVITY, "href": me}]}
    return Response(msgspec.json.encode(said), media_type="application/jrd+json")


async def inbox(request: Request) -> Response:
    """POST /fediverse/{site}/inbox: takes a `Flag`; what else servers send is left alone."""
    site, house = await _site(request), house_of(request)
    body = await request.body()
    try:
        kind = _activities.decode(body).type
        if "Flag" not in ([kind] if isinstance(kind, str) else kind):
            return Response(status_code=202)
        flag = _flags.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Problem(400, f"Send an activity of the type Flag as JSON: {error}") from None
    signature, by = await _signed(request, body)
    if flag.by != by:
        raise NotSigned(f"The report is by {flag.by[:300]!r}, and signed by {by[:300]!r}.")
    if not house.actors.seen.has(signature, datetime.now(UTC)):
        await _report(house, site, flag)
        house.actors.seen.add(signature, datetime.now(UTC))
    return Response(status_code=202)


async def _signed(request: Request, body: bytes) -> tuple[Signature, str]:
    """The signature, and the actor who signed the request, to us and now. Raises NotSigned, TooOften."""
    house, asker = house_of(request), client_address(request)
    for name in ("host", "date", "digest", "signature"):
        if len(request.headers.getlist(name)) > 1:
            raise NotSigned(f"The header {name!r} came more than once.")
    signature = read_signature(request.headers.get("signature", ""))
    check_date(request.headers.get("date", ""), datetime.now(UTC))
    check_digest(request.headers.get("digest", ""), body)
    if house.settings.public_url and request.headers.get("host", "").lower() != urlsplit(_base(request)).netloc.lower():
        raise NotSigned("The request was signed for another host.")
    target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    text = signed_text(signature, request.method, target, request.headers)
    signer = await house.actors.signer(signature.key, asker)
    if not holds(signer.key, signature, text):
        signer = await house.actors.signer(signature.key, asker, fresh=True)  # it may have changed since
        if not holds(signer.key, signature, text):
            raise NotSigned("The signature does not hold.")
    return signature, signer.actor


async def _report(house: House, site: str, flag: Flag) -> None:
    pseudonyms = house.pseudonyms(site)
    reporter = pseudonyms.person(flag.by)
    if wait := house.reports_pace.take(reporter):
        raise TooOften("Your server has reported very often within a minute.", wait)
    pictures = await run_in_threadpool(images_of, house.database, site, addresses_of(flag))
    policy = await run_in_threadpool(policy_now, house.database, site)
    if OTHER not in policy.reasons:
        raise UnknownReason(f"This site's policy has no reason {OTHER!r}, which reports of other servers have.")
    signals = signals_of(pseudonyms, flag.by)
    news = [NewReport(site, image, reporter, OTHER, flag.comment, signals) for image in pictures]

    def run(book: DatabaseBook, now: datetime) -> None:
        for new in news:
            receive_report(book, new, now)

    await house.make(Change(Wants(site, images=tuple(pictures), reporters=(reporter,)), run))


async def _site(request: Request) -> str:
    site = str(request.path_params["site"])
    if not await _on(house_of(request), site):
        raise HTTPException(404)
    return site


async def _on(house: House, site: str) -> bool:
    return is_id(site) and await run_in_threadpool(takes_flags, house.database, site)


def _base(request: Request) -> str:
    """How other servers reach this one."""
    return (house_of(request).settings.public_url or str(request.base_url)).rstrip("/")


routes = [
    Route("/.well-known/webfinger", finger, methods=["GET"]),
    Route("/fediverse/{site}", actor, methods=["GET"]),
    Route("/fediverse/{site}/outbox", outbox, methods=["GET"]),
    Route("/fediverse/{site}/inbox", inbox, methods=["POST"]),
]
