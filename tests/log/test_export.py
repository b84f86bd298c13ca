"""The export: every event once, in the order of positions, however many pages it takes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import count

import msgspec
import pytest

from tawatur.log import export
from tawatur.log.events import ImageBlocked, ImageViewed, line, row
from tawatur.store.database import Database
from tawatur.store.database_book import DatabaseBook

NOW = datetime(2026, 1, 1, 12, 0, 0, 5, UTC)
_ids = count()


@pytest.fixture
def database(database: Database) -> Database:
    """With 12 events of two sites, in three transactions."""
    for group in range(3):
        with database.write() as connection:
            book = DatabaseBook(connection, lambda: f"{next(_ids):09}")
            for n in range(4):
                site = "odd" if n % 2 else "even"
                book.append(row(book.new_id(), site, f"i{group}{n}", NOW, ImageViewed(count=1)))
            book.flush()
        list(export.lines(database))
    return database


@pytest.mark.parametrize("page", [1, 5, 6, 12, 1000])
def test_every_event_comes_once_and_in_order(database: Database, monkeypatch: pytest.MonkeyPatch, page: int) -> None:
    monkeypatch.setattr(export, "PAGE", page)
    assert [one["position"] for one in export.lines(database)] == list(range(1, 13))
    assert [one["position"] for one in export.lines(database, "odd")] == [2, 4, 6, 8, 10, 12]
    assert [one["position"] for one in export.lines(database, "even", after=5)] == [7, 9, 11]
    assert list(export.lines(database, after=12)) == []
    assert list(export.lines(database, "nobody")) == []


def test_a_line_begins_with_what_a_replay_needs_first() -> None:
    blocked = ImageBlocked(images=["i"], cause="reports", provisional=False, reason=None)
    told = line(msgspec.structs.replace(row("1", "s", "i", NOW, blocked), position=7))
    assert json.dumps(told) == json.dumps(
        {
            "type": "image.blocked",
            "at": "2026-01-01T12:00:00.000005Z",
            "image": "i",
            "images": ["i"],
            "cause": "reports",
            "provisional": False,
            "id": "1",
            "position": 7,
        }
    )
