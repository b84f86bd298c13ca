"""Makes sites and their keys, and says whose a key is."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

import msgspec

from tawatur.log import events
from tawatur.moderation.refusals import SiteExists, UnknownSite
from tawatur.store import sites
from tawatur.store.database import Database
from tawatur.store.database_book import DatabaseBook
from tawatur.store.sites import Key, Site

SECRET_PREFIX, PUBLIC_PREFIX = "tws_", "twp_"


class SiteKeys(msgspec.Struct, frozen=True):
    """A new site and its keys, to be shown once; only digests of them are kept."""

    site: str
    api_key: str
    public_key: str


def create_site(book: DatabaseBook, name: str, now: datetime) -> SiteKeys:
    """Makes a site with a secret and a public key. Raises SiteExists."""
    if book.site_named(name) is not None:
        raise SiteExists(f"There is a site named {name!r} already; choose another name.")
    site = Site(book.new_id(), name, now)
    made = SiteKeys(site.id, SECRET_PREFIX + secrets.token_urlsafe(32), PUBLIC_PREFIX + secrets.token_urlsafe(16))
    book.add_site(site)
    book.add_key(Key(digest(made.api_key), site.id, "secret", now))
    book.add_key(Key(digest(made.public_key), site.id, "public", now))
    book.append(events.row(book.new_id(), site.id, None, now, events.SiteCreated(name=name)))
    return made


def site_of_key(database: Database, key: str) -> str | None:
    """The site whose secret key this is."""
    if not key.startswith(SECRET_PREFIX):
        return None
    with database.read() as connection:
        found = sites.key(connection, digest(key))
    return found.site if found is not None and found.kind == "secret" else None


def digest(key: str) -> str:
    """How a key is kept. It has 128 random bits or more, so one plain SHA-256 is enough."""
    return hashlib.sha256(key.encode()).hexdigest()


def find_site(database: Database, name: str) -> Site:
    """The site with this name or id. Raises UnknownSite."""
    with database.read() as connection:
        known = sites.all_of_them(connection)
    for site in known:
        if name in (site.name, site.id):
            return site
    names = ", ".join(site.name for site in known) or "none yet"
    raise UnknownSite(f"There is no site {name!r}. Sites here: {names}.")


def require_second_factor(database: Database, site: str, required: bool) -> None:
    """Whether everybody who works on the site needs a second factor."""
    with database.write() as connection:
        sites.require_second_factor(connection, site, required)
