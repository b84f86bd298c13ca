"""A preview lives the last days twice, and says what would have been different."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tawatur.decision.policy import parse_policy
from tawatur.lab.preview import NAMED, Preview, preview

START = datetime(2026, 1, 1, tzinfo=UTC)
PRESENT = parse_policy("")
NEVER = parse_policy("version = 'never'\nfloor_block = 1000\nfloor_blur = 1000")


class Log:
    """A log that grows by a second with every event."""

    def __init__(self) -> None:
        self.now = START
        self.lines: list[dict[str, Any]] = []

    def add(self, kind: str, image: str | None = None, **more: Any) -> None:
        self.now += timedelta(seconds=1)
        named = {} if image is None else {"image": image}
        self.lines.append({"type": kind, "at": self.now.isoformat(), **named, **more, "position": len(self.lines) + 1})

    def picture(self, *images: str) -> None:
        for image in images:
            self.add("image.registered", image, family=f"family of {images[0]}")

    def crowd(self, image: str, people: int = 12, reason: str = "violence") -> None:
        for n in range(people):
            self.add("report.received", image, reporter=f"{image} {n}", reason=reason)

    def review(self, image: str, outcome: str) -> None:
        self.add("image.reviewed", image, outcome=outcome, reviewer="mod")

    def days_later(self, days: float) -> None:
        self.now += timedelta(days=days)

    def live(self, changed: Any = NEVER, present: Any = PRESENT, days: float = 30) -> Preview:
        until = self.now + timedelta(seconds=1)
        return preview(self.lines, present, changed, until - timedelta(days=days), until)


def test_what_a_milder_policy_would_not_have_done_is_counted_and_named() -> None:
    log = Log()
    for image in ("a", "b"):
        log.picture(image)
        log.crowd(image)
    found = log.live()
    assert (found.present.did.blocked, found.changed.did.blocked) == (2, 0)
    assert found.differences["blocked_less"].images == ["a", "b"]
    assert found.differences["blocked_more"].count == 0
    assert found.differences["queued_less"].count == 0, "both put them before people"
    assert found.present.reasons["violence"].blocked == 2
    assert (found.present.policy, found.changed.policy) == ("default-1", "never")
    assert found.events == found.counted == len(log.lines)


def test_the_same_policy_makes_no_difference() -> None:
    log = Log()
    log.picture("a", "copy")
    log.crowd("a")
    found = log.live(PRESENT)
    assert {group.count for group in (*found.differences.values(), *found.reviewed.values())} == {0}
    assert found.present == found.changed


def test_a_picture_and_its_copies_count_once() -> None:
    log = Log()
    log.picture("a", "b", "c")
    log.crowd("c")
    assert log.live().differences["blocked_less"].images == ["a"]


def test_blocks_that_people_judged_are_told_apart() -> None:
    log = Log()
    for image, outcome in (("right", "upheld"), ("wrong", "rejected"), ("open", "undecided")):
        log.picture(image)
        log.crowd(image)
        log.review(image, outcome)
    milder, harsher = log.live().reviewed, log.live(PRESENT, NEVER).reviewed
    assert (milder["wrong_blocks_avoided"].images, milder["right_blocks_missed"].images) == (["wrong"], ["right"])
    assert (harsher["wrong_blocks_added"].images, harsher["right_blocks_added"].images) == (["wrong"], ["right"])
    assert milder["wrong_blocks_added"].count == harsher["wrong_blocks_avoided"].count == 0


def test_a_blur_and_a_block_are_told_apart() -> None:
    log = Log()
    log.picture("a")
    log.crowd("a")
    found = log.live(parse_policy("floor_block = 1000"))
    assert (found.changed.did.blocked, found.changed.did.blurred) == (0, 1)
    assert found.differences["blurred_more"].images == found.differences["blocked_less"].images == ["a"]


def test_only_the_last_days_differ_and_count_but_what_came_before_is_known() -> None:
    log = Log()
    log.picture("old")
    log.picture("half")
    log.crowd("old")
    log.crowd("half", 1)
    log.days_later(40)
    log.crowd("half", 12)
    found = log.live()
    assert found.differences["blocked_less"].images == ["half"]
    assert (found.events, found.counted) == (len(log.lines), 12)
    assert found.present.did.blocked == 1, "the old block was there before the days began"


def test_before_the_days_begin_the_sites_own_changes_of_policy_hold_and_none_after() -> None:
    log = Log()
    never = "floor_block = 1000\nfloor_blur = 1000"
    log.add("policy.changed", toml=never, version=1)
    log.picture("old")
    log.crowd("old")
    log.days_later(40)
    log.add("policy.changed", toml=never, version=2)
    log.crowd("old", 13)
    found = log.live()
    assert found.differences["blocked_less"].images == ["old"], "not blocked before, though the default would have"


def test_both_act_though_they_are_in_shadow_and_it_is_said() -> None:
    log = Log()
    log.picture("a")
    log.crowd("a")
    found = log.live(parse_policy("shadow = true"))
    assert (found.present.shadow, found.changed.shadow) == (False, True)
    assert found.changed.did.blocked == found.present.did.blocked == 1


def test_many_differences_are_counted_and_the_first_are_named() -> None:
    log = Log()
    for n in range(NAMED + 5):
        log.picture(f"i{n:03}")
        log.crowd(f"i{n:03}", 2)
    none = parse_policy("review_from = 1\nfloor_block = 1000\nfloor_blur = 1000")
    group = log.live(none).differences["queued_less"]
    assert group.count == NAMED + 5
    assert group.images == [f"i{n:03}" for n in range(NAMED)]


def test_what_happens_after_the_end_is_not_read() -> None:
    log = Log()
    log.picture("a")
    log.crowd("a")
    assert preview(log.lines, PRESENT, NEVER, START, START + timedelta(seconds=3)).events == 3


def test_an_empty_log_is_lived_as_well() -> None:
    assert Log().live().counted == 0
