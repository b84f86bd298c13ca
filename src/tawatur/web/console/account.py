"""My account: the second factor, the password, where somebody is signed in, and how they want to see things."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import segno
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tawatur.moderation import identities, people, second_factor, sites
from tawatur.moderation.refusals import BadPassword, NoSecondFactor, SignInRefused, TooOften, WrongCode
from tawatur.moderation.sites import digest
from tawatur.store.veils import Veil
from tawatur.store.writer import Refused
from tawatur.web.console.pages import page
from tawatur.web.console.session import KNOWN_COOKIE, Desk, desk_of, form_of, own_desk_of
from tawatur.web.console.words.digits import ARABIC
from tawatur.web.house import House, house_of

_HERE = "/console/account"


async def show(request: Request, refused: Refused | None = None) -> Response:
    """GET /console/account. `?first=1`: a page was asked for that needs a second factor first."""
    desk = await own_desk_of(request)
    facts = await run_in_threadpool(_facts, house_of(request), desk, datetime.now(UTC))
    first = request.query_params.get("first") == "1" and not desk.person.second_factor
    done = request.query_params.get("done", "")
    return page(
        request, "account.html", desk, 200 if refused is None else 409, **facts, first=first, done=done, refused=refused
    )


def _facts(house: House, desk: Desk, now: datetime) -> dict[str, Any]:
    database, me = house.database, desk.person.person
    begun = None if desk.person.second_factor else second_factor.begun(database, house.vault, me.id, now)
    here = digest(desk.cookie)
    return {
        "begun": begun,
        "drawing": None if begun is None else _drawing(second_factor.address(begun, me.email)),
        "codes_left": second_factor.codes_left(database, me.id),
        "sessions": [(one, one.digest == here) for one in people.sessions_of(database, me.id, now)],
        "veil": people.veil_of(database, me.id),
        "pinned": identities.pinned(database, me.id),
        "provider": None if house.provider is None else house.provider.name,
        "without": [one.person.email for one in people.listed(database) if _lacks(one, desk.site.id)],
        "least": people.LEAST_PASSWORD,
    }


def _lacks(one: people.SignedIn, site: str) -> bool:
    return one.role_on(site) is not None and not one.second_factor


def _drawing(address: str) -> Markup:
    """A QR code as SVG without inline style: black on white in both themes, which every telephone reads."""
    code = segno.make(address, error="m", micro=False)
    return Markup(code.svg_inline(scale=4, border=4, dark="#000", light="#fff", omitsize=True, svgclass="qr"))


async def change_factor(request: Request) -> Response:
    """POST /console/account/second-factor: `do` is begin, confirm, codes (new ones) or remove."""
    desk = await own_desk_of(request)
    form = await form_of(request, desk)
    house, now = house_of(request), datetime.now(UTC)
    todo, code = str(form.get("do", "")), str(form.get("code", ""))[:100]
    database, vault = house.database, house.vault
    try:
        if todo == "begin":
            await run_in_threadpool(second_factor.begin, database, vault, desk.me, now)
            return RedirectResponse(f"{_HERE}#second-factor", 303)
        counted = await _take(request, house, desk, now)
        if todo == "confirm":
            here = digest(desk.cookie)
            codes = await run_in_threadpool(second_factor.confirm, database, vault, desk.me, code, now, here)
        elif todo in ("codes", "remove"):
            await run_in_threadpool(second_factor.prove, database, vault, desk.me, code, now)
            codes = []
        else:
            return RedirectResponse(_HERE, 303)
        await run_in_threadpool(house.guard.give_back, counted)
        if todo == "remove":
            await run_in_threadpool(second_factor.remove, database, desk.me)
            return RedirectResponse(f"{_HERE}?done=removed", 303)
        codes = codes or await run_in_threadpool(second_factor.renew_codes, database, vault, desk.me)
    except (WrongCode, NoSecondFactor, TooOften) as refusal:
        return await show(request, refusal)
    return page(request, "recovery.html", desk, codes=codes)


async def change_password(request: Request) -> Response:
    """POST /console/account/password: ends all other sessions."""
    desk = await own_desk_of(request)
    form = await form_of(request, desk)
    house, now = house_of(request), datetime.now(UTC)
    old, new = str(form.get("old", "")), str(form.get("new", ""))
    try:
        counted = await _take(request, house, desk, now)
        here = digest(desk.cookie)
        await run_in_threadpool(people.change_password, house.database, desk.person.person, old, new, here)
        await run_in_threadpool(house.guard.give_back, counted)
    except (SignInRefused, BadPassword, TooOften) as refusal:
        return await show(request, refusal)
    return RedirectResponse(f"{_HERE}?done=password", 303)


async def _take(request: Request, house: House, desk: Desk, now: datetime) -> list[Any]:
    """Counts a try of what only the person knows. Raises TooOften."""
    device = house.guard.device(desk.person.person.email, request.cookies.get(KNOWN_COOKIE, ""))
    counted = house.guard.code(desk.me, device)
    if wait := await run_in_threadpool(house.guard.take, counted, now):
        raise TooOften("Too many tries.", wait)
    return counted


async def end_sessions(request: Request) -> Response:
    """POST /console/account/sessions: ends one (`session`), or all others."""
    desk = await own_desk_of(request)
    form = await form_of(request, desk)
    ended = str(form.get("session") or "") or None
    await run_in_threadpool(people.end_sessions, house_of(request).database, desk.me, ended, digest(desk.cookie))
    return RedirectResponse(f"{_HERE}#sessions", 303)


async def keep_veil(request: Request) -> Response:
    """POST /console/account/pictures: how pictures come, as on a case."""
    desk = await own_desk_of(request)
    form = await form_of(request, desk)
    wanted = Veil(desk.me, form.get("blur") == "on", form.get("grey") == "on")
    await run_in_threadpool(people.keep_veil, house_of(request).database, wanted)
    return RedirectResponse(f"{_HERE}?done=pictures", 303)


async def choose_digits(request: Request) -> Response:
    """POST /console/account/digits: `digits` is arab for ٠١٢٣; anything else is 0123."""
    desk = await own_desk_of(request)
    form = await form_of(request, desk)
    wanted = ARABIC if form.get("digits") == ARABIC else None
    await run_in_threadpool(people.keep_digits, house_of(request).database, desk.me, wanted)
    return RedirectResponse(f"{_HERE}?done=digits#digits", 303)


async def choose_keys(request: Request) -> Response:
    """POST /console/account/keys: `keys` is on for who wants single keys to decide; the queue offers it."""
    desk = await own_desk_of(request)
    form = await form_of(request, desk)
    await run_in_threadpool(people.keep_keys, house_of(request).database, desk.me, form.get("keys") == "on")
    return RedirectResponse("/console#keys", 303)


async def require_factor(request: Request) -> Response:
    """POST /console/account/site: an admin asks a second factor of everybody on the site, or no more."""
    desk = await desk_of(request, "admin")
    form = await form_of(request, desk)
    required = form.get("second_factor") == "required"
    await run_in_threadpool(sites.require_second_factor, house_of(request).database, desk.site.id, required)
    return RedirectResponse(f"{_HERE}#site", 303)


routes = [
    Route(_HERE, show, methods=["GET"]),
    Route(f"{_HERE}/second-factor", change_factor, methods=["POST"]),
    Route(f"{_HERE}/password", change_password, methods=["POST"]),
    Route(f"{_HERE}/sessions", end_sessions, methods=["POST"]),
    Route(f"{_HERE}/pictures", keep_veil, methods=["POST"]),
    Route(f"{_HERE}/digits", choose_digits, methods=["POST"]),
    Route(f"{_HERE}/keys", choose_keys, methods=["POST"]),
    Route(f"{_HERE}/site", require_factor, methods=["POST"]),
]
