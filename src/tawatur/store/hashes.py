"""The hashes that copies are found by, as a log a site: each process reads what is new before it searches.

A site's log is written only by who holds its head, so its numbers have no gaps and come in the order of the commits.
A process that has read up to the head while holding it knows every hash that was committed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec
import numpy as np
from sqlalchemy import Connection, bindparam, case, func, or_, select

from tawatur.imaging.pdq import Hashes, many_from_hex
from tawatur.imaging.snapshot import Names
from tawatur.store import heads, rows, schema

AT_ONCE = 10_000
"""Lines that are read in one part."""
_PDQ = 64  # hexadecimal digits


class HashRow(msgspec.Struct, frozen=True, gc=False):
    """One line: from here on the image has this PDQ hash (64 hexadecimal digits), or, when `gone`, matches no more,
    for good."""

    site: str
    seq: int
    image: str
    pdq: str
    gone: bool = False


class Lines(msgspec.Struct, frozen=True):
    """Some lines in their order: the last one's number, and of each the image, its hash and whether it is gone."""

    last: int
    images: Names
    pdqs: Hashes
    gone: np.ndarray[Any, np.dtype[np.bool_]]


class LikelyCopy(msgspec.Struct, frozen=True, gc=False):
    """Two images so near that a person should say whether one is a copy of the other."""

    image: str
    other: str
    site: str
    distance: int
    at: datetime


_hashes = schema.hashes.c
_next = (
    select(_hashes.seq, _hashes.pdq, _hashes.image, _hashes.gone)
    .where(_hashes.site == bindparam("site"), _hashes.seq > bindparam("after"))
    .order_by(_hashes.seq)
    .limit(bindparam("most"))
    .subquery()
)
# One text for thousands of lines: a Python object for every value would take longer than everything else at start.
_after = select(
    func.count(),
    func.max(_next.c.seq),
    func.aggregate_strings(_next.c.pdq + case((_next.c.gone, "1"), else_="0") + _next.c.image, "\n"),
)
_at = select(_hashes.image).where(_hashes.site == bindparam("site"), _hashes.seq == bindparam("seq"), ~_hashes.gone)
_sites = select(schema.hash_heads.c.site).where(schema.hash_heads.c.seq >= bindparam("least"))
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
    return heads.hold(connection, schema.hash_heads, site)


def after(connection: Connection, site: str, seq: int) -> Iterator[Lines]:
    """The site's log after that number, in as many parts as it takes."""
    count = AT_ONCE
    while count == AT_ONCE:
        count, last, text = connection.execute(_after, {"site": site, "after": seq, "most": AT_ONCE}).one()
        if count:
            seq = int(last)
            yield _lines(seq, text)


def _lines(last: int, text: str) -> Lines:
    """Cuts many lines at once, into a column for each part."""
    rows = np.array(text.encode().split(b"\n"))
    letters = rows.view(np.uint8).reshape(len(rows), -1)
    images = np.ascontiguousarray(letters[:, _PDQ + 1 :])
    return Lines(
        last,
        images=images.view(f"S{images.shape[1]}")[:, 0],
        pdqs=many_from_hex(letters[:, :_PDQ].tobytes().decode("ascii")),
        gone=letters[:, _PDQ] == ord("1"),
    )


def image_at(connection: Connection, site: str, seq: int) -> str | None:
    """The image that this line of the site's log adds; None where there is no such line or it adds none."""
    found: str | None = connection.execute(_at, {"site": site, "seq": seq}).scalar()
    return found


def sites_from(connection: Connection, least: int) -> list[str]:
    """The sites whose logs have at least so many lines."""
    return list(connection.execute(_sites, {"least": least}).scalars())


def append(connection: Connection, new: list[HashRow]) -> None:
    """Writes lines; the caller holds the heads."""
    rows.insert(connection, schema.hashes, new)
    for site, seq in {row.site: row.seq for row in new}.items():
        heads.advance(connection, schema.hash_heads, site, seq)


def likely_copies(connection: Connection, images: set[str]) -> list[LikelyCopy]:
    """The likely copies of these images, nearest first."""
    return rows.read(connection, LikelyCopy, _likely, ids=sorted(images))


def insert_likely(connection: Connection, found: list[LikelyCopy]) -> None:
    rows.insert(connection, schema.likely_copies, found)
