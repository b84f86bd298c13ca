"""The log as JSON Lines, in the form that `tawatur replay` reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tawatur.log.events import line
from tawatur.log.sequencer import sequence
from tawatur.store import events
from tawatur.store.database import Database

PAGE = 1000


def lines(database: Database, site: str | None = None, after: int = 0) -> Iterator[dict[str, Any]]:
    """The positioned events after that position, of one site or of all, in order, each page in a transaction."""
    sequence(database)
    while True:
        with database.read() as connection:
            if site is None:
                page = events.page_of_all(connection, after, PAGE)
            else:
                page = events.page(connection, site, after, PAGE)
        for event in page:
            yield line(event)
        if len(page) < PAGE:
            return
        after = page[-1].position or after
