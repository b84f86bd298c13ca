"""What another policy would have done: the last days of a site's log lived twice, by the one in force and by the other.

Until the days begin both follow the log as it was, from its first event on and under the policies of then, so that
records, families and open cases are what they were. From there on each is decided by its own policy alone, acting also
where that policy is in shadow. What people did is taken as it was: who saw, reported and reviewed what. That is the
limit of any preview: behind a block that the other policy brings earlier there would have been fewer reports.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from tawatur.decision.policy import Policy, parse_policy
from tawatur.lab.replay import Replay
from tawatur.log.export import lines
from tawatur.moderation.policies import policy_in_force
from tawatur.store.database import Database

NAMED = 50
"""Images that a difference names at most; the count is of all."""
_LEVEL = {"image.queued": 0, "image.blurred": 1, "image.blocked": 2}
_REACHED = ("queued", "blurred", "blocked")


class Counts(msgspec.Struct, frozen=True):
    """Pictures (families) that a policy blocked, blurred at most, and put before people (those two included)."""

    blocked: int = 0
    blurred: int = 0
    queued: int = 0


class Ruled(msgspec.Struct, frozen=True):
    """What one of the two policies did. `shadow`: whether it says to act on nothing; here it acted all the same."""

    policy: str
    shadow: bool
    did: Counts
    reasons: dict[str, Counts]


class Named(msgspec.Struct, frozen=True):
    """Pictures by the id of their first image."""

    count: int
    images: list[str]


class Preview(msgspec.Struct, frozen=True):
    """What would have been different between `since` and `until`, in `counted` of the log's `events`.

    `differences` has `blocked_more`, `blocked_less`, `blurred_more`, ...; `reviewed` those of the blocks on which a
    person decided in these days: `wrong_blocks_avoided`, `wrong_blocks_added`, `right_blocks_missed`,
    `right_blocks_added`.
    """

    days: int
    since: datetime
    until: datetime
    events: int
    counted: int
    present: Ruled
    changed: Ruled
    differences: dict[str, Named]
    reviewed: dict[str, Named]


class _Life:
    """One of the two replays."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.replay = Replay()
        self.reached: dict[str, tuple[int, str]] = {}

    def note(self, told: list[dict[str, Any]], face_of: Mapping[str, str]) -> None:
        for line in told:
            level = _LEVEL.get(line["type"])
            if level is None or line.get("provisional") is False:
                continue
            face = face_of.get(line["image"], line["image"])
            if level >= self.reached.get(face, (-1, ""))[0]:
                self.reached[face] = level, line.get("reason") or "other"

    def at_level(self, level: int) -> set[str]:
        """The pictures that came this far and no farther; level 0: all that were put before people."""
        return {face for face, (reached, _) in self.reached.items() if reached == level or not level}

    def ruled(self) -> Ruled:
        reasons = sorted({reason for _, reason in self.reached.values()})
        found = {reason: _counts(level for level, why in self.reached.values() if why == reason) for reason in reasons}
        did = _counts(level for level, _ in self.reached.values())
        return Ruled(self.policy.version, self.policy.shadow, did, found)


def preview(
    history: Iterable[Mapping[str, Any]],
    present: Policy,
    changed: Policy,
    since: datetime,
    until: datetime,
    advance: Callable[[int], object] = lambda events: None,
) -> Preview:
    """Lives the days from `since` on twice. `history` is a site's log from its beginning; `advance` is called now and
    then with the number of events so far. Raises BadEvent where the log cannot be replayed."""
    lives = was, would = _Life(present), _Life(changed)
    first_of: dict[str, str] = {}  # of a family, its first image
    face_of: dict[str, str] = {}  # of an image, the first of its family
    decided: dict[str, str] = {}
    events = counted = 0
    for event in history:
        at = datetime.fromisoformat(event["at"])
        if at > until:
            break
        if not counted and at >= since:
            for life in lives:
                life.replay.rule_by(msgspec.structs.replace(life.policy, shadow=False))
        events += 1
        counted += at >= since or counted > 0
        _note_family(event, first_of, face_of)
        for life in lives:
            told = life.replay.apply(event)
            if counted:
                life.note(told, face_of)
        if counted and event["type"] == "image.reviewed" and event["outcome"] != "undecided":
            decided[face_of.get(event["image"], event["image"])] = event["outcome"]
        if events % 1000 == 0:
            advance(events)
    advance(events)
    differences = {
        f"{_REACHED[level]}_{way}": _named(mine - theirs)
        for level in (2, 1, 0)
        for way, mine, theirs in (
            ("more", would.at_level(level), was.at_level(level)),
            ("less", was.at_level(level), would.at_level(level)),
        )
    }
    blocked, would_block = was.at_level(2), would.at_level(2)
    wrong = {face for face, outcome in decided.items() if outcome == "rejected"}
    right = {face for face, outcome in decided.items() if outcome == "upheld"}
    reviewed = {
        "wrong_blocks_avoided": _named((blocked - would_block) & wrong),
        "wrong_blocks_added": _named((would_block - blocked) & wrong),
        "right_blocks_missed": _named((blocked - would_block) & right),
        "right_blocks_added": _named((would_block - blocked) & right),
    }
    days = max(1, (until - since).days)
    return Preview(days, since, until, events, counted, was.ruled(), would.ruled(), differences, reviewed)


def preview_site(
    database: Database,
    site: str,
    changed: Policy,
    days: int,
    now: datetime,
    advance: Callable[[int], object] = lambda events: None,
) -> Preview:
    """The site's own log under the policy in force there and under the changed one."""
    present = parse_policy(policy_in_force(database, site).toml)
    return preview(lines(database, site), present, changed, now - timedelta(days=days), now, advance)


def _note_family(event: Mapping[str, Any], first_of: dict[str, str], face_of: dict[str, str]) -> None:
    if event["type"] == "image.registered" and "family" in event:
        face_of[event["image"]] = first_of.setdefault(event["family"], event["image"])
    elif event["type"] == "image.cut":
        face_of[event["image"]] = event["image"]


def _counts(levels: Iterable[int]) -> Counts:
    found = [*levels]
    return Counts(blocked=found.count(2), blurred=found.count(1), queued=len(found))


def _named(faces: set[str]) -> Named:
    return Named(len(faces), sorted(faces)[:NAMED])
