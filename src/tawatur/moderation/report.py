"""A reader reports an image, or takes the report back."""

from __future__ import annotations

from datetime import datetime

import msgspec

from tawatur.log import events
from tawatur.moderation.cases import policy_of
from tawatur.moderation.lapse import current
from tawatur.moderation.refusals import AlreadyJudged, UnknownImage, UnknownReason, UnknownReport
from tawatur.moderation.settle import settle
from tawatur.store.book import Book, replace
from tawatur.store.families import Family
from tawatur.store.reporters import Reporter
from tawatur.store.reports import Report


class NewReport(msgspec.Struct, frozen=True):
    """A report as it comes in: people and means are pseudonyms already."""

    site: str
    image: str
    reporter: str
    reason: str
    comment: str | None = None
    signals: events.Signals = events.Signals()


class Reported(msgspec.Struct, frozen=True):
    """What came of a report: its id, the image's status, and whether it is new. `suspended_until` is when the
    reporter's reports count again, where they do not now."""

    id: str
    status: str
    new: bool
    suspended_until: datetime | None = None


def receive_report(book: Book, new: NewReport, now: datetime) -> Reported:
    """One reporter's statement that one image breaks one rule. Repeats change nothing, nor does saying again what a
    person who moderates has made void.

    Raises UnknownImage and UnknownReason.
    """
    image = book.image(new.site, new.image)
    if image is None:
        raise UnknownImage(f"This site has no image {new.image!r}.")
    if new.reason not in policy_of(book, new.site).reasons:
        known = ", ".join(policy_of(book, new.site).reasons)
        raise UnknownReason(f"{new.reason!r} is not a reason of this site's policy. Use one of: {known}.")
    family = current(book, image.family, now)
    earlier = book.round_reports(family.id).get(new.reporter)
    if earlier is not None and (earlier.withdrawn_at is None or earlier.voided):
        return Reported(earlier.id, family.status, new=False)
    report = _write(book, family, new, earlier, now)
    book.append(
        events.row(
            book.new_id(),
            new.site,
            new.image,
            now,
            events.ReportReceived(
                report=report.id,
                reporter=new.reporter,
                reason=new.reason,
                signals=None if new.signals == events.Signals() else new.signals,
            ),
        )
    )
    family = settle(book, new.image, family, now)
    person = book.reporter(new.site, new.reporter) if report.inert else None
    return Reported(report.id, family.status, True, None if person is None else person.suspended_until)


def withdraw_report(book: Book, site: str, report_id: str, now: datetime, only: str | None = None) -> Reported:
    """Takes a report back, as if it had never been made. `only` is the one reporter who may, None: the site asks.

    Raises UnknownReport, and AlreadyJudged when people decided on it.
    """
    report = book.report(site, report_id)
    if report is None or only not in (None, report.reporter):
        raise UnknownReport(f"This site has no report {report_id!r}.")
    family = book.family(report.family)
    if report.withdrawn_at is not None:
        return Reported(report.id, family.status, new=False)
    if report.round != family.round:
        raise AlreadyJudged("People have decided on this report; taking it back would change nothing.")
    family = current(book, family.id, now)
    book.save_report(replace(report, withdrawn_at=now))
    book.append(
        events.row(
            book.new_id(),
            site,
            report.image,
            now,
            events.ReportWithdrawn(report=report.id, reporter=report.reporter),
        )
    )
    family = settle(book, report.image, family, now, cause="withdrawal")
    return Reported(report.id, family.status, new=True)


def _write(book: Book, family: Family, new: NewReport, earlier: Report | None, now: datetime) -> Report:
    """The report's row: a new one, or the withdrawn one live again in its old place."""
    reporter = book.reporter(new.site, new.reporter)
    first_here = new.reporter not in book.round_reports(family.id)
    signals = new.signals
    if reporter is None:
        book.add_reporter(Reporter(new.site, new.reporter, now, signals.account_created_at, reported=1))
    elif first_here or signals.account_created_at != reporter.account_created_at:
        book.save_reporter(
            replace(
                reporter,
                reported=reporter.reported + first_here,
                account_created_at=signals.account_created_at or reporter.account_created_at,
            )
        )
    if signals.network is not None:
        book.see(new.site, signals.network, new.reporter)
    report = Report(
        id=book.new_id() if earlier is None else earlier.id,
        site=new.site,
        family=family.id,
        image=new.image,
        reporter=new.reporter,
        round=family.round,
        reason=new.reason,
        comment=new.comment,
        first_at=now if earlier is None else earlier.first_at,
        at=now,
        device=signals.device,
        network=signals.network,
        referrer=signals.referrer,
        account_created_at=signals.account_created_at,
        anonymous=signals.anonymous,
        inert=reporter is not None and reporter.suspended(now),
    )
    if earlier is None:
        book.add_report(report)
    else:
        book.save_report(report)
    return report
