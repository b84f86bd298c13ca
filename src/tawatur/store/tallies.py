"""How often each kind of event happened since the first one. A few hundred rows at most, for nothing in them is of a
site, a picture or a person."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Table, Text, select

from tawatur.store import rows
from tawatur.store.schema import metadata
from tawatur.store.upsert import add_up

_tallies = Table(
    "tallies",
    metadata,
    Column("type", Text, primary_key=True),
    Column("cause", Text, primary_key=True),
    Column("reason", Text, primary_key=True),
    Column("count", BigInteger, nullable=False),
)


class Tally(msgspec.Struct, frozen=True, gc=False):
    """`cause` is what brought a change of state about, or the outcome of a review; `reason` is the rule. Either is
    empty where there is none."""

    type: str
    cause: str
    reason: str
    count: int


_all = select(_tallies).order_by(_tallies.c.type, _tallies.c.cause, _tallies.c.reason)


def all_of_them(connection: Connection) -> list[Tally]:
    return rows.read(connection, Tally, _all)


def add(connection: Connection, counts: Mapping[tuple[str, str, str], int]) -> None:
    add_up(connection, _tallies, [Tally(*key, count) for key, count in sorted(counts.items())])
