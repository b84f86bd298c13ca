"""How a table's rows become immutable structs and go back: a struct has the table's columns, in their order.

Writing many rows is the busiest thing the writer does, so statements for it are compiled once and get their values as
the driver wants them; SQLAlchemy's own way would look at every value of every row again. Rows hold texts, numbers and
moments only, so they are kept out of the collector's sight (`gc=False`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection, Dialect, Executable, Table, bindparam, update

from tawatur.store.schema import microseconds

Row = TypeVar("Row", bound=msgspec.Struct)

_KEY = "key_"


def read(connection: Connection, kind: type[Row], statement: Executable, **values: Any) -> list[Row]:
    """The statement's rows as structs of `kind`; its columns must be the struct's fields, in order."""
    return [kind(*row) for row in connection.execute(statement, values).all()]


def insert(connection: Connection, table: Table, rows: Sequence[msgspec.Struct]) -> None:
    """Inserts all rows in one round trip."""
    many(connection, _inserting, table, [columns(row) for row in rows])


def save(connection: Connection, table: Table, rows: Iterable[msgspec.Struct]) -> None:
    """Overwrites rows that exist, in the order of their keys, so that two writers never wait in a ring."""
    keys = [column.name for column in table.primary_key]
    values = sorted((columns(row) for row in rows), key=lambda row: tuple(row[name] for name in keys))
    for row in values:
        row.update({_KEY + name: row.pop(name) for name in keys})
    many(connection, _saving, table, values)


def columns(row: msgspec.Struct) -> dict[str, Any]:
    """The row's values by column, as the drivers take them."""
    return {
        name: microseconds(value) if type(value) is datetime else value
        for name, value in zip(row.__struct_fields__, msgspec.structs.astuple(row), strict=True)
    }


def many(
    connection: Connection, make: Callable[[Table, str], Any], table: Table, values: Sequence[dict[str, Any]]
) -> None:
    """Executes the statement that `make` makes for this table and database, once for all the rows."""
    if values:
        text, order = _compiled(make, table, connection.dialect)
        rows = [tuple([row[name] for name in order]) for row in values] if order else list(values)
        connection.exec_driver_sql(text, rows)


@lru_cache(maxsize=64)
def _compiled(make: Callable[[Table, str], Any], table: Table, dialect: Dialect) -> tuple[str, tuple[str, ...]]:
    """The statement's text, and the order of its values where the driver wants them by position."""
    made = make(table, dialect.name).compile(dialect=dialect)
    return str(made), tuple(made.positiontup or ())


def _inserting(table: Table, dialect: str) -> Any:
    return table.insert()


def _saving(table: Table, dialect: str) -> Any:
    keys = {column.name for column in table.primary_key}
    statement = update(table).values({c.name: bindparam(c.name) for c in table.columns if c.name not in keys})
    for name in keys:
        statement = statement.where(table.c[name] == bindparam(_KEY + name))
    return statement
