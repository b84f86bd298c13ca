"""The hashes that copies are found by, as a log a site: each process reads what is new before it searches.

A site's log is written only by who holds its head, so its numbers have no gaps and come in the order of the commits.
A process that has read up to the head while holding it knows every hash that was committed.
"""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import Connection, bindparam, or_, select

from tawatur.store import rows, schema
from tawatur.store.upsert import insert_new


class HashRow(msgspec.Struct, frozen=True, gc=False):
    """One line: from here on the image has this PDQ hash (64 hexadecimal digits), or, when `gone`, matches no more."""

    site: str
    seq: int
    image: str
    pdq: str
    gone: bool = False


class LikelyCopy(msgspec.Struct, frozen=True, gc=False):
    """Two images so near that a person should say whether one is a copy of the other."""

    image: str
    other: str
    site: str
    distance: int
    at: datetime


class _Head(msgspec.Struct):
    site: str
    seq: int


_hashes = schema.hashes.c
_head = select(schema.hash_heads.c.seq).where(schema.hash_heads.c.site == bindparam("site"))
_held = _head.with_for_update()
_after = (
    select(schema.hashes)
    .where(_hashes.site == bindparam("site"), _hashes.seq > bindparam("after"))
    .order_by(_hashes.seq)
)
_likely = (
    select(schema.likely_copies)
    .where(
        or_(
            schema.likely_copies.c.image.in_(bindparam("ids", expanding=True)),
            schema.likely_copies.c.other.in_(bindparam("ids", expanding=True)),
        )
    )
    .order_by(schema.likely_copies.c.distance, schema.likely_copies.c.image)
)


def hold(connection: Connection, site: str) -> int:
    """Holds the head of the site's log until the transaction ends; returns the last number given."""
    seq = connection.execute(_held, {"site": site}).scalar()
    if seq is None:
        insert_new(connection, schema.hash_heads, [_Head(site, 0)])
        seq = connection.execute(_held, {"site": site}).scalar_one()
    return int(seq)


def after(connection: Connection, site: str, seq: int) -> list[HashRow]:
    """The site's log after that number."""
    return rows.read(connection, HashRow, _after, site=site, after=seq)


def append(connection: Connection, new: list[HashRow]) -> None:
    """Writes lines; the caller holds the heads."""
    rows.insert(connection, schema.hashes, new)
    heads = {row.site: row.seq for row in new}
    rows.save(connection, schema.hash_heads, [_Head(site, seq) for site, seq in heads.items()])


def likely_copies(connection: Connection, images: set[str]) -> list[LikelyCopy]:
    """The likely copies of these images, nearest first."""
    return rows.read(connection, LikelyCopy, _likely, ids=sorted(images))


def insert_likely(connection: Connection, found: list[LikelyCopy]) -> None:
    rows.insert(connection, schema.likely_copies, found)
