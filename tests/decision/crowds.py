"""Cases to test with: crowds of reporters on one picture."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tawatur.decision.case import Case, Record, Report, Site

NOON = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)


def report(
    name: str, reason: str = "violence", minute: float = 0.0, age: float | None = None, **signals: Any
) -> Report:
    """One report, `minute` minutes after noon, of an account that was `age` days old then."""
    at = NOON + timedelta(minutes=minute)
    created = None if age is None else at - timedelta(days=age)
    return Report(name, reason, at, account_created_at=created, **signals)


def crowd(
    count: int, reason: str = "violence", age: float | None = None, prefix: str = "r", **signals: Any
) -> tuple[Report, ...]:
    return tuple(report(f"{prefix}{place:05d}", reason, place, age, **signals) for place in range(count))


def mature(**more: Any) -> Site:
    """A site on which enough people have a record for the record gate."""
    return Site(confirmed={"violence": 60.0}, reviewed={"violence": 100.0}, recorded=50, **more)


GOOD = Record(confirmed={"violence": 3.0}, confirmed_reports=4, reported=6)


def case(reports: tuple[Report, ...], views: int | None = 40, **more: Any) -> Case:
    return Case(reports, views=views, **more)
