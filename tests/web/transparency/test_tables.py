"""The report's tables: sums that are right, and no number from which a person could be told."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tawatur.moderation.numbers import Action, Day, Judged, Numbers, Spread
from tawatur.web.transparency.tables import FEW, LEFT_OUT, SMALL, few, parts, tables_of

START = datetime(2026, 1, 1, tzinfo=UTC)
NONE = Spread(0, None, None)


def numbers(length: int = 31, **more: Any) -> Numbers:
    empty: dict[str, Any] = {
        "reports": {},
        "withdrawn": 0,
        "voided": 0,
        "actions": [],
        "reviews": {},
        "judged": [],
        "restored": {},
        "report_to_action": NONE,
        "action_to_review": NONE,
        "appeal_to_answer": NONE,
        "appeals": {},
        "reporters": {},
        "days": [],
    }
    return Numbers(since=START, until=START + timedelta(days=length), **{**empty, **more})


def test_a_number_of_one_or_two_people_is_not_told() -> None:
    assert [few(count) for count in (0, 1, 2, 3)] == [0, SMALL, SMALL, 3]
    found = tables_of(numbers(reporters={"warned": 2, "muted": 5}, appeals={"received": 1}))
    assert found["reporters"].rows[0] == ("warned", SMALL)
    assert found["reporters"].rows[3] == ("muted", 5)
    assert found["appeals"].rows[0] == ("received", SMALL)


@given(st.lists(st.integers(0, 50), max_size=12))
def test_a_sum_gives_no_single_small_number_away(counts: list[int]) -> None:
    told = parts(counts)
    hidden = [count for count, cell in zip(counts, told, strict=True) if isinstance(cell, str)]
    assert all(count in (0, cell) for count, cell in zip(counts, told, strict=True) if isinstance(cell, int))
    assert not [count for count, cell in zip(counts, told, strict=True) if isinstance(cell, int) and 0 < count < FEW]
    if len(hidden) == 1:  # then nothing else is there, and the sum is not told either
        assert sum(counts) < FEW


def test_notices_are_told_with_their_sum() -> None:
    table = tables_of(numbers(reports={"violence": 40, "hate": 7, "spam": 1}))["notices"]
    assert table.rows == [("violence", 40), ("hate", LEFT_OUT), ("spam", SMALL)]
    assert table.total == ("total", 48)


def test_how_long_it_took_few_people_is_not_told() -> None:
    spread = Spread(2, 60.0, 90.0)
    rows = tables_of(numbers(appeal_to_answer=spread, report_to_action=Spread(3, 61.4, 90.0)))["times"].rows
    assert rows[2] == ("appeal_to_answer", SMALL, None, None)
    assert rows[0] == ("report_to_action", 3, 61, 90)


def test_what_was_withheld_adds_up_by_source_and_measure() -> None:
    actions = [
        Action("blur", "reports", "hate", 3),
        Action("block", "reports", "hate", 1),
        Action("block", "person", "spam", 2),
    ]
    table = tables_of(numbers(actions=actions))["actions"]
    assert [row for row in table.rows if any(row[1:])] == [("reports", 3, 1), ("person", 0, 2)]
    assert table.total == ("total", 3, 3)


def test_errors_are_told_in_full_with_their_interval() -> None:
    judged = [Judged("block", "reports", "hate", 18, 1), Judged("block", "copy", "hate", 1, 0)]
    rows = tables_of(numbers(judged=judged))["errors"].rows
    assert rows[0][:5] == ("block", "all", 20, 1, 0.05)
    low, high = rows[0][5:]
    assert isinstance(low, float)
    assert isinstance(high, float)
    assert 0 < low < 0.05 < high < 0.25
    assert [row[:2] for row in rows] == [("block", "all"), ("block", "reports"), ("block", "copy"), ("blur", "all")]


@pytest.mark.parametrize(
    ("days", "rows", "second"), [(31, 31, "2026-01-02"), (90, 14, "2026-01-05"), (800, 27, "2026-02-01")]
)
def test_time_is_told_in_days_weeks_or_months_without_a_gap(days: int, rows: int, second: str) -> None:
    happened = [Day(date(2026, 1, 1), 5, 1, 0, 0, 0), Day(date(2026, 1, 20), 6, 0, 2, 1, 1)]
    table = tables_of(numbers(days, days=happened))["days"]
    assert (len(table.rows), table.rows[1][0]) == (rows, second)
    assert sum(int(row[1] or 0) for row in table.rows) == 11
    assert [sum(int(row[place] or 0) for row in table.rows) for place in (2, 3, 4, 5)] == [1, 2, 1, 1]


def test_a_table_is_its_csv() -> None:
    table = tables_of(numbers(reports={"violence": 40, "hate": 3}))["notices"]
    read = [*csv.reader(io.StringIO(table.as_csv()))]
    assert read == [["reason", "notices"], ["violence", "40"], ["hate", "3"], ["total", "43"]]


def test_a_period_in_which_nothing_happened_has_empty_tables() -> None:
    assert {table.name for table in tables_of(numbers()).values() if not table.empty} == {"errors"}  # 0 to 100 %
