"""Hashes sorted for exact search: multi-index hashing.

Source: Norouzi, Punjani, Fleet, "Fast Exact Search in Hamming Space with Multi-Index Hashing" (2014). Cut 256 bits into
m chunks. With r = m q + a (a < m), two hashes within r bits agree to within q bits on one of the first a + 1 chunks, or
to within q - 1 bits on one of the others. So every match is among the rows whose chunk equals one of a few values.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from tawatur.imaging.pdq import BITS, Hash, Hashes

Ids = np.ndarray[Any, np.dtype[np.int64]]
Distances = np.ndarray[Any, np.dtype[np.uint32]]
Rows = np.ndarray[Any, np.dtype[np.uint32]]
Positions = np.ndarray[Any, np.dtype[np.intp]]

MAX_RADIUS = 31
WORDS = BITS // 64

# Measured on random and on photographs' hashes. Few wide chunks give fewer candidates but larger tables.
_SCANNED = 4096  # rows: up to here comparing with all of them is as fast
_FEW_CHUNKS_FROM = 3_000_000  # rows
_CHUNKS, _FEW_CHUNKS = 16, 13

# When equal chunks bring more than this share of all rows to compare, comparing with all of them in order costs less.
# That is the most that a query can cost, whatever hashes somebody sends.
_SCAN_FROM_SHARE = 1 / 8
_BLOCK = 1 << 16  # rows compared at once


class Found(NamedTuple):
    """Ids and distances of the rows within the radius, in no order; an id can occur more than once."""

    ids: Ids
    distances: Distances


class Segment:
    """Rows of (id, hash) that only ever leave. Searching needs no lock, and may see a removal under way or not."""

    def __init__(self, ids: Ids, hashes: Hashes) -> None:
        """`ids` of shape (n,), `hashes` of shape (n, 4); both are kept."""
        if len(ids) > 1 and not (ids[1:] >= ids[:-1]).all():
            order = np.argsort(ids, kind="stable")
            ids, hashes = ids.take(order), hashes.take(order, axis=0)
        self.ids = ids
        self.hashes = hashes
        self.alive = np.ones(len(ids), dtype=np.bool_)
        self.removed = 0
        self._chunks = _chunks(len(ids))
        self._offsets, self._rows = _sorted(hashes, self._chunks)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def nbytes(self) -> int:
        """Bytes of memory."""
        return sum(part.nbytes for part in (self.ids, self.hashes, self.alive, self._offsets, self._rows))

    def remove(self, one: int) -> int:
        """Removes every row of an id; returns how many there were."""
        begin, end = np.searchsorted(self.ids, [one, one + 1])
        removed = int(self.alive[begin:end].sum())
        self.alive[begin:end] = False
        self.removed += removed
        return removed

    def search(self, wanted: Hash, radius: int) -> Found:
        """The rows within `radius` bits, at most `MAX_RADIUS`."""
        candidates = self._candidates(wanted, radius)
        if candidates is None:
            rows, distances = scanned(self.hashes, wanted, radius)
        else:
            compared = compare(self.hashes.take(candidates, axis=0), wanted)
            near = np.flatnonzero(compared <= radius)
            # A row that agrees on several chunks came as often.
            rows, first = np.unique(candidates.take(near), return_index=True)
            distances = compared.take(near.take(first))
        living = self.alive.take(rows)
        return Found(self.ids.take(rows)[living], distances[living])

    def _candidates(self, wanted: Hash, radius: int) -> Rows | None:
        """The rows that agree on a chunk, with repetitions; `None` where they are too many to be worth it."""
        if not self._chunks:
            return None
        begins, ends = self._buckets(wanted, radius)
        sizes = ends - begins
        filled = np.flatnonzero(sizes)
        begins, sizes = begins.take(filled), sizes.take(filled)
        until = np.cumsum(sizes)
        count = int(until[-1]) if len(until) else 0
        if count > len(self) * _SCAN_FROM_SHARE:
            return None
        places = np.repeat(begins - (until - sizes), sizes)
        places += np.arange(count)
        return self._rows.take(places)

    def _buckets(self, wanted: Hash, radius: int) -> tuple[Positions, Positions]:
        """Where in `_rows` each bucket begins and ends that may hold a match."""
        probes = _probes(self._chunks, radius)
        number = sum(int(word) << 64 * place for place, word in enumerate(wanted))
        values = np.array([number >> chunk.first & chunk.mask for chunk in self._chunks], dtype=np.intp)
        buckets = (np.repeat(values, probes.counts) ^ probes.flips) + probes.tables
        return self._offsets.take(buckets).astype(np.intp), self._offsets.take(buckets + 1).astype(np.intp)


def compare(hashes: Hashes, wanted: Hash) -> Distances:
    """The distance of each row of `hashes` to `wanted`, in bits."""
    counts = np.bitwise_count(hashes ^ wanted)
    # Four counts of up to 64 in the four bytes of a number; added in pairs, as 256 does not fit a byte.
    quads = counts.view(np.uint32).ravel()
    pairs = (quads & np.uint32(0x00FF00FF)) + (quads >> np.uint32(8) & np.uint32(0x00FF00FF))
    distances: Distances = (pairs + (pairs >> np.uint32(16))) & np.uint32(0xFFFF)
    return distances


def scanned(hashes: Hashes, wanted: Hash, radius: int) -> tuple[Positions, Distances]:
    """The rows within `radius` and their distances, by comparing with all of them."""
    rows, distances = [np.empty(0, dtype=np.intp)], [np.empty(0, dtype=np.uint32)]
    for begin in range(0, len(hashes), _BLOCK):
        compared = compare(hashes[begin : begin + _BLOCK], wanted)
        near = np.flatnonzero(compared <= radius)
        rows.append(near + begin)
        distances.append(compared.take(near))
    return np.concatenate(rows), np.concatenate(distances)


class _Chunk(NamedTuple):
    first: int  # its lowest bit
    width: int

    @property
    def mask(self) -> int:
        return (1 << self.width) - 1


class _Probes(NamedTuple):
    """What to look up, chunk after chunk: bits to flip in the chunk's value, and where its table begins."""

    flips: Positions
    tables: Positions
    counts: Positions  # look-ups a chunk


