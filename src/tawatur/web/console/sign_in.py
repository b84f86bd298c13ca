"""Signing in and out: the password, the code of the second factor, the first password, and the language."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlsplit

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tawatur.moderation import halfway, people, second_factor
from tawatur.moderation.pseudonyms import network_prefix
from tawatur.moderation.refusals import (
    BadPassword,
    HalfwayOver,
    LinkUsed,
    NoSecondFactor,
    SignInRefused,
    WrongCode,
)
from tawatur.store.people import Person
from tawatur.web.console.browsers import kind_of
from tawatur.web.console.pages import page
from tawatur.web.console.session import (
    COOKIE,
    HALFWAY_COOKIE,
    KNOWN_COOKIE,
    LANG_COOKIE,
    SITE_COOKIE,
    SignInFirst,
    form_of,
    keep,
    own_desk_of,
    own_page,
    way_back,
)
from tawatur.web.house import house_of
from tawatur.web.languages import LANGUAGES
from tawatur.web.peers import client_address

_YEAR_S = 365 * 86_400
_COOKIE_S = round(people.SESSION_LASTS.total_seconds())
_HALFWAY_S = round(halfway.LASTS.total_seconds())


class Halfway(msgspec.Struct, frozen=True):
    """Whoever has shown who they are, and shows a code next; and where they go then."""

    person: str
    email: str
    next: str


async def ask(request: Request) -> Response:
    """GET /console/sign-in."""
    return door(request, wanted=request.query_params.get("next", ""))


def door(
    request: Request, status: int = 200, *, email: str = "", told: str | None = None, wait: int = 0, wanted: str = ""
) -> Response:
    """The sign-in page, with what went wrong: `told` is "wrong", "over", or a sentence."""
    provider = house_of(request).provider
    name = None if provider is None else provider.name
    answer = page(request, "sign_in.html", None, status, email=email, told=told, wait=wait, next=wanted, provider=name)
    if wait:
        answer.headers["Retry-After"] = str(wait)
    return answer


async def sign_in(request: Request) -> Response:
    """POST /console/sign-in: how often it may be tried says moderation/guesses.py."""
    form = await form_of(request, None)
    email, password = str(form.get("email", ""))[:320], str(form.get("password", ""))
    house, now = house_of(request), datetime.now(UTC)
    wanted, account = str(form.get("next", ""))[:2000], email.strip().lower()
    device = house.guard.device(account, request.cookies.get(KNOWN_COOKIE, ""))
    counted = house.guard.password(account, network_prefix(client_address(request)), device)
    if wait := await run_in_threadpool(house.guard.take, counted, now):
        return door(request, 429, email=email, wait=wait, wanted=wanted)
    try:
        person = await run_in_threadpool(people.known_by_password, house.database, email, password)
    except SignInRefused:
        return door(request, 401, email=email, told="wrong", wanted=wanted)
    await run_in_threadpool(house.guard.give_back, counted)
    return await come_in(request, person, wanted)


async def come_in(request: Request, person: Person, wanted: str) -> Response:
    """Lets somebody in who has shown who they are, or asks for the code of their second factor."""
    house, now = house_of(request), datetime.now(UTC)
    with_code = await run_in_threadpool(people.needs_code, house.database, person.id)
    if not with_code:
        return await _in(request, person.id, person.email, wanted)
    body = msgspec.json.encode(Halfway(person.id, person.email, wanted)).decode()
    token = await run_in_threadpool(halfway.go_halfway, house.database, halfway.CODE, body, now)
    answer = RedirectResponse("/console/sign-in/code", 303)
    keep(request, answer, HALFWAY_COOKIE, token, _HALFWAY_S)
    return answer


async def ask_code(request: Request) -> Response:
    """GET /console/sign-in/code: the password was right, and a second factor is asked for."""
    try:
        await _halfway(request)
    except HalfwayOver:
        return RedirectResponse("/console/sign-in", 303)
    return page(request, "code.html", None, told=None, wait=0)


async def sign_in_with_code(request: Request) -> Response:
    """POST /console/sign-in/code: a code of the telephone's, or a recovery code."""
    form = await form_of(request, None)
    house, now = house_of(request), datetime.now(UTC)
    try:
        found = await _halfway(request)
    except HalfwayOver:
        return door(request, 401, told="over")
    device = house.guard.device(found.email, request.cookies.get(KNOWN_COOKIE, ""))
    counted = house.guard.code(found.person, device)
    if wait := await run_in_threadpool(house.guard.take, counted, now):
        answer = page(request, "code.html", None, 429, told=None, wait=wait)
        answer.headers["Retry-After"] = str(wait)
        return answer
    code = str(form.get("code", ""))[:100]
    try:
        await run_in_threadpool(second_factor.prove, house.database, house.vault, found.person, code, now)
    except (WrongCode, NoSecondFactor) as refusal:
        return page(request, "code.html", None, 401, told=refusal, wait=0)
    await run_in_threadpool(house.guard.give_back, counted)
    token = request.cookies.get(HALFWAY_COOKIE, "")
    try:
        await run_in_threadpool(halfway.take, house.database, halfway.CODE, token, now)
    except HalfwayOver:
        return door(request, 401, told="over")
    return await _in(request, found.person, found.email, found.next)


