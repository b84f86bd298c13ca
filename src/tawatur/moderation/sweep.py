"""What happens because time passed: provisional states lapse where the policy says so, old answers are forgotten."""

from __future__ import annotations

from datetime import datetime, timedelta

from tawatur.moderation.cases import policy_of
from tawatur.moderation.settle import change_status
from tawatur.store import answers, families
from tawatur.store.book import Book, replace
from tawatur.store.database import Database
from tawatur.store.database_book import Wants
from tawatur.store.families import VISIBLE, Authority
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


def lapse(book: Book, family_id: str, now: datetime) -> bool:
    """Ends a provisional state that nobody reviewed in time: shows the picture or lets the state stand, by policy.

    A state that lapsed gives a first immunity, or the next report would bring it back at once.
    """
    family = book.family(family_id)
    if not family.provisional or family.review_by is None or family.review_by > now:
        return False
    policy = policy_of(book, family.site)
    if not policy.lapse:
        book.save_family(replace(family, review_by=None))
        return False
    lapsed = replace(
        family,
        provisional=False,
        authority=Authority.NOBODY,
        reason=None,
        review_by=None,
        immune_until=now + timedelta(hours=policy.immunity_hours),
    )
    first = book.images_of(family.id)[0].id
    book.save_family(change_status(book, first, lapsed, VISIBLE, now, cause="lapse"))
    return True
