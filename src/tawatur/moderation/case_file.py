"""One case with all that bears on it, as a moderator sees it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection

from tawatur.decision.timeline import Point, timeline
from tawatur.decision.verdict import explain
from tawatur.moderation import context
from tawatur.moderation.cases import policy_of
from tawatur.moderation.gate import NEVER_SHOWN
from tawatur.moderation.look import case_in_words
from tawatur.moderation.opening import never_shown
from tawatur.moderation.refusals import UnknownImage
from tawatur.moderation.settle import judge
from tawatur.moderation.shields import shields_over
from tawatur.moderation.taking_part import taking_part
from tawatur.moderation.undo import undoable_now
from tawatur.store import families, images, notes, reports, verdicts
from tawatur.store.book import Book
from tawatur.store.database import Database
from tawatur.store.families import BLOCKED, BLURRED, Family
from tawatur.store.images import Image
from tawatur.store.notes import Note
from tawatur.store.reading_book import ReadingBook
from tawatur.store.reports import Report
from tawatur.store.shields import Shield
from tawatur.store.undoables import Undoable
from tawatur.store.verdicts import Acted, Review

OTHERS = 12
"""Other pictures of the uploader that a case shows."""
LOOKED_THROUGH = 60


class Standing(msgspec.Struct, frozen=True):
    """One reporter of a case: their report, and what people decided of their earlier ones. `point` is what the report
    counts for; None where it counts for nothing."""

    report: Report
    confirmed: int
    reviewed: int
    muted: bool
    on_probation: bool
    point: Point | None = None


class Posted(msgspec.Struct, frozen=True):
    """An uploader's images: how many there are, are withheld now, and were upheld or rejected by a person."""

    images: int = 0
    blocked: int = 0
    blurred: int = 0
    upheld: int = 0
    rejected: int = 0


class Other(msgspec.Struct, frozen=True):
    """Another picture of the same uploader, and what became of it; a `hidden` one may be shown to nobody."""

    image: Image
    family: Family
    hidden: bool


class CaseFile(msgspec.Struct, frozen=True):
    """A case in full. `live` reports are undecided, `earlier` ones were judged by a review or belong to one; `points`
    are the live ones as they came. `acted` is what the engine did, `reviews` what people decided. `reasons` are those
    of the site's policy; `hidden` pictures may be shown to nobody; `context` is what the page round the image says, of
    which nothing was used to decide; `people` posted or reported it."""

    image: Image
    family: Family
    hidden: bool
    images: list[Image]
    words: str
    explained: dict[str, Any]
    live: list[Standing]
    earlier: list[Report]
    points: list[Point]
    acted: list[Acted]
    reviews: list[Review]
    altered_of: list[str]
    reasons: list[str]
    context: dict[str, Any]
    shields: list[Shield]
    notes: list[Note]
    uploader: Posted
    others: list[Other]
    people: frozenset[str]


def case_file(database: Database, site: str, image_id: str, now: datetime, lang: str) -> CaseFile:
    """All that bears on an image's case. Raises UnknownImage."""
    with database.read() as connection:
        book = ReadingBook(connection, _no_new_id)
        image = book.image(site, image_id)
        if image is None:
            raise UnknownImage(f"This site has no image {image_id!r}.")
        family = book.family(image.family)
        verdict = judge(book, family, now)
        points = timeline(verdict)
        counts = {point.reporter: point for point in points}
        there = book.images_of(family.id)
        explained = explain(verdict)
        return CaseFile(
            image=image,
            family=family,
            hidden=never_shown(book, family),
            images=there,
            words=case_in_words(family, explained, lang),
            explained=explained,
            live=[_standing(book, report, counts, now) for report in book.live_reports(family.id)],
            earlier=sorted(book.earlier_reports(family.id).values(), key=lambda report: report.at),
            points=points,
            acted=verdicts.acted(connection, family.id),
            reviews=verdicts.reviews(connection, family.id),
            altered_of=sorted({other for one in there for other in book.altered_of(one.id)}),
            reasons=list(policy_of(book, site).reasons),
            context=context.told(connection, image_id, lang),
            shields=shields_over(book, family, now),
            notes=notes.of_family(connection, family.id),
            uploader=Posted() if image.uploader is None else _posted(images.posted(connection, site, image.uploader)),
            others=_others(connection, image),
            people=taking_part(book, family),
        )


def picture(database: Database, site: str, image_id: str) -> tuple[Image, bool]:
    """An image, and whether it may be shown to nobody. Raises UnknownImage."""
    with database.read() as connection:
        book = ReadingBook(connection, _no_new_id)
        image = book.image(site, image_id)
        if image is None:
            raise UnknownImage(f"This site has no image {image_id!r}.")
        return image, never_shown(book, book.family(image.family))


def undoables(database: Database, site: str, image_ids: list[str], reviewer: str, now: datetime) -> list[Undoable]:
    """Those of this person's latest decisions on these images that may still be taken back."""
    with database.read() as connection:
        book = ReadingBook(connection, _no_new_id)
        found = [undoable_now(book, site, image, reviewer, now) for image in image_ids]
    return [one for one in found if one is not None]


def _standing(book: Book, report: Report, counts: dict[str, Point], now: datetime) -> Standing:
    person = book.reporter(report.site, report.reporter)
    point = counts.get(report.reporter)
    if person is None:
        return Standing(report, 0, 0, False, False, point)
    return Standing(
        report,
        person.confirmed_reports,
        person.reviewed_reports,
        person.muted,
        person.probation_until is not None and person.probation_until > now,
        point,
    )


def _others(connection: Connection, image: Image) -> list[Other]:
    """The latest other pictures of who posted this one, one a family."""
    if image.uploader is None:
        return []
    found: dict[str, Image] = {}
    for one in images.latest_of(connection, image.site, image.uploader, LOOKED_THROUGH):
        if one.family != image.family:
            found.setdefault(one.family, one)
    shown = dict(list(found.items())[:OTHERS])
    homes = {one.id: one for one in families.of_ids(connection, set(shown), lock=False)}
    grave = reports.naming_child_safety(connection, set(shown))
    return [
        Other(one, homes[home], home in grave or homes[home].reason == NEVER_SHOWN)
        for home, one in shown.items()
        if home in homes
    ]


def _posted(found: list[tuple[str, int, str | None, int]]) -> Posted:
    def count(place: int, value: str) -> int:
        return sum(row[3] for row in found if row[place] == value)

    return Posted(
        images=sum(row[3] for row in found),
        blocked=count(0, BLOCKED),
        blurred=count(0, BLURRED),
        upheld=count(2, "upheld"),
        rejected=count(2, "rejected"),
    )


def _no_new_id() -> str:
    raise AssertionError("looking makes nothing")
