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
    return _insert(table, dialect).on_conflict_do_nothing().returning(*table.primary_key)


@cache
def _adding(table: Table, dialect: str, adding: tuple[str, ...]) -> Any:
    statement = _insert(table, dialect)
    keys = [column.name for column in table.primary_key]
    added = {
        c.name: c + statement.excluded[c.name] if c.name in adding else statement.excluded[c.name]
        for c in table.columns
        if c.name not in keys
    }
    return statement.on_conflict_do_update(index_elements=keys, set_=added)


def insert_new(connection: Connection, table: Table, rows: Sequence[msgspec.Struct]) -> list[dict[str, Any]]:
    """Inserts those rows that are not there yet; returns their keys."""
    if not rows:
        return []
    found = connection.execute(_skipping(table, connection.dialect.name), _in_order(table, rows))
    return [dict(row) for row in found.mappings()]


def add_up(
    connection: Connection, table: Table, rows: Sequence[msgspec.Struct], adding: tuple[str, ...] | None = None
) -> None:
    """Inserts each row, or adds its numbers (`adding`, by default all but the key) to the row that has its key."""
    if rows:
        if adding is None:
            adding = tuple(column.name for column in table.columns if not column.primary_key)
        connection.execute(_adding(table, connection.dialect.name, adding), _in_order(table, rows))


def _in_order(table: Table, rows: Sequence[msgspec.Struct]) -> list[dict[str, Any]]:
    keys = [column.name for column in table.primary_key]
    values = [msgspec.structs.asdict(row) for row in rows]
    return sorted(values, key=lambda row: tuple(row[name] for name in keys))
