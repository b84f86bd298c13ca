"""Counts what happened on a site in a period, from its log, event by event.

Whatever was taken back moments later (`review.undone`) counts as if it had never been. What came before the period is
read too and counted nowhere: it says what was withheld, and by whom, when the period began. In memory is what is
withheld and who waits for an answer, not the log.
"""

from __future__ import annotations

from array import array
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta

import msgspec

from tawatur.store.events import EventRow

BY = {
    "copy": "copy",
    "bank": "list",
    "altered": "altered",
    "review": "person",
}
"""Who or what withheld an image, by the cause that its event names; with all others it was reports."""
REPORTS = "reports"
MEASURE = {"image.blurred": "blur", "image.blocked": "block"}
MAY_BE_UNDONE = timedelta(seconds=60)
"""For how long a decision may be taken back as if it had never been; moderation/undo.py takes it for half as long."""

Key = tuple[str, ...]


class _Said(msgspec.Struct):
    """What is read of an event's body; each type has some of these keys."""

    reason: str | None = None
    report: str | None = None
    images: list[str] = []
    cause: str = REPORTS
    provisional: bool = False
    outcome: str = ""
    review: str | None = None
    about: str = "image"
    against: str = "machine"
    received_at: datetime | None = None


_said = msgspec.json.Decoder(_Said)


class _Held:
    """A state in which an image and its copies are withheld. `began`: since when something withholds them."""

    __slots__ = ("automatic", "began", "by", "judged", "measure", "reason")

    def __init__(self, measure: str, by: str, reason: str, automatic: bool, began: datetime) -> None:
        self.measure, self.by, self.reason = measure, by, reason
        self.automatic, self.began, self.judged = automatic, began, False


class _Done:
    """What the events of one moment added, so that it can be taken away again."""

    __slots__ = ("at", "counted", "held", "judged", "took")

    def __init__(self, at: datetime) -> None:
        self.at = at
        self.counted: list[tuple[date, Key]] = []
        self.took: list[tuple[tuple[date, str], float]] = []
        self.held: dict[str, _Held] = {}
        self.judged: _Held | None = None


