"""What happens because time passed: provisional states lapse where the policy says so, old answers, viewers and
what pages say are forgotten."""

from __future__ import annotations

from datetime import datetime, timedelta

from tawatur.moderation.anonymous import PROOFS_KEPT
from tawatur.moderation.cases import policy_of
from tawatur.moderation.lapse import lapse
from tawatur.moderation.viewers import kept_since
from tawatur.store import (
    altered,
    answers,
    claims,
    contexts,
    families,
    guesses,
    halfways,
    openings,
    proofs,
    shields,
    sites,
    undoables,
    viewings,
)
from tawatur.store.database import Database
from tawatur.store.reading_book import ReadingBook, Wants
from tawatur.store.undo_book import KEPT as UNDOABLE_KEPT
from tawatur.store.writer import Change, Writer

ANSWERS_KEPT = timedelta(hours=24)
SHIELDS_KEPT = timedelta(days=1)
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
        altered.forget(connection, now - altered.KEPT)
        proofs.forget(connection, now - PROOFS_KEPT)
        shields.forget(connection, now - SHIELDS_KEPT)
        contexts.forget(connection, now - contexts.KEPT)
        claims.forget(connection, now)
        openings.forget(connection, now)
        guesses.forget(connection, now)
        halfways.forget(connection, now)
        undoables.forget(connection, now - UNDOABLE_KEPT)
    forget_viewers(database, now)
    return changed


def forget_viewers(database: Database, now: datetime) -> int:
    """Deletes what is kept of who looked once it no longer counts, all of it where the policy has none kept; returns
    how much that was."""
    with database.read() as connection:
        book = ReadingBook(connection, _no_new_id)
        since = {site.id: kept_since(policy_of(book, site.id), now) or now for site in sites.all_of_them(connection)}
    with database.write() as connection:
        return sum(viewings.forget(connection, site, moment) for site, moment in since.items())


def _no_new_id() -> str:
    raise AssertionError("looking makes nothing")
