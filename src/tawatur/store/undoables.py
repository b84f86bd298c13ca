"""What stood before a person's latest decision on a family, kept for the moment in which it can be taken back."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import Column, Connection, Table, Text, bindparam, delete, select

from tawatur.store import rows
from tawatur.store.schema import Instant, metadata
from tawatur.store.upsert import put

_undoables = Table(
    "undoables",
    metadata,
    Column("family", Text, primary_key=True),
    Column("site", Text, nullable=False),
    Column("image", Text, nullable=False),
    Column("review", Text, nullable=False),
    Column("reviewer", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("at", Instant, nullable=False, index=True),
    Column("body", Text, nullable=False),
)


class Undoable(msgspec.Struct, frozen=True, gc=False):
    """The latest decision on a family, by whom (a pseudonym) and when; `body` is the JSON of what stood before it
    (moderation/undo.py)."""

    family: str
    site: str
    image: str
    review: str
    reviewer: str
    outcome: str
    at: datetime
    body: str


_of_family = select(_undoables).where(_undoables.c.family == bindparam("family"))
_old = delete(_undoables).where(_undoables.c.at <= bindparam("before", type_=Instant))


def of_family(connection: Connection, family: str) -> Undoable | None:
    return next(iter(rows.read(connection, Undoable, _of_family, family=family)), None)


def save(connection: Connection, undoables: list[Undoable]) -> None:
    """Puts each in the place of what its family had."""
    put(connection, _undoables, undoables)


def drop(connection: Connection, families: set[str]) -> None:
    if families:
        connection.execute(delete(_undoables).where(_undoables.c.family.in_(sorted(families))))


def forget(connection: Connection, before: datetime) -> None:
    """Deletes what was decided by that moment."""
    connection.execute(_old, {"before": before})


def forget_person(connection: Connection, site: str, person: str) -> None:
    """Deletes what was kept for a moment and names this person (a pseudonym)."""
    named = _undoables.c.site == site, _undoables.c.body.contains(person)
    connection.execute(delete(_undoables).where(*named))
