"""Inserts that meet a row which is already there: skip it, or add to it. Both databases speak the same ON CONFLICT."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def _insert(table: Table, dialect: str) -> Any:
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


@cache
def _skipping(table: Table, dialect: str) -> Any:
    return _insert(table, dialect).on_conflict_do_nothing()


@cache
def _adding(table: Table, dialect: str) -> Any:
    statement = _insert(table, dialect)
    keys = [column.name for column in table.primary_key]
    added = {c.name: c + statement.excluded[c.name] for c in table.columns if c.name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=added)


def insert_new(connection: Connection, table: Table, rows: Sequence[msgspec.Struct]) -> None:
    """Inserts those rows that are not there yet."""
    if rows:
        connection.execute(_skipping(table, connection.dialect.name), _in_order(table, rows))


def add_up(connection: Connection, table: Table, rows: Sequence[msgspec.Struct]) -> None:
    """Adds each row's numbers to the row with its key, or inserts it."""
    if rows:
        connection.execute(_adding(table, connection.dialect.name), _in_order(table, rows))


def _in_order(table: Table, rows: Sequence[msgspec.Struct]) -> list[dict[str, Any]]:
    keys = [column.name for column in table.primary_key]
    values = [msgspec.structs.asdict(row) for row in rows]
    return sorted(values, key=lambda row: tuple(row[name] for name in keys))
