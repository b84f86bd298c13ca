"""The uploader's page under a signed link: what was decided, why, and the form to object. It works without scripts.

The token in the address is all that is needed, and nothing that a browser sends by itself: a page elsewhere that knows
no token can neither read nor send anything here.
"""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import Route

from tawatur.moderation.appeal import MOST_TEXT, NewAppeal, receive_appeal, withdraw_appeal
from tawatur.moderation.notice import notice_for_uploader
from tawatur.moderation.refusals import TokenRefused, TooOften, UnknownImage
from tawatur.moderation.uploader_tokens import UploaderClaims, read_uploader
from tawatur.store.reading_book import Wants
from tawatur.store.writer import Change, Refused
from tawatur.web.house import House, house_of
from tawatur.web.languages import LANGUAGES, language
from tawatur.web.notice.saying import HERE, page

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; font-src 'self'; img-src data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
}


def link_to(house: House, request: Request, token: str, lang: str | None = None) -> str:
    """Where whoever has this token reads the notice."""
    base = (house.settings.public_url or str(request.base_url)).rstrip("/")
    return f"{base}/notice/{token}" + (f"?lang={lang}" if lang else "")


async def show(request: Request) -> Response:
    """GET /notice/{token}"""
    return await _answer(request)


async def act(request: Request) -> Response:
    """POST /notice/{token}: `do` is `appeal`, with a `text`, or `withdraw`."""
    house = house_of(request)
    try:
        claims = read_uploader(house.secret, request.path_params["token"], datetime.now(UTC))
    except TokenRefused:
        return _nothing(request, 401)
    form = await request.form(max_files=0, max_fields=5)
    text = str(form.get("text") or "")
    try:
        if wait := house.appeals_pace.take(claims.image):
            raise TooOften("This was sent very often.", wait)
        await _do(house, claims, str(form.get("do") or ""), text)
    except (TokenRefused, UnknownImage):
        return _nothing(request, 401)
    except Refused as refusal:
        return await _answer(request, refusal, text)
    lang = request.query_params.get("lang")
    back = f"?lang={lang}" if lang in LANGUAGES else ""
    return RedirectResponse(f"{request.url.path}{back}#appeal", 303, headers=HEADERS)


async def _do(house: House, claims: UploaderClaims, what: str, text: str) -> None:
    now = datetime.now(UTC)
    notice = await run_in_threadpool(notice_for_uploader, house.database, claims, now)
    wants = Wants(claims.site, images=(claims.image,))
    if what == "withdraw":
        if notice.appeal is not None:
            mine = notice.appeal.id
            await house.make(Change(wants, lambda book, at: withdraw_appeal(book, claims.site, mine, at)))
        return
    new = NewAppeal(claims.site, claims.image, text, claims.uploader)
    await house.make(Change(wants, lambda book, at: receive_appeal(book, new, at)))


async def _answer(request: Request, refused: Refused | None = None, text: str = "") -> Response:
    house, now = house_of(request), datetime.now(UTC)
    try:
        claims = read_uploader(house.secret, request.path_params["token"], now)
        notice = await run_in_threadpool(notice_for_uploader, house.database, claims, now)
    except (TokenRefused, UnknownImage):
        return _nothing(request, 401)
    lang = language(request)
    body = page("page.html", lang, n=notice, refused=refused, text=text, MOST_TEXT=MOST_TEXT)
    status = 200 if refused is None else 429 if isinstance(refused, TooOften) else 409
    return Response(body, status, {**HEADERS, "Content-Language": lang}, "text/html")


def _nothing(request: Request, status: int) -> Response:
    lang = language(request)
    return Response(page("no_notice.html", lang), status, {**HEADERS, "Content-Language": lang}, "text/html")


def _style(request: Request) -> Response:
    return FileResponse(HERE / "page.css", media_type="text/css", headers={"Cache-Control": "max-age=3600"})


routes = [
    Route("/notice/page.css", _style),
    Route("/notice/{token}", show, methods=["GET"]),
    Route("/notice/{token}", act, methods=["POST"]),
]
