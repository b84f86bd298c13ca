"""Readers of the log go on where they were."""

from __future__ import annotations

from tawatur.store import cursors
from tawatur.store.cursors import Cursor
from tawatur.store.database import Database


def test_a_new_reader_stands_before_the_first_event(database: Database) -> None:
    with database.write() as connection:
        assert cursors.hold(connection, "seals") == 0


def test_a_cursor_stays_where_it_was_moved(database: Database) -> None:
    with database.write() as connection:
        cursors.hold(connection, "seals")
        cursors.move(connection, "seals", 41)
        cursors.hold(connection, "labels")
    with database.write() as connection:
        assert cursors.hold(connection, "seals") == 41
        assert cursors.all_of_them(connection) == [Cursor("labels", 0), Cursor("seals", 41)]


def test_what_fails_moves_no_cursor(database: Database) -> None:
    with database.write() as connection:
        cursors.hold(connection, "seals")
    try:
        with database.write() as connection:
            cursors.move(connection, "seals", 7)
            raise RuntimeError("the reader dies before its work is kept")
    except RuntimeError:
        pass
    with database.read() as connection:
        assert cursors.all_of_them(connection) == [Cursor("seals", 0)]
