"""The gate: `GET /i/{id}` gives readers the picture, a blur, or a placeholder that says why.

The state is read from the database at every request, so a block holds from its commit on. Nothing that leaves while a
picture is blocked depends on its bytes: no range, condition or header gets at them, and a cached copy is never
confirmed.
"""

from __future__ import annotations

from functools import partial

from anyio import to_thread
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from tawatur.imaging.decode import BLUR_MEDIA_TYPE, ImageRefused, blurred
from tawatur.imaging.placeholder import PLACEHOLDER_MEDIA_TYPE, placeholder
from tawatur.imaging.sandbox import DecodersBusy
from tawatur.imaging.words import Situation
from tawatur.moderation.gate import look_up
from tawatur.moderation.refusals import UnknownImage
from tawatur.store.families import BLOCKED, BLURRED, VISIBLE, Authority
from tawatur.store.images import Shown
from tawatur.web.api.fields import image_id
from tawatur.web.house import House, house_of
from tawatur.web.languages import language

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Vary": "Accept-Language",
}
_NEVER_KEPT = "no-store"
_ASK_EVERY_TIME = "private, no-cache"
"""A browser may keep a visible picture, but must ask before each use whether it still may show it."""

SMALL = 1 << 20
"""Bytes of a picture that is read at once; a larger one is sent piece by piece."""
_PARTIAL = frozenset(("range", "if-range", "if-none-match", "if-match", "if-modified-since", "if-unmodified-since"))
"""Headers that may ask for less than the whole picture."""


async def show(request: Request) -> Response:
    """GET and HEAD /i/{id}. `?lang=` chooses the placeholder's language, `?reveal=1` lifts a blur."""
    try:
        key = image_id(request.path_params["image"])
    except UnknownImage:
        raise UnknownImage("There is no such image.") from None
    house = house_of(request)
    at_once = request.method == "GET" and not _PARTIAL.intersection(request.headers.keys())
    found, body = await run_in_threadpool(_look, house, key, at_once=at_once)
    if found is None:
        raise UnknownImage("There is no such image.")
    if found.status == BLOCKED:
        return await _plate(request, found, _situation(found))
    if not found.size and found.status == BLURRED:
        return await _plate(request, found, Situation.BLURRED)
    if not found.size:
        raise UnknownImage("The site keeps this picture itself and gave only its hash; there is nothing to show here.")
    if found.status == BLURRED and request.query_params.get("reveal") != "1":
        return await _blurred(request, house, found)
    if body is not None:
        return Response(body, headers=_to_show(found), media_type=found.media_type)
    return await _sent(request, house, found)


def _look(house: House, image: str, *, at_once: bool) -> tuple[Shown | None, bytes | None]:
    """What may be seen of an image, and the whole picture with it where it is visible and small: going to another
    thread for each of the two, and for each piece of a file, takes longer than reading it."""
    found = look_up(house.database, image)
    if found is None or found.status != VISIBLE or not at_once or not 0 < found.size <= SMALL:
        return found, None
    return found, house.files.read(found.sha256)


async def _plate(request: Request, found: Shown, situation: Situation) -> Response:
    lang = language(request)
    body = await run_in_threadpool(placeholder, found.width, found.height, lang, situation, found.reason)
    return Response(
        body,
        headers={
            **_ALWAYS,
            "Cache-Control": _NEVER_KEPT,
            "Content-Language": lang,
            "Tawatur-Status": found.status,
        },
        media_type=PLACEHOLDER_MEDIA_TYPE,
    )


def _situation(found: Shown) -> Situation:
    """Whether a person withholds it; or else a list, reports, or reports of another image before this one came."""
    if found.authority > Authority.MACHINE:
        return Situation.UPHELD
    if found.cause == "bank":
        return Situation.BANK
    came_later = found.acted_at is not None and found.registered_at > found.acted_at
    return Situation.COPY if came_later else Situation.REPORTED


async def _blurred(request: Request, house: House, found: Shown) -> Response:
    render = partial(blurred, draw=house.sandbox.draw)
    try:
        body = await to_thread.run_sync(house.files.blurred, found.sha256, render, limiter=house.decoding)
    except (ImageRefused, DecodersBusy):  # a picture that cannot be blurred is not shown sharp instead
        return await _plate(request, found, Situation.BLURRED)
    headers = {**_ALWAYS, "Cache-Control": _NEVER_KEPT, "Tawatur-Status": found.status}
    return Response(body, headers=headers, media_type=BLUR_MEDIA_TYPE)


def _to_show(found: Shown) -> dict[str, str]:
    """The headers of a picture that may be seen."""
    return {
        **_ALWAYS,
        "Accept-Ranges": "bytes",
        "Cache-Control": _ASK_EVERY_TIME if found.status != BLURRED else _NEVER_KEPT,
        "ETag": f'"{found.sha256[:32]}"',
        "Tawatur-Status": found.status,
    }


async def _sent(request: Request, house: House, found: Shown) -> Response:
    headers = _to_show(found)
    if headers["ETag"] in _tags(request.headers.get("if-none-match", "")) and found.status != BLURRED:
        return Response(status_code=304, headers=headers)
    path = house.files.image(found.sha256)
    stat = await run_in_threadpool(house.files.about, found.sha256)
    return FileResponse(path, headers=headers, media_type=found.media_type, stat_result=stat)


def _tags(header: str) -> list[str]:
    return [tag.strip().removeprefix("W/") for tag in header.split(",")]


raw_routes = [Route("/i/{image}", show, methods=["GET", "HEAD"])]
