"""What waits for a person, and one case with all that bears on it, as a moderator sees them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from tawatur.decision.verdict import explain, stories_of
from tawatur.moderation import context
from tawatur.moderation.cases import policy_of
from tawatur.moderation.look import case_in_words
from tawatur.moderation.queue import value_by
from tawatur.moderation.refusals import UnknownImage
from tawatur.moderation.settle import judge
from tawatur.store import families, verdicts
from tawatur.store.book import Book
from tawatur.store.database import Database
from tawatur.store.families import Family
from tawatur.store.images import Image
from tawatur.store.reading_book import ReadingBook
from tawatur.store.reports import Report
from tawatur.store.verdicts import Review

NEVER_SHOWN = "child_safety"
"""A picture that anybody reported for this is shown to nobody, whatever is decided."""

ROWS = 50
"""Cases on one page: more than anybody decides before looking again."""


class Waiting(msgspec.Struct, frozen=True):
    """One case of the queue: the picture that stands for it (`face`), whether it may be shown to nobody (`hidden`), how
    many images it has, and what is said of it."""

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


class Inbox(msgspec.Struct, frozen=True):
    """The cases worth most now, at most `ROWS`, and how many wait in each status."""

    cases: list[Waiting]
    counts: dict[str, int]


class Standing(msgspec.Struct, frozen=True):
    """One reporter of a case: their report, and what people decided of their earlier ones."""

    report: Report
    confirmed: int
    reviewed: int
    muted: bool
    on_probation: bool


class CaseFile(msgspec.Struct, frozen=True):
    """A case in full. `live` reports are undecided, `earlier` ones were judged by a review or belong to one.
    `reasons` are those of the site's policy; `hidden` pictures may be shown to nobody; `context` is what the page round
    the image says, of which nothing was used to decide."""

    image: Image
    family: Family
    hidden: bool
    images: list[Image]
    words: str
    explained: dict[str, Any]
    live: list[Standing]
    earlier: list[Report]
    reviews: list[Review]
    altered_of: list[str]
    reasons: list[str]
    context: dict[str, Any]


def inbox(database: Database, site: str, status: str | None, now: datetime) -> Inbox:
    """What waits on a site, in the order of what a look is worth now."""
    with database.read() as connection:
        book = ReadingBook(connection, _no_new_id)
        found = [_waiting(book, family, now) for family in families.queued(connection, site, status, ROWS)]
        counts = families.queued_counts(connection, site)
    return Inbox(sorted(found, key=lambda one: (-one.value, one.family.id)), counts)


def case_file(database: Database, site: str, image_id: str, now: datetime, lang: str) -> CaseFile:
    """All that bears on an image's case. Raises UnknownImage."""
    with database.read() as connection:
        book = ReadingBook(connection, _no_new_id)
        image = book.image(site, image_id)
        if image is None:
            raise UnknownImage(f"This site has no image {image_id!r}.")
        family = book.family(image.family)
        verdict = judge(book, family, now)
        images = book.images_of(family.id)
        live = [_standing(book, report, now) for report in book.live_reports(family.id)]
        earlier = sorted(book.earlier_reports(family.id).values(), key=lambda report: report.at)
        altered_of = sorted({other for one in images for other in book.altered_of(one.id)})
        reviews = verdicts.reviews(connection, family.id)
        hidden = _hidden(book, family)
        reasons = list(policy_of(book, site).reasons)
        around = context.told(connection, image_id, lang)
    explained = explain(verdict)
    words = case_in_words(family, explained, lang)
    people = (live, earlier, reviews)
    return CaseFile(image, family, hidden, images, words, explained, *people, altered_of, reasons, around)


def picture(database: Database, site: str, image_id: str) -> Image | None:
    """An image whose bytes a person who works here may see; None where nobody may. Raises UnknownImage."""
    with database.read() as connection:
        book = ReadingBook(connection, _no_new_id)
        image = book.image(site, image_id)
        if image is None:
            raise UnknownImage(f"This site has no image {image_id!r}.")
        return None if _hidden(book, book.family(image.family)) else image


def next_case(database: Database, site: str, now: datetime, besides: str | None = None) -> str | None:
    """The image that a person should look at next, but not one of the family `besides`; None when nothing waits."""
    waiting = inbox(database, site, None, now).cases
    return next((one.face.id for one in waiting if one.family.id != besides), None)


def _waiting(book: Book, family: Family, now: datetime) -> Waiting:
    verdict = judge(book, family, now)
    images = book.images_of(family.id)
    live = book.live_reports(family.id)
    reported = None if not live else book.image(family.site, live[0].image)
    return Waiting(
        family=family,
        face=reported or images[0],
        hidden=_hidden(book, family),
        images=len(images),
        reason=family.reason or verdict.reason,
        reports=len(live),
        voices=verdict.voices,
        views_per_day=verdict.case.views_per_day,
        stories=stories_of(verdict)._asdict(),
        value=value_by(verdict, book, family, now),
    )


def _hidden(book: Book, family: Family) -> bool:
    reports = (*book.round_reports(family.id).values(), *book.earlier_reports(family.id).values())
    return family.reason == NEVER_SHOWN or any(report.reason == NEVER_SHOWN for report in reports)


def _standing(book: Book, report: Report, now: datetime) -> Standing:
    person = book.reporter(report.site, report.reporter)
    if person is None:
        return Standing(report, 0, 0, False, False)
    return Standing(
        report,
        person.confirmed_reports,
        person.reviewed_reports,
        person.muted,
        person.probation_until is not None and person.probation_until > now,
    )


def _no_new_id() -> str:
    raise AssertionError("looking makes nothing")
