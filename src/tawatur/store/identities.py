"""Identities: which account at an OpenID provider a person of the console is."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import Column, Connection, Table, Text, UniqueConstraint, bindparam, delete, select

from tawatur.store import rows
from tawatur.store.schema import Instant, metadata
from tawatur.store.upsert import insert_new

_identities = Table(
    "identities",
    metadata,
    Column("issuer", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("person", Text, nullable=False, index=True),
    Column("at", Instant, nullable=False),
    UniqueConstraint("issuer", "person"),
)


class Identity(msgspec.Struct, frozen=True):
    """Whoever the issuer calls `subject` is this account; one subject an issuer."""

    issuer: str
    subject: str
    person: str
    at: datetime


_one = select(_identities).where(
    _identities.c.issuer == bindparam("issuer"), _identities.c.subject == bindparam("subject")
)
_of_person = select(_identities).where(_identities.c.person == bindparam("person")).order_by(_identities.c.issuer)


def find(connection: Connection, issuer: str, subject: str) -> Identity | None:
    return next(iter(rows.read(connection, Identity, _one, issuer=issuer, subject=subject)), None)


def of_person(connection: Connection, person: str) -> list[Identity]:
    return rows.read(connection, Identity, _of_person, person=person)


def pin(connection: Connection, one: Identity) -> bool:
    """Keeps the identity; False where the subject or the person has another already."""
    return bool(insert_new(connection, _identities, [one]))


def remove(connection: Connection, person: str) -> None:
    connection.execute(delete(_identities).where(_identities.c.person == person))
