"""What is kept of families between groups is used for exactly the version that it was kept of."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from tawatur.store.families import Family
from tawatur.store.kept import KeptRounds
from tawatur.store.reports import Report

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def family(name: str, version: int = 0) -> Family:
    return msgspec.structs.replace(Family(name, "s", NOW), version=version)


def reports(count: int) -> dict[str, Report]:
    return {f"r{n}": Report(f"id{n}", "s", "f", "i", f"r{n}", 0, "spam", None, NOW, NOW) for n in range(count)}


def test_only_the_version_that_was_kept_is_found() -> None:
    kept, mine = KeptRounds(), reports(2)
    kept.put(family("f", 3), mine)
    assert kept.find(family("f", 3)) == mine
    assert kept.find(family("f", 2)) is None
    assert kept.find(family("f", 4)) is None
    assert kept.find(family("g", 3)) is None
    assert kept.find(None) is None


def test_the_least_lately_used_goes_first() -> None:
    kept = KeptRounds(most=10)
    for name in ("a", "b", "c"):
        kept.put(family(name), reports(3))
    kept.find(family("a"))
    kept.put(family("d"), reports(4))
    assert [kept.find(family(name)) is not None for name in "abcd"] == [True, False, True, True]


def test_what_is_put_again_counts_once() -> None:
    kept = KeptRounds(most=10)
    kept.put(family("other"), reports(4))
    for version in range(20):
        kept.put(family("f", version), reports(5))
    assert kept.find(family("other")) is not None
    assert kept.find(family("f", 19)) is not None


def test_a_family_with_more_than_can_be_kept_is_not_kept() -> None:
    kept = KeptRounds(most=10)
    kept.put(family("f"), reports(11))
    assert kept.find(family("f")) is None
    kept.put(family("g"), reports(10))
    assert kept.find(family("g")) is not None
