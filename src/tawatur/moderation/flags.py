"""What a report from a fediverse server says (ActivityPub's `Flag`), and which pictures it means.

A server sends reports for all its people under one actor, so that who reported stays with it. It counts as one person
of the site. Should a server show several actors, they are linked as people behind one address are, for their network is
their host; and servers with names under one domain are linked as people who came by one link, for names cost nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

from tawatur.log.events import Signals
from tawatur.moderation.addresses import Place, place_of
from tawatur.moderation.pseudonyms import Pseudonyms
from tawatur.moderation.refusals import BadAddress, UnknownImage
from tawatur.store import fediverse
from tawatur.store.database import Database

OTHER = "other"
"""The reason of every report: a Flag names no rule."""
MOST = 20
"""Pictures that one report is about."""
MOST_OBJECTS = 200
LONGEST_COMMENT = 4000
_GATE = re.compile(r"/i/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")

Link = str | dict[str, Any]


class Flag(msgspec.Struct, tag_field="type", tag="Flag"):
    """What of the activity is read. `object`: what is reported, as addresses or as objects with `id`, `url` and
    `attachment`."""

    id: str
    actor: str | dict[str, Any]
    object: Link | list[Link]
    content: str | None = None

    @property
    def by(self) -> str:
        """The actor's id; empty where it has none."""
        found = self.actor if isinstance(self.actor, str) else self.actor.get("id")
        return found if isinstance(found, str) else ""

    @property
    def comment(self) -> str | None:
        return (self.content or "").replace("\x00", "")[:LONGEST_COMMENT] or None


def addresses_of(flag: Flag) -> list[str]:
    """All addresses that the report names, each once."""
    found: dict[str, Literal[True]] = {}
    for address in _walk(flag.object, 0):
        if len(found) >= MOST_OBJECTS:
            break
        if len(address) <= 2048 and "\x00" not in address:
            found[address] = True
    return list(found)


def images_of(database: Database, site: str, addresses: list[str]) -> list[str]:
    """The site's pictures that these addresses name: of the gate, of the site's own (`address`), or of the post or page
    that an image was registered with (`external_id`, `page_url`). Raises UnknownImage."""
    ids = [match[1] for address in addresses if (match := _GATE.fullmatch(_path(address)))]
    places = [place for address in addresses if (place := _place(address)) is not None]
    with database.read() as connection:
        found = fediverse.shown_at(connection, site, [(place.host, place.path) for place in places])
        found += fediverse.called(connection, site, ids, addresses, MOST)
    if not found:
        raise UnknownImage("Nothing that the report names is a picture that is registered here.")
    return list(dict.fromkeys(found))[:MOST]


def signals_of(pseudonyms: Pseudonyms, actor: str) -> Signals:
    """What links an actor to others: its host, and the last two labels of the host's name."""
    host = (urlsplit(actor).hostname or "").rstrip(".").lower()
    domain = ".".join(host.split(".")[-2:])
    return Signals(network=pseudonyms.network(host), referrer=pseudonyms.referrer(f"fediverse/{domain}"))


def switch(database: Database, site: str, now: datetime, *, on: bool) -> bool:
    """Lets the site take reports from fediverse servers, or no more; whether that is a change."""
    with database.write() as connection:
        return fediverse.switch_on(connection, site, now) if on else fediverse.switch_off(connection, site)


def takes_flags(database: Database, site: str) -> bool:
    with database.read() as connection:
        return fediverse.member(connection, site) is not None


def _walk(said: Any, depth: int) -> Iterator[str]:
    if isinstance(said, str):
        yield said
    elif isinstance(said, list):
        for one in said[:MOST_OBJECTS]:
            yield from _walk(one, depth)
    elif isinstance(said, dict) and depth < 3:
        for key in ("id", "url", "href", "attachment"):
            if key in said:
                yield from _walk(said[key], depth + 1)


def _path(address: str) -> str:
    try:
        return urlsplit(address).path
    except ValueError:
        return ""


def _place(address: str) -> Place | None:
    try:
        return place_of(address)
    except BadAddress:
        return None
