"""Guesses: how often somebody has tried a door, shared by all processes. Keys are digests that name nobody."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import Column, Connection, Integer, Table, Text, bindparam, case, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from tawatur.store import rows
from tawatur.store.schema import Instant, metadata

_guesses = Table(
    "guesses",
    metadata,
    Column("key", Text, primary_key=True),
    Column("since", Instant, nullable=False),
    Column("until", Instant, nullable=False, index=True),
    Column("tries", Integer, nullable=False),
)


class Guessed(msgspec.Struct, frozen=True):
    """So many tries in the span that began then and ends then."""

    key: str
    since: datetime
    until: datetime
    tries: int


_of_keys = select(_guesses).where(_guesses.c.key.in_(bindparam("keys", expanding=True)))
_back = (
    update(_guesses)
    .where(_guesses.c.key.in_(bindparam("keys", expanding=True)), _guesses.c.tries > 0)
    .values(tries=_guesses.c.tries - 1)
)
_old = delete(_guesses).where(_guesses.c.until <= bindparam("now", type_=Instant))


def of_keys(connection: Connection, keys: list[str]) -> dict[str, Guessed]:
    """What is counted under these keys, also spans that have ended."""
    return {one.key: one for one in rows.read(connection, Guessed, _of_keys, keys=keys)}


def count(connection: Connection, key: str, now: datetime, until: datetime) -> int:
    """Counts one try, in a new span that ends at `until` where none is open; how many it holds now."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = insert(_guesses).values(key=key, since=now, until=until, tries=1)
    moment = bindparam("moment", type_=Instant)
    open_ = _guesses.c.until > moment
    counting = statement.on_conflict_do_update(
        index_elements=["key"],
        set_={
            "since": case((open_, _guesses.c.since), else_=statement.excluded.since),
            "until": case((open_, _guesses.c.until), else_=statement.excluded.until),
            "tries": case((open_, _guesses.c.tries + 1), else_=1),
        },
    ).returning(_guesses.c.tries)
    return int(connection.execute(counting, {"moment": now}).scalar_one())


def give_back(connection: Connection, keys: list[str]) -> None:
    """Takes one try off each: it was no guess."""
    connection.execute(_back, {"keys": keys})


def forget(connection: Connection, now: datetime) -> None:
    """Deletes the counts whose span has ended."""
    connection.execute(_old, {"now": now})
