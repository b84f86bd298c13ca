"""Which of many pictures one is an altered copy of.

Comparing with each would take a millisecond a picture. So corners vote first: those of the query are looked up by the
first eight 16-bit words of their 256 bits (a corner of a copy agrees on at least one in two thirds of the cases, one of
another picture by chance alone), and the few pictures that most of them point at are compared in full. So are those
that the operator's own model takes the query for.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tawatur.imaging.alike import Likeness, alike
from tawatur.imaging.features import Features

_TABLES = 8
_VALUES = 1 << 16
_NEAR = 56  # bits in which a corner that votes may differ
_LEAST_VOTES = 4
_COMPARED = 5  # pictures, the most voted for
_WAITING = 16  # pictures that are compared one by one before they are sorted in

_Array = np.ndarray[Any, Any]


class AlteredIndex:
    """Pictures by a name of the caller's. Not thread-safe."""

    def __init__(self) -> None:
        self._pictures: dict[str, Features] = {}
        self._waiting: set[str] = set()
        self._sorted = _Sorted([], {})

    def __len__(self) -> int:
        return len(self._pictures)

    def add(self, name: str, features: Features) -> None:
        """From now on copies of this picture are found; a name that is there has another picture from now on."""
        self._pictures[name] = features
        self._waiting.add(name)

    def remove(self, name: str) -> None:
        """From now on copies of this picture are not found."""
        self._pictures.pop(name, None)
        self._waiting.discard(name)

    def search(self, query: Features) -> list[tuple[str, Likeness]]:
        """The pictures that the query is an altered copy of, those with most corners in common first."""
        if len(self._waiting) > max(_WAITING, len(self._sorted.names) // 8):
            self._sorted = _Sorted(list(self._pictures), self._pictures)
            self._waiting.clear()
        voted, seen = (
            [name for name in names if name in self._pictures and name not in self._waiting][:_COMPARED]
            for names in (self._sorted.voted(query), self._sorted.seen(query))
        )
        found = []
        for name in dict.fromkeys((*voted, *seen, *sorted(self._waiting))):
            likeness = alike(query, self._pictures[name])
            if likeness.altered_copy:
                found.append((name, likeness))
        return sorted(found, key=lambda one: (-one[1].corners, one[0]))


class _Sorted:
    """The corners of pictures, in tables sorted by a word each."""

    def __init__(self, names: list[str], pictures: dict[str, Features]) -> None:
        self.names = names
        nothing = np.zeros((0, 4), dtype=np.uint64)
        self._words = np.concatenate([nothing, *(pictures[name].words for name in names)])
        self._owner = np.repeat(np.arange(len(names)), [len(pictures[name]) for name in names])
        self._visions = _visions(names, pictures)
        short = _short(self._words)
        self._rows = [np.argsort(short[:, n], kind="stable").astype(np.uint32) for n in range(_TABLES)]
        self._begins = [
            np.concatenate([[0], np.cumsum(np.bincount(short[:, n], minlength=_VALUES))]) for n in range(_TABLES)
        ]

    def voted(self, query: Features) -> list[str]:
        """The pictures that corners of the query point at, most first."""
        if not (len(self._words) and len(query)):
            return []
        short = _short(query.words)
        corner, row = np.concatenate([self._met(n, short[:, n]) for n in range(_TABLES)], axis=1)
        near = np.bitwise_count(query.words[corner] ^ self._words[row]).sum(1, dtype=np.int16) < _NEAR
        # A corner has one vote for a picture, however many of its corners it resembles.
        ballots = np.unique(corner[near] * len(self.names) + self._owner[row[near]])
        votes = np.bincount(ballots % len(self.names), minlength=len(self.names))
        order = np.argsort(-votes, kind="stable")[: 4 * _COMPARED]
        return [self.names[n] for n in order if votes[n] >= _LEAST_VOTES]

    def seen(self, query: Features) -> list[str]:
        """The pictures that the model which saw the query takes it for, most alike first."""
        if query.seen is None or query.seen.model not in self._visions:
            return []
        names, vectors = self._visions[query.seen.model]
        if vectors.shape[1] != len(query.seen.vector):
            return []
        cosines = vectors @ query.seen.vector
        order = np.argsort(-cosines, kind="stable")[: 4 * _COMPARED]
        return [names[n] for n in order if cosines[n] >= query.seen.threshold]

    def _met(self, table: int, values: _Array) -> _Array:
        """Pairs of a corner of the query and a row with its word, (2, n)."""
        begins = self._begins[table][values]
        counts = self._begins[table][values.astype(np.intp) + 1] - begins
        corner = np.repeat(np.arange(len(values)), counts)
        until = np.cumsum(counts)
        places = np.arange(len(corner)) + np.repeat(begins - (until - counts), counts)
        return np.stack([corner, self._rows[table][places]])


def _visions(names: list[str], pictures: dict[str, Features]) -> dict[bytes, tuple[list[str], _Array]]:
    """Of each model, the pictures that it saw and what it saw in each, (n, numbers)."""
    seen: dict[bytes, dict[str, _Array]] = {}
    for name in names:
        if (one := pictures[name].seen) is not None:
            seen.setdefault(one.model, {})[name] = one.vector
    return {model: (list(of), np.stack(list(of.values()))) for model, of in seen.items()}


def _short(words: _Array) -> _Array:
    return np.ascontiguousarray(words, dtype="<u8").view("<u2").reshape(len(words), 16)
