"""Search finds what comparing with everything finds, whatever comes and goes meanwhile."""

import threading
import time
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tawatur.imaging import pdq, segment
from tawatur.imaging.matching import BUFFER, Index
from tawatur.imaging.pdq import Hashes
from tawatur.imaging.segment import MAX_RADIUS, Segment


def random_hashes(count: int, seed: int = 1) -> Hashes:
    return np.random.default_rng(seed).integers(0, 2**64, (count, 4), dtype=np.uint64)


def near(one: pdq.Hash, bits: int, seed: int = 2) -> pdq.Hash:
    """The hash with so many of its bits turned."""
    turned = np.zeros(256, dtype=np.uint8)
    turned[np.random.default_rng(seed).permutation(256)[:bits]] = 1
    changed: pdq.Hash = one ^ np.packbits(turned).view(np.uint64)
    return changed


def crowded(count: int, seed: int = 3) -> Hashes:
    """Hashes of which many lie within 31 bits of one another, and some are equal."""
    chance = np.random.default_rng(seed)
    centres = random_hashes(max(1, count // 12), seed)
    return np.array(
        [near(centres[chance.integers(len(centres))], int(chance.integers(0, 40)), n) for n in range(count)]
    )


def brute(rows: list[tuple[int, pdq.Hash]], wanted: pdq.Hash, radius: int) -> list[tuple[int, int]]:
    best: dict[int, int] = {}
    for one, bits in rows:
        distance = pdq.hamming(bits, wanted)
        if distance <= radius:
            best[one] = min(distance, best.get(one, 256))
    return sorted(best.items(), key=lambda entry: (entry[1], entry[0]))


def flat(ids: Any, hashes: Hashes, wanted: pdq.Hash, radius: int = 31) -> list[tuple[int, int]]:
    distances = np.bitwise_count(hashes ^ wanted).sum(axis=1)
    return sorted(
        ((int(ids[row]), int(distances[row])) for row in np.flatnonzero(distances <= radius)),
        key=lambda e: (e[1], e[0]),
    )


def test_an_empty_index_finds_nothing() -> None:
    index = Index()
    assert len(index) == 0
    assert index.search(random_hashes(1)[0]) == []
    assert index.remove(7) == 0


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("bits", [0, 1, 16, 31, 32, 255, 256])
@pytest.mark.parametrize("bulk", [True, False])
def test_an_index_of_one_or_two_hashes(count: int, bits: int, bulk: bool) -> None:
    hashes = random_hashes(count)
    index = Index(range(count), hashes, buffer=0 if bulk else 16)
    assert len(index) == count
    found = index.search(near(hashes[count - 1], bits))
    assert found == ([(count - 1, bits)] if bits <= 31 else [])


@pytest.mark.parametrize("chunks", [16, 13, 12, 11])
@pytest.mark.parametrize("radius", [0, 1, 10, 13, 15, 16, 25, 26, 30, 31])
def test_every_cut_into_chunks_is_exact(chunks: int, radius: int) -> None:
    with (
        patch.object(segment, "_SCANNED", 0),
        patch.object(segment, "_FEW_CHUNKS_FROM", 0),
        patch.object(segment, "_FEW_CHUNKS", chunks),
        patch.object(segment, "_SCAN_FROM_SHARE", 9e9),
    ):
        hashes = crowded(3000)
        made = Segment(np.arange(len(hashes)), hashes)
        assert len(made._chunks) == chunks
        for query in range(0, 3000, 60):
            wanted = near(hashes[query], query % 33, query)
            ids, distances = made.search(wanted, radius)
            found = sorted(zip(ids.tolist(), distances.tolist(), strict=True), key=lambda e: (e[1], e[0]))
            assert found == flat(made.ids, hashes, wanted, radius)


def test_errors_wherever_they_fall_are_found() -> None:
    """All 31 in as few chunks as possible, or spread evenly."""
    hashes = random_hashes(20_000)
    made = Segment(np.arange(len(hashes)), hashes)
    for step in range(1, 9):
        for start in range(0, 256, 5):
            turned = np.zeros(256, dtype=np.uint8)
            turned[(start + step * np.arange(31)) % 256] = 1
            wanted = hashes[start] ^ np.packbits(turned, bitorder="little").view(np.uint64)
            assert start in made.search(wanted, 31).ids


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("add"), st.lists(st.tuples(st.integers(-3, 12), st.integers(0, 30)), max_size=40)),
            st.tuples(st.just("remove"), st.integers(-3, 12)),
            st.tuples(st.just("search"), st.integers(0, 30), st.integers(0, 31), st.integers(0, 45)),
            st.tuples(st.just("settle")),
        ),
        max_size=25,
    ),
    st.integers(1, 12),
    st.booleans(),
)
def test_any_order_of_changes_and_searches(steps: list[Any], room: int, scanned: bool) -> None:
    pool = crowded(31)
    index, rows = Index(buffer=room), list[tuple[int, pdq.Hash]]()
    with (
        patch.object(segment, "_SCANNED", 4096 if scanned else 0),
        patch.object(segment, "_CHUNKS", 23),
        patch.object(segment, "_SCAN_FROM_SHARE", 9e9),
    ):
        for step in [*steps, ("search", 0, 31, 3)]:
            match step:
                case ("add", new):
                    index.add([one for one, _ in new], pool[[place for _, place in new]].reshape(-1, 4))
                    rows += [(one, pool[place]) for one, place in new]
                case ("remove", one):
                    assert index.remove(one) == sum(other == one for other, _ in rows)
                    rows = [row for row in rows if row[0] != one]
                case ("search", place, radius, bits):
                    wanted = near(pool[place], bits, place)
                    assert index.search(wanted, radius) == brute(rows, wanted, radius)
                case ("settle",):
                    index.settle()
            assert len(index) == len(rows)
        index.settle()


