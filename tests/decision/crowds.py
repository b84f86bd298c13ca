"""Cases to test with: crowds of reporters on one picture."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any

from hypothesis import strategies as st

from tawatur.decision.case import Case, Pair, Record, Report, Site

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


def any_report(name: str) -> st.SearchStrategy[Report]:
    """A report with any mixture of signals, few enough that people share them."""
    few = st.sampled_from([None, "a", "b", "c"])
    return st.builds(
        lambda reason, minute, age, device, network, referrer, anonymous: report(
            name, reason, minute, age, device=device, network=network, referrer=referrer, anonymous=anonymous
        ),
        st.sampled_from(["terrorism", "violence", "hate", "spam", "other"]),
        st.integers(0, 30),
        st.one_of(st.none(), st.floats(-1, 40)),
        few,
        few,
        few,
        st.sampled_from([False, False, True]),
    )


def any_record() -> st.SearchStrategy[Record]:
    counts = st.dictionaries(st.sampled_from(["violence", "spam"]), st.floats(0, 8), max_size=2)
    return st.builds(
        Record,
        confirmed=counts,
        rejected=counts,
        confirmed_reports=st.integers(0, 5),
        reported=st.integers(0, 20),
        supports=st.integers(0, 12),
        blurs=st.integers(0, 12),
        probation_until=st.sampled_from([None, NOON - timedelta(days=1), NOON + timedelta(days=9)]),
        muted=st.booleans(),
    )


@st.composite
def any_case(draw: st.DrawFn, most: int = 9) -> Case:
    """A case of up to `most` reports; above 24 they are linked in blocks."""
    names = [f"p{place:02d}" for place in range(draw(st.integers(0, most)))]
    reports = tuple(sorted((draw(any_report(name)) for name in names), key=lambda one: one.at))
    records = {name: draw(any_record()) for name in names if draw(st.booleans())}
    couples = list(combinations(names, 2))
    chosen = draw(st.lists(st.sampled_from(couples), max_size=4, unique=True)) if couples else []
    return Case(
        reports,
        records=records,
        pairs=tuple(Pair(a, b, draw(st.integers(0, 6)), draw(st.integers(0, 3))) for a, b in chosen),
        network_people={"a": draw(st.integers(0, 500))},
        views=draw(st.one_of(st.none(), st.integers(0, 60), st.integers(0, 30_000))),
        site=draw(st.sampled_from([Site(), mature()])),
    )
