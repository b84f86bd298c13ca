"""Claims: for a few minutes a case is one person's, so that no two people work on the same one."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import Column, Connection, Table, Text, bindparam, delete, select

from tawatur.store import rows
from tawatur.store.schema import Instant, metadata
from tawatur.store.upsert import put_where

_claims = Table(
    "claims",
    metadata,
    Column("family", Text, primary_key=True),
    Column("site", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("until", Instant, nullable=False, index=True),
)


class Claim(msgspec.Struct, frozen=True):
    """A family's case is with this person (an account of the console) until then."""

    family: str
    site: str
    person: str
    at: datetime
    until: datetime


_of_family = select(_claims).where(_claims.c.family == bindparam("family"))
_of_site = select(_claims).where(_claims.c.site == bindparam("site"), _claims.c.until > bindparam("now", type_=Instant))
_old = delete(_claims).where(_claims.c.until <= bindparam("now", type_=Instant))


def of_family(connection: Connection, family: str) -> Claim | None:
    """The family's claim, also one that has ended."""
    return next(iter(rows.read(connection, Claim, _of_family, family=family)), None)


def of_site(connection: Connection, site: str, now: datetime) -> list[Claim]:
    """The site's claims that hold now."""
    return rows.read(connection, Claim, _of_site, site=site, now=now)


def put(connection: Connection, claim: Claim) -> bool:
    """Claims the case unless somebody else holds it; whether it did. Of two at once one does."""
    free = (_claims.c.until <= claim.at) | (_claims.c.person == claim.person)
    return put_where(connection, _claims, claim, free)


def release(connection: Connection, family: str, person: str | None = None) -> None:
    """Ends the claim on a family: this person's, or whoever's."""
    gone = delete(_claims).where(_claims.c.family == family)
    connection.execute(gone if person is None else gone.where(_claims.c.person == person))


def forget(connection: Connection, now: datetime) -> None:
    """Deletes the claims that have ended."""
    connection.execute(_old, {"now": now})
