"""When reports surge, and when a surge is an attack."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from tawatur.decision.case import Case, Pair, Record, Report
from tawatur.decision.policy import DEFAULT_POLICY
from tawatur.decision.surges import (
    FLOOR,
    HOUR,
    WEEK,
    LinkedGroup,
    Surge,
    bound,
    crowd_of,
    hours,
    is_attack,
    surges,
    usual_at,
)

BEGIN = datetime(2026, 1, 5, tzinfo=UTC)
NOW = BEGIN + WEEK * 6
OLD = BEGIN - timedelta(days=400)


def rhythm(at: datetime) -> int:
    """Much by day, little by night, least on Fridays."""
    return (30 if 8 <= at.hour < 22 else 4) // (3 if at.weekday() == 4 else 1)


def weeks_before(at: datetime) -> dict[datetime, int]:
    places = [BEGIN + HOUR * n for n in range((at - BEGIN) // HOUR)]
    return {place: rhythm(place) for place in places}


def found(counts: dict[datetime, int], first: datetime, last: datetime, since: datetime = BEGIN) -> list[Surge]:
    return surges(hours(counts, since, first, last))


def report(n: int, **more: object) -> Report:
    return Report(f"r{n:04}", "violence", NOW + timedelta(seconds=n), **{"account_created_at": OLD, **more})  # type: ignore[arg-type]


def groups(*reports: Report, **more: object) -> list[LinkedGroup]:
    return crowd_of(Case(tuple(reports), **more), DEFAULT_POLICY, NOW + HOUR)[1]  # type: ignore[arg-type]


def test_usual_is_what_the_same_hours_of_the_weeks_before_had() -> None:
    counts = weeks_before(NOW)
    for at in (NOW + HOUR * 12, NOW + HOUR * 3, NOW - HOUR * 60 + HOUR * 12):
        assert usual_at(counts, BEGIN, at) == (rhythm(at), 1.0)


def test_a_usual_week_has_no_surge() -> None:
    counts = weeks_before(NOW + WEEK)
    assert found(counts, NOW, NOW + WEEK - HOUR) == []


def test_an_attack_of_last_week_does_not_become_usual() -> None:
    at = NOW + HOUR * 12
    calm = weeks_before(NOW)
    raided = calm | {at - WEEK: 500, at - WEEK + HOUR: 500}
    assert usual_at(raided, BEGIN, at)[0] == usual_at(calm, BEGIN, at)[0]


def test_hours_that_belong_together_are_one_surge_and_others_another() -> None:
    counts = weeks_before(NOW + WEEK)
    storm = [NOW + HOUR * n for n in (10, 11, 13, 20)]
    counts |= dict.fromkeys(storm, 400)
    first, second = found(counts, NOW, NOW + HOUR * 30)
    assert (first.begins, first.ends) == (storm[0], storm[2] + HOUR)
    assert (first.reports, first.usual, first.peak) == (1230, 120.0, 400)
    assert second == Surge(storm[3], storm[3] + HOUR, 400, 30.0, 400)


@pytest.mark.parametrize(("usual", "least"), [(1.0, 14), (10.0, 33), (30.0, 90), (10_000.0, 30_000)])
def test_a_surge_is_far_above_usual_and_no_accident(usual: float, least: int) -> None:
    assert bound(usual, 1.0) == least


def test_where_hours_vary_widely_it_takes_more() -> None:
    assert bound(10.0, 9.0) > bound(10.0, 1.0)
    restless = {NOW - WEEK * week + HOUR * near: 10 + 20 * (near == 1) for week in (1, 2, 3, 4) for near in (-1, 0, 1)}
    wild = {place: count * (1 + place.day % 3) for place, count in restless.items()}
    assert usual_at(wild, BEGIN, NOW)[1] > 1.0


def test_poisson_hours_almost_never_surge() -> None:
    draws = np.random.default_rng(1).poisson(3.0, 24 * 7 * 40)
    counts = {BEGIN + HOUR * n: int(count) for n, count in enumerate(draws)}
    assert found(counts, BEGIN + WEEK * 4, BEGIN + HOUR * (len(draws) - 1)) == []


def test_a_young_site_is_measured_by_its_own_last_hours() -> None:
    since = NOW - HOUR * 30
    counts = {since + HOUR * n: 12 for n in range(30)}
    assert usual_at(counts, since, NOW)[0] == 12.0
    assert found(counts | {NOW: 20}, NOW, NOW, since) == []
    assert len(found(counts | {NOW: 60}, NOW, NOW, since)) == 1
    assert usual_at({}, NOW, NOW) == (FLOOR, 1.0)
    assert len(found({NOW: 14}, NOW, NOW, NOW)) == 1


def test_one_device_is_one_group_and_few_voices() -> None:
    (group,) = groups(*(report(n, device="d") for n in range(30)), *(report(30 + n) for n in range(10)))
    assert (group.people, group.newcomers, group.links) == (30, 0, {"device": 30})
    assert group.voices < 2
    assert is_attack(40, [group])


def test_independent_readers_make_no_group_however_many() -> None:
    found = groups(*(report(n, device=f"d{n}", network=f"n{n}") for n in range(400)))
    assert found == []
    assert not is_attack(400, found)


def test_a_household_is_no_group_and_a_carrier_links_too_weakly() -> None:
    assert groups(*(report(n, device="d") for n in range(4))) == []
    behind = [report(n, network="carrier") for n in range(100)]
    assert groups(*behind, network_people={"carrier": 9000}) == []


def test_a_small_raid_on_a_busy_day_is_named_but_is_not_the_day() -> None:
    found = groups(*(report(n, referrer="c") for n in range(20)), *(report(20 + n) for n in range(380)))
    assert [group.people for group in found] == [20]
    assert not is_attack(400, found)


def test_new_accounts_and_shared_pasts_are_named_as_what_links() -> None:
    young = [report(n, account_created_at=NOW - HOUR * 5) for n in range(6)]
    old = [report(n) for n in range(10, 16)]
    pairs = tuple(Pair(a.reporter, b.reporter, co_reports=9) for a in old for b in old if a.reporter < b.reporter)
    records = {one.reporter: Record(reported=10) for one in old}
    links = [group.links for group in groups(*young, *old, pairs=pairs, records=records)]
    assert links == [{"cohort": 6}, {"co_reports": 6}]
    assert groups(*young)[0].newcomers == 6
