"""A person takes a decision back moments after making it, and it is as if it had never been made.

What stood before is kept with the decision, so that nothing has to be worked out backwards: the state, what every
report was worth to its reporter, who waits in the queue. What came in meanwhile stays: a report that was made after the
decision speaks beside those that speak again.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from tawatur.log import events
from tawatur.moderation.end_appeals import end_appeals, reopen_appeals
from tawatur.moderation.records import judge_report
from tawatur.moderation.refusals import TooLateToUndo, UnknownImage
from tawatur.moderation.settle import settle, show_altered, tell_status
from tawatur.moderation.viewers import unjudge_viewings
from tawatur.store.appeals import REPORTER
from tawatur.store.book import Book, replace
from tawatur.store.families import BLOCKED, VISIBLE, Family
from tawatur.store.reports import Report
from tawatur.store.undoables import Undoable
from tawatur.store.viewings import Viewing

SHOWN = timedelta(seconds=10)
"""How long the console offers it."""
UNDO_WITHIN = timedelta(seconds=30)
"""How long it is taken: what is offered for ten seconds may take a while to arrive."""


class Judged(msgspec.Struct, frozen=True, array_like=True):
    """What an earlier judgement of a report was."""

    report: str
    outcome: str | None
    earned: float
    probation_until: datetime | None


class Stood(msgspec.Struct, frozen=True, array_like=True):
    """How a reporter stood whom the decision had warned or suspended."""

    reporter: str
    told_at: datetime | None
    suspended_until: datetime | None
    steps: int


class Before(msgspec.Struct, frozen=True):
    """What stood before a decision: the family, the altered copies of it that the decision showed again, what reports
    of earlier rounds had been judged, whose coins had fallen how, who was only then noted to have looked, and how those
    stood who were warned or suspended by it."""

    family: Family
    altered: list[Family] = []
    judged: list[Judged] = []
    viewings: list[Viewing] = []
    noted: list[str] = []
    stood: list[Stood] = []


class NewUndo(msgspec.Struct, frozen=True):
    """Who takes the latest decision on an image back; `review` is its id where it is known."""

    site: str
    image: str
    reviewer: str
    review: str | None = None


class Undone(msgspec.Struct, frozen=True):
    """What was taken back, and the image's status after it."""

    outcome: str
    status: str


def remember(book: Book, review: str, reviewer: str, outcome: str, image: str, now: datetime, before: Before) -> None:
    """Keeps what stood before a decision that is being made."""
    body = msgspec.json.encode(before).decode()
    book.save_undoable(Undoable(before.family.id, before.family.site, image, review, reviewer, outcome, now, body))


def undoable_now(book: Book, site: str, image_id: str, reviewer: str, now: datetime) -> Undoable | None:
    """This person's decision on the image that may still be taken back."""
    image = book.image(site, image_id)
    found = None if image is None else book.undoable(image.family)
    if found is None or found.reviewer != reviewer or now - found.at > UNDO_WITHIN:
        return None
    return found


def undo_review(book: Book, new: NewUndo, now: datetime) -> Undone:
    """Takes the latest decision on the image back. A picture that the decision cut out of its family stays cut.

    Raises UnknownImage, and TooLateToUndo where the time is over or somebody has decided since.
    """
    image = book.image(new.site, new.image)
    if image is None:
        raise UnknownImage(f"This site has no image {new.image!r}.")
    found = undoable_now(book, new.site, new.image, new.reviewer, now)
    if found is None or new.review not in (None, found.review):
        raise TooLateToUndo("Nothing of yours can be taken back here any more. Decide once more instead.")
    before = msgspec.json.decode(found.body, type=Before)
    book.take_back_review(found)
    told = events.ReviewUndone(review=found.review, reviewer=new.reviewer, outcome=found.outcome)
    book.append(events.row(book.new_id(), new.site, new.image, now, told))
    family = book.family(image.family)
    if found.outcome == "undecided":
        family = replace(family, queued_at=family.queued_at or before.family.queued_at)
        book.save_family(family)
        return Undone(found.outcome, family.status)
    came = bool(book.live_reports(family.id))
    _unjudge_reports(book, family, before, now)
    _unwarn(book, new, before.stood, now)
    unjudge_viewings(book, family, before.viewings, before.noted)
    restored = replace(before.family, round=family.round, views=family.views, version=family.version)
    book.save_family(restored)
    if _seen(restored) != _seen(family):
        tell_status(book, new.image, restored, now, cause="undo")
    if family.status == BLOCKED and restored.status != BLOCKED:
        show_altered(book, restored, now)
    for one in before.altered:
        _withhold_again(book, one, now)
    for one in (restored, *before.altered):
        if book.family(one.id).status != VISIBLE:
            reopen_appeals(book, new.site, [image.id for image in book.images_of(one.id)], found.at, now)
    if came:
        restored = settle(book, new.image, restored, now)
    return Undone(found.outcome, restored.status)


def _seen(family: Family) -> tuple[object, ...]:
    return family.status, family.provisional, family.reason, family.review_by


def _unjudge_reports(book: Book, family: Family, before: Before, now: datetime) -> None:
    """Every report counts for its reporter as it did, and those that the decision closed speak again."""
    earlier = book.earlier_reports(family.id)
    for judged in before.judged:
        judge_report(book, earlier[judged.report], judged.outcome, judged.earned, judged.probation_until)
    closed = [report for report in earlier.values() if report.round == before.family.round]
    for report in sorted(closed, key=lambda report: report.id):
        if report.withdrawn_at is None:
            judge_report(book, report, None, 0.0, None)
        meanwhile = book.round_reports(family.id).get(report.reporter)
        if meanwhile is None:
            book.reopen_report(report.id, family.id)
        else:
            _merge(book, earlier[report.id], meanwhile, now)


def _merge(book: Book, old: Report, new: Report, now: datetime) -> None:
    """Somebody reported again after the decision: the later report stands, in the place of the earlier one."""
    if old.withdrawn_at is None:
        book.save_report(replace(old, withdrawn_at=now))
    book.save_report(replace(new, first_at=min(new.first_at, old.first_at)))
    reporter = book.reporter(new.site, new.reporter)
    if reporter is not None:
        book.save_reporter(replace(reporter, reported=reporter.reported - 1))


def _unwarn(book: Book, new: NewUndo, stood: list[Stood], now: datetime) -> None:
    """Nobody is warned or suspended by a decision that was never made."""
    for one in stood:
        found = book.reporter(new.site, one.reporter)
        if found is not None:
            earlier = {"told_at": one.told_at, "suspended_until": one.suspended_until, "steps": one.steps}
            book.save_reporter(replace(found, **earlier))
            told = events.ReporterCleared(reporter=one.reporter, by=new.reviewer, images=[])
            book.append(events.row(book.new_id(), new.site, None, now, told))
            end_appeals(book, new.site, REPORTER, [one.reporter], now, "cleared")


def _withhold_again(book: Book, altered: Family, now: datetime) -> None:
    """An altered copy that the decision showed is blurred again, if nothing happened to it since."""
    family = book.family(altered.id)
    if family.status != VISIBLE or family.queued_at is not None or family.outcome != altered.outcome:
        return
    restored = replace(altered, round=family.round, views=family.views, version=family.version)
    book.save_family(restored)
    tell_status(book, book.images_of(restored.id)[0].id, restored, now, cause="undo")
