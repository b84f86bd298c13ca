"""Signing in and out, the first password, and the language."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tawatur.moderation import people
from tawatur.moderation.pseudonyms import network_prefix
from tawatur.moderation.refusals import BadPassword, LinkUsed, SignInRefused
from tawatur.web.console.pages import LANG_COOKIE, page
from tawatur.web.console.session import COOKIE, SITE_COOKIE, desk_of, form_of, keep, own_page, way_back
from tawatur.web.house import house_of
from tawatur.web.languages import LANGUAGES
from tawatur.web.peers import client_address

_YEAR_S = 365 * 86_400
_COOKIE_S = round(people.SESSION_LASTS.total_seconds())


async def ask(request: Request) -> Response:
    """GET /console/sign-in."""
    return page(request, "sign_in.html", None, email="", wrong=None, wait=0, next=request.query_params.get("next", ""))


async def sign_in(request: Request) -> Response:
    """POST /console/sign-in: ten tries in a quarter of an hour for one account, thirty from one network."""
    form = await form_of(request, None)
    email, password = str(form.get("email", ""))[:320], str(form.get("password", ""))
    house = house_of(request)
    wanted = str(form.get("next", ""))
    wait = house.guesses_pace.take(f"for {email.strip().lower()}")
    wait = max(wait, house.guessers_pace.take(f"from {network_prefix(client_address(request))}"))
    if wait:
        answer = page(request, "sign_in.html", None, 429, email=email, wrong=None, wait=wait, next=wanted)
        answer.headers["Retry-After"] = str(wait)
        return answer
    try:
        cookie = await run_in_threadpool(people.sign_in, house.database, email, password, datetime.now(UTC))
    except SignInRefused:
        return page(request, "sign_in.html", None, 401, email=email, wrong=True, wait=0, next=wanted)
    answer = RedirectResponse(way_back(wanted), 303)
    keep(request, answer, COOKIE, cookie, _COOKIE_S)
    return answer


async def welcome(request: Request) -> Response:
    """GET /console/welcome/{token}: whoever got a link chooses a password."""
    token = request.path_params["token"]
    try:
        person = await run_in_threadpool(people.person_of_link, house_of(request).database, token, datetime.now(UTC))
    except LinkUsed:
        return page(request, "link_used.html", None, 404)
    return page(request, "welcome.html", None, email=person.email, weak=False, least=people.LEAST_PASSWORD)


async def choose(request: Request) -> Response:
    """POST /console/welcome/{token}."""
    form = await form_of(request, None)
    token, database, now = request.path_params["token"], house_of(request).database, datetime.now(UTC)
    try:
        person = await run_in_threadpool(people.person_of_link, database, token, now)
        cookie = await run_in_threadpool(people.choose_password, database, token, str(form.get("password", "")), now)
    except LinkUsed:
        return page(request, "link_used.html", None, 404)
    except BadPassword:
        return page(request, "welcome.html", None, 422, email=person.email, weak=True, least=people.LEAST_PASSWORD)
    answer = RedirectResponse("/console", 303)
    keep(request, answer, COOKIE, cookie, _COOKIE_S)
    return answer


async def sign_out(request: Request) -> Response:
    """POST /console/sign-out."""
    desk = await desk_of(request)
    await form_of(request, desk)
    await run_in_threadpool(people.sign_out, house_of(request).database, desk.cookie)
    answer = RedirectResponse("/console/sign-in", 303)
    answer.delete_cookie(COOKIE, path="/console")
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


async def choose_language(request: Request) -> Response:
    """POST /console/language: also for somebody who is not signed in yet."""
    own_page(request)
    form = await request.form(max_files=0, max_fields=5)
    lang = str(form.get("lang", ""))
    answer = _back(request)
    if lang in LANGUAGES:
        keep(request, answer, LANG_COOKIE, lang, _YEAR_S)
    return answer


async def choose_site(request: Request) -> Response:
    """POST /console/site: somebody who works on several goes to another."""
    desk = await desk_of(request)
    form = await form_of(request, desk)
    answer = RedirectResponse("/console", 303)
    if any(site.id == form.get("site") for site in desk.others):
        keep(request, answer, SITE_COOKIE, str(form["site"]), _YEAR_S)
    return answer


def _back(request: Request) -> Response:
    came = urlsplit(request.headers.get("referer", ""))
    return RedirectResponse(way_back(came.path), 303)


routes = [
    Route("/console/sign-in", ask, methods=["GET"]),
    Route("/console/sign-in", sign_in, methods=["POST"]),
    Route("/console/welcome/{token}", welcome, methods=["GET"]),
    Route("/console/welcome/{token}", choose, methods=["POST"]),
    Route("/console/sign-out", sign_out, methods=["POST"]),
    Route("/console/language", choose_language, methods=["POST"]),
    Route("/console/site", choose_site, methods=["POST"]),
]
