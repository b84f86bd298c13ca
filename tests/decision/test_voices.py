"""Reports become voices: linked ones count as one, unlinked ones in full."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tawatur.decision import flood
from tawatur.decision import voices as engine
from tawatur.decision.case import Case, Pair, Record, Report
from tawatur.decision.evidence import gather
from tawatur.decision.links import habits
from tawatur.decision.policy import DEFAULT_POLICY
from tests.decision.crowds import LATER, any_case, crowd, report

P = DEFAULT_POLICY


def kept(one: Case) -> list[float]:
    crowded = gather(one, P, LATER)
    return engine.independent(crowded.reports, crowded.weights, crowded.newcomers, one, P, [None])[0]


def two(first: Report, second: Report, **more: object) -> float:
    """What the second of two reports keeps."""
    return kept(msgspec.structs.replace(Case((first, second)), **more))[1]


def test_strangers_count_in_full() -> None:
    assert kept(Case(crowd(5))) == [1.0] * 5


@pytest.mark.parametrize(
    ("signals", "people", "left"),
    [
        ({"device": "d"}, 0, 0.1),
        ({"referrer": "c"}, 0, 0.5),
        ({"network": "n"}, 0, 0.3),
        ({"network": "n"}, 62, 0.65),
        ({"network": "n"}, 602, 1 - 0.7 / 11),
        ({"device": "d", "network": "n", "referrer": "c"}, 62, 0.1 * 0.5 * 0.65),
        ({"network": "n"}, 2, 0.3),
        ({"network": "n"}, 1, 0.3),
    ],
)
def test_each_shared_signal_takes_its_share(signals: dict[str, str], people: int, left: float) -> None:
    assert two(report("a", **signals), report("b", **signals), network_people={"n": people}) == pytest.approx(left)


def test_accounts_seen_nowhere_else_do_not_make_their_network_a_carriers() -> None:
    ring = crowd(40, network="n")
    assert sum(kept(Case(ring, network_people={"n": 40}))) == pytest.approx(1 / 0.7)
    known = {one.reporter: Record(reported=2) for one in ring}
    assert sum(kept(Case(ring, records=known, network_people={"n": 40}))) < 2.5
    assert sum(kept(Case(ring, network_people={"n": 4040}))) > 30


def test_a_ring_of_sixty_that_reported_before_stays_below_the_floor() -> None:
    ring = crowd(60, network="n")
    known = {one.reporter: Record(reported=9) for one in ring}
    assert sum(kept(Case(ring, records=known, network_people={"n": 60}))) < 3.0


def test_one_device_behind_a_network_is_one_neighbour_and_not_forty() -> None:
    farm, honest = crowd(40, prefix="a", network="n", device="d"), crowd(8, prefix="h", network="n")
    late = tuple(msgspec.structs.replace(one, at=LATER) for one in honest)
    people = {"n": 48 + 600}
    alone = sum(kept(Case(honest, network_people=people)))
    assert sum(kept(Case(farm + late, network_people=people))) > alone


@pytest.mark.parametrize("count", [10, 200, 2000])
def test_nobody_gains_by_giving_the_accounts_of_one_network_pairs_of_devices(count: int) -> None:
    paired = tuple(
        report(f"r{place:05d}", minute=place, network="n", device=f"d{place // 2}") for place in range(count)
    )
    assert sum(kept(Case(paired))) < 1 / 0.7 + 0.2


@pytest.mark.parametrize(
    ("ages", "left"),
    [((1, 2.5), 0.5), ((1, 3), 1.0), ((13, 13.9), 0.5), ((13.5, 14.5), 1.0), ((20, 20), 1.0), ((1, None), 1.0)],
)
def test_new_accounts_made_within_two_days_are_linked(ages: tuple[float, float | None], left: float) -> None:
    assert two(report("a", age=ages[0]), report("b", age=ages[1])) == left


@pytest.mark.parametrize(
    ("pair", "left"),
    [
        (Pair("a", "b", 0, 1), 0.4),
        (Pair("a", "b", 0, 2), 0.16),
        (Pair("a", "b", 1, 0), 1.0),
        (Pair("a", "b", 3, 0), 1 - 3 / 9),
        (Pair("a", "b", 30, 0), 0.15),
        (Pair("a", "b", 30, 0, 30), 1.0),
        (Pair("a", "b", 3, 1), 0.4 * (1 - 3 / 9)),
        (Pair("a", "x", 9, 9), 1.0),
        (Pair("a", "a", 9, 9), 1.0),
    ],
)
def test_shared_errors_and_common_reports_link_but_not_what_was_confirmed(pair: Pair, left: float) -> None:
    records = {"a": Record(reported=4), "b": Record(reported=9)}
    assert two(report("a"), report("b"), pairs=(pair,), records=records) == pytest.approx(left)


def test_a_weak_report_takes_little_from_a_strong_one_and_the_other_way_round_everything() -> None:
    weak = {"a": Record(rejected={"violence": 4.0})}
    om0 = gather(Case((report("a"),), records=weak), P, LATER).weights[0]
    assert two(report("a", device="d"), report("b", device="d"), records=weak) == pytest.approx(1 - 0.9 * om0)
    assert two(report("0", device="d"), report("a", device="d"), records=weak) == pytest.approx(0.1 * om0)


@pytest.mark.parametrize("count", [2, 24, 25, 300, 5000])
def test_any_number_of_accounts_on_one_device_make_about_one_voice(count: int) -> None:
    assert 1.1 <= sum(kept(Case(crowd(count, device="d")))) < 1.12


def test_the_first_to_report_keeps_the_full_weight_and_ties_go_by_name() -> None:
    assert kept(Case((report("b", device="d"), report("a", device="d")))) == pytest.approx([1.0, 0.1])
    late_first = Case((report("b", minute=2, device="d"), report("a", minute=1, device="d")))
    assert [one.reporter for one in gather(late_first, P, LATER).reports] == ["a", "b"]


@settings(max_examples=60)
@given(any_case(most=14), st.booleans())
def test_linking_in_blocks_gives_what_linking_by_pairs_gives(one: Case, by_habit: bool) -> None:
    crowded = gather(one, P, LATER)
    if not crowded.reports:
        return
    subsets = [None, [place % 2 == 0 for place in range(len(crowded.reports))]]
    parts = (crowded.reports, crowded.weights, crowded.newcomers, one, P)
    known = habits(crowded.reports, one, P) if by_habit else None
    by_pairs = engine.independent(*parts, subsets, known)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flood, "BLOCK", 4)
        by_blocks = flood.by_blocks(*parts, subsets, known)
    for left, right in zip(by_pairs, by_blocks, strict=True):
        assert left == pytest.approx(right, abs=1e-11)
