"""What a replay puts away or drops makes no difference to what it decides."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tawatur.decision.learning import Lesson
from tawatur.decision.policy import parse_policy
from tawatur.lab.replay import Replay
from tawatur.lab.replay_book import ReplayBook
from tawatur.lab.replay_lines import BadEvent
from tests.lab.test_replay_agrees import OTHERS, POLICY

images = st.sampled_from(["i1", "i2", "i3", "i4"])
people = st.sampled_from([f"p{n}" for n in range(6)])
facts = st.one_of(
    st.builds(
        dict,
        type=st.just("report.received"),
        image=images,
        reporter=people,
        reason=st.sampled_from(["terrorism", "violence", "spam"]),
        signals=st.fixed_dictionaries({}, optional={"network": st.just("n1"), "device": st.just("d1")}),
    ),
    st.builds(dict, type=st.just("report.withdrawn"), image=images, reporter=people),
    st.builds(dict, type=st.just("report.voided"), image=images, reporter=people),
    st.builds(dict, type=st.sampled_from(["reporter.muted", "reporter.unmuted"]), reporter=people),
    st.builds(
        dict, type=st.just("image.reviewed"), image=images, outcome=st.sampled_from(["upheld", "rejected", "undecided"])
    ),
    st.builds(dict, type=st.just("image.viewed"), image=images, count=st.sampled_from([1, 50])),
    st.builds(
        dict, type=st.just("image.registered"), image=images, pdq=st.sampled_from(["a" * 64, "b" * 64, "b" * 64])
    ),
)
hours = st.sampled_from([0, 0, 0, 0.5, 0.5, 3, 25, 24 * 50, 24 * 91])
histories = st.lists(st.tuples(hours, facts), min_size=5, max_size=60)


def run(replay: Replay, history: list[tuple[float, dict[str, Any]]], asking: int = 1) -> list[Any]:
    """All that it says, with the queue asked for after every so many facts and in the end."""
    now, said = datetime(2026, 1, 1, tzinfo=UTC), []
    for place, (wait, fact) in enumerate(history):
        now += timedelta(hours=wait, seconds=1)
        try:
            said.append(replay.apply({**fact, "at": now}))
        except BadEvent as error:  # nobody of this name has reported yet
            said.append(str(error))
        said.append([replay.status(image) for image in ("i1", "i2", "i3", "i4")])
        if place % asking == 0:
            said.append(replay.queue(5))
    return [*said, replay.queue(5)]


def taught(replay: Replay) -> Counter[Lesson]:
    """What it would learn from in the coming night."""
    assert replay._book is not None
    found: Counter[Lesson] = Counter()
    for one in replay._book.lessons(parse_policy(POLICY), replay._book.now):
        found[msgspec.structs.replace(one, images=1)] += one.images
    return found


@given(history=histories, asking=st.sampled_from([1, 7, 100]))
@settings(max_examples=60)
def test_putting_away_changes_no_decision(history: list[tuple[float, dict[str, Any]]], asking: int) -> None:
    policy = parse_policy(POLICY)
    tidy, hoarding = Replay(policy, untouched=timedelta(0)), Replay(policy, untouched=None)
    assert run(tidy, history, asking) == run(hoarding, history, asking)
    assert taught(tidy) == taught(hoarding)


class Thorough(ReplayBook):
    """Judges a case at all views that a server judges it at."""

    keeps_worth = True


policies = st.builds(dict, type=st.just("policy.changed"), toml=st.sampled_from(OTHERS))
named = st.builds(
    dict, type=st.just("image.viewed"), image=images, viewers=st.lists(people, min_size=1, max_size=4, unique=True)
)


@given(history=st.lists(st.tuples(hours, st.one_of(facts, facts, policies, named)), min_size=10, max_size=60))
@settings(max_examples=60)
def test_views_that_are_not_judged_would_have_moved_nothing(history: list[tuple[float, dict[str, Any]]]) -> None:
    said = run(Replay(), history)
    with patch("tawatur.lab.replay.ReplayBook", Thorough):
        assert run(Replay(), history) == said


def test_what_waits_for_a_person_is_put_away_until_somebody_asks() -> None:
    replay = Replay(untouched=timedelta(days=7))
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for image, hour in (("first", 0), ("second", 1)):
        for person in range(4):
            report = {"type": "report.received", "image": image, "reporter": f"{image}-{person}", "reason": "violence"}
            replay.apply({**report, "at": start + timedelta(hours=hour, minutes=person)})
    for day in (2, 30):  # what is blurred has its day to be looked at first
        replay.apply({"type": "image.viewed", "at": start + timedelta(days=day), "image": "other"})
    assert replay._book is not None
    assert set(replay._book._images) == {"other"}
    assert not replay._book._open
    assert sorted(replay.queue(5)) == ["first", "second"]
    replay.apply({"type": "image.viewed", "at": start + timedelta(days=31), "image": "other"})
    assert set(replay._book._images) == {"first", "second", "other"}


def test_what_nobody_touches_is_put_away_and_found_again() -> None:
    replay = Replay(untouched=timedelta(days=7))
    start = datetime(2026, 1, 1, tzinfo=UTC)
    replay.apply({"type": "image.registered", "at": start, "image": "old", "pdq": "a" * 64})
    for n in range(10):
        at = start + timedelta(minutes=n)
        replay.apply({"type": "report.received", "at": at, "image": "old", "reporter": f"r{n}", "reason": "violence"})
    replay.apply({"type": "image.reviewed", "at": start + timedelta(hours=1), "image": "old", "outcome": "upheld"})
    replay.apply({"type": "image.viewed", "at": start + timedelta(days=30), "image": "other"})
    assert replay._book is not None
    assert "old" not in replay._book._images
    copy = {"type": "image.registered", "at": start + timedelta(days=31), "image": "copy", "pdq": "a" * 64}
    assert replay.apply(copy)[0]["images"] == ["old", "copy"]
    assert replay.status("old") == "blocked"
