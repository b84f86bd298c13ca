"""How a table's rows become immutable structs and go back: a struct has the table's columns, in their order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection, Executable, Table, bindparam, update

Row = TypeVar("Row", bound=msgspec.Struct)


def read(connection: Connection, kind: type[Row], statement: Executable, **values: Any) -> list[Row]:
    """The statement's rows as structs of `kind`; its columns must be the struct's fields, in order."""
    return [kind(*row) for row in connection.execute(statement, values).all()]


def insert(connection: Connection, table: Table, rows: Sequence[msgspec.Struct]) -> None:
    """Inserts all rows in one round trip."""
    if rows:
        connection.execute(table.insert(), [msgspec.structs.asdict(row) for row in rows])


def save(connection: Connection, table: Table, rows: Iterable[msgspec.Struct]) -> None:
    """Overwrites rows that exist, by primary key, in the key's order (so that two writers never wait for each other in
    a ring)."""
    keys = [column.name for column in table.primary_key]
    values = [
        {("key_" + name if name in keys else name): value for name, value in msgspec.structs.asdict(row).items()}
        for row in rows
    ]
    if not values:
        return
    values.sort(key=lambda row: tuple(row["key_" + name] for name in keys))
    statement = update(table).values({c.name: bindparam(c.name) for c in table.columns if c.name not in keys})
    for name in keys:
        statement = statement.where(table.c[name] == bindparam("key_" + name))
    connection.execute(statement, values)
