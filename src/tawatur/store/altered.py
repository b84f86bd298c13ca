"""Pictures whose altered copies are looked for, as a log a site, and what is known of pictures to know them by.

Which pictures those are changes in the very transaction that blocks or restores, where no pixels are at hand. So what a
picture is known by is kept when it is registered, and the log names it: a copy that comes a moment after the block is
caught, in every process. The price is 5.6 kB a picture, for `KEPT`; of one that is blocked later it is made anew from
the stored bytes, in the background. The log is like the hashes': written by who holds its head, read without gaps.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection, and_, bindparam, delete, exists, select

from tawatur.store import heads, rows, schema
from tawatur.store.families import BLOCKED

KEPT = timedelta(days=30)
"""How long what a picture is known by is kept while nobody blocks it."""


class AlteredRow(msgspec.Struct, frozen=True, gc=False):
    """One line: from here on altered copies of this family are looked for, by its image; or, when `gone`, no more."""

    site: str
    seq: int
    family: str
    image: str
    gone: bool = False


class Resembled(msgspec.Struct, frozen=True):
    """A blocked family that a picture is an altered copy of, by its image, and in how many corners they agree."""

    family: str
    image: str
    corners: int


class Looked(msgspec.Struct, frozen=True):
    """What a picture was found to be an altered copy of, up to a line of the site's log, most corners first."""

    seq: int = 0
    found: tuple[Resembled, ...] = ()


class KnownBy(msgspec.Struct, frozen=True, gc=False):
    """A line with what the image is known by (imaging/features.py); None where that is not kept."""

    family: str
    image: str
    gone: bool
    seq: int
    body: bytes | None


class Description(msgspec.Struct, frozen=True, gc=False):
    """What an image is known by; empty where nothing of it can be known again."""

    site: str
    image: str
    at: datetime
    body: bytes


class AlteredCopy(msgspec.Struct, frozen=True, gc=False):
    """The image is taken for an altered copy of the other, by so many corners."""

    image: str
    other: str
    site: str
    corners: int
    at: datetime


class Undescribed(msgspec.Struct, frozen=True, gc=False):
    """An image of a blocked family that nothing is known of."""

    site: str
    family: str
    image: str
    sha256: str


_log = schema.altered.c
_bodies = schema.descriptions.c
_described = and_(_bodies.site == _log.site, _bodies.image == _log.image)
_after = (
    select(_log.family, _log.image, _log.gone, _log.seq, _bodies.body)
    .outerjoin(schema.descriptions, _described)
    .where(_log.site == bindparam("site"), _log.seq > bindparam("after"))
    .order_by(_log.seq)
)
_copies_of = (
    select(schema.altered_copies)
    .where(schema.altered_copies.c.image.in_(bindparam("ids", expanding=True)))
    .order_by(schema.altered_copies.c.corners.desc(), schema.altered_copies.c.other)
)
_taken_for = (
    select(schema.altered_copies.c.image)
    .where(schema.altered_copies.c.other.in_(bindparam("ids", expanding=True)))
    .order_by(schema.altered_copies.c.image)
)
_undescribed = (
    select(_log.site, _log.family, _log.image, schema.images.c.sha256)
    .join(schema.images, schema.images.c.id == _log.image)
    .join(schema.families, schema.families.c.id == _log.family)
    .outerjoin(schema.descriptions, _described)
    .where(_log.gone.is_(False), _bodies.image.is_(None), schema.families.c.status == BLOCKED)
    .order_by(_log.site, _log.seq)
    .limit(bindparam("limit"))
)
_behind = select(schema.altered_heads).where(schema.altered_heads.c.seq > schema.altered_heads.c.searched)
_latest = (
    select(schema.descriptions)
    .where(_bodies.site == bindparam("site"), _bodies.image < bindparam("before"))
    .order_by(_bodies.image.desc())
    .limit(bindparam("limit"))
)
_forget = delete(schema.descriptions).where(
    _bodies.at < bindparam("before", type_=schema.Instant),
    ~exists().where(_log.site == _bodies.site, _log.image == _bodies.image, _log.gone.is_(False)),
)


class Head(msgspec.Struct, frozen=True, gc=False):
    """The last number of a site's log, and up to which line earlier pictures were searched."""

    site: str
    seq: int
    searched: int


def hold(connection: Connection, site: str) -> int:
    """Holds the head of the site's log until the transaction ends; returns the last number given."""
    return heads.hold(connection, schema.altered_heads, site)


def after(connection: Connection, site: str, seq: int) -> list[KnownBy]:
    """The site's log after that number."""
    return rows.read(connection, KnownBy, _after, site=site, after=seq)


def append(connection: Connection, new: list[AlteredRow]) -> None:
    """Writes lines; the caller holds the heads."""
    rows.insert(connection, schema.altered, new)
    for site, seq in {row.site: row.seq for row in new}.items():
        heads.advance(connection, schema.altered_heads, site, seq)


def describe(connection: Connection, new: list[Description]) -> None:
    rows.insert(connection, schema.descriptions, new)


def note_copies(connection: Connection, new: list[AlteredCopy]) -> None:
    rows.insert(connection, schema.altered_copies, new)


def copies_of(connection: Connection, images: set[str]) -> list[AlteredCopy]:
    """What these images are taken for altered copies of, most corners first."""
    return rows.read(connection, AlteredCopy, _copies_of, ids=sorted(images))


def taken_for(connection: Connection, images: set[str]) -> list[str]:
    """The images that are taken for altered copies of any of these."""
    return list(connection.execute(_taken_for, {"ids": sorted(images)}).scalars())


def undescribed(connection: Connection, limit: int) -> list[Undescribed]:
    """Blocked images that nothing is known of."""
    return rows.read(connection, Undescribed, _undescribed, limit=limit)


def behind(connection: Connection) -> list[Head]:
    """The sites with lines that earlier pictures were not searched for yet."""
    return rows.read(connection, Head, _behind)


def searched(connection: Connection, site: str, seq: int) -> None:
    """Notes that earlier pictures were searched for the lines up to this one."""
    table = schema.altered_heads
    connection.execute(table.update().where(table.c.site == site, table.c.searched < seq).values(searched=seq))


def latest(connection: Connection, site: str, before: str, limit: int) -> list[Description]:
    """What the site's images with an id before this one are known by, newest first."""
    return rows.read(connection, Description, _latest, site=site, before=before, limit=limit)


def forget(connection: Connection, before: datetime) -> None:
    """Forgets what images were known by that were registered before that moment and are not blocked."""
    connection.execute(_forget, {"before": before})
