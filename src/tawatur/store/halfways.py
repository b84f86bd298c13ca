"""Halfways: what the house remembers for some minutes of somebody who is between two steps of signing in. Each is taken
once."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import Column, Connection, Table, Text, bindparam, delete, select

from tawatur.store import rows
from tawatur.store.schema import Instant, metadata

_halfways = Table(
    "halfways",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("until", Instant, nullable=False, index=True),
)


class Halfway(msgspec.Struct, frozen=True):
    """Known by the digest of what the browser keeps. `kind` is the step that comes next, `body` what it needs."""

    digest: str
    kind: str
    body: str
    until: datetime


_one = select(_halfways).where(_halfways.c.digest == bindparam("digest"))
_old = delete(_halfways).where(_halfways.c.until <= bindparam("now", type_=Instant))


def insert(connection: Connection, one: Halfway) -> None:
    rows.insert(connection, _halfways, [one])


def find(connection: Connection, digest: str) -> Halfway | None:
    """Also one that has ended."""
    return next(iter(rows.read(connection, Halfway, _one, digest=digest)), None)


def take(connection: Connection, digest: str) -> bool:
    """Uses it up; whether it was there."""
    return connection.execute(delete(_halfways).where(_halfways.c.digest == digest)).rowcount == 1


def forget(connection: Connection, now: datetime) -> None:
    """Deletes those that have ended."""
    connection.execute(_old, {"now": now})
