"""Second factors: the secret that a person's telephone makes codes from, and codes for when it is lost."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Table, Text, bindparam, delete, func, select, update

from tawatur.store import rows
from tawatur.store.schema import Instant, metadata
from tawatur.store.upsert import put

_factors = Table(
    "second_factors",
    metadata,
    Column("person", Text, primary_key=True),
    Column("secret", Text, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("confirmed_at", Instant),
    Column("last_step", BigInteger, nullable=False),
)

_codes = Table(
    "recovery_codes",
    metadata,
    Column("person", Text, primary_key=True),
    Column("digest", Text, primary_key=True),
)


class SecondFactor(msgspec.Struct, frozen=True):
    """An account's second factor, in force once confirmed. `secret` is sealed; `last_step` is the 30 seconds whose code
    was used last: none of that time or before works again."""

    person: str
    secret: str
    made_at: datetime
    confirmed_at: datetime | None = None
    last_step: int = 0


class RecoveryCode(msgspec.Struct, frozen=True):
    """A code that works once, as a digest."""

    person: str
    digest: str


_one = select(_factors).where(_factors.c.person == bindparam("person"))
_confirmed = select(_factors.c.person).where(_factors.c.confirmed_at.is_not(None))
_left = select(func.count()).select_from(_codes).where(_codes.c.person == bindparam("person"))


def of_person(connection: Connection, person: str) -> SecondFactor | None:
    return next(iter(rows.read(connection, SecondFactor, _one, person=person)), None)


def confirmed(connection: Connection) -> set[str]:
    """Who has one in force."""
    return set(connection.execute(_confirmed).scalars())


def save(connection: Connection, factor: SecondFactor) -> None:
    put(connection, _factors, [factor])


def use_step(connection: Connection, person: str, step: int) -> bool:
    """Uses up the code of these 30 seconds and all before; whether nobody had. Of two at once one does."""
    statement = update(_factors).where(_factors.c.person == person, _factors.c.last_step < step)
    return connection.execute(statement.values(last_step=step)).rowcount == 1


def remove(connection: Connection, person: str) -> None:
    """Takes the factor and its recovery codes away."""
    for table in (_codes, _factors):
        connection.execute(delete(table).where(table.c.person == person))


def replace_codes(connection: Connection, person: str, codes: list[RecoveryCode]) -> None:
    """Makes these the only recovery codes of the person."""
    connection.execute(delete(_codes).where(_codes.c.person == person))
    rows.insert(connection, _codes, codes)


def use_code(connection: Connection, person: str, digest: str) -> bool:
    """Uses a recovery code up; whether it was there."""
    gone = delete(_codes).where(_codes.c.person == person, _codes.c.digest == digest)
    return connection.execute(gone).rowcount == 1


def codes_left(connection: Connection, person: str) -> int:
    return int(connection.execute(_left, {"person": person}).scalar_one())
