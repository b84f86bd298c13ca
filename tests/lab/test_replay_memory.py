"""What a replay puts away or drops makes no difference to what it decides."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tawatur.decision.policy import parse_policy
from tawatur.lab.replay import Replay
from tawatur.lab.replay_lines import BadEvent
from tests.lab.test_replay_agrees import POLICY

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


def run(replay: Replay, history: list[tuple[float, dict[str, Any]]]) -> list[Any]:
    now, said = datetime(2026, 1, 1, tzinfo=UTC), []
    for wait, fact in history:
        now += timedelta(hours=wait, seconds=1)
        try:
            said.append(replay.apply({**fact, "at": now}))
        except BadEvent as error:  # nobody of this name has reported yet
            said.append(str(error))
        said.append([replay.status(image) for image in ("i1", "i2", "i3", "i4")])
        said.append(replay.queue(5))
    return said


@given(history=histories)
@settings(max_examples=40)
def test_putting_away_changes_no_decision(history: list[tuple[float, dict[str, Any]]]) -> None:
    policy = parse_policy(POLICY)
    assert run(Replay(policy, untouched=timedelta(0)), history) == run(Replay(policy, untouched=None), history)


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
