"""What may be shown of an image right now: read at every request, so a block holds from its commit on."""

from __future__ import annotations

import msgspec

from tawatur.moderation.refusals import UnknownSite
from tawatur.moderation.sites import digest
from tawatur.store import addresses, images
from tawatur.store.database import Database
from tawatur.store.families import BLOCKED, BLURRED, VISIBLE
from tawatur.store.images import Shown, Visibility

NEVER_SHOWN = "child_safety"
"""A picture that is withheld for this is no longer shown behind a blur either: no path gives it out."""

_WORST_FIRST = (BLOCKED, BLURRED, VISIBLE)


class Standing(msgspec.Struct, frozen=True):
    """The image that stands at an address of a site, and its status."""

    image: str
    status: str


def look_up(database: Database, image: str) -> Shown | None:
    """The image's bytes by address and what its family's state lets be seen of them; None when there is none."""
    with database.read() as connection:
        found = images.shown(connection, image)
    if found is None or found.status != BLURRED or found.reason != NEVER_SHOWN:
        return found
    return msgspec.structs.replace(found, status=BLOCKED)


def look_up_address(database: Database, public_key: str, path: str, host: str | None) -> Standing | None:
    """What the site with this public key serves at the path (as `addresses.path_of` gives it); None for nothing that
    is registered. Raises UnknownSite.

    Without a host the path is looked for on all of the site's hosts, and of several images the one that is withheld
    counts: a request may name any host, and the web server still give it the same file.
    """
    with database.read() as connection:
        rows = addresses.at(connection, digest(public_key), "public", path)
    if not rows:
        raise UnknownSite("No site has this public key; `tawatur site create` printed it, beginning with twp_.")
    found = [
        Standing(row.image, BLOCKED if row.status == BLURRED and row.reason == NEVER_SHOWN else row.status)
        for row in rows
        if row.image is not None and row.status is not None and (host is None or row.host in ("", host))
    ]
    return min(found, key=lambda one: _WORST_FIRST.index(one.status), default=None)


def visibilities(database: Database, ids: set[str]) -> dict[str, Visibility]:
    """What readers see of each of these images, of whichever sites; unknown ids are left out."""
    with database.read() as connection:
        seen = {found.id: found for found in images.visibilities(connection, ids)}
    for key, found in seen.items():
        if found.status == BLURRED and found.reason == NEVER_SHOWN:
            seen[key] = msgspec.structs.replace(found, status=BLOCKED)
    return seen


def sites_of(database: Database, ids: set[str]) -> dict[str, str]:
    """Whose images these are; unknown ids are left out."""
    with database.read() as connection:
        return images.sites_of(connection, ids)
