"""Reporter tokens for a site's members: the site's backend asks, its page reports."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from tawatur.moderation.tokens import Claims, seconds, sign
from tawatur.web.api.fields import ShortText, in_utc
from tawatur.web.auth import SiteId
from tawatur.web.house import house_of

router = APIRouter(tags=["reports"])


class TokenIn(BaseModel):
    """Whom the token stands for. All of it is turned into keyed digests; the token itself names nobody."""

    reporter: ShortText = Field(description="The site's own opaque id of the reader, as with `POST …/reports`.")
    account_created_at: AwareDatetime | None = Field(None, description="When the reader's account was made.")
    device: ShortText | None = Field(None, description="Anything that tells devices apart.")
    network: ShortText | None = Field(
        None, description="The reader's IP address. Left out, it is the one that the report comes from."
    )
    ttl: int = Field(3600, ge=10, le=86_400, strict=True, description="How many seconds the token is good for.")


class TokenOut(BaseModel):
    """A token for `Authorization: Bearer …`, and for how many seconds it is good."""

    token: str
    expires_in: int


@router.post("/v1/reporter-tokens", status_code=201, summary="A token for one reader", response_model=TokenOut)
async def make_token(request: Request, response: Response, site: SiteId, body: TokenIn) -> Any:
    """Signs a token with which a page reports as this reader, and takes that back, on this site alone.

    Ask for one when the reader reports, not before. Nothing is stored, so asking twice gives two, for the same reader.
    """
    response.headers["Cache-Control"] = "no-store"
    house = house_of(request)
    mine = house.pseudonyms(site)
    claims = Claims(
        site=site,
        reporter=mine.person(body.reporter),
        expires=seconds(datetime.now(UTC)) + body.ttl,
        account_created_at=None if body.account_created_at is None else seconds(in_utc(body.account_created_at)),
        device=None if body.device is None else mine.device(body.device),
        network=None if body.network is None else mine.network(body.network),
    )
    return TokenOut(token=sign(house.secret, claims), expires_in=body.ttl)
