"""Runs a history through the use cases that decide in production, on a book in memory.

    replay = Replay(policy=None)
    emitted = replay.apply({"type": "report.received", "at": "2026-01-01T00:00:00Z", "image": "i1", "reporter": "r1"})
    next_to_look_at = replay.queue(limit=2)

Time is the events' own: what falls due (a provisional state that lapses, a night's learning) happens at the first event
at or after its moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from tawatur.decision.learning import learn_proven
from tawatur.decision.policy import DEFAULT_POLICY, Policy, PolicyError, policy_kept, policy_toml
from tawatur.lab.replay_book import UNTOUCHED, ReplayBook, alone
from tawatur.lab.replay_lines import (
    Altered,
    AnyLine,
    BadEvent,
    Cleared,
    Cut,
    Learned,
    Lowered,
    Muted,
    PolicyChanged,
    Raised,
    Received,
    Registered,
    Reviewed,
    Undone,
    Unmuted,
    Viewed,
    Voided,
    Withdrawn,
    read_line,
)
from tawatur.log.events import Signals, line
from tawatur.moderation.altered import take_for_altered
from tawatur.moderation.cases import model_of, policy_of
from tawatur.moderation.copies import NewCut, take_out
from tawatur.moderation.lapse import lapse
from tawatur.moderation.learn import adopt
from tawatur.moderation.queue import value_of_look
from tawatur.moderation.register import NewImage, register_image
from tawatur.moderation.report import NewReport, receive_report, withdraw_report
from tawatur.moderation.review import NewReview, review_image
from tawatur.moderation.shields import NewShield, lower_shields, raise_shields
from tawatur.moderation.standing import Ask, clear_reporter, mute_reporter, unmute_reporter, void_report
from tawatur.moderation.undo import NewUndo, undo_review
from tawatur.moderation.view import count_views
from tawatur.moderation.viewers import forget_beyond
from tawatur.store.families import Authority
from tawatur.store.images import Image
from tawatur.store.sites import Site, StoredPolicy
from tawatur.store.writer import Refused

SITE = "site"
DISORDER = timedelta(minutes=1)
"""Processes that write one log finish in another order than they began; more than this is a history out of order."""
NO_SIGNALS = Signals()
READS_VIEWERS = policy_toml(msgspec.structs.replace(DEFAULT_POLICY, version="default-1+viewers", viewers_days=30.0))
"""The default policy has no viewers kept on a server. A history that says who looked was written where that was wanted,
and a replay keeps nothing that is not in it: so from the first viewer that it names, the default counts them."""
LEAST_QUALITY = 50
"""Below this a PDQ hash says little: blank pictures would all be copies of each other."""


class Replay:
    """One site's history under one policy, whatever the site changed; None: the default one, and those that the history
    says the site changed to. Where a history names viewers, the default one has them count."""

    def __init__(
        self, policy: Policy | None = None, *, learns: bool = True, untouched: timedelta | None = UNTOUCHED
    ) -> None:
        """`learns`: whether it learns every night. A served site's log says what was learned, so there it does not.
        `untouched`: how long a picture must have been left alone to be put away (replay_book.py).
        """
        self._learns = learns
        self._served = False
        self._untouched = untouched
        self._now: datetime | None = None
        self._policy = policy
        self._book: ReplayBook | None = None

    def apply(self, event: Mapping[str, Any]) -> list[dict[str, Any]]:
        """What this event causes, as lines of the log. What the engine said when the history was made is passed over.

        Raises BadEvent (UnknownType for a type that is not the log's) and changes nothing then.
        """
        fact = read_line(event)
        if "position" in event:
            self._served = True
        if fact is None:
            return []
        book = self._at(fact.at)
        try:
            self._do(book, fact)
        except Refused as refusal:
            raise BadEvent(str(refusal)) from None
        if not book.told:
            return []
        told, book.told = book.told, []
        return [{key: value for key, value in line(row).items() if key != "position"} for row in told]

    def rule_by(self, policy: Policy) -> None:
        """From here on this policy holds, whatever the history says that the site changed."""
        self._policy = policy
        if self._book is not None:
            before = self._book.policy(SITE)
            version = 1 if before is None else before.version + 1
            self._book.add_policy(StoredPolicy(SITE, version, policy_toml(policy), self._book.now))

    def queue(self, limit: int = 2) -> list[str]:
        """The images that a person should look at next, one a family, best first by what a look is worth now."""
        book, now = self._book, self._now
        if book is None or now is None:
            return []
        waiting = book.waiting()
        waiting.sort(key=lambda family: (-value_of_look(book, family, now), family.queued_at, family.id))
        return [self._face(book, family.id) for family in waiting[: max(0, limit)]]

    def status(self, image: str) -> str | None:
        """What readers see of an image: "visible", "blurred" or "blocked"; None when there is no such image."""
        found = None if self._book is None else self._book.image(SITE, image)
        return None if found is None or self._book is None else self._book.family(found.family).status

    # -- time ------------------------------------------------------------------------------------

    def _at(self, moment: datetime) -> ReplayBook:
        """The book at this moment: what fell due before it has happened."""
        if self._book is None:
            policy = None if self._policy is None else StoredPolicy(SITE, 1, policy_toml(self._policy), moment)
            self._book = ReplayBook(Site(SITE, SITE, moment), policy, self._untouched)
            self._now = moment
        assert self._now is not None
        if moment < self._now:
            if self._now - moment > DISORDER:
                raise BadEvent(f"{moment.isoformat()} is before {self._now.isoformat()}; events must be in order")
            return self._book
        night = moment.date() != self._now.date()
        self._now = self._book.now = moment
        for family in self._book.due(moment):
            lapse(self._book, family, moment)
        if night:
            self._book.tidy()
            if self._learns and not self._served:
                self._learn(self._book, moment)
        return self._book

    def _learn(self, book: ReplayBook, now: datetime) -> None:
        """A night's learning, when people decided anything since the last."""
        if book.news:
            policy = policy_of(book, SITE)
            adopt(book, SITE, learn_proven(book.lessons(policy, now), policy, "learned", model_of(book, SITE)), now)

    # -- one kind of event -----------------------------------------------------------------------

    def _do(self, book: ReplayBook, fact: AnyLine) -> None:
        if isinstance(fact, Viewed):
            self._view(book, fact)
        elif isinstance(fact, Received):
            self._report(book, fact)
        elif isinstance(fact, Registered):
            self._register(book, fact)
        elif isinstance(fact, Reviewed):
            self._review(book, fact)
        elif isinstance(fact, Undone):
            self._known(book, fact.image, fact.at)
            undo_review(book, NewUndo(SITE, fact.image, fact.reviewer), fact.at)
        elif isinstance(fact, Learned):
            book.use_model(SITE, fact.model, fact.at)
        elif isinstance(fact, PolicyChanged):
            self._change_policy(book, fact)
        elif isinstance(fact, Raised):
            self._raise(book, fact)
        elif isinstance(fact, Lowered):
            self._shielded(book, fact)
            lower_shields(book, SITE, fact.by, fact.at, image=fact.image, uploader=fact.uploader)
        elif isinstance(fact, Muted):
            mute_reporter(book, Ask(SITE, fact.reporter, fact.by), fact.at)
        elif isinstance(fact, Unmuted):
            unmute_reporter(book, Ask(SITE, fact.reporter, fact.by), fact.at)
        elif isinstance(fact, Cleared):
            clear_reporter(book, Ask(SITE, fact.reporter, fact.by), fact.at)
        elif isinstance(fact, Voided):
            self._void(book, fact)
        elif isinstance(fact, Cut):
            self._known(book, fact.image, fact.at)
            take_out(book, NewCut(SITE, fact.image, fact.reviewer, Authority.ADMIN), fact.at)
        elif isinstance(fact, Altered):
            original = self._known(book, fact.of, fact.at)
            take_for_altered(book, self._known(book, fact.image, fact.at), original, fact.corners, fact.at)
        else:
            self._withdraw(book, fact)

    def _change_policy(self, book: ReplayBook, fact: PolicyChanged) -> None:
        try:
            after = policy_kept(fact.toml)
        except PolicyError as error:
            raise BadEvent(f"the policy in it cannot be used: {error}") from None
        if self._policy is None:
            before = book.policy(SITE)
            forget_beyond(book, policy_of(book, SITE), after, SITE, fact.at)
            version = fact.version or (1 if before is None else before.version + 1)
            book.add_policy(StoredPolicy(SITE, version, fact.toml, fact.at))

    def _raise(self, book: ReplayBook, fact: Raised) -> None:
        self._shielded(book, fact)
        hours = (fact.until - fact.at) / timedelta(hours=1)
        raise_shields(book, NewShield(SITE, fact.by, fact.image, fact.uploader, fact.times, hours), fact.at)

    def _shielded(self, book: ReplayBook, fact: Raised | Lowered) -> None:
        if fact.image is not None:
            self._known(book, fact.image, fact.at)

    def _register(self, book: ReplayBook, fact: Registered) -> None:
        if book.image(SITE, fact.image) is None:
            new = NewImage(
                SITE,
                self._picture(fact),
                media_type="",
                size=0,
                width=0,
                height=0,
                pdq=fact.pdq,
                quality=fact.quality,
                uploader=fact.uploader,
                page_url=fact.page,
                id=fact.image,
            )
            register_image(book, new, fact.at)

    def _picture(self, fact: Registered) -> str:
        """A name that all images of one picture share. Where the history does not say which they are, equal hashes do;
        copies by distance would be looked for here."""
        if fact.family is not None:
            return f"family/{fact.family}"
        if fact.sha256 is not None:
            return f"sha256/{fact.sha256}"
        if fact.pdq is not None and (fact.quality is None or fact.quality >= LEAST_QUALITY):
            return f"pdq/{fact.pdq}"
        return alone(fact.image)

    def _known(self, book: ReplayBook, image: str, at: datetime) -> Image:
        """The image, registered now when the history never said that it was."""
        found = book.image(SITE, image)
        if found is None:
            self._register(book, Registered(at=at, image=image))
            found = book.image(SITE, image)
            assert found is not None
        return found

    def _view(self, book: ReplayBook, fact: Viewed) -> None:
        count = fact.count
        if count is None:
            count = 1 if fact.viewers is None else None
        self._known(book, fact.image, fact.at)
        if fact.viewers and self._policy is None and book.policy(SITE) is None:
            book.add_policy(StoredPolicy(SITE, 0, READS_VIEWERS, fact.at))
        count_views(book, SITE, fact.image, count, fact.at, fact.viewers or ())

    def _report(self, book: ReplayBook, fact: Received) -> None:
        self._known(book, fact.image, fact.at)
        signals = NO_SIGNALS if fact.signals is None else fact.signals
        new = NewReport(SITE, fact.image, fact.reporter, fact.reason or "other", None, signals)
        receive_report(book, new, fact.at)

    def _withdraw(self, book: ReplayBook, fact: Withdrawn) -> None:
        image = book.image(SITE, fact.image)
        report = None if image is None else book.round_reports(image.family).get(fact.reporter)
        if report is not None:
            withdraw_report(book, SITE, report.id, fact.at)

    def _void(self, book: ReplayBook, fact: Voided) -> None:
        image = book.image(SITE, fact.image)
        report = None if image is None else book.round_reports(image.family).get(fact.reporter)
        if report is not None:
            void_report(book, report, Ask(SITE, fact.reporter, fact.by), fact.at)

    def _review(self, book: ReplayBook, fact: Reviewed) -> None:
        self._known(book, fact.image, fact.at)
        new = NewReview(
            SITE,
            fact.image,
            fact.reviewer,
            fact.outcome,
            reason=fact.reason,
            authority=Authority.ADMIN,
            measure=fact.measure,
        )
        review_image(book, new, fact.at)

    def _face(self, book: ReplayBook, family: str) -> str:
        """The image of the family that was reported first, or its first."""
        live = book.live_reports(family)
        return live[0].image if live else book.images_of(family)[0].id
