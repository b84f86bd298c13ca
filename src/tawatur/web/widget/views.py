"""Readers' browsers say what was on screen. Anybody can, so what they say counts only so far."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from tawatur.moderation import tokens
from tawatur.moderation.pseudonyms import network_prefix
from tawatur.moderation.refusals import TokenRefused
from tawatur.moderation.tokens import Claims
from tawatur.web.api.fields import is_id
from tawatur.web.audience import Reader
from tawatur.web.house import house_of
from tawatur.web.peers import client_address
from tawatur.web.problems import Problem

router = APIRouter(prefix="/widget", tags=["widget"])

_BOT = re.compile(r"bot\b|crawl|spider|slurp|preview|monitor|curl/|wget/|python-|^$", re.IGNORECASE)
"""Programs that say so; those that do not are bounded like everybody."""


class Beacon(msgspec.Struct):
    """Pictures that were on screen, and the reporter token where the page has one."""

    images: Annotated[list[Annotated[str, msgspec.Meta(max_length=255)]], msgspec.Meta(max_length=100)]
    token: Annotated[str, msgspec.Meta(max_length=tokens.LONGEST)] | None = None


_decoder = msgspec.json.Decoder(Beacon)
_SHAPE: dict[str, Any] = msgspec.json.schema_components([Beacon])[1]["Beacon"]


@router.post(
    "/views",
    status_code=204,
    summary="Say what was on screen",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": _SHAPE},
                "text/plain": {"schema": {"type": "string", "description": "The same, as `sendBeacon` sends it."}},
            },
        }
    },
)
async def views(request: Request) -> Response:
    """Counts a view for each of these pictures that this reader has not looked at before. Not all that is said is
    believed, and nobody is told what was. Counted within some seconds."""
    try:
        said = _decoder.decode(await request.body())
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Problem(422, str(error), "The request is not valid") from error
    house = house_of(request)
    browser = request.headers.get("user-agent", "")
    if not _BOT.search(browser):
        address = client_address(request)
        network = network_prefix(address)
        now = datetime.now(UTC)
        claims = _claims(house.secret, said.token, now)
        for image, site in sorted((await house.sites_of(filter(is_id, said.images))).items()):
            if claims is not None and claims.site == site:
                reader = Reader(claims.reporter, network, None if claims.anonymous else claims.reporter)
            else:
                reader = Reader(f"{address} {browser}", network)
            house.audience.note(site, image, reader, now)
    return Response(status_code=204)


def _claims(secret: bytes, token: str | None, now: datetime) -> Claims | None:
    """Whom the token stands for; one that says nothing is as good as none."""
    try:
        return None if token is None else tokens.read(secret, token, now)
    except TokenRefused:
        return None
