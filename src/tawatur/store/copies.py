"""Finds copies: for each site an exact index of the hashes, in memory, as new as the transaction that asks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from sqlalchemy import Connection

from tawatur.imaging.matching import Index
from tawatur.imaging.pdq import Hash, from_hex, hamming
from tawatur.imaging.segment import MAX_RADIUS
from tawatur.store import banks, hashes
from tawatur.store.banks import Bank

WIDEST = MAX_RADIUS
"""Bits: no policy looks further, and up to here the index is exact."""


class SiteHashes:
    """The hashes of one site's images, to be searched."""

    def __init__(self) -> None:
        self.seq = 0
        self._index = Index()
        self._images: list[str] = []
        self._numbers: dict[str, int] = {}

    def add(self, entries: Sequence[tuple[str, Hash]]) -> None:
        """From now on these images are found."""
        first = len(self._images)
        for number, (image, _) in enumerate(entries, first):
            self._images.append(image)
            self._numbers[image] = number
        if entries:
            self._index.add(range(first, len(self._images)), np.array([bits for _, bits in entries]))

    def remove(self, image: str) -> None:
        """From now on this image is not found."""
        number = self._numbers.pop(image, None)
        if number is not None:
            self._index.remove(number)

    def search(self, queries: Iterable[Hash], radius: int = WIDEST) -> dict[str, int]:
        """The images within `radius` bits of any of the queries, with their least distance."""
        found: dict[str, int] = {}
        for query in queries:
            for number, distance in self._index.search(query, radius):
                image = self._images[number]
                found[image] = min(distance, found.get(image, distance))
        return found


class Copies:
    """The hashes of all sites and banks that this process has been asked about."""

    def __init__(self) -> None:
        self._sites: dict[str, SiteHashes] = {}
        self._banks: dict[str, tuple[int, SiteHashes]] = {}

    def of_bank(self, connection: Connection, bank: Bank) -> SiteHashes:
        """The bank's hashes, each under its own 64 digits; read anew when the bank has changed."""
        version, known = self._banks.get(bank.id, (-1, SiteHashes()))
        if version != bank.version:
            known = SiteHashes()
            known.add([(one.pdq, from_hex(one.pdq)) for one in banks.hashes(connection, bank.id)])
            self._banks[bank.id] = (bank.version, known)
        return known

    def of(self, connection: Connection, site: str) -> SiteHashes:
        """The site's hashes with all that is committed, when the transaction holds the head of the site's log."""
        known = self._sites.setdefault(site, SiteHashes())
        new: dict[str, Hash] = {}
        for row in hashes.after(connection, site, known.seq):
            if row.gone:
                new.pop(row.image, None)
                known.remove(row.image)
            else:
                new[row.image] = from_hex(row.pdq)
            known.seq = row.seq
        if new:
            known.add(list(new.items()))
        return known


def nearest(query: Sequence[Hash], bits: Hash) -> int:
    """The least distance of a hash to any of the queries."""
    return min(hamming(one, bits) for one in query)
