"""Signing in with the account that people have at the operator's OpenID provider (`TAWATUR_OIDC_ISSUER`)."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime
from urllib.parse import urlencode

import msgspec
import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tawatur.moderation import halfway, identities
from tawatur.moderation.pseudonyms import network_prefix
from tawatur.moderation.refusals import HalfwayOver, NobodyKnown, ProviderRefused
from tawatur.web.console.provider import Provider, ProviderAway
from tawatur.web.console.session import HALFWAY_COOKIE, keep
from tawatur.web.console.sign_in import come_in, door
from tawatur.web.house import house_of
from tawatur.web.peers import client_address

BACK = "/console/provider/answer"

log = structlog.get_logger(__name__)


class Asked(msgspec.Struct, frozen=True):
    """What must be known of a browser when it comes back from the provider."""

    nonce: str
    verifier: str
    next: str


async def begin(request: Request) -> Response:
    """GET /console/provider: to the provider, and back from there with a code."""
    house, now = house_of(request), datetime.now(UTC)
    wanted = request.query_params.get("next", "")[:2000]
    if house.provider is None:
        return door(request, 404, told="no provider", wanted=wanted)
    counted = house.guard.network(network_prefix(client_address(request)))
    if wait := await run_in_threadpool(house.guard.take, counted, now):
        return door(request, 429, wait=wait, wanted=wanted)
    try:
        begun = await house.provider.begin(_back(request), now)
    except ProviderAway as error:
        return _away(request, error)
    body = msgspec.json.encode(Asked(begun.nonce, begun.verifier, wanted)).decode()
    state = await run_in_threadpool(halfway.go_halfway, house.database, halfway.PROVIDER, body, now)
    answer = RedirectResponse(f"{begun.address}&{urlencode({'state': state})}", 303)
    keep(request, answer, HALFWAY_COOKIE, state, round(halfway.LASTS.total_seconds()))
    return answer


async def answered(request: Request) -> Response:
    """GET /console/provider/answer: back from the provider. What was begun in this browser is taken once."""
    house, now, query = house_of(request), datetime.now(UTC), request.query_params
    if house.provider is None:
        return door(request, 404, told="no provider")
    state, kept = query.get("state", ""), request.cookies.get(HALFWAY_COOKIE, "")
    try:
        if not state or not hmac.compare_digest(state.encode(), kept.encode()):
            raise HalfwayOver("This was not begun in this browser.")
        body = await run_in_threadpool(halfway.take, house.database, halfway.PROVIDER, state, now)
        asked = msgspec.json.decode(body, type=Asked)
        told = await _told(request, house.provider, asked, now)
        person = await run_in_threadpool(identities.person_of, house.database, told, now)
    except HalfwayOver:
        return door(request, 400, told="over")
    except ProviderAway as error:
        return _away(request, error)
    except (ProviderRefused, NobodyKnown) as refusal:
        return door(request, 403, told=str(refusal))
    await run_in_threadpool(house.guard.give_back, house.guard.network(network_prefix(client_address(request))))
    return await come_in(request, person, asked.next)


async def _told(request: Request, provider: Provider, asked: Asked, now: datetime) -> identities.Told:
    query = request.query_params
    if query.get("iss", provider.issuer) != provider.issuer:
        raise ProviderRefused("Another provider answered.")
    if "error" in query:
        raise ProviderRefused("The provider let nobody in: it was cancelled there, or it needs to be set up for this.")
    return await provider.told(query.get("code", "")[:2000], _back(request), asked.nonce, asked.verifier, now)


def _back(request: Request) -> str:
    base = house_of(request).settings.public_url or str(request.base_url)
    return base.rstrip("/") + BACK


def _away(request: Request, error: ProviderAway) -> Response:
    log.warning("provider_unusable", reason=str(error))
    return door(request, 502, told="away")


routes = [
    Route("/console/provider", begin, methods=["GET"]),
    Route(BACK, answered, methods=["GET"]),
]