async def _halfway(request: Request) -> Halfway:
    token, now = request.cookies.get(HALFWAY_COOKIE, ""), datetime.now(UTC)
    body = await run_in_threadpool(halfway.standing, house_of(request).database, halfway.CODE, token, now)
    return msgspec.json.decode(body, type=Halfway)


async def _in(request: Request, person: str, email: str, wanted: str) -> Response:
    """A session, in a browser that this account knows from now on, in the language that the person reads."""
    house, now = house_of(request), datetime.now(UTC)
    kind = kind_of(request.headers.get("user-agent", ""))
    cookie = await run_in_threadpool(people.enter, house.database, person, now, kind)
    found = await run_in_threadpool(people.signed_in, house.database, cookie, now)
    answer = RedirectResponse(way_back(wanted), 303)
    keep(request, answer, COOKIE, cookie, _COOKIE_S)
    _know(request, answer, email)
    if found is not None and found.person.language in LANGUAGES:
        keep(request, answer, LANG_COOKIE, str(found.person.language), _YEAR_S)
    if HALFWAY_COOKIE in request.cookies:
        answer.delete_cookie(HALFWAY_COOKIE, path="/console")
    return answer


def _know(request: Request, answer: Response, email: str) -> None:
    """Lets the account know this browser, beside those of others who work with it."""
    guard, kept = house_of(request).guard, request.cookies.get(KNOWN_COOKIE, "")
    if guard.device(email, kept) is None:
        keep(request, answer, KNOWN_COOKIE, guard.remembering(email, kept), _YEAR_S)


async def welcome(request: Request) -> Response:
    """GET /console/welcome/{token}: whoever got a link chooses a password."""
    token = request.path_params["token"]
    try:
        person = await run_in_threadpool(people.person_of_link, house_of(request).database, token, datetime.now(UTC))
    except LinkUsed:
        return page(request, "link_used.html", None, 404)
    return page(request, "welcome.html", None, email=person.email, weak=False, least=people.LEAST_PASSWORD)


async def choose(request: Request) -> Response:
    """POST /console/welcome/{token}. Whoever has a second factor signs in with both afterwards."""
    form = await form_of(request, None)
    token, database, now = request.path_params["token"], house_of(request).database, datetime.now(UTC)
    kind = kind_of(request.headers.get("user-agent", ""))
    try:
        person = await run_in_threadpool(people.person_of_link, database, token, now)
        password = str(form.get("password", ""))
        cookie = await run_in_threadpool(people.choose_password, database, token, password, now, kind)
    except LinkUsed:
        return page(request, "link_used.html", None, 404)
    except BadPassword:
        return page(request, "welcome.html", None, 422, email=person.email, weak=True, least=people.LEAST_PASSWORD)
    answer = RedirectResponse("/console" if cookie else "/console/sign-in", 303)
    if cookie:
        keep(request, answer, COOKIE, cookie, _COOKIE_S)
        _know(request, answer, person.email)
    return answer


async def sign_out(request: Request) -> Response:
    """POST /console/sign-out."""
    desk = await own_desk_of(request)
    await form_of(request, desk)
    await run_in_threadpool(people.sign_out, house_of(request).database, desk.cookie)
    answer = RedirectResponse("/console/sign-in", 303)
    answer.delete_cookie(COOKIE, path="/console")
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


async def choose_language(request: Request) -> Response:
    """POST /console/language: also for somebody who is not signed in yet; kept with the account of who is."""
    own_page(request)
    form = await request.form(max_files=0, max_fields=5)
    lang = str(form.get("lang", ""))
    answer = _back(request)
    if lang not in LANGUAGES:
        return answer
    keep(request, answer, LANG_COOKIE, lang, _YEAR_S)
    try:
        desk = await own_desk_of(request)
    except SignInFirst:
        return answer
    await run_in_threadpool(people.keep_language, house_of(request).database, desk.me, lang)
    return answer


async def choose_site(request: Request) -> Response:
    """POST /console/site: somebody who works on several goes to another."""
    desk = await own_desk_of(request)
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
    Route("/console/sign-in/code", ask_code, methods=["GET"]),
    Route("/console/sign-in/code", sign_in_with_code, methods=["POST"]),
    Route("/console/welcome/{token}", welcome, methods=["GET"]),
    Route("/console/welcome/{token}", choose, methods=["POST"]),
    Route("/console/sign-out", sign_out, methods=["POST"]),
    Route("/console/language", choose_language, methods=["POST"]),
    Route("/console/site", choose_site, methods=["POST"]),
]
