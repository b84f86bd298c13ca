"""A history run through the engine: what goes in, what comes out, and in which order people should look."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tawatur.decision.learning import learn
from tawatur.decision.policy import parse_policy
from tawatur.lab.replay import Replay
from tawatur.lab.replay_lines import BadEvent, UnknownType

START = datetime(2026, 1, 1, tzinfo=UTC)


class History:
    """A replay whose clock moves a second with every event."""

    def __init__(self, policy: str | None = None) -> None:
        self.replay = Replay(None if policy is None else parse_policy(policy))
        self.now = START

    def apply(self, kind: str, image: str = "i1", **more: Any) -> list[dict[str, Any]]:
        self.now += timedelta(seconds=1)
        return self.replay.apply({"type": kind, "at": self.now.isoformat(), "image": image, **more})

    def report(self, people: int, image: str = "i1", reason: str = "violence", **more: Any) -> list[dict[str, Any]]:
        told = []
        for n in range(people):
            told += self.apply("report.received", image, reporter=f"r{n}", reason=reason, **more)
        return told


def types(told: list[dict[str, Any]]) -> list[str]:
    return [line["type"] for line in told]


def test_several_people_blur_and_then_block() -> None:
    history = History()
    history.apply("image.registered")
    told = history.report(10)
    assert types(told) == ["image.queued", "image.blurred", "image.blocked"]
    blocked = told[-1]
    assert blocked["image"] == "i1"
    assert blocked["images"] == ["i1"]
    assert blocked["provisional"] is True
    assert blocked["reason"] == "violence"
    assert blocked["verdict"]["voices"] >= 3
    assert {"stories", "discounted", "gates", "what_would_change_it"} <= blocked["verdict"].keys()


def test_an_image_that_was_never_registered_is_registered_when_it_is_first_seen() -> None:
    history = History()
    assert history.apply("image.viewed", count=3) == []
    assert "image.blocked" in types(history.report(10, "i2"))


def test_every_optional_key_may_be_missing_and_unknown_keys_do_no_harm() -> None:
    history = History()
    history.apply("image.registered", mood="sunny", uploader=None)
    history.apply("image.viewed")
    history.apply("image.viewed", viewers=["v1", "v2", "v2"])
    history.apply("report.received", reporter="r", signals={"colour": "red"})
    history.apply("report.withdrawn", reporter="nobody")
    history.apply("report.withdrawn", "never seen", reporter="r")
    assert history.replay.status("i1") == "visible"


def test_images_of_equal_pdq_are_one_picture() -> None:
    history = History()
    for image in ("a", "b"):
        history.apply("image.registered", image, pdq="f" * 64)
    told = [line for n in range(10) for line in history.apply("report.received", "ab"[n % 2], reporter=f"r{n}")]
    assert told[-1]["images"] == ["a", "b"]
    third = history.apply("image.registered", "c", pdq="f" * 64)
    assert types(third) == ["image.blurred"] or types(third) == ["image.blocked"]
    assert third[0]["cause"] == "copy"


def test_a_withheld_picture_is_restored_by_review_and_its_reports_do_not_count_again() -> None:
    history = History()
    history.report(10)
    told = history.apply("image.reviewed", outcome="rejected")
    assert types(told) == ["image.restored"]
    assert history.replay.status("i1") == "visible"
    assert history.apply("image.reviewed", outcome="upheld", reason="violence")[0]["provisional"] is False


def test_a_block_that_people_rejected_ends_no_other_on_a_young_site() -> None:
    history = History()
    assert "image.blocked" in types(history.report(10))
    history.apply("image.reviewed", outcome="rejected", reviewer="m")
    other = [f"other-{n}" for n in range(10)]
    told = [one for n in other for one in history.apply("report.received", "i2", reporter=n, reason="violence")]
    assert types(told) == ["image.queued", "image.blurred", "image.blocked"]


def test_a_provisional_block_lapses_at_the_first_event_after_its_time() -> None:
    history = History("lapse = true\nreview_within_hours = 1")
    history.report(10)
    history.now += timedelta(hours=2)
    told = history.apply("image.viewed", "another")
    assert types(told) == ["image.restored"]
    assert (told[0]["image"], told[0]["cause"]) == ("i1", "lapse")


def test_the_queue_holds_what_waits_best_first() -> None:
    history = History()
    assert history.replay.queue() == []
    history.report(12, "surely", "violence")
    history.report(2, "doubtful", "violence")
    history.apply("image.viewed", "quiet", count=10)
    assert history.replay.queue(limit=5) == ["surely", "doubtful"], "nothing else is blocked until somebody looks"
    assert history.replay.queue(limit=1) == ["surely"]
    history.apply("image.reviewed", "surely", outcome="undecided")
    assert history.replay.queue() == ["doubtful"]


def test_a_block_that_waits_climbs_the_queue() -> None:
    history = History()
    history.apply("image.viewed", "blocked", count=20)
    history.report(12, "blocked", "violence")
    history.apply("image.viewed", "busy", count=100_000)
    history.report(3, "busy", "spam")
    assert history.replay.queue() == ["busy", "blocked"]
    history.now += timedelta(days=60)
    history.apply("image.viewed", "quiet")
    assert history.replay.queue() == ["blocked", "busy"]


def test_what_the_log_says_of_the_engine_is_said_anew() -> None:
    history = History()
    assert history.apply("image.blocked", provisional=True) == []
    assert history.replay.status("i1") is None


@pytest.mark.parametrize(
    ("event", "says"),
    [
        ({"type": "image.eaten", "at": "2026-01-01T00:00:00Z"}, "no type 'image.eaten'"),
        ({"at": "2026-01-01T00:00:00Z"}, "the type is None"),
        ({"type": "image.viewed", "image": "i"}, "missing required field `at`"),
        ({"type": "image.viewed", "at": "2026-01-01T00:00:00", "image": "i"}, "timezone"),
        ({"type": "image.viewed", "at": "2026-01-01T00:00:00Z", "image": "i", "count": -1}, "`int` >= 0"),
        ({"type": "image.viewed", "at": "2026-01-01T00:00:00Z", "image": ""}, "length >= 1"),
        ({"type": "report.received", "at": "2026-01-01T00:00:00Z", "image": "i"}, "missing required field `reporter`"),
        (
            {"type": "report.received", "at": "2026-01-01T00:00:00Z", "image": "i", "reporter": "r", "reason": "x"},
            "'x' is not a reason",
        ),
        (
            {"type": "image.reviewed", "at": "2026-01-01T00:00:00Z", "image": "i", "outcome": "x"},
            "'x' is not an outcome",
        ),
    ],
)
def test_a_bad_event_is_refused_with_its_reason(event: dict[str, Any], says: str) -> None:
    with pytest.raises(BadEvent, match=says.replace("`", ".")):
        Replay().apply(event)


def test_an_unknown_type_is_told_apart() -> None:
    with pytest.raises(UnknownType):
        Replay().apply({"type": "image.eaten"})


def test_events_must_be_in_order_but_for_a_moment() -> None:
    history = History()
    history.apply("image.viewed")
    history.now -= timedelta(seconds=30)
    history.apply("image.viewed")
    history.now -= timedelta(minutes=5)
    with pytest.raises(BadEvent, match="in order"):
        history.apply("image.viewed")


def test_the_same_history_gives_the_same_lines() -> None:
    one, other = History(), History()
    assert one.report(12) == other.report(12)


def test_a_night_of_learning_changes_the_model_and_a_site_without_reviews_keeps_the_priors(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tawatur.lab.replay.learn_proven", learn)  # from the first reviews on

    def model_after(outcomes: list[str]) -> str:
        history = History()
        for n, outcome in enumerate(outcomes):
            history.apply("image.viewed", f"i{n}", count=60)
            history.report(3, f"i{n}")
            history.apply("image.reviewed", f"i{n}", outcome=outcome)
        history.now += timedelta(days=1)
        history.apply("image.viewed", "next", count=10)
        told = [line for n in range(12) for line in history.apply("report.received", "next", reporter=f"new{n}")]
        return str(next(line for line in told if "verdict" in line)["verdict"]["model"])

    assert model_after([]) == "priors-1"
    assert model_after(["undecided"]) == "priors-1"
    assert model_after(["rejected", "upheld", "upheld"]) == "learned-1"
