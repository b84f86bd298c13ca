"""A person who moderates stops listening to a reporter, listens again, takes away what a reporter says now, or takes
back what the rule about wrong reports did to one.

Reports of a muted reporter are kept and count for nothing: no case is decided by them, and nobody is judged by them.
The changes that run these hold the site alone (`Wants.rules`), so that all that was decided with a reporter's word
stands before the event in the log, and all that was decided without it after.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from tawatur.log import events
from tawatur.moderation.end_appeals import end_appeals
from tawatur.moderation.lapse import current
from tawatur.moderation.refusals import OwnImage, UnknownReporter
from tawatur.moderation.settle import settle
from tawatur.store import reporters
from tawatur.store.appeals import REPORTER
from tawatur.store.book import Book, replace
from tawatur.store.database import Database
from tawatur.store.reading_book import ReadingBook
from tawatur.store.reporters import Reporter
from tawatur.store.reports import Report

OPERATOR = "operator"
"""Who acts from the command line."""


class Ask(msgspec.Struct, frozen=True):
    """What is asked of one reporter: whom (a pseudonym), by whom (a pseudonym, or `OPERATOR`) and why, in words that
    stay in the log and so should name nobody. `own` are all pseudonyms of who asks, where they are known."""

    site: str
    reporter: str
    by: str
    why: str | None = None
    own: frozenset[str] = frozenset()


class Standing(msgspec.Struct, frozen=True):
    """How one reporter stands with a site. `live` counts the reports that nobody has decided on yet."""

    reporter: Reporter
    live: int


def mute_reporter(book: Book, ask: Ask, now: datetime) -> bool:
    """From now on this reporter's reports are kept and count for nothing; the cases that they bear on are decided
    anew. False when that is so already. Raises UnknownReporter."""
    return _set_muted(book, ask, True, now)


def unmute_reporter(book: Book, ask: Ask, now: datetime) -> bool:
    """The reporter's reports count again, also those that were kept meanwhile and nobody has decided on."""
    return _set_muted(book, ask, False, now)


def void_reports(book: Book, ask: Ask, now: datetime) -> int:
    """Takes all live reports of one reporter away, as if they had been withdrawn, and for good; says how many.

    Raises UnknownReporter.
    """
    known(book, ask)
    live = book.live_reports_by(ask.site, ask.reporter)
    _check_not_theirs(book, ask, live)
    for report in live:
        void_report(book, report, ask, now)
    return len(live)


def void_report(book: Book, report: Report, ask: Ask, now: datetime) -> None:
    """Takes one live report away; what was provisionally withheld by it may be shown again."""
    family = current(book, report.family, now)
    book.save_report(replace(report, withdrawn_at=now, voided=True))
    event = events.ReportVoided(report=report.id, reporter=report.reporter, by=ask.by, why=ask.why)
    book.append(events.row(book.new_id(), ask.site, report.image, now, event))
    settle(book, report.image, family, now, cause="void")


def clear_reporter(book: Book, ask: Ask, now: datetime) -> bool:
    """Takes a warning or suspension back: it begins anew, and what was reported meanwhile counts. False where there is
    nothing to take back. Raises UnknownReporter."""
    found = known(book, ask)
    if not found.steps and not found.suspended(now):
        return False
    live = book.live_reports_by(ask.site, ask.reporter)
    book.save_reporter(replace(found, told_at=now, suspended_until=None, steps=0))
    for report in live:
        if report.inert:
            book.save_report(replace(report, inert=False))
    images = [report.image for report in live]
    event = events.ReporterCleared(reporter=ask.reporter, by=ask.by, images=images, why=ask.why)
    book.append(events.row(book.new_id(), ask.site, None, now, event))
    end_appeals(book, ask.site, REPORTER, [ask.reporter], now, "cleared")
    decide_anew(book, live, now, "unmute")
    return True


def standing_in(book: Book, ask: Ask) -> Standing:
    """How the reporter stands with the site. Raises UnknownReporter."""
    return Standing(known(book, ask), len(book.live_reports_by(ask.site, ask.reporter)))


def standing_of(database: Database, site: str, reporter: str) -> Standing:
    """The same for somebody who only looks."""

    def no_new_id() -> str:
        raise AssertionError("looking makes nothing")

    with database.read() as connection:
        return standing_in(ReadingBook(connection, no_new_id), Ask(site, reporter, OPERATOR))


def told(found: Standing) -> dict[str, Any]:
    """How a reporter stands, as a site is told."""
    who = found.reporter
    return {
        "reporter": who.id,
        "muted": who.muted,
        "warned_at": who.told_at if who.steps else None,
        "suspended_until": who.suspended_until,
        "suspensions": max(0, who.steps - 1),
        "reported": who.reported,
        "reviewed": who.reviewed_reports,
        "confirmed": who.confirmed_reports,
        "live": found.live,
    }


def first_known(database: Database, site: str, pseudonyms: list[str]) -> str | None:
    """The first of these who has reported on the site."""
    with database.read() as connection:
        found = {one.id for one in reporters.of_ids(connection, site, set(pseudonyms))}
    return next((one for one in pseudonyms if one in found), None)


def known(book: Book, ask: Ask) -> Reporter:
    """The reporter whom it is about. Raises UnknownReporter."""
    found = book.reporter(ask.site, ask.reporter)
    if found is None:
        raise UnknownReporter(f"No reporter {ask.reporter!r} has reported on this site.")
    return found


def _check_not_theirs(book: Book, ask: Ask, live: list[Report]) -> None:
    """Raises OwnImage where this person reports what whoever asks has posted: that would be deciding on it."""
    if ask.own and any(one.uploader in ask.own for report in live for one in book.images_of(report.family)):
        raise OwnImage("Whoever posted what this person reports cannot silence them; somebody else must.")


def decide_anew(book: Book, live: list[Report], now: datetime, cause: str) -> None:
    """Decides the cases of these reports once more."""
    for report in live:
        settle(book, report.image, current(book, report.family, now), now, cause=cause)


def _set_muted(book: Book, ask: Ask, muted: bool, now: datetime) -> bool:
    found = known(book, ask)
    if found.muted == muted:
        return False
    live = book.live_reports_by(ask.site, ask.reporter)
    _check_not_theirs(book, ask, live)
    book.save_reporter(replace(found, muted=muted))
    kind = events.ReporterMuted if muted else events.ReporterUnmuted
    event = kind(reporter=ask.reporter, by=ask.by, images=[report.image for report in live], why=ask.why)
    book.append(events.row(book.new_id(), ask.site, None, now, event))
    decide_anew(book, live, now, "mute" if muted else "unmute")
    return True
