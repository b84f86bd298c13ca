"""How far each reader of the log has come. A reader moves its cursor in the transaction that keeps what it made of the
events, so after a crash it goes on where it was and does nothing twice."""

from __future__ import annotations

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Table, Text, bindparam, delete, select, update

from tawatur.store import rows
from tawatur.store.schema import metadata
from tawatur.store.upsert import insert_new

_cursors = Table(
    "cursors",
    metadata,
    Column("reader", Text, primary_key=True),
    Column("position", BigInteger, nullable=False),
)


class Cursor(msgspec.Struct, frozen=True):
    """`position` is that of the last event the reader is done with; 0 before the first."""

    reader: str
    position: int


_position = select(_cursors.c.position).where(_cursors.c.reader == bindparam("key"))
_moved = update(_cursors).where(_cursors.c.reader == bindparam("key")).values(position=bindparam("to"))


def all_of_them(connection: Connection) -> list[Cursor]:
    return rows.read(connection, Cursor, select(_cursors).order_by(_cursors.c.reader))


def position(connection: Connection, reader: str) -> int:
    """Where the reader stands, without holding it; 0 for one that has no cursor yet."""
    return int(connection.execute(_position, {"key": reader}).scalar() or 0)


def hold(connection: Connection, reader: str) -> int:
    """Locks the reader's cursor until the transaction ends, so that one process at a time reads for it; returns its
    position, 0 for a reader that has none yet."""
    held = _position.with_for_update()
    found = connection.execute(held, {"key": reader}).scalar()
    if found is None:
        insert_new(connection, _cursors, [Cursor(reader, 0)])
        found = connection.execute(held, {"key": reader}).scalar_one()
    return int(found)


def move(connection: Connection, reader: str, position: int) -> None:
    """Sets the cursor; the caller holds it."""
    connection.execute(_moved, {"key": reader, "to": position})


def remove(connection: Connection, reader: str) -> None:
    """The reader reads no more."""
    connection.execute(delete(_cursors).where(_cursors.c.reader == reader))
