"""Openings: who may look, for a moment, at a picture that is shown to nobody."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import Column, Connection, Table, Text, bindparam, delete, select

from tawatur.store import rows
from tawatur.store.schema import Instant, metadata
from tawatur.store.upsert import put

_openings = Table(
    "openings",
    metadata,
    Column("image", Text, primary_key=True),
    Column("person", Text, primary_key=True),
    Column("until", Instant, nullable=False, index=True),
)


class Opening(msgspec.Struct, frozen=True):
    """This person (an account of the console) may see this image until then."""

    image: str
    person: str
    until: datetime


_one = select(_openings).where(_openings.c.image == bindparam("image"), _openings.c.person == bindparam("person"))
_old = delete(_openings).where(_openings.c.until <= bindparam("now", type_=Instant))


def of_person(connection: Connection, image: str, person: str) -> Opening | None:
    """The person's opening of the image, also one that has ended."""
    return next(iter(rows.read(connection, Opening, _one, image=image, person=person)), None)


def save(connection: Connection, openings: list[Opening]) -> None:
    put(connection, _openings, openings)


def forget(connection: Connection, now: datetime) -> None:
    """Deletes the openings that have ended."""
    connection.execute(_old, {"now": now})
