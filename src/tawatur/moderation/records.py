"""What a judged report does to its reporter's record, and to the site's: always as a difference to what it did before,
so that a judgement can be corrected or taken back at any time."""

from __future__ import annotations

from datetime import datetime

from tawatur.store.book import Book, replace
from tawatur.store.reports import Report


def judge_report(book: Book, report: Report, outcome: str | None, earned: float, probation: datetime | None) -> None:
    """From now on the report counts as confirmed (it earned that much), rejected, neutral, or not judged at all (None);
    who made it is on probation for it until then."""
    confirmed = earned if outcome == "confirmed" else 0.0
    was_rejected, is_rejected = report.outcome == "rejected", outcome == "rejected"
    more_confirmed = confirmed - report.earned
    more_rejected = float(is_rejected) - float(was_rejected)
    if more_confirmed or more_rejected:
        book.add_to_record(report.site, report.reporter, report.reason, more_confirmed, more_rejected)
    judged = replace(report, outcome=outcome, earned=confirmed, probation_until=probation)
    book.save_report(judged)
    _update_reporter(book, report, judged)


def _update_reporter(book: Book, before: Report, after: Report) -> None:
    reporter = book.reporter(after.site, after.reporter)
    if reporter is None:
        return
    confirmed = reporter.confirmed_reports + (after.outcome == "confirmed") - (before.outcome == "confirmed")
    decided = ("confirmed", "rejected")
    reviewed = reporter.reviewed_reports + (after.outcome in decided) - (before.outcome in decided)
    probation = reporter.probation_until
    if before.probation_until != after.probation_until:
        probation = max(book.probations(after.site, after.reporter).values(), default=None)
    book.save_reporter(
        replace(reporter, confirmed_reports=confirmed, reviewed_reports=reviewed, probation_until=probation)
    )
    book.add_recorded(after.site, (confirmed > 0) - (reporter.confirmed_reports > 0))
