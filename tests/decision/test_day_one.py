"""On the first day a site has no records, few views or none, and often no accounts; the promise must work all the
same."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tawatur.decision.model import PRIORS
from tawatur.decision.policy import DEFAULT_POLICY, REASONS
from tawatur.decision.verdict import decide
from tests.decision.crowds import LATER, NOON, Report, case, crowd, report


def people_until(action: str, reason: str, views: int | None, age: float | None) -> int:
    """How many unconnected people it takes."""
    for count in range(1, 100):
        if decide(case(crowd(count, reason, age), views), DEFAULT_POLICY, PRIORS, LATER).action == action:
            return count
    raise AssertionError("a hundred people are not enough")


@pytest.mark.parametrize("age", [None, 400])
@pytest.mark.parametrize("views", [None, 10, 20, 40, 60])
@pytest.mark.parametrize(
    ("reason", "least", "most"),
    [("terrorism", 3, 4), ("child_safety", 3, 4), ("violence", 5, 6), ("hate", 5, 6), ("spam", 5, 8)],
)
def test_a_handful_of_unconnected_people_block(
    reason: str, least: int, most: int, views: int | None, age: float | None
) -> None:
    assert least <= people_until("block", reason, views, age) <= most


@pytest.mark.parametrize("views", [10, 60, None])
def test_a_blur_comes_before_the_block(views: int | None) -> None:
    assert people_until("blur", "violence", views, 400) <= 3 < people_until("block", "violence", views, 400)


def linked_accounts(kind: str, count: int, reason: str) -> tuple[Report, ...]:
    def one(place: int) -> dict[str, Any]:
        return {
            "device": {"device": "d"},
            "network and referrer": {"network": "n", "referrer": "c"},
            "network": {"network": "n"},
            "fresh the same day": {"age": 1 + place / 10_000},
            "fresh, over weeks": {"age": 13.9 * (place % 7) / 7},
            "everything": {"device": "d", "network": "n", "referrer": "c", "age": 1},
        }[kind]

    return tuple(report(f"s{place:05d}", reason, place / 10, **one(place)) for place in range(count))


LINKED = ("device", "network and referrer", "network", "fresh the same day", "fresh, over weeks", "everything")


@pytest.mark.parametrize("kind", LINKED)
@pytest.mark.parametrize("reason", REASONS)
def test_forty_linked_accounts_neither_block_nor_blur(reason: str, kind: str) -> None:
    for views in (0, 5, 60, 1000, None):
        for count in (3, 10, 40):
            one = case(linked_accounts(kind, count, reason), views, network_people={"n": count})
            verdict = decide(one, DEFAULT_POLICY, PRIORS, LATER)
            assert verdict.action in ("allow", "review"), (views, count, verdict.voices)


def test_forty_linked_accounts_do_not_hide_the_honest_people_behind_them() -> None:
    honest = crowd(8, "violence", 400)
    for kind in ("device", "network and referrer", "fresh the same day", "everything"):
        shield = tuple(r for r in linked_accounts(kind, 400, "violence") if r.at < NOON + timedelta(days=1))
        both = case(shield + honest, 60)
        assert decide(both, DEFAULT_POLICY, PRIORS, LATER).action == "block", kind