class Counting:
    """Counts of a period, `since` included and `until` not. Events are added in the order of the log."""

    def __init__(self, since: datetime, until: datetime) -> None:
        self.since, self.until = since, until
        self.counts: Counter[tuple[date, Key]] = Counter()
        self.times: dict[tuple[date, str], array[float]] = {}
        self._waiting: dict[str, tuple[datetime, int]] = {}
        self._held: dict[str, _Held] = {}
        self._recent: OrderedDict[str, _Done] = OrderedDict()
        self._done = _Done(since)
        self._undone_at: datetime | None = None
        self._resumed: dict[str, _Held] = {}

    def add(self, event: EventRow) -> None:
        """Counts one event; those of other types than `TYPES` say nothing."""
        act = _ACTS.get(event.type)
        if act is None:
            return
        if event.at != self._done.at:
            self._done = _Done(event.at)
        act(self, event, _said.decode(event.body))

    # -- what is counted ---------------------------------------------------------------------------

    def _count(self, at: datetime, *key: str) -> None:
        if self.since <= at < self.until:
            self.counts[at.date(), key] += 1
            self._done.counted.append((at.date(), key))

    def _took(self, name: str, start: datetime, end: datetime) -> None:
        if self.since <= end < self.until:
            seconds = (end - start).total_seconds()
            key = end.date(), name
            self.times.setdefault(key, array("d")).append(seconds)
            self._done.took.append((key, seconds))

    def _reported(self, event: EventRow, said: _Said) -> None:
        self._count(event.at, "report", said.reason or "other")
        image = event.image or ""
        if image not in self._held:
            first, live = self._waiting.get(image, (event.at, 0))
            self._waiting[image] = (first, live + 1)

    def _taken_away(self, event: EventRow, said: _Said) -> None:
        self._count(event.at, event.type)
        first, live = self._waiting.pop(event.image or "", (event.at, 0))
        if live > 1:
            self._waiting[event.image or ""] = (first, live - 1)

    def _withheld(self, event: EventRow, said: _Said) -> None:
        measure, reason = MEASURE[event.type], said.reason or "other"
        images = said.images or [event.image or ""]
        before = self._held.get(event.image or "")
        firsts = [found[0] for image in images if (found := self._waiting.pop(image, None)) is not None]
        if said.cause == "undo":
            held = self._resumed.pop(event.image or "", None)
            held = held or _Held(measure, REPORTS, reason, said.provisional, event.at)
        elif said.cause == "copy":  # the new copy shares the state of those that are withheld already
            self._count(event.at, "action", measure, "copy", reason)
            others = (self._held[image] for image in images if image in self._held)
            held = next(others, None) or _Held(measure, "copy", reason, said.provisional, event.at)
        else:
            by = BY.get(said.cause, REPORTS)
            began = event.at if before is None else before.began
            held = _Held(measure, by, reason, said.provisional, began)
            if before is None or before.measure != measure:
                self._count(event.at, "action", measure, by, reason)
            if before is None and firsts:
                self._took("report_to_action", min(firsts), event.at)
        for image in images:
            self._held[image] = held

    def _shown(self, event: EventRow, said: _Said) -> None:
        images = said.images or [event.image or ""]
        was = {image: held for image in images if (held := self._held.pop(image, None)) is not None}
        self._done.held |= was
        if was and said.cause != "undo":
            self._count(event.at, "restored", said.cause, next(iter(was.values())).measure)

    def _reviewed(self, event: EventRow, said: _Said) -> None:
        self._count(event.at, "review", said.outcome)
        self._recent[event.id] = self._done
        while next(iter(self._recent.values())).at < event.at - MAY_BE_UNDONE:
            self._recent.popitem(last=False)
        if said.outcome == "undecided":
            return
        self._waiting.pop(event.image or "", None)
        held = self._held.get(event.image or "")
        if held is not None:
            self._done.held[event.image or ""] = held
            if held.automatic and not held.judged:
                held.judged, self._done.judged = True, held
                self._count(event.at, "judged", held.measure, held.by, held.reason, said.outcome)
                self._took("action_to_review", held.began, event.at)

    def _taken_back(self, event: EventRow, said: _Said) -> None:
        done = self._recent.pop(said.review or "", None)
        self._undone_at = event.at
        if done is None:
            return
        self.counts.subtract(done.counted)
        for key, seconds in done.took:
            self.times[key].remove(seconds)
        if done.judged is not None:
            done.judged.judged = False
        self._resumed = done.held

    def _appealed(self, event: EventRow, said: _Said) -> None:
        kind = event.type.removeprefix("appeal.")
        self._count(event.at, "appeal", said.outcome if kind == "decided" else kind, said.about, said.against)
        if kind == "decided" and said.received_at is not None:
            self._took("appeal_to_answer", said.received_at, event.at)

    def _told(self, event: EventRow, said: _Said) -> None:
        if event.at != self._undone_at:  # a warning that was never given is cleared by nobody
            self._count(event.at, event.type)


_ACTS: dict[str, Callable[[Counting, EventRow, _Said], None]] = {
    "report.received": Counting._reported,
    "report.withdrawn": Counting._taken_away,
    "report.voided": Counting._taken_away,
    "image.blurred": Counting._withheld,
    "image.blocked": Counting._withheld,
    "image.restored": Counting._shown,
    "image.reviewed": Counting._reviewed,
    "review.undone": Counting._taken_back,
    "appeal.received": Counting._appealed,
    "appeal.decided": Counting._appealed,
    "appeal.withdrawn": Counting._appealed,
    "appeal.ended": Counting._appealed,
    "reporter.warned": Counting._told,
    "reporter.suspended": Counting._told,
    "reporter.cleared": Counting._told,
    "reporter.muted": Counting._told,
    "reporter.unmuted": Counting._told,
}
TYPES = tuple(_ACTS)
TIMES = ("report_to_action", "action_to_review", "appeal_to_answer")


def counted(events: Iterable[EventRow], since: datetime, until: datetime) -> Counting:
    """The counts of a period, from the log's events from its first on."""
    counting = Counting(since, until)
    for event in events:
        if event.at >= until + MAY_BE_UNDONE:
            break
        counting.add(event)
    return counting
