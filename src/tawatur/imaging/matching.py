"""Which images have nearly this hash: exact search that serves while hashes come and go.

New hashes wait in a small buffer that every search reads through, so the very next search finds them. A full buffer
becomes a sorted `Segment`; a thread makes few large segments of many small ones, beside the searches.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from tawatur.imaging.pdq import Hash, Hashes
from tawatur.imaging.segment import MAX_RADIUS, WORDS, Found, Ids, Segment, scanned

BUFFER = 16_384
"""Hashes that are compared one by one: about 0.1 ms a search."""


class Index:
    """Hashes by id. An id may have several hashes, and is found once, by the nearest.

    Thread-safe: searches take no lock and never wait; changes wait for one another. What `add` or `remove` did, every
    search that begins later sees.
    """

    def __init__(self, ids: Ids | Sequence[int] = (), hashes: Hashes | None = None, *, buffer: int = BUFFER) -> None:
        self._room = buffer
        self._writing = threading.Lock()
        self._state = _State((), _Buffer(buffer), 0)
        self._count = 0
        self._removed_meanwhile: list[int] | None = None  # while segments are made one
        self._tidying: threading.Thread | None = None
        if hashes is not None:
            self.add(ids, hashes)

    def __len__(self) -> int:
        """How many hashes there are."""
        return self._count

    @property
    def nbytes(self) -> int:
        """Bytes of memory."""
        state = self._state
        return sum(segment.nbytes for segment in state.segments) + state.buffer.nbytes

    def search(self, wanted: Hash, radius: int = MAX_RADIUS) -> list[tuple[int, int]]:
        """(id, distance) of every id with a hash within `radius` bits (at most 31), nearest first, then by id.

        `wanted` is uint64[4]. Raises `ValueError` for a radius that is not from 0 to 31.
        """
        if not 0 <= radius <= MAX_RADIUS:
            raise ValueError(f"a radius is from 0 to {MAX_RADIUS} bits, this is {radius}")
        state = self._state
        found = [segment.search(wanted, radius) for segment in state.segments]
        found.append(state.buffer.search(wanted, radius, state.filled))
        ids = np.concatenate([part.ids for part in found])
        distances = np.concatenate([part.distances for part in found])
        order = np.lexsort((ids, distances))
        ids, distances = ids.take(order), distances.take(order)
        nearest = np.sort(np.unique(ids, return_index=True)[1])
        return list(zip(ids.take(nearest).tolist(), distances.take(nearest).tolist(), strict=True))

    def add(self, ids: Ids | Sequence[int], hashes: Hashes) -> None:
        """Adds hashes of shape (n, 4) under these ids, n of them. Raises `ValueError` where the shapes differ."""
        new_ids = np.asarray(ids, dtype=np.int64)
        new_hashes = np.asarray(hashes, dtype=np.uint64)
        if new_ids.ndim != 1 or new_hashes.shape != (len(new_ids), WORDS):
            raise ValueError(f"{new_ids.shape} ids do not go with hashes of shape {new_hashes.shape}")
        with self._writing:
            if len(new_ids) > self._room:
                self._append(Segment(new_ids.copy(), new_hashes.copy()))
            else:
                self._fill(new_ids, new_hashes)
            self._count += len(new_ids)
            self._tidy()

    def remove(self, one: int) -> int:
        """Removes every hash of an id; returns how many it had."""
        with self._writing:
            state = self._state
            removed = sum(segment.remove(one) for segment in state.segments) + state.buffer.remove(one, state.filled)
            if removed and self._removed_meanwhile is not None:
                self._removed_meanwhile.append(one)
            self._count -= removed
            self._tidy()
            return removed

    def settle(self) -> None:
        """Waits until the segments are as few as they will be. Nobody needs to; it makes measurements repeatable."""
        while (thread := self._tidying) is not None:
            thread.join()

    def rows(self) -> Callable[[], tuple[Ids, Hashes]]:
        """All that is in now, at no cost: calling the answer, on any thread, copies the ids and hashes.

        What is added meanwhile is not among them; what is removed meanwhile may be missing already.
        """
        return self._state.living

    def _fill(self, ids: Ids, hashes: Hashes) -> None:
        """Puts rows into the buffer, and the buffer among the segments whenever it is full."""
        while len(ids):
            segments, buffer, filled = self._state
            taken = min(self._room - filled, len(ids))
            buffer.write(filled, ids[:taken], hashes[:taken])
            self._state = _State(segments, buffer, filled + taken)
            ids, hashes = ids[taken:], hashes[taken:]
            if filled + taken == self._room:
                segment = Segment(*buffer.living(self._room))
                self._state = _State((*segments, segment), _Buffer(self._room), 0)

    def _append(self, segment: Segment) -> None:
        segments, buffer, filled = self._state
        self._state = _State((*segments, segment), buffer, filled)

    def _tidy(self) -> None:
        """Has segments made one where it is time. Called with the lock held."""
        if self._tidying is None and _due(self._state.segments):
            self._tidying = threading.Thread(target=self._make_fewer, name="matching-tidy", daemon=True)
            self._tidying.start()

    def _make_fewer(self) -> None:
        try:
            while self._make_one_of_several():
                pass
        except BaseException:
            with self._writing:  # what was to be made one serves on as it is; the next change tries again
                self._tidying = self._removed_meanwhile = None
            raise

    def _make_one_of_several(self) -> bool:
        with self._writing:
            old = _due(self._state.segments)
            if not old:
                self._tidying = None
                return False
            self._removed_meanwhile = []
        made = Segment(*_State(old, _Buffer(0), 0).living())
        with self._writing:
            for one in self._removed_meanwhile:
                made.remove(one)
            self._removed_meanwhile = None
            segments, buffer, filled = self._state
            first = segments.index(old[0])  # others have only been added, at the end
            kept = (*segments[:first], made, *segments[first + len(old) :])
            self._state = _State(tuple(one for one in kept if len(one)), buffer, filled)
        return True


class _Buffer:
    """The newest rows. A row is written before anybody is told that it is there, and then only ever removed."""

    def __init__(self, room: int) -> None:
        self._ids = np.zeros(room, dtype=np.int64)
        self._hashes = np.zeros((room, WORDS), dtype=np.uint64)
        self._alive = np.zeros(room, dtype=np.bool_)

    @property
    def nbytes(self) -> int:
        return self._ids.nbytes + self._hashes.nbytes + self._alive.nbytes

    def write(self, at: int, ids: Ids, hashes: Hashes) -> None:
        self._ids[at : at + len(ids)] = ids
        self._hashes[at : at + len(ids)] = hashes
        self._alive[at : at + len(ids)] = True

    def search(self, wanted: Hash, radius: int, filled: int) -> Found:
        rows, distances = scanned(self._hashes[:filled], wanted, radius)
        living = self._alive.take(rows)
        return Found(self._ids.take(rows)[living], distances[living])

    def remove(self, one: int, filled: int) -> int:
        rows = np.flatnonzero((self._ids[:filled] == one) & self._alive[:filled])
        self._alive[rows] = False
        return len(rows)

    def living(self, filled: int) -> tuple[Ids, Hashes]:
        alive = self._alive[:filled]
        return self._ids[:filled][alive], self._hashes[:filled][alive]


class _State(NamedTuple):
    """What a search reads, replaced as a whole: segments from old to new, and how much of the buffer is filled."""

    segments: tuple[Segment, ...]
    buffer: _Buffer
    filled: int

    def living(self) -> tuple[Ids, Hashes]:
        """Every row that has not been removed."""
        parts = [self.buffer.living(self.filled)]
        for segment in self.segments:
            alive = segment.alive.copy()
            parts.append((segment.ids[alive], segment.hashes[alive]))
        return np.concatenate([ids for ids, _ in parts]), np.concatenate([hashes for _, hashes in parts])


def _due(segments: tuple[Segment, ...]) -> tuple[Segment, ...]:
    """The neighbours to make one of; a single one where most of it was removed. None when all is well.

    An old segment is made anew only when those after it are half as large together: how often a row is sorted again,
    and how many segments there are, then grow with the logarithm of all.
    """
    younger = 0
    first = len(segments)
    for place in range(len(segments) - 1, -1, -1):
        if younger * 2 >= len(segments[place]) and younger:
            first = place
        younger += len(segments[place])
    if first < len(segments):
        return segments[first:]
    for segment in segments:
        if segment.removed * 2 >= len(segment):
            return (segment,)
    return ()
