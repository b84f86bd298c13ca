"""Veils: how each person of the console wants pictures to come, blurred or not, grey or not."""

from __future__ import annotations

import msgspec
from sqlalchemy import Boolean, Column, Connection, Table, Text, bindparam, delete, select

from tawatur.store import rows
from tawatur.store.schema import metadata
from tawatur.store.upsert import put

_veils = Table(
    "veils",
    metadata,
    Column("person", Text, primary_key=True),
    Column("blur", Boolean, nullable=False),
    Column("grey", Boolean, nullable=False),
)


class Veil(msgspec.Struct, frozen=True):
    """Both are on until a person (an account of the console) switches one off."""

    person: str
    blur: bool = True
    grey: bool = True


_one = select(_veils).where(_veils.c.person == bindparam("person"))


def of_person(connection: Connection, person: str) -> Veil:
    return next(iter(rows.read(connection, Veil, _one, person=person)), Veil(person))


def save(connection: Connection, veil: Veil) -> None:
    put(connection, _veils, [veil])


def remove(connection: Connection, person: str) -> None:
    connection.execute(delete(_veils).where(_veils.c.person == person))
