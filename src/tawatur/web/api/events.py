"""The log, paged, and as it is written."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Header, Path, Query
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from tawatur.delivery.feed import Listener
from tawatur.log.events import line
from tawatur.log.proof import proof
from tawatur.log.sequencer import sequence
from tawatur.store import events
from tawatur.store.database import Database
from tawatur.web.auth import SiteId
from tawatur.web.house import house_of
from tawatur.web.streams import HEARTBEAT, HEARTBEAT_S, EventStream, frame

router = APIRouter(tags=["events"])

_LARGEST = 2**63 - 1
AT_ONCE = 200
"""Events that are read, and held for a reader who is slow."""


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


@router.get(
    "/v1/events/stream",
    summary="What happens",
    response_class=Response,
    responses={200: {"description": "Server-Sent Events", "content": {"text/event-stream": {}}}},
)
async def stream(
    request: Request,
    site: SiteId,
    after: Annotated[
        int | None,
        Query(ge=0, le=_LARGEST, description="A position to go on from. Left out: what happens from now on."),
    ] = None,
    last_event_id: Annotated[
        int | None,
        Header(alias="Last-Event-ID", ge=0, le=_LARGEST, description="The position of the last event that was taken."),
    ] = None,
) -> Response:
    """Server-Sent Events: each of the site's events as soon as it has its position, which is the `id`, with its type as
    the name and its line of the log as the data. Whoever comes back with `Last-Event-ID` misses none.
    """
    house = house_of(request)
    listener = Listener(site)
    place = f"site {site}"
    house.places.take(place)
    house.feed.open(listener)  # before the head is read, so that nothing falls between

    def ended() -> None:
        house.feed.close(listener)
        house.places.leave(place)

    async def frames() -> AsyncGenerator[bytes, None]:
        position = last_event_id if last_event_id is not None else after
        if position is None:
            position = await run_in_threadpool(_head, house.database)
        yield HEARTBEAT  # the reader sees that it is heard
        while True:
            found = await run_in_threadpool(_positioned, house.database, site, position, AT_ONCE)
            for one in found:
                yield frame(one["type"], one, one["position"])
                position = one["position"]
            if len(found) < AT_ONCE and not await listener.stirred(HEARTBEAT_S):
                yield HEARTBEAT

    return EventStream(frames(), ended)


@router.get("/v1/events/{event}/proof", summary="Proof that an event is sealed", response_model=dict[str, Any])
async def proved(request: Request, site: SiteId, event: Annotated[str, Path(max_length=64)]) -> Response:
    """That the event stands in the log as it was sealed: its way up to the signed root. `docs/check_proof.py` checks
    it with no code of this server."""
    found = await run_in_threadpool(proof, house_of(request).database, site, event)
    return Response(msgspec.json.encode(found), media_type="application/json")


def _page(database: Database, site: str, after: int, limit: int) -> list[dict[str, Any]]:
    sequence(database)  # so that whoever reads after an answer sees what was answered
    return _positioned(database, site, after, limit)


def _positioned(database: Database, site: str, after: int, limit: int) -> list[dict[str, Any]]:
    with database.read() as connection:
        return [line(event) for event in events.page(connection, site, after, limit)]


def _head(database: Database) -> int:
    sequence(database)  # what was answered before is not news
    with database.read() as connection:
        return events.head(connection)
