"""Decides a case anew and does what the verdict asks. Every change that bears on a case ends here."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from tawatur.decision.gates import may_withhold
from tawatur.decision.policy import Policy
from tawatur.decision.verdict import Verdict, decide, explain, stored
from tawatur.log import events
from tawatur.moderation.cases import assemble, model_of, policy_of, standing_verdict
from tawatur.moderation.end_appeals import end_appeals
from tawatur.store.appeals import IMAGE
from tawatur.store.book import Book, replace
from tawatur.store.families import BLOCKED, BLURRED, VISIBLE, Authority, Family
from tawatur.store.verdicts import StoredVerdict

_LEVEL = {VISIBLE: 0, BLURRED: 1, BLOCKED: 2}
_STATUS_OF_ACTION = {"allow": VISIBLE, "review": VISIBLE, "blur": BLURRED, "block": BLOCKED}
LESSENS = frozenset({"withdrawal", "mute", "void"})
"""Causes that take reports away: what was withheld by them may be shown again."""
ADDS = frozenset({"reports", "unmute"})
"""Causes that bring reports: people are asked."""
_EVENT_OF_STATUS: dict[str, type[events.StateChange]] = {
    VISIBLE: events.ImageRestored,
    BLURRED: events.ImageBlurred,
    BLOCKED: events.ImageBlocked,
}


def judge(book: Book, family: Family, now: datetime, *, shields: bool = True) -> Verdict:
    """The engine's verdict on this family as things stand now, or as they would without `shields`. Changes nothing."""
    case = assemble(book, family, now)
    if not shields:
        case = replace(case, floor_raise=1.0)
    return decide(case, policy_of(book, family.site), model_of(book, family.site), now)


def settle(book: Book, image: str, family: Family, now: datetime, *, cause: str = "reports") -> Family:
    """Decides the family's case from the reports that are live now, and brings its state in line with the verdict.

    New evidence only moves the state up (views alone must not lift a block, or view inflation would); a withdrawal,
    or a person who takes somebody's reports away (`LESSENS`), may also move a provisional state down. A standing human
    verdict is never touched. Only a new report asks a person again about what a person left undecided. A policy in
    shadow withholds nothing: what it would do is noted, told as `image.shadowed`, and put before people.
    """
    verdict = judge(book, family, now)
    wanted = _STATUS_OF_ACTION[verdict.action]
    if cause in LESSENS and verdict.case.floor_raise > 1.0 and _LEVEL[wanted] < _LEVEL[family.status]:
        # Shields keep blocks from coming; whoever takes a report back must not lift an old one by them.
        verdict = judge(book, family, now, shields=False)
        wanted = min(_STATUS_OF_ACTION[verdict.action], family.status, key=lambda status: _LEVEL[status])
    family = replace(family, look_value=verdict.queue_value, look_reason=verdict.reason or family.look_reason)
    rises = _LEVEL[wanted] > _LEVEL[family.status]
    falls = (
        cause in LESSENS
        and family.provisional
        and family.authority == Authority.MACHINE
        and family.cause not in ("bank", "altered")
        and _LEVEL[wanted] < _LEVEL[family.status]
    )
    shadow = verdict.rules.shadow and not falls
    free = standing_verdict(family, now) is None
    family = _shadowed(book, image, family, wanted, verdict, now, cause) if shadow and free else _lit(family, shadow)
    if free and not shadow and (rises or falls):
        family = _move(book, image, family, wanted, verdict, now, cause)
    elif (
        cause in ADDS
        and family.queued_at is None
        and (verdict.action == "review" or family.provisional or family.shadow is not None)
    ):
        family = replace(family, queued_at=now)
        book.append(
            events.row(
                book.new_id(),
                family.site,
                image,
                now,
                events.ImageQueued(
                    value=verdict.queue_value,
                    reason=verdict.reason,
                    probability=verdict.probability,
                    voices=verdict.voices,
                ),
            )
        )
    book.save_family(family)
    return family


def views_may_move(family: Family, live: int, policy: Policy, now: datetime) -> bool:
    """Whether more views of a family with so many live reports could make `settle` do anything but say anew what a look
    is worth. Views only move the state up, so nothing moves what is blocked already, what a person has decided, or
    what fewer people report than it takes for a blur or a block."""
    if family.shadow is not None:
        return True
    return family.status != BLOCKED and may_withhold(live, policy) and standing_verdict(family, now) is None


def would_be(family: Family, verdict: Verdict) -> str:
    """What readers would see if the engine acted on this verdict: reports only ever withhold more."""
    noted = family.shadow or VISIBLE
    return max(family.status, noted, _STATUS_OF_ACTION[verdict.action], key=lambda status: _LEVEL[status])


