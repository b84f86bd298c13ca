"""A person decides a case: upheld, rejected or undecided. What people decide, the machine never overrides."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from tawatur.decision.learning import Lesson, lesson
from tawatur.decision.policy import Policy
from tawatur.decision.record import earning
from tawatur.log import events
from tawatur.moderation.abuse import warn_or_suspend
from tawatur.moderation.cases import assemble, inert_reporters, policy_of
from tawatur.moderation.copies import NewCut, cut_image
from tawatur.moderation.lapse import current
from tawatur.moderation.records import judge_report
from tawatur.moderation.refusals import (
    Outranked,
    UnknownImage,
    UnknownMeasure,
    UnknownOutcome,
    UnknownReason,
    UnknownScope,
)
from tawatur.moderation.settle import change_status, withheld_with
from tawatur.moderation.taking_part import check_no_part
from tawatur.moderation.undo import Before, Judged, remember
from tawatur.moderation.viewers import judge_viewings
from tawatur.store.book import Book, replace
from tawatur.store.families import BLOCKED, BLURRED, VISIBLE, Authority, Family
from tawatur.store.images import Image
from tawatur.store.reports import Report
from tawatur.store.verdicts import Review

OUTCOMES = ("upheld", "rejected", "undecided")
MEASURES = ("block", "blur")
SCOPES = ("everywhere", "this_use")
MUTED = "muted"
"""What is said of a report that counted for nothing when people decided."""
MOST_DOUBLINGS = 12
"""Of the immunity: a day becomes eleven years, and the calendar never ends before it does."""


class NewReview(msgspec.Struct, frozen=True):
    """A person's decision as it comes in. The reviewer is a pseudonym already, and so is who the reviewer is among the
    site's own people (`known_as`), where that is known.

    `measure` is what upholding does: "block", or "blur" for good. `scope` says where: on the picture everywhere on the
    site, or on this use of it alone, which is then cut out of its family first.
    """

    site: str
    image: str
    reviewer: str
    outcome: str
    reason: str | None = None
    note: str | None = None
    authority: int = Authority.MODERATOR
    known_as: str | None = None
    measure: str | None = None
    scope: str = "everywhere"


class Reviewed(msgspec.Struct, frozen=True):
    """The review's id and the image's status after it."""

    id: str
    status: str


def review_image(book: Book, new: NewReview, now: datetime) -> Reviewed:
    """Upholds (blocks for good, or blurs), rejects (shows again, with immunity) or leaves undecided.

    Every report on these pixels that was made before is judged by this decision, also those that an earlier review
    judged otherwise: records and probations are corrected. Raises UnknownImage, UnknownOutcome, UnknownReason,
    UnknownMeasure, UnknownScope, OwnImage, OwnReport and Outranked.
    """
    image = allowed(book, new)
    policy = policy_of(book, new.site)
    if new.scope == "this_use" and len(book.images_of(image.family)) > 1:
        cut_image(book, NewCut(new.site, new.image, new.reviewer, new.authority), now)
        image = book.image(new.site, new.image) or image
    family = current(book, image.family, now)
    review = Review(
        id=book.new_id(),
        site=new.site,
        family=family.id,
        image=new.image,
        at=now,
        reviewer=new.reviewer,
        authority=new.authority,
        outcome=new.outcome,
        reason=new.reason,
        note=new.note,
        measure=new.measure if new.outcome == "upheld" else None,
        blocked_at=_blocked_by_reports(book, family, now),
    )
    book.add_review(review)
    told = events.ImageReviewed(
        outcome=new.outcome,
        reviewer=new.reviewer,
        reason=new.reason,
        measure=review.measure,
        evidence=_evidence(book, family, new.outcome, policy, now),
    )
    book.append(events.row(review.id, new.site, new.image, now, told))
    before = Before(family)
    if new.outcome == "undecided":
        family = replace(family, queued_at=None)
    else:
        before = _judge_reports(book, before, new, policy, now)
        family = _decide(book, family, new, policy, now)
    book.save_family(family)
    if new.outcome == "rejected":
        before = replace(before, stood=warn_or_suspend(book, family, policy, now))
    before = replace(before, altered=[one for one in before.altered if book.family(one.id) != one])
    remember(book, review.id, new.reviewer, new.outcome, new.image, now, before)
    return Reviewed(review.id, family.status)


def allowed(book: Book, new: NewReview) -> Image:
    """The image, where this person may decide on it. Raises what `review_image` does."""
    image = book.image(new.site, new.image)
    if image is None:
        raise UnknownImage(f"This site has no image {new.image!r}.")
    if new.outcome not in OUTCOMES:
        raise UnknownOutcome(f"{new.outcome!r} is not an outcome. Use one of: {', '.join(OUTCOMES)}.")
    if new.reason is not None and new.reason not in policy_of(book, new.site).reasons:
        raise UnknownReason(f"{new.reason!r} is not a reason of this site's policy.")
    if new.measure is not None and new.measure not in MEASURES:
        raise UnknownMeasure(f"{new.measure!r} is not a measure. Use one of: {', '.join(MEASURES)}.")
    if new.scope not in SCOPES:
        raise UnknownScope(f"{new.scope!r} is not a scope. Use one of: {', '.join(SCOPES)}.")
    check_no_part(book, image.family, {new.reviewer, new.known_as})
    if book.family(image.family).authority > new.authority:
        raise Outranked("An admin decided this image; only an admin can decide otherwise.")
    return image


def _blocked_by_reports(book: Book, family: Family, now: datetime) -> datetime | None:
    """When reports blocked it, or would have were the policy not in shadow; None where they did not, or where a person
    has decided since."""
    if family.authority > Authority.MACHINE:
        return None
    if family.status == BLOCKED:
        return None if family.cause in ("bank", "altered") else family.acted_at
    return family.queued_at or now if family.shadow == BLOCKED and book.live_reports(family.id) else None


def _evidence(book: Book, family: Family, outcome: str, policy: Policy, now: datetime) -> Lesson | None:
    """What the engine knew of the case. Who decides anew on reports that were judged already teaches nothing new."""
    if outcome == "undecided" or (not book.live_reports(family.id) and book.earlier_reports(family.id)):
        return None
    return lesson(assemble(book, family, now), policy, now)


def _decide(book: Book, family: Family, new: NewReview, policy: Policy, now: datetime) -> Family:
    """The family under a human verdict: earlier reports are closed, and the picture is blocked, blurred or shown."""
    upheld = new.outcome == "upheld"
    status = VISIBLE if not upheld else BLURRED if new.measure == "blur" else BLOCKED
    immunity = timedelta(hours=policy.immunity_hours) * 2 ** min(family.rejections, MOST_DOUBLINGS)
    decided = replace(
        family,
        provisional=False,
        authority=new.authority,
        outcome=new.outcome,
        reason=(new.reason or family.reason or _most_named(book.live_reports(family.id))) if upheld else None,
        immune_until=None if upheld else now + immunity,
        rejections=family.rejections if upheld else family.rejections + 1,
        round=family.round + 1,
        review_by=None,
        queued_at=None,
        look_value=0.0,
        shadow=None,
    )
    if status == family.status and not family.provisional:
        return decided
    return change_status(book, new.image, decided, status, now, cause="review")


def _most_named(reports: list[Report]) -> str | None:
    counts: dict[str, int] = {}
    for report in reports:
        counts[report.reason] = counts.get(report.reason, 0) + 1
    return max(counts, key=lambda reason: counts[reason]) if counts else None


def _judge_reports(book: Book, before: Before, new: NewReview, policy: Policy, now: datetime) -> Before:
    """Judges all reports on these pixels, first taking back what an earlier judgement of them did; what stood before,
    for whoever takes it back."""
    family = before.family
    live = book.live_reports(family.id)
    earlier = [report for report in book.earlier_reports(family.id).values() if report.withdrawn_at is None]
    inert = _inert(book, [*live, *earlier], now)
    earned = earning(max(1, len({report.reporter for report in live + earlier if report.id not in inert})))
    was_wrong = new.outcome == "rejected" and family.status == BLOCKED and family.authority == Authority.MACHINE
    probation = now + timedelta(days=policy.probation_days) if was_wrong else None
    for report in live:
        if report.id in inert:
            judge_report(book, report, MUTED, 0.0, None)
        else:
            judge_report(book, report, _outcome_of(report, new), earned, probation)
    viewings, noted = judge_viewings(
        book, family, new.outcome == "upheld", [*earlier, *live], policy, now, passing_over=inert
    )
    for report in earlier:
        if report.id not in inert:
            keeps = report.probation_until if new.outcome == "rejected" else None
            judge_report(book, report, _outcome_of(report, new), earned, keeps)
    return Before(
        family,
        withheld_with(book, family) if family.status == BLOCKED else [],
        [Judged(report.id, report.outcome, report.earned, report.probation_until) for report in earlier],
        viewings,
        noted,
    )


def _inert(book: Book, reports: list[Report], now: datetime) -> set[str]:
    """The reports that count for nothing, so that nobody is judged by them. What was judged before somebody was muted
    stays judged, and is corrected as everybody's."""
    silenced = inert_reporters(book, reports, now)
    fresh = (report for report in reports if report.outcome is None and report.reporter in silenced)
    return {report.id for report in fresh} | {report.id for report in reports if report.outcome == MUTED}


def _outcome_of(report: Report, new: NewReview) -> str:
    """A report of an image that breaks another rule than the one it named is neither right nor wrong."""
    if new.outcome == "rejected":
        return "rejected"
    return "confirmed" if new.reason is None or new.reason == report.reason else "neutral"