@lru_cache(maxsize=8)
def _even(count: int) -> tuple[_Chunk, ...]:
    """256 bits in so many chunks, the wide ones first: they are the ones that more flips are tried in."""
    width, wider = divmod(BITS, count)
    widths = [width + 1] * wider + [width] * (count - wider)
    return tuple(_Chunk(sum(widths[:place]), width) for place, width in enumerate(widths))


def _chunks(rows: int) -> tuple[_Chunk, ...]:
    if rows <= _SCANNED:
        return ()
    return _even(_CHUNKS if rows < _FEW_CHUNKS_FROM else _FEW_CHUNKS)


@lru_cache(maxsize=2 * (MAX_RADIUS + 1))
def _probes(chunks: tuple[_Chunk, ...], radius: int) -> _Probes:
    most, last = divmod(radius, len(chunks))
    flips, tables, counts = [], [], []
    table = 0
    for place, chunk in enumerate(chunks):
        here = [
            sum(1 << bit for bit in bits)
            for number in range((most if place <= last else most - 1) + 1)
            for bits in combinations(range(chunk.width), number)
        ]
        flips += here
        tables += [table] * len(here)
        counts.append(len(here))
        table += chunk.mask + 2
    return _Probes(*(np.array(part, dtype=np.intp) for part in (flips, tables, counts)))


def _sorted(hashes: Hashes, chunks: tuple[_Chunk, ...]) -> tuple[Rows, Rows]:
    """For each chunk the rows in order of its value, and for each value where its rows begin; both one after another.

    Positions are 32 bits wide, which is enough for 268 million rows.
    """
    count = len(hashes)
    rows = np.empty(count * len(chunks), dtype=np.uint32)
    offsets = np.empty(sum(chunk.mask + 2 for chunk in chunks), dtype=np.uint32)
    table = 0
    for place, chunk in enumerate(chunks):
        values = _values(hashes, chunk)
        begin = place * count
        rows[begin : begin + count] = _order(values)
        here = offsets[table : table + chunk.mask + 2]
        here[0] = begin
        np.cumsum(np.bincount(values, minlength=chunk.mask + 1), out=here[1:])
        here[1:] += np.uint32(begin)
        table += chunk.mask + 2
    return offsets, rows


def _values(hashes: Hashes, chunk: _Chunk) -> Rows:
    """The chunk's value in each row."""
    word, shift = divmod(chunk.first, 64)
    values = hashes[:, word] >> np.uint64(shift)
    if shift + chunk.width > 64:
        values |= hashes[:, word + 1] << np.uint64(64 - shift)
    return (values & np.uint64(chunk.mask)).astype(np.uint32)


def _order(values: Rows) -> Positions:
    """The rows in order of their value: numpy sorts 16 bits in linear time, so wider values in two passes."""
    low = (values & np.uint32(0xFFFF)).astype(np.uint16)
    order: Positions = np.argsort(low, kind="stable")
    high = (values >> np.uint32(16)).astype(np.uint16)
    if high.any():
        order = order.take(np.argsort(high.take(order), kind="stable"))
    return order
