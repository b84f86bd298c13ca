"""How a case grew, report by report."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tawatur.decision.case import Case, Pair, Record, Report
from tawatur.decision.model import PRIORS
from tawatur.decision.policy import DEFAULT_POLICY
from tawatur.decision.timeline import Point, timeline
from tawatur.decision.verdict import decide

START = datetime(2026, 1, 1, tzinfo=UTC)
OLD = START - timedelta(days=400)


def report(n: int, **more: object) -> Report:
    return Report(
        f"r{n:03}", **{"reason": "violence", "at": START + timedelta(minutes=n), "account_created_at": OLD, **more}
    )  # type: ignore[arg-type]


def told(*reports: Report, **more: object) -> list[Point]:
    case = Case(tuple(reports), views=200, **more)  # type: ignore[arg-type]
    return timeline(decide(case, DEFAULT_POLICY, PRIORS, START + timedelta(days=1)))


def test_nobody_reports_nothing_grows() -> None:
    assert told() == []


def test_free_people_add_one_voice_each_and_are_in_no_group() -> None:
    points = told(*(report(n) for n in range(4)))
    assert [(point.voice, point.group, point.why) for point in points] == [(1.0, 0, None)] * 4
    assert [point.at for point in points] == sorted(point.at for point in points)


def test_linked_people_are_a_group_and_the_largest_is_the_first() -> None:
    points = told(
        report(0),
        report(1, device="d"),
        report(2, device="d"),
        *(report(n, referrer="c") for n in (3, 4, 5)),
    )
    assert [point.group for point in points] == [0, 2, 2, 1, 1, 1]
    assert [point.why for point in points] == [None, None, "device", None, "referrer", "referrer"]


def test_a_chain_of_links_is_one_group() -> None:
    points = told(report(0, device="d"), report(1, device="d", referrer="c"), report(2, referrer="c"))
    assert {point.group for point in points} == {1}


def test_new_accounts_of_the_same_days_and_pairs_with_a_past_are_groups() -> None:
    young = START - timedelta(hours=5)
    points = told(report(0, account_created_at=young), report(1, account_created_at=young), report(2), report(3))
    assert [point.group for point in points] == [1, 1, 0, 0]
    records = {name: Record(rejected={"violence": 3.0}, reported=5) for name in ("r002", "r003")}
    points = told(report(2), report(3), records=records, pairs=(Pair("r002", "r003", 3, 3),))
    assert [point.group for point in points] == [1, 1]


def test_who_names_a_milder_rule_supports_nothing_graver() -> None:
    points = told(*(report(n, reason="terrorism") for n in range(5)), report(9, reason="spam"))
    assert [point.supports for point in points] == [True] * 5 + [False]


def test_a_muted_reporter_is_no_point() -> None:
    assert [point.reporter for point in told(report(0), report(1), records={"r000": Record(muted=True)})] == ["r001"]


@given(
    st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "device": st.sampled_from(["d1", "d2"]),
                "network": st.sampled_from(["n1", "n2"]),
                "referrer": st.just("c"),
                "account_created_at": st.sampled_from([OLD, START - timedelta(days=1), None]),
            },
        ),
        max_size=40,
    )
)
@settings(max_examples=60)
def test_the_sum_up_to_any_moment_is_what_the_voices_were(signals: list[dict[str, object]]) -> None:
    reports = [report(n, **more) for n, more in enumerate(signals)]
    points = told(*reports)
    for upto in {1, len(reports) // 2, len(reports)} - {0}:
        case = Case(tuple(reports[:upto]), views=200)
        voices = decide(case, DEFAULT_POLICY, PRIORS, START + timedelta(days=1)).voices
        assert sum(point.voice for point in points[:upto]) == pytest.approx(voices, rel=1e-6)
