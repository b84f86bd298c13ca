"""What others do with reports, behind the same interface as `Replay`, so that this engine can be seen beside it.

All of them withhold a whole image or nothing, ask a person about what they withheld first, count a reader once, and
start anew after a person rejected the reports. None knows networks, devices or ages.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import exp, log
from typing import Any

from tawatur.decision.policy import Policy
from tawatur.lab.loop import Rule
from tawatur.lab.replay import SITE, Replay
from tawatur.moderation.settle import judge

NEW = timedelta(days=1)
REGULAR = timedelta(days=50)


class Engine(Replay):
    """This engine, with its probability of any image."""

    viewers = False

    def __init__(self, policy: Policy | None = None) -> None:
        super().__init__(policy)

    def chance(self, image: str) -> float | None:
        """P(violation) from the reports that are live now; None when there are none."""
        if self._book is None or self._now is None:
            return None
        found = self._book.image(SITE, image)
        if found is None or not self._book.live_reports(found.family):
            return None
        return judge(self._book, self._book.family(found.family), self._now).probability


@dataclass
class Held:
    """What a score rule knows of one image."""

    reports: dict[str, float] = field(default_factory=dict)
    views: int = 0
    viewers: set[str] = field(default_factory=set)
    blocked: bool = False
    upheld: bool = False
    judged: set[str] = field(default_factory=set)
    since: str = ""


@dataclass
class Reviewed:
    """How many of a reader's reports people agreed with, and, where viewers are known, of how many chances."""

    agreed: float = 0.0
    total: float = 0.0
    violating_seen: float = 0.0
    legitimate_seen: float = 0.0


class ScoreRule:
    """Withhold when the scores of an image's live reports sum to a threshold."""

    viewers = False

    def __init__(self, threshold: float) -> None:
        self.threshold = threshold
        self.images: dict[str, Held] = {}
        self.people: dict[str, Reviewed] = {}

    def weigh(self, reporter: str, event: Mapping[str, Any]) -> float:
        """The score of one report."""
        return 1.0

    def score(self, held: Held) -> float:
        return sum(held.reports.values())

    def chance(self, image: str) -> float | None:
        """score / (score + threshold): such a rule claims no probability, so this says one half at its threshold."""
        held = self.images.get(image)
        if held is None or not held.reports:
            return None
        score = max(0.0, self.score(held))
        return score / (score + self.threshold)

    def apply(self, event: Mapping[str, Any]) -> list[dict[str, Any]]:
        """As `Replay.apply`."""
        held = self.images.setdefault(event["image"], Held())
        kind = event["type"]
        if kind == "report.received":
            return self._reported(held, event)
        if kind == "image.viewed":
            held.views += event.get("count", 1)
            held.viewers.update(event.get("viewers", ()))
        elif kind == "report.withdrawn":
            held.reports.pop(event["reporter"], None)
        elif kind == "image.reviewed":
            return self._reviewed(held, event)
        return []

    def _reported(self, held: Held, event: Mapping[str, Any]) -> list[dict[str, Any]]:
        reporter = event["reporter"]
        if reporter in held.reports or reporter in held.judged:
            return []
        held.reports[reporter] = self.weigh(reporter, event)
        held.since = held.since or event["at"]
        if held.blocked or held.upheld or self.score(held) < self.threshold:
            return []
        held.blocked = True
        return [{"type": "image.blocked", "at": event["at"], "image": event["image"]}]

    def _reviewed(self, held: Held, event: Mapping[str, Any]) -> list[dict[str, Any]]:
        outcome = event["outcome"]
        if outcome == "undecided":
            held.since = event["at"]
            return []
        upheld = outcome == "upheld"
        for viewer in held.viewers:
            person = self.people.setdefault(viewer, Reviewed())
            person.violating_seen += upheld
            person.legitimate_seen += not upheld
        for reporter in held.reports:
            person = self.people.setdefault(reporter, Reviewed())
            person.agreed += upheld
            person.total += 1.0
        held.judged.update(held.reports)
        held.reports.clear()
        was, held.blocked, held.upheld, held.since = held.blocked, upheld, upheld, ""
        if was == upheld:
            return []
        return [{"type": "image.blocked" if upheld else "image.restored", "at": event["at"], "image": event["image"]}]

    def queue(self, limit: int = 2) -> list[str]:
        """Withheld images first, the longest first; then by score."""
        waiting = [(image, held) for image, held in self.images.items() if held.reports and not held.upheld]
        waiting.sort(key=lambda one: (not one[1].blocked, one[1].since if one[1].blocked else -self.score(one[1])))
        return [image for image, _ in waiting[:limit]]


class Discourse(ScoreRule):
    """Discourse's flag score: 1 + trust level + accuracy bonus; hidden at 12.5 x sensitivity / 9.

    Trust levels are taken from the account's age: 0 in the first day, 1 up to 50 days, then 2.
    """

    def __init__(self, sensitivity: float = 9.0) -> None:
        super().__init__(12.5 * sensitivity / 9.0)

    def weigh(self, reporter: str, event: Mapping[str, Any]) -> float:
        """1 + trust level + accuracy bonus."""
        return max(0.0, 1.0 + _trust(event) + accuracy_bonus(self.people.get(reporter, Reviewed())))


