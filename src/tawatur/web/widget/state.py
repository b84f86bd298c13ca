"""What readers' pages show: how their pictures stand now, and each change soon after it is made."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from tawatur.delivery.feed import Watch
from tawatur.moderation.cases import policy_now
from tawatur.moderation.gate import visibilities
from tawatur.moderation.pseudonyms import network_prefix
from tawatur.store.families import VISIBLE
from tawatur.store.images import Visibility
from tawatur.web.api.fields import is_id
from tawatur.web.house import house_of
from tawatur.web.peers import client_address
from tawatur.web.streams import HEARTBEAT, HEARTBEAT_S, EventStream, frame

router = APIRouter(prefix="/widget", tags=["widget"])

MOST = 100
Images = Annotated[
    list[Annotated[str, Field(max_length=255)]],
    Query(alias="image", min_length=1, max_length=MOST, description="Ids of pictures; unknown ones are left out."),
]


class VisibilityOut(BaseModel):
    """How a picture stands. `reason` says why where it is not simply visible."""

    status: Literal["visible", "blurred", "blocked"]
    reason: str | None


class StatesOut(BaseModel):
    """How each picture stands, and what the first one's site lets its readers do."""

    images: dict[str, VisibilityOut]
    anonymous: bool = Field(description="Whether a reader without a token of the site may report.")
    reasons: list[str] = Field(description="What a report may name.")


@router.get("/state", summary="How pictures stand", response_model=StatesOut)
async def state(request: Request, response: Response, images: Images) -> Any:
    """What readers see of each of these pictures now."""
    response.headers["Cache-Control"] = "no-store"
    house = house_of(request)
    found = await run_in_threadpool(visibilities, house.database, _ids(images))
    first = next((found[image].site for image in images if image in found), None)
    policy = await run_in_threadpool(policy_now, house.database, first)
    return {"images": _told(found), "anonymous": policy.anonymous, "reasons": list(policy.reasons)}


@router.get(
    "/changes",
    summary="How pictures stand, and each change",
    response_class=Response,
    responses={200: {"description": "Server-Sent Events", "content": {"text/event-stream": {}}}},
)
async def changes(request: Request, images: Images) -> Response:
    """Server-Sent Events named `state`: at once one with all pictures, as `GET /widget/state` has them in `images`,
    then one with what has changed each time something does, within two seconds.

    503 with Retry-After when the server keeps no more streams; ask `GET /widget/state` now and then instead.
    """
    house = house_of(request)
    network = network_prefix(client_address(request))
    house.places.take(network)
    watch = Watch(_ids(images))

    def ended() -> None:
        house.feed.close(watch)
        house.places.leave(network)

    async def frames() -> AsyncGenerator[bytes, None]:
        watch.note(await run_in_threadpool(visibilities, house.database, set(watch.images)))
        yield frame("state", {"images": _told(await watch.news(0))})
        while True:
            news = await watch.news(HEARTBEAT_S)
            yield frame("state", {"images": _told(news)}) if news else HEARTBEAT

    house.feed.open(watch)  # before the first look, so that nothing falls between
    return EventStream(frames(), ended)


def _ids(images: list[str]) -> set[str]:
    return set(filter(is_id, images))


def _told(found: Mapping[str, Visibility]) -> dict[str, dict[str, str | None]]:
    return {
        image: {"status": one.status, "reason": None if one.status == VISIBLE else one.reason}
        for image, one in sorted(found.items())
    }
