"""What waits for a person, best first, and what a person looks for: one row a family, however many reports."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec
from sqlalchemy import Connection

from tawatur.decision.verdict import stories_of
from tawatur.moderation.opening import never_shown
from tawatur.moderation.queue import value_by
from tawatur.moderation.settle import judge
from tawatur.moderation.taking_part import taking_part
from tawatur.store import families, images, reports, samples
from tawatur.store.book import Book
from tawatur.store.database import Database
from tawatur.store.families import Family
from tawatur.store.images import Image
from tawatur.store.reading_book import ReadingBook

ROWS = 50
"""Cases on one page: more than anybody decides before looking again."""
LEAST_PREFIX = 8
"""Characters of an id or a pseudonym that are enough to search by."""
_HEX = set("0123456789abcdef-")


class Waiting(msgspec.Struct, frozen=True):
    """One case of the queue: the picture that stands for it (`face`), whether it may be shown to nobody (`hidden`), how
    many images it has, and what is said of it. `people` posted or reported it, and may not decide it. `sample`: chance
    picked it for a look."""

    family: Family
    face: Image
    hidden: bool
    images: int
    reason: str | None
    reports: int
    voices: float
    views_per_day: float | None
    stories: dict[str, float]
    value: float
    people: frozenset[str] = frozenset()
    sample: bool = False


class Asked(msgspec.Struct, frozen=True):
    """Which cases: of one status, of one reason, after one place in the order (look_value, id); None: all. With
    `sample` those that chance picked for a look (moderation/audit.py), the longest waiting first."""

    status: str | None = None
    reason: str | None = None
    after: tuple[float, str] | None = None
    sample: bool = False


class Inbox(msgspec.Struct, frozen=True):
    """The cases worth most, at most `ROWS`; how many wait in each status, and how many as samples; and where the next
    page begins, if there is one."""

    cases: list[Waiting]
    counts: dict[str, int]
    samples: int
    following: tuple[float, str] | None = None


def inbox(database: Database, site: str, asked: Asked, now: datetime) -> Inbox:
    """What waits on a site. Pages come in the order of what a look was worth when the engine judged each case last; on
    a page the order is that of now."""
    with database.read() as connection:
        counts, picked = families.queued_counts(connection, site), samples.pending_count(connection, site)
        if asked.sample:
            return Inbox(_looked_over(connection, site, samples.pending(connection, site, ROWS), now), counts, picked)
        found = families.queued(connection, site, ROWS + 1, asked.status, asked.reason, asked.after)
        page = found[:ROWS]
        cases = _looked_over(connection, site, [family.id for family in page], now)
    last = page[-1] if len(found) > ROWS else None
    cases.sort(key=lambda one: (-one.value, one.family.id))
    return Inbox(cases, counts, picked, None if last is None else (last.look_value, last.id))


def with_counts(database: Database, site: str, cases: list[Waiting]) -> Inbox:
    """These cases, with how many wait on the site."""
    with database.read() as connection:
        return Inbox(cases, families.queued_counts(connection, site), samples.pending_count(connection, site))


def find(database: Database, site: str, text: str, pseudonym: Callable[[str], str], now: datetime) -> list[Waiting]:
    """The site's cases that a text names, waiting or not: an image by its id (or its beginning), by the site's own id
    for it, or by its page's address; all of an uploader or reporter, by the site's id for them or by (the beginning
    of) their pseudonym. At most `ROWS`, those that wait first."""
    text = text.strip()
    if not text or "\x00" in text:
        return []
    people = [pseudonym(text)]
    beginning = text.lower()
    partial = len(beginning) >= LEAST_PREFIX and set(beginning) <= _HEX
    if partial:
        people.append(beginning)
    with database.read() as connection:
        found = images.named(connection, site, "id", beginning, ROWS) if partial else []
        found += images.named(connection, site, "external_id", text, ROWS)
        found += images.named(connection, site, "page_url", text, ROWS)
        for person in people:
            found += images.named(connection, site, "uploader", person, ROWS)
            found += reports.by_reporter(connection, site, person, ROWS)
        wanted = list(dict.fromkeys(family for _, family in found))[:ROWS]
        cases = _looked_over(connection, site, wanted, now)
    return sorted(cases, key=lambda one: (one.family.queued_at is None, -one.value, one.family.id))


def _looked_over(connection: Connection, site: str, ids: list[str], now: datetime) -> list[Waiting]:
    book = ReadingBook(connection, _no_new_id)
    book.prefetch_whole(site, ids)
    reporters = {report.reporter for family in ids for report in book.live_reports(family)}
    book.pasts(site, book.with_past(site, reporters), now)  # all at once, and not case by case
    picked = samples.which_pend(connection, site, set(ids))
    return [_waiting(book, book.family(family), now, family in picked) for family in ids]


def _waiting(book: Book, family: Family, now: datetime, sample: bool) -> Waiting:
    verdict = judge(book, family, now)
    there = book.images_of(family.id)
    live = book.live_reports(family.id)
    reported = None if not live else book.image(family.site, live[0].image)
    return Waiting(
        family=family,
        face=reported or there[0],
        hidden=never_shown(book, family),
        images=len(there),
        reason=family.reason or verdict.reason,
        reports=len(live),
        voices=verdict.voices,
        views_per_day=verdict.case.views_per_day,
        stories=stories_of(verdict)._asdict(),
        value=value_by(verdict, book, family, now),
        people=taking_part(book, family),
        sample=sample,
    )


def _no_new_id() -> str:
    raise AssertionError("looking makes nothing")
