"""Seals over runs of events, the salts and leaves under them, the keys that sign, and what was erased since.

A seal's document is kept as the very text that was signed. Its salts and leaves lie beside it, one after the other, in
the order of the events' positions: what a proof needs is there without reading the events again.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    BindParameter,
    Column,
    Connection,
    LargeBinary,
    Table,
    Text,
    bindparam,
    func,
    select,
    update,
)

from tawatur.store import rows, schema
from tawatur.store.events import EventRow
from tawatur.store.schema import metadata
from tawatur.store.upsert import insert_new

_seals = Table(
    "seals",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("last", BigInteger, nullable=False, unique=True),
    Column("body", Text, nullable=False),
    Column("signature", Text, nullable=False),
)

_sealed = Table(
    "sealed",
    metadata,
    Column("seal", BigInteger, primary_key=True, autoincrement=False),
    Column("salts", LargeBinary, nullable=False),
    Column("leaves", LargeBinary, nullable=False),
)

_keys = Table(
    "seal_keys",
    metadata,
    Column("since", BigInteger, primary_key=True, autoincrement=False),
    Column("body", Text, nullable=False),
    Column("signature", Text, nullable=False),
    Column("previous_signature", Text),
)

_erased = Table(
    "erased_parts",
    metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("part", Text, primary_key=True),
    Column("digest", LargeBinary, nullable=False),
)


class SealRow(msgspec.Struct, frozen=True):
    """One seal. `last` is the position of the last event under it, `body` the signed document (log/seal.py),
    `signature` 128 hexadecimal digits."""

    number: int
    last: int
    body: str
    signature: str


class Sealed(msgspec.Struct, frozen=True):
    """What lies under a seal: for each event two salts of 16 bytes and a leaf of 32 bytes (log/leaves.py)."""

    seal: int
    salts: bytes
    leaves: bytes


class KeyRow(msgspec.Struct, frozen=True):
    """A key that signs the seals from number `since` on. Its statement `body` is signed by the key itself and by the
    one before it (log/keys.py)."""

    since: int
    body: str
    signature: str
    previous_signature: str | None


class ErasedPart(msgspec.Struct, frozen=True):
    """What an event said of a person and says no more; its digest stands for it under the seal."""

    position: int
    part: str
    digest: bytes


_number: BindParameter[Any] = bindparam("number")
_last_seal = select(_seals).order_by(_seals.c.number.desc()).limit(1)
_after = select(_seals).where(_seals.c.number > _number).order_by(_seals.c.number).limit(bindparam("limit"))
_over = select(_seals).where(_seals.c.last >= bindparam("position")).order_by(_seals.c.last).limit(1)
_under = select(_sealed).where(_sealed.c.seal == _number)
_all_keys = select(_keys).order_by(_keys.c.since)
_parts = (
    select(_erased)
    .where(_erased.c.position >= bindparam("first"), _erased.c.position <= bindparam("last"))
    .order_by(_erased.c.position, _erased.c.part)
)
_salted = update(_sealed).where(_sealed.c.seal == _number).values(salts=bindparam("now"))
_events = schema.events.c
_run = (
    select(schema.events)
    .where(_events.position >= bindparam("first"), _events.position <= bindparam("last"))
    .order_by(_events.position)
)
_own = select(schema.events).where(_events.id == bindparam("id"), _events.site == bindparam("site"))
_out_of_order = (
    select(_events.id, _events.position)
    .where((_events.position < 1) | (_events.position > bindparam("head")))
    .order_by(_events.position)
    .limit(1)
)
_unpositioned = select(func.count(), func.min(_events.at, type_=schema.Instant)).where(_events.position.is_(None))
_said = update(schema.events).where(_events.position == bindparam("place")).values(body=bindparam("said"))


def last(connection: Connection) -> SealRow | None:
    """The latest seal."""
    return next(iter(rows.read(connection, SealRow, _last_seal)), None)


def page(connection: Connection, after: int, limit: int) -> list[SealRow]:
    """The seals with numbers above `after`, in order."""
    return rows.read(connection, SealRow, _after, number=after, limit=limit)


def over(connection: Connection, position: int) -> SealRow | None:
    """The seal over the event at this position; None when it is not sealed yet."""
    return next(iter(rows.read(connection, SealRow, _over, position=position)), None)


def under(connection: Connection, number: int) -> Sealed | None:
    """What lies under the seal."""
    return next(iter(rows.read(connection, Sealed, _under, number=number)), None)


def insert(connection: Connection, seal: SealRow, sealed: Sealed) -> None:
    rows.insert(connection, _seals, [seal])
    rows.insert(connection, _sealed, [sealed])


def keys(connection: Connection) -> list[KeyRow]:
    """All keys that ever signed, the first one first."""
    return rows.read(connection, KeyRow, _all_keys)


def insert_key(connection: Connection, key: KeyRow) -> None:
    rows.insert(connection, _keys, [key])


def erased(connection: Connection, first: int, last: int) -> list[ErasedPart]:
    """What was erased of the events at these positions."""
    return rows.read(connection, ErasedPart, _parts, first=first, last=last)


def erase(connection: Connection, number: int, salts: bytes, parts: Iterable[ErasedPart]) -> None:
    """Puts digests in the place of salts under one seal."""
    insert_new(connection, _erased, list(parts))
    connection.execute(_salted, {"number": number, "now": salts})


def events_between(connection: Connection, first: int, last: int) -> list[EventRow]:
    """The events at these positions, in order, of all sites."""
    return rows.read(connection, EventRow, _run, first=first, last=last)


def event(connection: Connection, site: str, event_id: str) -> EventRow | None:
    """The site's event with this id, whether or not it has a position yet."""
    return next(iter(rows.read(connection, EventRow, _own, site=site, id=event_id)), None)


def say(connection: Connection, bodies: Iterable[tuple[int, str]]) -> None:
    """Lets the events at these positions say something else."""
    changed = [{"place": position, "said": body} for position, body in bodies]
    if changed:
        connection.execute(_said, changed)


def out_of_order(connection: Connection, head: int) -> tuple[str, int] | None:
    """An event whose position was never given: its id, and the position."""
    found = connection.execute(_out_of_order, {"head": head}).first()
    return None if found is None else (found.id, found.position)


def unpositioned(connection: Connection) -> tuple[int, datetime | None]:
    """How many events wait for their positions, and since when."""
    count, since = connection.execute(_unpositioned).one()
    return count, since
