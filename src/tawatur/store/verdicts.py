"""What was decided of a family: verdicts of the engine that acted, and reviews by people."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import Connection, bindparam, delete, select

from tawatur.store import rows, schema


class StoredVerdict(msgspec.Struct, frozen=True, gc=False):
    """A verdict that changed a state, with every number it used, as JSON in `body`."""

    id: str
    site: str
    family: str
    at: datetime
    action: str
    body: str


class Review(msgspec.Struct, frozen=True, gc=False):
    """A person's decision on a case. `reviewer` is a keyed digest of the site's id for that person; `measure` is what
    upholding it did ("block", "blur"; None in old ones: blocked)."""

    id: str
    site: str
    family: str
    image: str
    at: datetime
    reviewer: str
    authority: int
    outcome: str
    reason: str | None
    note: str | None
    measure: str | None = None


_reviews = select(schema.reviews).where(schema.reviews.c.family == bindparam("family")).order_by(schema.reviews.c.id)


def reviews(connection: Connection, family: str) -> list[Review]:
    return rows.read(connection, Review, _reviews, family=family)


class Acted(msgspec.Struct, frozen=True):
    """When the engine moved a family, and to what: its verdict's action."""

    at: datetime
    action: str


_acted = (
    select(schema.verdicts.c.at, schema.verdicts.c.action)
    .where(schema.verdicts.c.family == bindparam("family"))
    .order_by(schema.verdicts.c.id)
)


def acted(connection: Connection, family: str) -> list[Acted]:
    """The engine's verdicts that moved the family, oldest first."""
    return rows.read(connection, Acted, _acted, family=family)


def insert(connection: Connection, verdicts: list[StoredVerdict]) -> None:
    rows.insert(connection, schema.verdicts, verdicts)


def insert_reviews(connection: Connection, made: list[Review]) -> None:
    rows.insert(connection, schema.reviews, made)


def drop_reviews(connection: Connection, taken_back: set[str]) -> None:
    if taken_back:
        connection.execute(delete(schema.reviews).where(schema.reviews.c.id.in_(sorted(taken_back))))