def _trust(event: Mapping[str, Any]) -> float:
    made = (event.get("signals") or {}).get("account_created_at")
    if made is None:
        return 1.0
    age = datetime.fromisoformat(event["at"]) - datetime.fromisoformat(made)
    return 0.0 if age < NEW else 1.0 if age < REGULAR else 2.0


def accuracy_bonus(person: Reviewed) -> float:
    """0 up to 5 reviewed flags; then, with p = agreed / total, ((p - .7) / .3 or -(.7 - p) / .7) x 5 log4(total)."""
    if person.total <= 5:
        return 0.0
    share = person.agreed / person.total
    side = (share - 0.7) / 0.3 if share > 0.7 else -(0.7 - share) / 0.7
    return side * 5.0 * log(person.total, 4)


class AccuracyVote(ScoreRule):
    """Each report counts by how often people agreed with its reporter, against a newcomer's 0.6."""

    def weigh(self, reporter: str, event: Mapping[str, Any]) -> float:
        """((1.2 + agreed) / (2 + total)) / 0.6."""
        person = self.people.get(reporter, Reviewed())
        return (1.2 + person.agreed) / (2.0 + person.total) / 0.6


class TwoCoin(ScoreRule):
    """Each reader has two coins: how likely they report a violating image that they see, and a legitimate one.

    Both have Beta posteriors from reviewed images, around rates that most communities share. Silence of those who
    looked counts, person by person where viewers are known (Raykar et al. 2010, with the verdicts clamped).
    """

    viewers = True
    hit, false, strength, prior = 0.05, 0.003, 20.0, 0.05
    site_strength = 500.0  # views that the rates above weigh against the site's own reviewed views

    def __init__(self, threshold: float = 10.0 / 12.0) -> None:
        super().__init__(threshold)
        self.site = Reviewed()

    def mean_coins(self) -> tuple[float, float]:
        """The two rates of a reader of whom nothing is known."""
        site, weight = self.site, self.site_strength
        hit = (self.hit * weight + site.agreed) / (weight + site.violating_seen)
        false = (self.false * weight + site.total - site.agreed) / (weight + site.legitimate_seen)
        return hit, min(false, hit)

    def coins(self, reader: str) -> tuple[float, float]:
        """The two rates of one reader."""
        hit, false = self.mean_coins()
        person = self.people.get(reader)
        if person is None:
            return hit, false
        wrong = person.total - person.agreed
        seen_bad, seen_good = max(person.violating_seen, person.agreed), max(person.legitimate_seen, wrong)
        right = (hit * self.strength + person.agreed) / (self.strength + seen_bad)
        fault = (false * self.strength * 5 + wrong) / (self.strength * 5 + seen_good)
        return right, min(fault, right)

    def score(self, held: Held) -> float:
        """P(violation)."""
        logit = log(self.prior / (1.0 - self.prior))
        for reporter in held.reports:
            right, fault = self.coins(reporter)
            logit += log(right / fault)
        silent = [viewer for viewer in held.viewers if viewer not in held.reports]
        for viewer in silent:
            person = self.people.get(viewer)
            if person is not None:
                right, fault = self.coins(viewer)
                logit += log((1.0 - right) / (1.0 - fault))
        hit, false = self.mean_coins()
        others = max(0, held.views - len(held.reports)) - sum(viewer in self.people for viewer in silent)
        logit += max(0, others) * log((1.0 - hit) / (1.0 - false))
        return 1.0 / (1.0 + exp(-max(-700.0, min(700.0, logit))))

    def apply(self, event: Mapping[str, Any]) -> list[dict[str, Any]]:
        """As `Replay.apply`. What nobody upheld counts as legitimate: what people reviewed alone was reported more."""
        if event["type"] == "image.viewed":
            self.site.legitimate_seen += event.get("count", 1)
        return super().apply(event)

    def _reviewed(self, held: Held, event: Mapping[str, Any]) -> list[dict[str, Any]]:
        if event["outcome"] != "undecided":
            upheld = event["outcome"] == "upheld"
            self.site.total += len(held.reports)
            self.site.agreed += upheld * len(held.reports)
            self.site.violating_seen += upheld * held.views
            self.site.legitimate_seen -= upheld * held.views
        return super()._reviewed(held, event)

    def chance(self, image: str) -> float | None:
        """P(violation), when anybody reports it."""
        held = self.images.get(image)
        return None if held is None or not held.reports else self.score(held)


def engine(policy: Policy | None = None) -> Engine:
    """This engine under a policy (None: the default)."""
    return Engine(policy)


class SeeingEngine(Engine):
    """The same where the site says who looked."""

    viewers = True


RULES: Mapping[str, Callable[[], Rule]] = {
    "Tawatur": engine,
    "Tawatur, viewers": SeeingEngine,
    "3 reports": lambda: ScoreRule(3),
    "5 reports": lambda: ScoreRule(5),
    "10 reports": lambda: ScoreRule(10),
    "Discourse": Discourse,
    "accuracy vote": lambda: AccuracyVote(4),
    "two coins": TwoCoin,
    "two coins, no viewers": lambda: _blind(TwoCoin()),
}


def _blind(rule: TwoCoin) -> TwoCoin:
    rule.viewers = False
    return rule
