"""Images: register, look up, count views."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from fastapi import APIRouter
from pydantic import BaseModel, Field, model_validator
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from tawatur.moderation.addresses import give_addresses
from tawatur.moderation.altered import look_before
from tawatur.moderation.context import erase
from tawatur.moderation.look import ImageState, image_states
from tawatur.moderation.once import Given
from tawatur.moderation.refusals import UnknownImage
from tawatur.moderation.register import register_image
from tawatur.moderation.view import count_views
from tawatur.store.database_book import DatabaseBook
from tawatur.store.reading_book import Wants
from tawatur.web.api.fields import (
    MAX_ADDRESSES,
    IdempotencyKey,
    ImageId,
    ShortText,
    SiteAddress,
    give,
    image_id,
    make_once,
)
from tawatur.web.api.registration import REGISTER_BODY, read_registration
from tawatur.web.auth import SiteId
from tawatur.web.house import House, house_of

router = APIRouter(prefix="/v1/images", tags=["images"])

MAX_STATUS = 1000
MAX_VIEWERS = 1000


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
    compare with it, `altered_of` the blocked ones that it is taken for a crop, a screenshot or the like of."""

    id: str
    status: str
    gate_url: str
    pdq: str | None
    quality: int | None
    copies: list[str]
    likely_copies: list[str]
    altered_of: list[str]
    context: str = Field(
        description="`waiting` where the page's text is being read for a person who looks, `not_installed` where it "
        "would be were the extra `context` installed, else `none`."
    )


class StatusIn(BaseModel):
    ids: list[ShortText] = Field(max_length=MAX_STATUS)


class StatusOut(BaseModel):
    """Statuses by id; an id that is not there is of no image of this site."""

    images: dict[str, str]


class AddressesIn(BaseModel):
    address: list[SiteAddress] = Field(
        min_length=1, max_length=MAX_ADDRESSES, description="More addresses where the site serves the picture itself."
    )


class ViewsIn(BaseModel):
    """Either `count` or `viewers`."""

    count: int | None = Field(
        None, ge=1, le=1_000_000, strict=True, description="How many more distinct people were shown the image."
    )
    viewers: list[ShortText] | None = Field(
        None,
        min_length=1,
        max_length=MAX_VIEWERS,
        description="Who they are, by the site's own opaque ids, the same as its reporters'. Kept as keyed digests for "
        "`viewers_days` of the policy, 30 at most; where that is 0, as it is by default, they are only counted.",
    )

    @model_validator(mode="after")
    def one_of_both(self) -> ViewsIn:
        if (self.count is None) == (self.viewers is None):
            raise ValueError("send either count or viewers")
        return self


class StatusOfOne(BaseModel):
    id: str
    status: str


class ViewsOut(BaseModel):
    id: str
    status: str
    views: int


@router.post(
    "", status_code=201, summary="Register an image", response_model=RegisteredOut, openapi_extra=REGISTER_BODY
)
async def register(request: Request, site: SiteId, idempotency_key: IdempotencyKey = None) -> Response:
    """Registers a picture and answers with its id, its status and where readers see it.

    Send the file itself as `multipart/form-data`, or JSON with its `url`, or JSON with its `pdq` hash alone: then the
    bytes stay with you, and the gate shows only whether it is withheld.
    """
    house = house_of(request)
    said, picture = await read_registration(request, house)
    looked = await run_in_threadpool(look_before, house.database, house.altered, site, picture.description)
    new = msgspec.structs.replace(
        picture,
        looked=looked,
        site=site,
        external_id=said.external_id,
        uploader=None if said.uploader is None else house.pseudonyms(site).person(said.uploader),
        page_url=said.page_url,
        caption=said.caption,
    )

    context = house.contexts.expected(said.page_text, said.page_url)
    registered: list[str] = []

    def run(book: DatabaseBook, now: datetime) -> Given:
        made = register_image(book, new, now)
        give_addresses(book, site, made.image.id, said.address, now)
        registered.append(made.image.id)
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
                "altered_of": made.altered_of,
                "context": context,
            },
        )

    same = f"{new.sha256} {new.pdq} {said.model_dump_json()}".encode()
    wants = Wants(
        site,
        families=tuple(one.family for one in looked.found),
        pictures=(new.sha256,),
        orientations=new.orientations,
    )
    answer = await make_once(house, request, wants, same, run)
    if registered:  # and not answered from an earlier time
        house.contexts.note(site, registered[-1], said.page_text, said.page_url)
    return answer


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


@router.post("/{image}/addresses", summary="Say where the site serves an image itself", response_model=StatusOfOne)
async def addresses(
    request: Request, site: SiteId, image: ImageId, body: AddressesIn, idempotency_key: IdempotencyKey = None
) -> Response:
    """From now on `/gate/check` takes these addresses for this image: a thumbnail, a new place. The newest wins."""
    key = image_id(image)

    def run(book: DatabaseBook, now: datetime) -> Given:
        give_addresses(book, site, key, body.address, now)
        found = book.image(site, key)
        assert found is not None
        return give(200, {"id": key, "status": book.family(found.family).status})

    wants = Wants(site, images=(key,))
    return await make_once(house_of(request), request, wants, body.model_dump_json().encode(), run)


@router.delete("/{image}/context", status_code=204, summary="Forget what its page says", response_class=Response)
async def forget_context(request: Request, site: SiteId, image: ImageId) -> Response:
    """Deletes what was found in the text of the page that the image stands on."""
    await run_in_threadpool(erase, house_of(request).database, site, image_id(image))
    return Response(status_code=204)


@router.post("/{image}/views", summary="Count views", response_model=ViewsOut)
async def views(
    request: Request, site: SiteId, image: ImageId, body: ViewsIn, idempotency_key: IdempotencyKey = None
) -> Response:
    """Says that more distinct people were shown the image, and could have reported it."""
    key = image_id(image)
    house = house_of(request)
    named = house.pseudonyms(site)
    viewers = [named.person(one) for one in body.viewers or ()]

    def run(book: DatabaseBook, now: datetime) -> Given:
        total, status = count_views(book, site, key, body.count, now, viewers)
        return give(200, {"id": key, "status": status, "views": total})

    wants = Wants(site, images=(key,))
    said = str(body.count) if body.viewers is None else " ".join(viewers)
    return await make_once(house, request, wants, said.encode(), run)


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
