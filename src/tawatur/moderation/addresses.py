"""The addresses at which a site serves its pictures itself, and which picture a request would be given.

What counts is the file that the web server would choose, not how the request spells it. `path_of` therefore does
what nginx does before it looks for a file: it drops the query, decodes `%XX` once, merges slashes and resolves dots.
Where it is coarser than nginx (a slash at the end), it finds more pictures, never fewer.
"""

from __future__ import annotations

import re
from datetime import datetime
from urllib.parse import quote, urlsplit

import msgspec

from tawatur.log import events
from tawatur.moderation.refusals import BadAddress, UnknownImage
from tawatur.store.addresses import Address
from tawatur.store.book import Book

_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")


class Place(msgspec.Struct, frozen=True):
    """Where a picture is served. `host` is empty where it is so on every host of the site; `path` is what `path_of`
    made of it."""

    host: str
    path: str


def path_of(target: bytes) -> str:
    """The path that a request's target comes down to, percent-encoded in one way only. Raises BadAddress when no web
    server would serve it."""
    spelled = re.split(rb"[?#]", target, maxsplit=1)[0]
    if _BAD_ESCAPE.search(spelled):
        raise BadAddress("Its path holds a % that is not followed by two hexadecimal digits; write % itself as %25.")
    path = _ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), spelled)
    if not path.startswith(b"/"):
        raise BadAddress("Its path must begin with a slash.")
    if b"\x00" in path:
        raise BadAddress("Its path holds the character U+0000.")
    kept: list[bytes] = []
    for segment in path.split(b"/"):
        if segment == b"..":
            if not kept:
                raise BadAddress("Its path leads above the root.")
            kept.pop()
        elif segment not in (b"", b"."):
            kept.append(segment)
    return "/" + quote(b"/".join(kept))


def place_of(address: str) -> Place:
    """Where a site says that it serves a picture: an http or https address, or a path. Raises BadAddress.

    A query is refused: what `/image?id=5` shows, and all the ways to ask for it, only the site's own program knows.
    """
    host, path = "", address
    if not address.startswith("/"):
        host, path = _split(address)
    if "?" in path or "#" in path:
        raise BadAddress(
            f"{address[:200]!r} holds a query or a fragment. Only a path can be guarded; "
            "write a ? or # of a file's name as %3F or %23."
        )
    try:
        return Place(host, path_of(path.encode()))
    except (BadAddress, UnicodeEncodeError) as error:
        raise BadAddress(f"{address[:200]!r} cannot be an image's address. {error}") from None


def host_of(name: str) -> str:
    """A host's name as it is compared: in lower case and ASCII, without a port. Raises BadAddress."""
    try:
        host = urlsplit(f"//{name}").hostname or ""
        return host.rstrip(".").encode("idna").decode().lower()
    except (UnicodeError, ValueError):
        raise BadAddress(f"{name[:200]!r} is not a host.") from None


def give_addresses(book: Book, site: str, image: str, addresses: list[str], now: datetime) -> None:
    """From now on these addresses show this image; an address that showed another one shows it no longer. Raises
    UnknownImage, BadAddress."""
    places = [place_of(address) for address in addresses]
    if book.image(site, image) is None:
        raise UnknownImage(f"This site has no image {image!r}.")
    if not places:
        return
    for place in places:
        book.add_address(Address.at_path(site, place.path, place.host, image, now))
    given = events.ImageAddressed(addresses=[f"//{at.host}{at.path}" if at.host else at.path for at in places])
    book.append(events.row(book.new_id(), site, image, now, given))


def _split(address: str) -> tuple[str, str]:
    try:
        found = urlsplit(address)
        host = host_of(found.netloc.rpartition("@")[2])
    except ValueError:
        host = ""
    if not host or found.scheme not in ("http", "https"):
        raise BadAddress(f"{address[:200]!r} is neither an http or https address nor a path that begins with a slash.")
    rest = address.partition("//")[2]
    start = re.search(r"[/?#]", rest)
    return host, rest[start.start() :] if start else "/"