@pytest.mark.parametrize("radius", [-1, 32, 256])
def test_a_radius_out_of_reach_is_refused(radius: int) -> None:
    with pytest.raises(ValueError, match="from 0 to 31"):
        Index().search(random_hashes(1)[0], radius)


@pytest.mark.parametrize("shape", [(3, 4), (2, 3), (8,)])
def test_what_is_no_hash_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="do not go with"):
        Index().add([1, 2], np.zeros(shape, dtype=np.uint64))


def test_the_opposite_of_a_hash_is_far() -> None:
    """256 does not fit into eight bits."""
    hashes = random_hashes(5000)
    for index in (Index(range(5000), hashes), Index(range(5000), hashes, buffer=10)):
        assert index.search(~hashes[17]) == []


def test_what_was_added_is_found_at_once_and_what_was_removed_is_not() -> None:
    hashes = random_hashes(3 * BUFFER)
    index = Index()
    for begin in range(0, len(hashes), 1024):
        index.add(range(begin, begin + 1024), hashes[begin : begin + 1024])
        for one in (begin, begin + 1023, begin // 2):
            assert index.search(near(hashes[one], 20, one)) == [(one, 20)]
    index.settle()
    for one in range(0, len(hashes), 997):
        assert index.remove(one) == 1
        assert index.search(hashes[one]) == []
    assert len(index) == len(hashes) - len(range(0, len(hashes), 997))


def test_memory_of_what_was_removed_comes_back() -> None:
    index = Index(range(100_000), random_hashes(100_000))
    before = index.nbytes
    for one in range(90_000):
        index.remove(one)
    index.settle()
    assert len(index) == 10_000
    assert index.nbytes < before / 2
    assert index.search(random_hashes(100_000)[95_000]) == [(95_000, 0)]


def test_segments_stay_few() -> None:
    index = Index(buffer=100)
    hashes = random_hashes(30_000)
    for begin in range(0, 30_000, 50):
        index.add(range(begin, begin + 50), hashes[begin : begin + 50])
    index.settle()
    assert len(index._state.segments) <= 8
    assert sum(len(one) for one in index._state.segments) + index._state.filled == 30_000


def test_many_equal_hashes_cost_no_more_than_comparing_with_all() -> None:
    """Somebody posts the same picture, or pictures with equal chunks, again and again."""
    count = 200_000
    same = np.repeat(random_hashes(1), count, axis=0)
    same[:, 0] ^= np.random.default_rng(1).integers(0, 2**64, count, dtype=np.uint64)  # three words stay equal
    index = Index(range(count), same)
    begin = time.perf_counter()
    found = index.search(same[5])
    took = time.perf_counter() - begin
    assert found == flat(np.arange(count), same, same[5])
    assert took < 1.0


def test_searches_go_on_while_others_add_and_segments_are_made() -> None:
    base = random_hashes(60_000)
    coming = random_hashes(60_000, 9)
    index = Index(range(60_000), base, buffer=512)
    added, failures = [0], list[str]()
    done = threading.Event()

    def search() -> None:
        chance = np.random.default_rng(threading.get_ident() % 1000)
        while not done.is_set():
            one = int(chance.integers(60_000))
            if index.search(base[one]) != [(one, 0)]:
                failures.append(f"lost {one}")
            sure = added[0]
            if sure:
                new = int(chance.integers(sure))
                found = index.search(near(coming[new], 9, new))
                if found != ([] if new % 7 == 0 else [(100_000 + new, 9)]):
                    failures.append(f"new {new}: {found}")

    readers = [threading.Thread(target=search) for _ in range(3)]
    for reader in readers:
        reader.start()
    for begin in range(0, 20_000, 40):
        index.add(range(100_000 + begin, 100_040 + begin), coming[begin : begin + 40])
        for one in range(begin, begin + 40):
            if one % 7 == 0:
                index.remove(100_000 + one)
        added[0] = begin + 40
    done.set()
    for reader in readers:
        reader.join()
    assert failures == []
    index.settle()
    assert len(index) == 60_000 + 20_000 - len(range(0, 20_000, 7))


def test_what_is_removed_while_segments_are_made_one_stays_removed() -> None:
    index = Index(range(50_000), random_hashes(50_000))
    index.add(range(50_000, 100_000), random_hashes(50_000, 5))
    for one in range(0, 100_000, 3):
        index.remove(one)
    index.settle()
    assert len(index._state.segments) == 1
    for one in range(0, 50_000, 111):
        assert index.search(random_hashes(50_000)[one]) == ([] if one % 3 == 0 else [(one, 0)])


def test_a_million_hashes_are_ready_in_three_seconds() -> None:
    hashes = random_hashes(1_000_000)
    begin = time.thread_time()
    index = Index(np.arange(1_000_000), hashes)
    assert time.thread_time() - begin < 3
    assert index.search(near(hashes[123_456], 31)) == [(123_456, 31)]
    assert index.nbytes < 120 * 1_000_000


def test_rows_are_those_of_the_moment_when_they_were_asked_for() -> None:
    hashes = random_hashes(30)
    index = Index(range(20), hashes[:20], buffer=8)
    index.remove(3)
    rows = index.rows()
    index.add(range(20, 30), hashes[20:])
    ids, found = rows()
    assert sorted(ids.tolist()) == [one for one in range(20) if one != 3]
    assert all((found[place] == hashes[one]).all() for place, one in enumerate(ids))


def test_the_largest_radius_is_what_copies_may_differ_by() -> None:
    assert MAX_RADIUS == 31
