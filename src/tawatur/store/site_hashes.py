"""The hashes of one site's images, or of a bank, to be searched: an exact index, and the images' names by number."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from tawatur.imaging.matching import Index
from tawatur.imaging.pdq import Hash, Hashes, hamming, many_from_hex
from tawatur.imaging.segment import MAX_RADIUS
from tawatur.imaging.snapshot import Names, Snapshot
from tawatur.store.hashes import Lines

WIDEST = MAX_RADIUS
"""Bits: no policy looks further, and up to here the index is exact."""


class SiteHashes:
    """Hashes by the name of their image. One thread changes and searches them.

    `seq` is the number of the last line of the site's log that was read, `saved` that of the last snapshot. Names stand
    in one array, in a fifth of the memory that Python's own texts would take.
    """

    def __init__(self, begin: Snapshot | None = None) -> None:
        self.seq = self.saved = 0
        self._last: str | None = None  # the image that line `seq` added
        self._index = Index()
        self._names: Names = np.empty(0, dtype="S36")
        self._count = 0
        self._taken: list[tuple[Names, Hashes]] = []
        self._gone: set[bytes] = set()
        if begin is not None:
            self._add(begin.names, begin.hashes)
            self.seq = self.saved = begin.position
            self._last = begin.last

    def __len__(self) -> int:
        return len(self._index)

    def add(self, images: Sequence[str], pdqs: Sequence[str]) -> None:
        """From now on these images are found, each by its hash of 64 hexadecimal digits."""
        if images:
            self._add(_named(images), many_from_hex("".join(pdqs)))

    def remove(self, images: Iterable[str]) -> None:
        """From now on these images are not found."""
        self._remove(_named(list(images)))

    def search(self, queries: Iterable[Hash], radius: int = WIDEST) -> dict[str, int]:
        """The images within `radius` bits of any of the queries, with their least distance."""
        found: dict[str, int] = {}
        for query in queries:
            for number, distance in self._index.search(query, radius):
                image = self._names[number].decode()
                found[image] = min(distance, found.get(image, distance))
        return found

    def read(self, parts: Iterable[Lines]) -> None:
        """Reads on in the site's log."""
        for lines in parts:
            self.take(lines)
        self.settle()

    def take(self, lines: Lines) -> None:
        """Notes the next lines of the site's log; they count from `settle` on, once for many parts."""
        self._taken.append((lines.images[~lines.gone], lines.pdqs[~lines.gone]))
        self._gone.update(lines.images[lines.gone].tolist())
        self.seq = lines.last
        self._last = None if lines.gone[-1] else lines.images[-1].decode()

    def settle(self) -> None:
        """Makes what was taken count. An image that is gone never comes back."""
        if self._taken:
            names, bits = zip(*self._taken, strict=True)
            self._add(np.concatenate(names), np.concatenate(bits))
        if self._gone:
            self._remove(np.array(list(self._gone)))
        self._taken, self._gone = [], set()

    def taken(self) -> Callable[[], Snapshot] | None:
        """All that is in now, at no cost: calling the answer, on any thread, copies it.

        None where the last line read took an image away: such a line does not tell one log from another.
        """
        if self._last is None:
            return None
        rows, names, seq, last = self._index.rows(), self._names, self.seq, self._last

        def copy() -> Snapshot:
            numbers, bits = rows()
            return Snapshot(names.take(numbers), bits, seq, last)

        return copy

    def _remove(self, names: Names) -> None:
        for number in np.flatnonzero(np.isin(self._names[: self._count], names)).tolist():
            self._index.remove(number)

    def _add(self, names: Names, bits: Hashes) -> None:
        first, self._count = self._count, self._count + len(names)
        width = max(self._names.dtype.itemsize, names.dtype.itemsize)
        if self._count > len(self._names) or width > self._names.dtype.itemsize:
            # A new array, never the old one's rows: a snapshot that is being written may still read them.
            room = np.empty(max(self._count, 2 * first), dtype=f"S{width}")
            room[:first] = self._names[:first]
            self._names = room
        self._names[first : self._count] = names
        self._index.add(np.arange(first, self._count), bits)


def _named(images: Sequence[str]) -> Names:
    return np.array([image.encode() for image in images], dtype=np.bytes_)


def nearest(query: Sequence[Hash], bits: Hash) -> int:
    """The least distance of a hash to any of the queries."""
    return min(hamming(one, bits) for one in query)
