"""A site asks for what is stored about one of its people to be erased."""

from __future__ import annotations

import msgspec
from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from tawatur.moderation.erasure import Erased, Eraser, erase_person, pseudonym
from tawatur.web.api.fields import ShortText
from tawatur.web.auth import SiteId
from tawatur.web.house import house_of

router = APIRouter(tags=["erasures"])


class ErasureIn(BaseModel):
    """Who is to be forgotten."""

    kind: str = Field(description="`reporter` or `uploader`.")
    person: ShortText = Field(description="The site's own id of the person, or the pseudonym that events show.")


class ErasureOut(BaseModel):
    """What was erased, in numbers, and in words what stays and why."""

    reports: int
    images: int
    events: int
    kept: list[str]


@router.post("/v1/erasures", summary="Forget a person", response_model=ErasureOut)
async def forget(request: Request, site: SiteId, body: ErasureIn) -> Response:
    """Erases what is stored about a person, in the state and in the log; counts and decisions stand, and the seals
    hold. Asked again it finds nothing more. Whoever reads the log learns it from `events.erased`."""
    house = house_of(request)
    done = await run_in_threadpool(_erase, house.eraser, house.secret, site, body)
    return Response(msgspec.json.encode(done), media_type="application/json")


def _erase(eraser: Eraser, secret: bytes, site: str, asked: ErasureIn) -> Erased:
    person = pseudonym(eraser.database, secret, site, asked.person)
    done = erase_person(eraser, site, asked.kind, person)
    eraser.database.scrub()
    return done
