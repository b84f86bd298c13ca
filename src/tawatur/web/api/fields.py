"""Fields that several requests share, and what every request may carry."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from fastapi import Header, Path
from pydantic import AfterValidator, StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from tawatur.moderation.addresses import place_of
from tawatur.moderation.once import Given, fingerprint, once
from tawatur.moderation.refusals import BadAddress, UnknownImage, UnknownReport
from tawatur.store.database_book import DatabaseBook
from tawatur.store.reading_book import Wants
from tawatur.store.writer import Change
from tawatur.web.house import House
from tawatur.web.problems import Problem

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


def no_nul(text: str) -> str:
    """The text, which no database can keep with that character in it. Raises ValueError."""
    if "\x00" in text:
        raise ValueError("must not contain the character U+0000")
    return text


ShortText = Annotated[str, StringConstraints(min_length=1, max_length=255), AfterValidator(no_nul)]
"""An opaque id of the site's, or another word."""
LongText = Annotated[str, StringConstraints(max_length=4000), AfterValidator(no_nul)]
MAX_PAGE = 100_000


def _not_too_long(text: str) -> str:
    if (size := len(text.encode(errors="replace"))) > MAX_PAGE:
        raise ValueError(f"has {size:,} bytes in UTF-8; at most {MAX_PAGE:,} are taken")
    return text


PageText = Annotated[str, StringConstraints(max_length=MAX_PAGE), AfterValidator(_not_too_long)]
"""The text of a page, in which anything may stand."""
MAX_ADDRESSES = 20
"""Of one image, in one request."""


def _servable(text: str) -> str:
    try:
        place_of(text)
    except BadAddress as error:
        raise ValueError(str(error)) from None
    return text


SiteAddress = Annotated[str, StringConstraints(max_length=2048), AfterValidator(_servable)]
"""Where a site serves a picture itself: an https address, or a path."""
Address = Annotated[str, StringConstraints(max_length=2048, pattern=r"^https?://[^\s\x00]+$")]

ImageId = Annotated[str, Path(description="The image's id, as registering it answered.")]
ReportId = Annotated[str, Path(description="The report's id, as making it answered.")]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="A text of your own, up to 255 characters, new for each request; "
        "the same request with the same key is done once and answered alike for 24 hours.",
        max_length=255,
    ),
]


def is_id(text: str) -> bool:
    """Whether this has the form of our ids."""
    return _ID.fullmatch(text) is not None


def image_id(text: str) -> str:
    """The id, if it has an id's form; one that has not is of no image. Raises UnknownImage."""
    if not is_id(text):
        raise UnknownImage(f"This site has no image {text[:80]!r}.")
    return text


def report_id(text: str) -> str:
    """The same for reports. Raises UnknownReport."""
    if not is_id(text):
        raise UnknownReport(f"This site has no report {text[:80]!r}.")
    return text


def in_utc(moment: datetime) -> datetime:
    """When an account was made, in UTC. Raises Problem where the calendar ends on the way."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        detail = f"account_created_at: {moment.isoformat()} is not within the years 1 to 9999 in UTC."
        raise Problem(422, detail, "The request is not valid") from None


def idempotency_key(request: Request) -> str | None:
    """The request's Idempotency-Key. Raises Problem when it is not 1 to 255 printable ASCII characters."""
    key = request.headers.get("idempotency-key")
    if key is not None and not _KEY.fullmatch(key):
        raise Problem(
            422, "Use 1 to 255 printable ASCII characters without spaces.", "The Idempotency-Key is not valid"
        )
    return key


async def make_once(
    house: House,
    request: Request,
    wants: Wants,
    body: bytes,
    run: Callable[[DatabaseBook, datetime], Given],
) -> Response:
    """Makes a change, once for each Idempotency-Key, and answers with what it gave."""
    key = idempotency_key(request)
    if key is None:
        given = await house.make(Change(wants, run))
    else:
        same = fingerprint(request.method.encode(), request.url.path.encode(), body)
        wants = msgspec.structs.replace(wants, key=key)
        given = await house.make(
            Change(wants, lambda book, now: once(book, wants.site, key, same, now, lambda: run(book, now)))
        )
    return Response(given.body, given.status, media_type="application/json")


def give(status: int, body: Any) -> Given:
    """An answer from something that JSON can say."""
    return Given(status, msgspec.json.encode(body))
