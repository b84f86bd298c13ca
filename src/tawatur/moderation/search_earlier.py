"""What is done about altered copies in the background, soon after something was blocked.

Earlier pictures of the site are searched for altered copies of it: the latest `EARLIER`, those that are known by
something. And what is blocked without being known by anything (it was registered long ago, or by an older release) is
described now, from its bytes. Both are found in the database, so nothing is forgotten when a server ends.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from tawatur.imaging.altered import AlteredIndex
from tawatur.imaging.features import read
from tawatur.imaging.pdq import from_hex
from tawatur.moderation.altered import take_for_altered
from tawatur.moderation.banks import match_banks
from tawatur.store import altered
from tawatur.store.altered import Description, Head, Undescribed
from tawatur.store.database import Database
from tawatur.store.database_book import DatabaseBook
from tawatur.store.families import BLOCKED, VISIBLE
from tawatur.store.images import Image
from tawatur.store.reading_book import Wants
from tawatur.store.writer import Change, Writer

EARLIER = 10_000
"""Pictures of a site that are searched when something is blocked: a few seconds' work."""
AT_ONCE = 500
DESCRIBED_AT_ONCE = 50

Describe = Callable[[Undescribed], bytes]
"""Makes what an image is known by from its stored bytes; empty where it cannot be."""


def search_earlier(database: Database, writer: Writer) -> int:
    """Blurs earlier altered copies of what was blocked since the last time; returns how many were found."""
    with database.read() as connection:
        behind = altered.behind(connection)
    return sum(_search_site(database, writer, head) for head in behind)


def describe_blocked(database: Database, writer: Writer, describe: Describe) -> int:
    """Describes what is blocked and was never described; returns how many."""
    with database.read() as connection:
        missing = altered.undescribed(connection, DESCRIBED_AT_ONCE)
    for one in {found.image: found for found in missing}.values():
        body = describe(one)

        def add(book: DatabaseBook, now: datetime, one: Undescribed = one, body: bytes = body) -> None:
            book.describe_late(Description(one.site, one.image, now, body), one.family)

        writer.make_now(Change(Wants(one.site, families=(one.family,)), add))
    return len(missing)


def _search_site(database: Database, writer: Writer, head: Head) -> int:
    blocked = AlteredIndex()
    images: dict[str, str] = {}
    with database.read() as connection:
        for line in altered.after(connection, head.site, head.searched):
            features = None if line.gone else read(line.body or b"")
            blocked.remove(line.family)
            if features is not None:
                blocked.add(line.family, features)
                images[line.family] = line.image
    found = 0
    before = "~"  # behind every id
    for _ in range(EARLIER // AT_ONCE if len(blocked) else 0):
        with database.read() as connection:
            earlier = altered.latest(connection, head.site, before, AT_ONCE)
        for one in earlier:
            features = read(one.body)
            if features is None:
                continue
            for family, likeness in blocked.search(features)[:1]:
                found += _tell(writer, head.site, one.image, images[family], likeness.corners)
        if len(earlier) < AT_ONCE:
            break
        before = earlier[-1].image
    with database.write() as connection:
        altered.searched(connection, head.site, head.seq)
    return found


def _tell(writer: Writer, site: str, image: str, original: str, corners: int) -> bool:
    """Takes the image for an altered copy unless it is withheld, decided on or allowed, or the block is over."""

    def take(book: DatabaseBook, now: datetime) -> bool:
        one, other = book.image(site, image), book.image(site, original)
        if one is None or other is None or one.family == other.family:
            return False
        family = book.family(one.family)
        if family.status != VISIBLE or family.outcome is not None or book.family(other.family).status != BLOCKED:
            return False
        if one.cut or _is_allowed(book, one, now):
            return False
        take_for_altered(book, one, other, corners, now)
        return True

    return writer.make_now(Change(Wants(site, images=(image, original)), take))


def _is_allowed(book: DatabaseBook, image: Image, now: datetime) -> bool:
    """Whether an allow bank knows the image: that overrules any match."""
    listed = None if image.pdq is None else match_banks(book, image.site, [from_hex(image.pdq)], now)
    return listed is not None and listed.allows
