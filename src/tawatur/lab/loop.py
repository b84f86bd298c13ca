"""One community under one rule, in closed loop: what the rule withholds is seen and reported no more, and moderators
look at what it queues."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import numpy as np

from tawatur.decision.policy import REASONS
from tawatur.lab.world import DAY, HOUR, VIOLATING, Mask, Numbers, World, moment

VISIBLE, BLURRED, BLOCKED = 0, 1, 2
BLUR_PREVENTS = 0.8
"""What a view behind a blur counts as prevented: a fifth of the viewers lift it."""
_STATUS = {"image.restored": VISIBLE, "image.blurred": BLURRED, "image.blocked": BLOCKED}


class Rule(Protocol):
    """Whatever decides from event lines, as `tawatur.lab.replay.Replay` does."""

    def apply(self, event: dict[str, Any]) -> list[dict[str, Any]]:
        """Take one event in; return the events that it caused."""

    def queue(self, limit: int) -> list[str]:
        """The images that a person should look at next, best first."""

    def chance(self, image: str) -> float | None:
        """P(violation) as the rule sees it now; None when nobody reports the image."""


@dataclass(frozen=True)
class ExtraReport:
    """A report by an attacker, or by somebody an attacker sent: made only while the image is not blocked.

    Attackers lift a blur. `honest` ones are people whom an attacker's call reached; a blur stops most of them.
    """

    at: float
    image: int
    reporter: str
    reason: str
    network: str | None = None
    device: str | None = None
    referrer: str | None = None
    created: float | None = None
    lifts_blur: bool = True


@dataclass(frozen=True)
class ExtraViews:
    """Views that an attacker fakes; they do no harm and prevent none."""

    at: float
    image: int
    count: int


@dataclass(frozen=True)
class Plan:
    """What an attack adds to a world. `measured` are the images it is judged by; `world` holds images that it posts."""

    name: str
    measured: tuple[int, ...] = ()
    reports: tuple[ExtraReport, ...] = ()
    views: tuple[ExtraViews, ...] = ()
    wants_blocks: bool = True
    world: World | None = None


@dataclass
class Trace:
    """What happened to every image, by place. Times are seconds from the start, nan for never."""

    blocked_at: Numbers
    blurred_at: Numbers
    potential: Numbers
    prevented: Numbers
    reviewed: Mask
    chance: Numbers
    looks: int = 0
    reports: int = 0
    status: list[int] = field(default_factory=list)


_REPORT, _EXTRA, _VIEWS, _POST, _SESSION, _TICK = range(6)


class Loop:
    """Runs one world, with or without an attack, under one rule."""

    def __init__(self, world: World, rule: Rule, plan: Plan | None = None, *, viewers: bool = False) -> None:
        self.plan = plan or Plan("none")
        self.world, self.rule = self.plan.world or world, rule
        world = self.world
        self.viewers = viewers
        count = len(world.images.names)
        self.place = {name: image for image, name in enumerate(world.images.names)}
        self.status = [VISIBLE] * count
        self.first = world.views.first.tolist()
        self.seen = self.first[:-1]
        # When the next view of each image that was not counted yet takes place; infinite when there is none.
        self.next_at = np.full(count, np.inf)
        some = np.diff(world.views.first) > 0
        self.next_at[some] = world.views.at[world.views.first[:-1][some]]
        self.known = [False] * count
        # Moderators and withheld views draw from their own streams, so that rules meet the same luck.
        self.luck = np.random.default_rng([world.seed, 7]).random((count, 2))
        nan = np.full(count, np.nan)
        self.trace = Trace(nan.copy(), nan.copy(), np.zeros(count), np.zeros(count), np.zeros(count, bool), nan.copy())

    def run(self, progress: Callable[[float], None] | None = None) -> Trace:
        """The whole history; returns what became of every image. `progress` is told the share done, now and then."""
        agenda = self._agenda()
        steps = len(agenda)
        for step, (at, kind, which) in enumerate(agenda):
            if kind == _REPORT:
                self._honest_report(at, which)
            elif kind == _EXTRA:
                self._extra_report(at, self.plan.reports[which])
            elif kind == _POST:
                self._post(at, which)
            elif kind == _VIEWS:
                extra = self.plan.views[which]
                self._catch_up(extra.image, at)
                if self.status[extra.image] != BLOCKED:
                    bots = [f"bot-{which}-{bot}" for bot in range(extra.count)] if self.viewers else []
                    self._apply(self._viewed(extra.image, at, extra.count, bots))
            elif kind == _TICK:
                self._tell_views(at)
            else:
                self._tell_views(at)
                self._session(at)
            if progress is not None and step % 256 == 0:
                progress(step / steps)
        for image in range(len(self.status)):
            self._catch_up(image, self.world.end, tell=False)
            self._note_chance(image)
        self.trace.status = self.status
        return self.trace

    def _agenda(self) -> list[tuple[float, int, int]]:
        world = self.world
        agenda: list[tuple[float, int, int]] = [
            (float(at), _POST, image) for image, at in enumerate(world.images.posted)
        ]
        agenda += [(float(world.views.at[place]), _REPORT, int(place)) for place in np.flatnonzero(world.views.reports)]
        agenda += [(extra.at, _EXTRA, place) for place, extra in enumerate(self.plan.reports) if extra.at < world.end]
        agenda += [(extra.at, _VIEWS, place) for place, extra in enumerate(self.plan.views) if extra.at < world.end]
        for day in range(world.shape.days):
            agenda.append((day * DAY + world.shape.session_hour * HOUR, _SESSION, day))
            agenda += [(day * DAY + hour * HOUR, _TICK, day) for hour in (1.0, 5.0, 13.0, 17.0, 21.0)]
        agenda.sort()
        return agenda

    # -- what happens ----------------------------------------------------------------------------

    def _post(self, at: float, image: int) -> None:
        images = self.world.images
        self.known[image] = True
        self._apply(
            {
                "type": "image.registered",
                "at": _text(at),
                "image": images.names[image],
                "uploader": images.uploader[image],
            }
        )

    def _honest_report(self, at: float, view: int) -> None:
        views, readers = self.world.views, self.world.readers
        image = int(np.searchsorted(views.first, view, side="right")) - 1
        if not self._gets_report(image, bool(views.kept[view])):
            return
        self._catch_up(image, at)
        reader = int(views.viewer[view])
        created = float(readers.created[reader]) if readers.age_known[reader] else None
        self._report(
            at,
            image,
            readers.names[reader],
            REASONS[views.reason[view]],
            {
                "network": readers.networks[reader],
                "device": readers.devices[reader],
                "account_created_at": None if created is None else _text(created),
            },
        )

    def _extra_report(self, at: float, extra: ExtraReport) -> None:
        lifts = extra.lifts_blur or self.luck[extra.image, 0] < 0.5
        if not self._gets_report(extra.image, lifts) or not self.known[extra.image]:
            return
        self._catch_up(extra.image, at)
        signals = {
            "network": extra.network,
            "device": extra.device,
            "referrer": extra.referrer,
            "account_created_at": None if extra.created is None else _text(extra.created),
        }
        self._apply(self._viewed(extra.image, at, 1, [extra.reporter]))
        self._report(at, extra.image, extra.reporter, extra.reason, signals)

    def _gets_report(self, image: int, behind_blur: bool) -> bool:
        return self.status[image] == VISIBLE or (self.status[image] == BLURRED and behind_blur)

    def _report(self, at: float, image: int, reporter: str, reason: str, signals: dict[str, Any]) -> None:
        self.trace.reports += 1
        self._apply(
            {
                "type": "report.received",
                "at": _text(at),
                "image": self.world.images.names[image],
                "reporter": reporter,
                "reason": reason,
                "signals": {name: value for name, value in signals.items() if value is not None},
            }
        )

    # -- views -----------------------------------------------------------------------------------

    def _catch_up(self, image: int, at: float, *, tell: bool = True) -> None:
        """Count the views since the last time under the status that the image had, and tell the rule of those that
        took place."""
        if self.next_at[image] > at:
            return
        views = self.world.views
        low, stop = self.seen[image], self.first[image + 1]
        high = low + int(views.at[low:stop].searchsorted(at, side="right"))
        self.seen[image] = high
        self.next_at[image] = views.at[high] if high < stop else np.inf
        status, many = self.status[image], high - low
        self.trace.potential[image] += many
        self.trace.prevented[image] += many * (0.0, BLUR_PREVENTS, 1.0)[status]
        if status == BLOCKED or not tell:
            return
        if status == BLURRED:
            many = int(views.kept_before[high] - views.kept_before[low])
        if many:
            names: list[str] = []
            if self.viewers:
                places = np.arange(low, high) if status == VISIBLE else low + np.flatnonzero(views.kept[low:high])
                names = [self.world.readers.names[views.viewer[place]] for place in places]
            self._apply(self._viewed(image, at, many, names))

    def _viewed(self, image: int, at: float, count: int, names: list[str]) -> dict[str, Any]:
        event = {"type": "image.viewed", "at": _text(at), "image": self.world.images.names[image], "count": count}
        if self.viewers and names:
            event["viewers"] = names
        return event

    def _tell_views(self, at: float) -> None:
        """A site sends its views every few hours."""
        for image in np.flatnonzero(self.next_at <= at).tolist():
            self._catch_up(image, at)

    # -- what the rule and the moderators do -----------------------------------------------------

    def _apply(self, event: dict[str, Any]) -> None:
        for caused in self.rule.apply(event):
            kind = caused["type"]
            if kind in _STATUS:
                self._moved(caused, _STATUS[kind], event)

    def _moved(self, caused: dict[str, Any], status: int, cause: dict[str, Any]) -> None:
        at = (datetime.fromisoformat(cause["at"]) - moment(0)).total_seconds()
        by_reports = cause["type"] != "image.reviewed"
        for name in _images_of(caused):
            image = self.place[name]
            self._catch_up(image, at, tell=False)
            self.status[image] = status
            if by_reports and status == BLOCKED and np.isnan(self.trace.blocked_at[image]):
                self.trace.blocked_at[image] = at
            if by_reports and status == BLURRED and np.isnan(self.trace.blurred_at[image]):
                self.trace.blurred_at[image] = at

    def _session(self, at: float) -> None:
        """Moderators look at a few cases, best first, and err."""
        shape = self.world.shape
        for name in self.rule.queue(shape.looks_a_day):
            image = self.place[name]
            self._catch_up(image, at)
            self._note_chance(image)
            self.trace.looks += 1
            rng = np.random.default_rng([self.world.seed, image, self.trace.looks])
            violates = self.world.images.kind[image] == VIOLATING
            if rng.random() < shape.undecided:
                outcome = "undecided"
            else:
                outcome = "upheld" if violates != (rng.random() < shape.error) else "rejected"
                self.trace.reviewed[image] = True
            event = {"type": "image.reviewed", "at": _text(at), "image": name, "outcome": outcome}
            if outcome == "upheld":
                event["reason"] = REASONS[self.world.images.reason[image]]
            self._apply(event)
            if outcome != "undecided":
                self.status[image] = BLOCKED if outcome == "upheld" else VISIBLE

    def _note_chance(self, image: int) -> None:
        """What the rule thinks of an image before the first person tells it, or in the end."""
        if not self.trace.reviewed[image]:
            chance = self.rule.chance(self.world.images.names[image])
            if chance is not None:
                self.trace.chance[image] = chance


def _images_of(caused: dict[str, Any]) -> list[str]:
    images = caused.get("images")
    return list(images) if images else [caused["image"]]


def _text(seconds: float) -> str:
    return moment(seconds).isoformat().replace("+00:00", "Z")
