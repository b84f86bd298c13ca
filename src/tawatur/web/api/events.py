"""The log, paged."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from tawatur.log.events import line
from tawatur.log.sequencer import sequence
from tawatur.store import events
from tawatur.store.database import Database
from tawatur.web.auth import SiteId
from tawatur.web.house import house_of

router = APIRouter(tags=["events"])

_LARGEST = 2**63 - 1


class EventsOut(BaseModel):
    """A page of the log. Ask again with `after` set to `next`; an empty page means that there is nothing new."""

    events: list[dict[str, Any]]
    next: int = Field(description="The position to go on from.")


@router.get("/v1/events", summary="What happened", response_model=EventsOut)
async def page(
    request: Request,
    site: SiteId,
    after: Annotated[int, Query(ge=0, le=_LARGEST, description="A position that an earlier page gave as `next`.")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> Response:
    """The site's events after that position, in order. None is ever missed: an event that commits late gets a later
    position."""
    found = await run_in_threadpool(_page, house_of(request).database, site, after, limit)
    last = found[-1]["position"] if found else after
    return Response(msgspec.json.encode({"events": found, "next": last}), media_type="application/json")


def _page(database: Database, site: str, after: int, limit: int) -> list[dict[str, Any]]:
    sequence(database)  # so that whoever reads after an answer sees what was answered
    with database.read() as connection:
        return [line(event) for event in events.page(connection, site, after, limit)]
