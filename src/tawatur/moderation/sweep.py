"""What happens because time passed: provisional states lapse where the policy says so, old answers are forgotten."""

from __future__ import annotations

from datetime import datetime, timedelta

from tawatur.moderation.lapse import lapse
from tawatur.store import answers, families
from tawatur.store.database import Database
from tawatur.store.reading_book import Wants
from tawatur.store.writer import Change, Writer

ANSWERS_KEPT = timedelta(hours=24)
BATCH = 500


def sweep(database: Database, writer: Writer, now: datetime) -> int:
    """Ends what is overdue; returns how many families changed."""
    with database.read() as connection:
        overdue = families.overdue(connection, now, BATCH)
        loaded = families.of_ids(connection, set(overdue), lock=False)
    changed = sum(
        writer.make_now(
            Change(
                Wants(family.site, families=(family.id,)),
                lambda book, at, key=family.id: lapse(book, key, at),  # type: ignore[misc]
            )
        )
        for family in loaded
    )
    with database.write() as connection:
        answers.forget(connection, now - ANSWERS_KEPT)
    return changed
