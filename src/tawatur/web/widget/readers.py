"""How an anonymous reader gets a token: a challenge, and its solution."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from tawatur.decision.policy import Policy
from tawatur.moderation.anonymous import TOKEN_KEPT, anonymous_claims, challenge, check_proof, proofs_pace, use_proof
from tawatur.moderation.cases import policy_now
from tawatur.moderation.refusals import NoAnonymous, TooOften, UnknownImage
from tawatur.moderation.signed import LONGEST
from tawatur.moderation.tokens import sign
from tawatur.store.reading_book import Wants
from tawatur.store.writer import Change
from tawatur.web.api.fields import is_id
from tawatur.web.api.reporter_tokens import TokenOut
from tawatur.web.house import House, house_of
from tawatur.web.peers import client_address

router = APIRouter(prefix="/widget", tags=["widget"])


class ProofIn(BaseModel):
    """A solved challenge."""

    image: str = Field(max_length=255, description="The image that the challenge was asked for.")
    payload: str = Field(max_length=4096, description="The solution, as ALTCHA encodes it.")
    token: str | None = Field(
        None,
        max_length=LONGEST,
        description="An earlier anonymous token, also an expired one: the new one stands for the same reader.",
    )


class ParametersOut(BaseModel):
    algorithm: str
    cost: int
    expiresAt: int  # noqa: N815 (ALTCHA's word)
    keyLength: int  # noqa: N815
    keyPrefix: str  # noqa: N815
    keySignature: str  # noqa: N815
    nonce: str
    salt: str


class ChallengeOut(BaseModel):
    """A challenge in ALTCHA's form, "PoW v2"."""

    parameters: ParametersOut
    signature: str


class _Here(NamedTuple):
    """Whose image was asked for, and from which network (its digest)."""

    site: str
    network: str


@router.get("/challenge", summary="A proof of work to do", response_model=ChallengeOut)
async def ask(
    request: Request, response: Response, image: Annotated[str, Query(max_length=255, description="The image's id.")]
) -> Any:
    """A challenge for a reader without an account, good for five minutes, from this network alone. The faster
    a site or a network uses them, the more work it is; never more than some seconds of a phone."""
    response.headers["Cache-Control"] = "no-store"
    house = house_of(request)
    here = await _here(request, house, image)
    now = datetime.now(UTC)
    pace = await run_in_threadpool(proofs_pace, house.database, here.site, here.network, now)
    return await run_in_threadpool(challenge, house.secret, here.site, here.network, pace, now)


@router.post("/tokens", status_code=201, summary="A token for a proof of work", response_model=TokenOut)
async def make_token(request: Request, response: Response, body: ProofIn) -> Any:
    """A reporter token for a reader without an account, for a solved challenge. Each challenge is good once."""
    response.headers["Cache-Control"] = "no-store"
    house = house_of(request)
    site, network = await _here(request, house, body.image)
    now = datetime.now(UTC)
    digest = check_proof(house.secret, site, network, body.payload)
    claims = anonymous_claims(house.secret, house.pseudonyms(site), site, network, now, body.token)
    await house.make(Change(Wants(site), lambda book, at: use_proof(book, site, network, digest, at)))
    return TokenOut(token=sign(house.secret, claims), expires_in=int(TOKEN_KEPT.total_seconds()))


async def _here(request: Request, house: House, image: str) -> _Here:
    """Raises UnknownImage, NoAnonymous and TooOften."""
    site = (await house.sites_of([image])).get(image) if is_id(image) else None
    if site is None:
        raise UnknownImage("There is no such image.")
    network = house.pseudonyms(site).network(client_address(request))
    if wait := house.proofs_pace.take(network):
        raise TooOften("Very many readers of this network ask at once.", wait)
    policy: Policy = await run_in_threadpool(policy_now, house.database, site)
    if not policy.anonymous:
        raise NoAnonymous("This site takes reports from its members only. Sign in there, and report from its page.")
    return _Here(site, network)
