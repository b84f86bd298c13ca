"""What an image's uploader is told, and the links under which they read it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from tawatur.moderation.notice import notice_for_site, uploader_of
from tawatur.moderation.uploader_tokens import LASTS, sign_uploader
from tawatur.web.api.fields import ImageId, ShortText, image_id
from tawatur.web.auth import SiteId
from tawatur.web.house import house_of
from tawatur.web.languages import language
from tawatur.web.notice.page import link_to
from tawatur.web.notice.saying import html, text, title

router = APIRouter(tags=["appeals"])


class NoticeOut(BaseModel):
    """What happened to an image, for whoever posted it. Who reported is never in it."""

    image: str
    status: str
    provisional: bool = Field(description="Whether a person still has to look.")
    by: str | None = Field(
        description="What withheld it: `reports`, `copy`, `altered`, `bank` (each by itself), or `person`."
    )
    reason: str | None
    people: int | None = Field(description="About how many independent people reported it, rounded coarsely.")
    decided_at: datetime | None
    review_by: datetime | None
    appeal_until: datetime | None
    may_appeal: bool = Field(description="Whether an appeal could be made now.")
    title: str = Field(description="In the language asked for, as the subject of a mail.")
    text: str = Field(description="The whole notice as plain text, with the link.")
    html: str = Field(description="The same as HTML, without style or script.")
    link: str = Field(description="The notice's own page, with the form to appeal: for the uploader alone.")


class UploaderTokenIn(BaseModel):
    """For which image."""

    image: ShortText = Field(description="The image's id.")
    uploader: ShortText | None = Field(
        None, description="The site's own id of who posted it. Where it is given and is not theirs, there is no token."
    )


class UploaderTokenOut(BaseModel):
    """A token for `Authorization: Bearer …`, the page that it opens, and until when."""

    token: str
    link: str
    expires_at: datetime


@router.get("/v1/images/{image}/notice", summary="What its uploader is told", response_model=NoticeOut)
async def notice(
    request: Request,
    response: Response,
    site: SiteId,
    image: ImageId,
    lang: Annotated[str | None, Query(max_length=16, description="`ar`, `en` or `fr`.")] = None,
) -> Any:
    """The reason, the facts, whether a program did it, how to appeal and until when, in the uploader's language. A site
    that hears of `image.blurred` or `image.blocked` mails `title` and `text` to whoever posted the image."""
    response.headers["Cache-Control"] = "no-store"
    house, now, key = house_of(request), datetime.now(UTC), image_id(image)
    found = await run_in_threadpool(notice_for_site, house.database, site, key, now)
    spoken = language(request)
    token = sign_uploader(house.secret, site, key, found.image.uploader, now)
    link = link_to(house, request, token, spoken)
    return NoticeOut(
        image=key,
        status=found.status,
        provisional=found.provisional,
        by=found.by,
        reason=found.reason,
        people=found.people,
        decided_at=found.decided_at,
        review_by=found.review_by,
        appeal_until=found.appeal_until,
        may_appeal=found.may_appeal,
        title=title(found, spoken),
        text=text(found, link, spoken),
        html=html(found, link, spoken),
        link=link,
    )


@router.post("/v1/uploader-tokens", status_code=201, summary="A link for one uploader", response_model=UploaderTokenOut)
async def make_token(request: Request, response: Response, site: SiteId, body: UploaderTokenIn) -> Any:
    """Signs a token with which whoever posted the image reads what was decided of it, and appeals. It is good for this
    image alone, and for nine months: six to appeal and three to read the answer. Nothing is stored."""
    response.headers["Cache-Control"] = "no-store"
    house, now, key = house_of(request), datetime.now(UTC), image_id(body.image)
    said = None if body.uploader is None else house.pseudonyms(site).person(body.uploader)
    uploader = await run_in_threadpool(uploader_of, house.database, site, key, said)
    token = sign_uploader(house.secret, site, key, uploader, now)
    return UploaderTokenOut(token=token, link=link_to(house, request, token), expires_at=now + LASTS)
