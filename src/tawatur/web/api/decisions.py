"""What was decided of an image: the engine's explanation, and people's reviews."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from tawatur.moderation.copies import NewCut, cut_image
from tawatur.moderation.look import verdict_of
from tawatur.moderation.once import Given
from tawatur.moderation.review import NewReview, review_image
from tawatur.store.database_book import DatabaseBook
from tawatur.store.reading_book import Wants
from tawatur.web.api.fields import IdempotencyKey, ImageId, LongText, ShortText, give, image_id, make_once
from tawatur.web.auth import SiteId
from tawatur.web.house import house_of
from tawatur.web.languages import language

router = APIRouter(prefix="/v1/images", tags=["decisions"])


class VerdictOut(BaseModel):
    """The state that stands, and what the engine says of the case as it is now, with every number it used."""

    image: str
    status: str
    provisional: bool
    review_by: datetime | None
    outcome: str | None = Field(description="The latest human verdict.")
    would_be: str | None = Field(
        description="Under a policy in shadow: the status that the image would have if the engine acted."
    )
    altered_of: list[str] = Field(description="Blocked images that it is taken for an altered copy of; compare them.")
    words: str = Field(description="The explanation in a sentence or two, in the language asked for.")
    verdict: dict[str, Any]
    context: dict[str, Any] = Field(
        description="What the text of the page that the image stands on names: groups, countries, regions and events, "
        "each with its sentence. It is information for a person and took no part in the verdict: `used_in_decision` is "
        "always false. `state` is `read`, `none`, `unreadable`, `not_fetched` or `not_installed`."
    )


class ReviewIn(BaseModel):
    """A person's decision."""

    outcome: str = Field(
        description="`upheld` blocks for good, `rejected` shows again, `undecided` leaves it as it is."
    )
    reviewer: ShortText = Field(description="The site's opaque id of the person who decided.")
    reason: ShortText | None = Field(None, description="The rule that the image breaks, when upheld.")
    measure: ShortText | None = Field(
        None, description="What upholding does: `block` (also when it is missing), or `blur` for good."
    )
    scope: ShortText = Field(
        "everywhere",
        description="`everywhere`: the picture and all its copies on the site; `this_use`: this image alone, which is "
        "then cut out of its family for good.",
    )
    note: LongText | None = None


class CutIn(BaseModel):
    """A person says that this use of a picture is not like its copies."""

    reviewer: ShortText = Field(description="The site's opaque id of the person who decided.")


class CutOut(BaseModel):
    id: str
    status: str


class ReviewOut(BaseModel):
    id: str
    status: str


@router.get("/{image}/verdict", summary="Why", response_model=VerdictOut)
async def verdict(request: Request, site: SiteId, image: ImageId) -> Response:
    """The explanation for a moderator: never show it to an uploader or to the public, it would teach evasion."""
    found = await run_in_threadpool(
        verdict_of, house_of(request).database, site, image_id(image), datetime.now(UTC), language(request)
    )
    return Response(msgspec.json.encode(found), media_type="application/json")


@router.post("/{image}/reviews", status_code=201, summary="Decide a case", response_model=ReviewOut)
async def review(
    request: Request, site: SiteId, image: ImageId, body: ReviewIn, idempotency_key: IdempotencyKey = None
) -> Response:
    """A person upholds, rejects or leaves undecided. The machine never overrides it."""
    key = image_id(image)
    house = house_of(request)
    new = NewReview(
        site=site,
        image=key,
        reviewer=house.pseudonyms(site).person(body.reviewer),
        outcome=body.outcome,
        reason=body.reason,
        note=body.note,
        measure=body.measure,
        scope=body.scope,
    )

    def run(book: DatabaseBook, now: datetime) -> Given:
        made = review_image(book, new, now)
        return give(201, {"id": made.id, "status": made.status})

    return await make_once(house, request, Wants(site, images=(key,)), body.model_dump_json().encode(), run)


@router.post("/{image}/cut", summary="Cut an image out of its family", response_model=CutOut)
async def cut(
    request: Request, site: SiteId, image: ImageId, body: CutIn, idempotency_key: IdempotencyKey = None
) -> Response:
    """This use of the picture is shown and stands alone; no match ever joins it to its copies again."""
    key = image_id(image)
    house = house_of(request)
    new = NewCut(site, key, house.pseudonyms(site).person(body.reviewer))

    def run(book: DatabaseBook, now: datetime) -> Given:
        return give(200, {"id": key, "status": cut_image(book, new, now)})

    return await make_once(house, request, Wants(site, images=(key,)), body.model_dump_json().encode(), run)
