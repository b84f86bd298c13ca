"""Notes: what the people of a site tell each other about a case. They stay in the house."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import Column, Connection, Index, Table, Text, bindparam, delete, select

from tawatur.store import rows
from tawatur.store.schema import Instant, metadata

_notes = Table(
    "notes",
    metadata,
    Column("id", Text, primary_key=True),
    Column("site", Text, nullable=False),
    Column("family", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("person", Text, nullable=False),
    Column("text", Text, nullable=False),
    Index("ix_notes_family_id", "family", "id"),
)


class Note(msgspec.Struct, frozen=True):
    """What a person (an account of the console) wrote about a family."""

    id: str
    site: str
    family: str
    at: datetime
    person: str
    text: str


_of_family = select(_notes).where(_notes.c.family == bindparam("family")).order_by(_notes.c.id)


def of_family(connection: Connection, family: str) -> list[Note]:
    """A family's notes, oldest first."""
    return rows.read(connection, Note, _of_family, family=family)


def insert(connection: Connection, note: Note) -> None:
    rows.insert(connection, _notes, [note])


def forget(connection: Connection, site: str, before: datetime) -> None:
    """Deletes what was noted at the site before then."""
    old = delete(_notes).where(_notes.c.site == bindparam("there"), _notes.c.at < bindparam("before", type_=Instant))
    connection.execute(old, {"there": site, "before": before})
