"""A picture that somebody reported for child safety is shown to nobody who works here, from that first report on. Who
must look all the same says so twice, and the log says who it was and when.

One report is enough here, and not for readers: hiding it from them at the first would let anybody take any picture
down, while a person at the console loses a glance. A person who rejects the case ends it."""

from __future__ import annotations

from datetime import datetime, timedelta

from tawatur.log import events
from tawatur.moderation.gate import NEVER_SHOWN
from tawatur.moderation.refusals import UnknownImage
from tawatur.store import openings
from tawatur.store.book import Book
from tawatur.store.database import Database
from tawatur.store.database_book import DatabaseBook
from tawatur.store.families import Family
from tawatur.store.openings import Opening

OPEN_FOR = timedelta(minutes=5)


def never_shown(book: Book, family: Family) -> bool:
    """Whether anybody, human or not, ever gave child safety as the reason, and no person has looked and rejected it."""
    reports = (*book.round_reports(family.id).values(), *book.earlier_reports(family.id).values())
    said = (report for report in reports if report.reason == NEVER_SHOWN and report.outcome != "rejected")
    return family.reason == NEVER_SHOWN or any(said)


def open_picture(book: DatabaseBook, site: str, image_id: str, person: str, reviewer: str, now: datetime) -> datetime:
    """Lets one account see one image for some minutes; until when. `reviewer` is its pseudonym, which the log names.

    Raises UnknownImage.
    """
    if book.image(site, image_id) is None:
        raise UnknownImage(f"This site has no image {image_id!r}.")
    until = now + OPEN_FOR
    book.save_opening(Opening(image_id, person, until))
    book.append(events.row(book.new_id(), site, image_id, now, events.ImageOpened(reviewer=reviewer, until=until)))
    return until


def opened_until(database: Database, image_id: str, person: str, now: datetime) -> datetime | None:
    """Until when this account may see the image; None where it may not."""
    with database.read() as connection:
        found = openings.of_person(connection, image_id, person)
    return found.until if found is not None and found.until > now else None
