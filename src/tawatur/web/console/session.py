"""Who is signed in, and that a request really comes from one of our own pages.

The cookie is random, unreadable for scripts and sent by no other site's forms. A form carries, besides, a token made
from it, and its `Origin` must be ours: each of the two alone would do.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tawatur.moderation import attacks, people
from tawatur.moderation.people import SignedIn
from tawatur.store import sites
from tawatur.store.database import Database
from tawatur.store.families import Authority
from tawatur.store.sites import Site
from tawatur.web.house import House, house_of
from tawatur.web.problems import Problem

COOKIE = "tawatur_console"
SITE_COOKIE = "tawatur_site"
LANG_COOKIE = "tawatur_lang"
KNOWN_COOKIE = "tawatur_known"
HALFWAY_COOKIE = "tawatur_halfway"
MOST_FIELDS = 300
"""Of a form; that of a policy has more than a hundred."""


class Desk(NamedTuple):
    """A signed-in person at work on one site. `storms`: how many attacks, and how many surges of reports that are none,
    go on there now."""

    person: SignedIn
    site: Site
    role: str
    cookie: str
    others: list[Site]
    storms: tuple[int, int] = (0, 0)

    def may(self, least: str) -> bool:
        return people.may(self.role, least)

    @property
    def me(self) -> str:
        """The account's id."""
        return self.person.person.id


def pseudonym(house: House, site: str, person: str) -> str:
    """What the log calls an account of the console."""
    return house.pseudonyms(site).person(f"console/{person}")


def reviewer(house: House, desk: Desk) -> str:
    """What the log calls whoever sits at this desk."""
    return pseudonym(house, desk.site.id, desk.me)


def known_as(desk: Desk) -> str | None:
    """Who that is among the site's own people."""
    return next((one.known_as for one in desk.person.memberships if one.site == desk.site.id), None)


def own(house: House, desk: Desk) -> set[str]:
    """All pseudonyms of whoever sits at this desk."""
    return {reviewer(house, desk), known_as(desk) or reviewer(house, desk)}


def authority(desk: Desk) -> Authority:
    return Authority.ADMIN if desk.may("admin") else Authority.MODERATOR


class SignInFirst(Exception):
    """Nobody is signed in; the page asked for comes after signing in."""


class SecondFactorFirst(Exception):
    """The site asks a second factor of everybody, and this person has none yet."""


class NotAllowed(Problem):
    """Somebody is signed in who may not do this."""

    def __init__(self, detail: str) -> None:
        super().__init__(403, detail, "Not allowed")


class RoleNeeded(NotAllowed):
    """Their role on this site does not go so far; `least` does."""

    def __init__(self, least: str, site: str, role: str) -> None:
        super().__init__(f"This needs the role {least}; on {site} you are {role}.")
        self.least, self.site, self.role = least, site, role


class NoSite(NotAllowed):
    """They have an account, and a role nowhere."""

    def __init__(self) -> None:
        super().__init__("You have an account and no site: an admin can give you one with `tawatur user create`.")


class FormTooOld(NotAllowed):
    """The form carries no token of this session."""

    def __init__(self) -> None:
        super().__init__("The form is too old, or not ours. Load the page again and send it once more.")


async def desk_of(request: Request, least: str = "reader") -> Desk:
    """Who asks, and for which of their sites. Raises SignInFirst, SecondFactorFirst where the site asks for one that
    they do not have, and NotAllowed for a role below `least`."""
    desk = await own_desk_of(request)
    if desk.site.second_factor and not desk.person.second_factor:
        raise SecondFactorFirst
    if not desk.may(least):
        raise RoleNeeded(least, desk.site.name, desk.role)
    return desk


async def own_desk_of(request: Request) -> Desk:
    """The same for pages that are about nobody but whoever asks, such as where a second factor is made. Raises
    SignInFirst."""
    cookie = request.cookies.get(COOKIE, "")
    house = house_of(request)
    found = await run_in_threadpool(people.signed_in, house.database, cookie, datetime.now(UTC)) if cookie else None
    if found is None:
        raise SignInFirst
    mine = await run_in_threadpool(_sites, house.database, found)
    if not mine:
        raise NoSite
    asked = request.cookies.get(SITE_COOKIE)
    site = next((one for one in mine if one.id == asked), mine[0])
    role = found.role_on(site.id) or "reader"
    storms = await run_in_threadpool(attacks.on_now, house.database, site.id, datetime.now(UTC))
    return Desk(found, site, role, cookie, mine, storms)


def _sites(database: Database, person: SignedIn) -> list[Site]:
    with database.read() as connection:
        known = {site.id: site for site in sites.all_of_them(connection)}
    return [known[one.site] for one in person.memberships if one.site in known]


async def form_of(request: Request, desk: Desk | None) -> FormData:
    """The form that one of our pages sent. Raises NotAllowed for any other page's."""
    own_page(request)
    form = await request.form(max_files=0, max_fields=MOST_FIELDS)
    if desk is not None:
        token = form.get("token")
        if not isinstance(token, str) or not hmac.compare_digest(token, form_token(request, desk.cookie)):
            raise FormTooOld
    return form


def own_page(request: Request) -> None:
    """Raises NotAllowed where a browser says that another site's page sends this."""
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise NotAllowed("Another site's page sent this.")
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise NotAllowed("Another site's page sent this.")


def form_token(request: Request, cookie: str) -> str:
    key = hmac.digest(house_of(request).secret, b"tawatur/console/forms/1", hashlib.sha256)
    return hmac.digest(key, cookie.encode(), hashlib.sha256).hex()


def keep(request: Request, response: Response, name: str, value: str, seconds: int) -> None:
    """Sets a cookie that scripts cannot read and other sites' forms do not send."""
    secure = request.url.scheme == "https" or (house_of(request).settings.public_url or "").startswith("https:")
    response.set_cookie(name, value, max_age=seconds, path="/console", secure=secure, httponly=True, samesite="lax")


def to_sign_in(request: Request) -> Response:
    """To the sign-in page, and back from there."""
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    back = "" if request.method != "GET" or wanted == "/console" else f"?next={quote(wanted, safe='/')}"
    return RedirectResponse(f"/console/sign-in{back}", 303)


def way_back(wanted: str | None) -> str:
    """Where to go after signing in: a page of the console, never another site's."""
    if wanted is None or not wanted.startswith("/console") or "\\" in wanted or wanted.startswith("//"):
        return "/console"
    return wanted
