"""What others do with reports, by hand-computed numbers."""

from __future__ import annotations

from math import log
from typing import Any

import pytest

from tawatur.lab.rules import Discourse, Reviewed, ScoreRule, TwoCoin, accuracy_bonus

AT = "2026-03-01T00:00:00Z"


def report(reporter: str, image: str = "i1", created: str | None = "2020-01-01T00:00:00Z") -> dict[str, Any]:
    signals = {} if created is None else {"account_created_at": created}
    return {
        "type": "report.received",
        "at": AT,
        "image": image,
        "reporter": reporter,
        "reason": "spam",
        "signals": signals,
    }


def review(outcome: str, image: str = "i1") -> dict[str, Any]:
    return {"type": "image.reviewed", "at": AT, "image": image, "outcome": outcome}


def acts(rule: ScoreRule, *events: dict[str, Any]) -> list[str]:
    return [caused["type"] for event in events for caused in rule.apply(event)]


def test_three_reports_block_and_a_repeat_is_none() -> None:
    rule = ScoreRule(3)
    assert acts(rule, report("a"), report("b"), report("b")) == []
    assert acts(rule, report("c")) == ["image.blocked"]
    assert rule.queue(2) == ["i1"]


def test_a_rejection_restores_and_counts_anew() -> None:
    rule = ScoreRule(2)
    assert acts(rule, report("a"), report("b"), review("rejected")) == ["image.blocked", "image.restored"]
    assert rule.queue(2) == []
    assert acts(rule, report("a"), report("b"), report("c")) == []
    assert acts(rule, report("d")) == ["image.blocked"]


@pytest.mark.parametrize(
    ("agreed", "total", "bonus"),
    [(5, 5, 0.0), (16, 16, 10.0), (0, 16, -10.0), (14, 20, 0.0), (6, 6, 5 * log(6, 4))],
)
def test_discourse_accuracy_bonus(agreed: float, total: float, bonus: float) -> None:
    assert accuracy_bonus(Reviewed(agreed, total)) == pytest.approx(bonus)


def test_discourse_trusts_by_age_and_hides_at_its_sensitivity() -> None:
    rule = Discourse(9)
    assert rule.weigh("a", report("a", created="2026-02-28T12:00:00Z")) == 1
    assert rule.weigh("a", report("a", created="2026-02-01T00:00:00Z")) == 2
    assert rule.weigh("a", report("a")) == 3
    assert acts(rule, *(report(f"r{place}") for place in range(4))) == []
    assert acts(rule, report("r5")) == ["image.blocked"]  # 15 >= 12.5
    assert Discourse(3).threshold == pytest.approx(12.5 / 3)


def test_two_coins_hold_silence_against_a_report() -> None:
    few, many = TwoCoin(), TwoCoin()
    for rule, count in ((few, 5), (many, 200)):
        rule.apply({"type": "image.viewed", "at": AT, "image": "i1", "count": count})
        rule.apply(report("a"))
    assert (few.chance("i1") or 0) > (many.chance("i1") or 0) > 0
    assert few.chance("i2") is None


def test_two_coins_learn_whose_report_says_nothing() -> None:
    rule = TwoCoin()
    for place in range(8):
        image = f"old{place}"
        rule.apply({"type": "image.viewed", "at": AT, "image": image, "count": 1, "viewers": ["troll"]})
        rule.apply(report("troll", image))
        rule.apply(review("rejected", image))
    rule.apply(report("troll", "new"))
    rule.apply(report("somebody", "other"))
    assert (rule.chance("new") or 1) < (rule.chance("other") or 0)
