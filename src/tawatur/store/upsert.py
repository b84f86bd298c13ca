"""Inserts that meet a row which is already there: skip it, overwrite it, or add to it. Both databases speak the same
ON CONFLICT."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

from tawatur.store.rows import columns, many


def _insert(table: Table, dialect: str) -> Any:
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


@cache
def _skipping(table: Table, dialect: str) -> Any:
    return _insert(table, dialect).on_conflict_do_nothing().returning(*table.primary_key)


@cache
def _adding(adding: tuple[str, ...], keeping: tuple[str, ...]) -> Callable[[Table, str], Any]:
    def make(table: Table, dialect: str) -> Any:
        statement = _insert(table, dialect)
        keys = [column.name for column in table.primary_key]
        added = {
            c.name: c + statement.excluded[c.name] if c.name in adding else statement.excluded[c.name]
            for c in table.columns
            if c.name not in keys and c.name not in keeping
        }
        return statement.on_conflict_do_update(index_elements=keys, set_=added)

    return make


def insert_new(connection: Connection, table: Table, rows: Sequence[msgspec.Struct]) -> list[dict[str, Any]]:
    """Inserts those rows that are not there yet; returns their keys."""
    if not rows:
        return []
    found = connection.execute(
        _skipping(table, connection.dialect.name), _in_order(table, [msgspec.structs.asdict(row) for row in rows])
    )
    return [dict(row) for row in found.mappings()]


@cache
def _overwriting(table: Table, dialect: str) -> Any:
    statement = _insert(table, dialect)
    keys = [column.name for column in table.primary_key]
    values = {c.name: statement.excluded[c.name] for c in table.columns if c.name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=values)


def put(connection: Connection, table: Table, rows: Sequence[msgspec.Struct]) -> None:
    """Inserts each row, or overwrites the row that has its key."""
    if rows:
        many(connection, _overwriting, table, _in_order(table, [columns(row) for row in rows]))


def add_up(
    connection: Connection,
    table: Table,
    rows: Sequence[msgspec.Struct],
    adding: tuple[str, ...] | None = None,
    keeping: tuple[str, ...] = (),
) -> None:
    """Inserts each row, or adds its numbers (`adding`, by default all but the key) to the row that has its key, whose
    columns `keeping` stay as they are."""
    if rows:
        if adding is None:
            adding = tuple(column.name for column in table.columns if not column.primary_key)
        many(connection, _adding(adding, keeping), table, _in_order(table, [columns(row) for row in rows]))


def _in_order(table: Table, values: list[dict[str, Any]]) -> list[dict[str, Any]]:
    keys = [column.name for column in table.primary_key]
    return sorted(values, key=lambda row: tuple(row[name] for name in keys))


def put_where(connection: Connection, table: Table, row: msgspec.Struct, free: ColumnElement[bool]) -> bool:
    """Inserts the row, or overwrites the one that has its key where `free` holds of it; whether it did either."""
    statement = _insert(table, connection.dialect.name).values(msgspec.structs.asdict(row))
    keys = [column.name for column in table.primary_key]
    values = {c.name: statement.excluded[c.name] for c in table.columns if c.name not in keys}
    done = connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=values, where=free))
    return bool(done.rowcount == 1)