def _shadowed(
    book: Book, image: str, family: Family, wanted: str, verdict: Verdict, now: datetime, cause: str
) -> Family:
    """The family with what the engine would have done to it noted and told, where that is anything new."""
    before = max(family.status, family.shadow or VISIBLE, key=lambda status: _LEVEL[status])
    rises = _LEVEL[wanted] > _LEVEL[before]
    falls = cause in LESSENS and family.shadow is not None and _LEVEL[wanted] < _LEVEL[before]
    if not (rises or falls):
        return family
    book.add_verdict(_stored(book.new_id(), family, verdict, now))
    family = replace(family, shadow=wanted if _LEVEL[wanted] > _LEVEL[family.status] else None)
    tell_shadow(book, image, family, now, cause=cause, reason=verdict.reason, verdict=explain(verdict))
    return family


def _lit(family: Family, shadow: bool) -> Family:
    """The family without what was noted of it in shadow, once the engine acts."""
    return family if shadow or family.shadow is None else replace(family, shadow=None)


def _move(book: Book, image: str, family: Family, wanted: str, verdict: Verdict, now: datetime, cause: str) -> Family:
    machine = wanted != VISIBLE
    family = replace(
        family,
        provisional=machine,
        authority=Authority.MACHINE if machine else Authority.NOBODY,
        reason=verdict.reason if machine else None,
        review_by=verdict.review_by if machine else None,
        queued_at=now if machine else family.queued_at,
    )
    book.add_verdict(_stored(book.new_id(), family, verdict, now))
    return change_status(book, image, family, wanted, now, cause=cause, verdict=explain(verdict))


def change_status(
    book: Book,
    image: str,
    family: Family,
    status: str,
    now: datetime,
    *,
    cause: str,
    verdict: dict[str, Any] | None = None,
) -> Family:
    """The family with another status, and the event that tells it. The caller saves the family.

    What was blurred as an altered copy of it is shown again when it is no longer blocked.
    """
    was = family.status
    family = replace(family, status=status, cause=cause if status != VISIBLE else None, acted_at=now)
    tell_status(book, image, family, now, cause=cause, verdict=verdict)
    if was == BLOCKED and status != BLOCKED:
        show_altered(book, family, now)
    return family


def withheld_with(book: Book, original: Family) -> list[Family]:
    """The families that are blurred because they are taken for altered copies of this one."""
    images = (book.image(original.site, key) for key in book.altered_copies(original.id))
    found = {image.family: book.family(image.family) for image in images if image is not None}
    return [family for family in found.values() if family.cause == "altered" and family.provisional]


def show_altered(book: Book, original: Family, now: datetime) -> None:
    """Shows what was blurred as an altered copy of a family that is blocked no longer."""
    for key in book.altered_copies(original.id):
        image = book.image(original.site, key)
        family = None if image is None else book.family(image.family)
        if family is None or family.cause != "altered" or not family.provisional:
            continue
        others = (book.image(original.site, other) for other in book.altered_of(key))
        if any(book.family(one.family).status == BLOCKED for one in others if one and one.family != original.id):
            continue
        shown = replace(
            family, provisional=False, authority=Authority.NOBODY, reason=None, review_by=None, queued_at=None
        )
        book.save_family(change_status(book, key, shown, VISIBLE, now, cause="altered"))


def tell_status(
    book: Book, image: str, family: Family, now: datetime, *, cause: str, verdict: dict[str, Any] | None = None
) -> None:
    """Appends the event that says what readers see of this family from now on. Who objected that it is withheld needs
    no answer once it is shown."""
    images = [one.id for one in book.images_of(family.id)]
    change = _EVENT_OF_STATUS[family.status](
        images=images,
        cause=cause,
        provisional=family.provisional,
        reason=family.reason,
        review_by=family.review_by,
        verdict=verdict,
    )
    book.append(events.row(book.new_id(), family.site, image, now, change))
    if family.status == VISIBLE:
        end_appeals(book, family.site, IMAGE, images, now, cause)


def tell_shadow(
    book: Book,
    image: str,
    family: Family,
    now: datetime,
    *,
    cause: str,
    reason: str | None = None,
    verdict: dict[str, Any] | None = None,
) -> None:
    """Appends the event that says what readers would see of this family if the policy were not in shadow."""
    told = events.ImageShadowed(
        images=[one.id for one in book.images_of(family.id)],
        status=family.shadow or family.status,
        cause=cause,
        reason=reason,
        verdict=verdict,
    )
    book.append(events.row(book.new_id(), family.site, image, now, told))


def _stored(new_id: str, family: Family, verdict: Verdict, now: datetime) -> StoredVerdict:
    body = msgspec.json.encode(stored(verdict)).decode()
    return StoredVerdict(new_id, family.site, family.id, now, verdict.action, body)
