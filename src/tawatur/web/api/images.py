"""Images: register, look up, count views."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, UploadFile
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from tawatur.imaging.decode import TooManyBytes, examine
from tawatur.moderation.look import ImageState, image_states
from tawatur.moderation.once import Given
from tawatur.moderation.refusals import UnknownImage
from tawatur.moderation.register import NewImage, register_image
from tawatur.moderation.view import count_views
from tawatur.store.database_book import DatabaseBook, Wants
from tawatur.web.api.fields import (
    Address,
    IdempotencyKey,
    ImageId,
    LongText,
    ShortText,
    give,
    image_id,
    make_once,
)
from tawatur.web.auth import SiteId
from tawatur.web.house import House, house_of

router = APIRouter(prefix="/v1/images", tags=["images"])

MAX_BYTES = 20_000_000
MAX_STATUS = 1000


class ImageOut(BaseModel):
    """An image and what readers see of it."""

    id: str
    status: str = Field(description="`visible`, `blurred` or `blocked`.")
    provisional: bool = Field(description="Whether the status waits for a person.")
    reason: str | None
    gate_url: str
    external_id: str | None
    pdq: str | None
    quality: int | None
    registered_at: datetime
    views: int | None
    review_by: datetime | None


class RegisteredOut(BaseModel):
    """A new image. `copies` are the site's other images of the same picture, `likely_copies` those that a person should
    compare with it."""

    id: str
    status: str
    gate_url: str
    pdq: str | None
    quality: int | None
    copies: list[str]
    likely_copies: list[str]


class StatusIn(BaseModel):
    ids: list[ShortText] = Field(max_length=MAX_STATUS)


class StatusOut(BaseModel):
    """Statuses by id; an id that is not there is of no image of this site."""

    images: dict[str, str]


class ViewsIn(BaseModel):
    count: int = Field(
        ge=1, le=1_000_000, strict=True, description="How many more distinct people were shown the image."
    )


class ViewsOut(BaseModel):
    id: str
    status: str
    views: int


@router.post("", status_code=201, summary="Register an image", response_model=RegisteredOut)
async def register(
    request: Request,
    site: SiteId,
    file: Annotated[UploadFile, File(description="JPEG, PNG, WebP, GIF or AVIF; 20 MB and 40 megapixels at most.")],
    external_id: Annotated[ShortText | None, Form(description="The site's own id for it.")] = None,
    uploader: Annotated[ShortText | None, Form(description="The site's opaque id of who posted it.")] = None,
    page_url: Annotated[Address | None, Form(description="The page it stands on.")] = None,
    caption: Annotated[LongText | None, Form()] = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Stores the picture and answers with its id, its status and where readers see it."""
    data = await file.read()
    if len(data) > MAX_BYTES:
        raise TooManyBytes(
            f"The file has {len(data):,} bytes; at most {MAX_BYTES:,} are taken. Scale the picture down."
        )
    house = house_of(request)
    seen = await run_in_threadpool(examine, data)
    sha256 = await run_in_threadpool(house.files.put_image, data)
    new = NewImage(
        site=site,
        sha256=sha256,
        media_type=seen.media_type,
        size=len(data),
        width=seen.width,
        height=seen.height,
        pdq=seen.pdq,
        quality=seen.quality,
        prescale=seen.prescale,
        orientations=seen.orientations,
        external_id=external_id,
        uploader=None if uploader is None else house.pseudonyms(site).person(uploader),
        page_url=page_url,
        caption=caption,
    )

    def run(book: DatabaseBook, now: datetime) -> Given:
        made = register_image(book, new, now)
        return give(
            201,
            {
                "id": made.image.id,
                "status": made.status,
                "gate_url": gate_url(house, request, made.image.id),
                "pdq": made.image.pdq,
                "quality": made.image.quality,
                "copies": made.copies,
                "likely_copies": made.likely_copies,
            },
        )

    said = "\n".join(repr(part) for part in (sha256, external_id, uploader, page_url, caption))
    return await make_once(
        house, request, Wants(site, pictures=(sha256,), orientations=seen.orientations), said.encode(), run
    )


@router.post("/status", summary="The status of up to 1,000 images", response_model=StatusOut)
async def statuses(request: Request, site: SiteId, body: StatusIn) -> Any:
    """What readers see of each; ids that are not this site's are left out."""
    ids = {one for one in body.ids if "\x00" not in one}
    found = await run_in_threadpool(image_states, house_of(request).database, site, ids)
    return StatusOut(images={state.image.id: state.family.status for state in found})


@router.get("/{image}", summary="One image", response_model=ImageOut)
async def show(request: Request, site: SiteId, image: ImageId) -> Any:
    """The image and what readers see of it."""
    key = image_id(image)
    house = house_of(request)
    found = await run_in_threadpool(image_states, house.database, site, {key})
    if not found:
        raise UnknownImage(f"This site has no image {key!r}.")
    return _out(house, request, found[0])


@router.post("/{image}/views", summary="Count views", response_model=ViewsOut)
async def views(
    request: Request, site: SiteId, image: ImageId, body: ViewsIn, idempotency_key: IdempotencyKey = None
) -> Response:
    """Says that more distinct people were shown the image, and could have reported it."""
    key = image_id(image)

    def run(book: DatabaseBook, now: datetime) -> Given:
        total, status = count_views(book, site, key, body.count, now)
        return give(200, {"id": key, "status": status, "views": total})

    wants = Wants(site, images=(key,))
    return await make_once(house_of(request), request, wants, str(body.count).encode(), run)


def gate_url(house: House, request: Request, image: str) -> str:
    """Where readers see the image."""
    base = house.settings.public_url or str(request.base_url)
    return f"{base.rstrip('/')}/i/{image}"


def _out(house: House, request: Request, state: ImageState) -> ImageOut:
    image, family = state.image, state.family
    return ImageOut(
        id=image.id,
        status=family.status,
        provisional=family.provisional,
        reason=family.reason,
        gate_url=gate_url(house, request, image.id),
        external_id=image.external_id,
        pdq=image.pdq,
        quality=image.quality,
        registered_at=image.registered_at,
        views=image.views,
        review_by=family.review_by,
    )
