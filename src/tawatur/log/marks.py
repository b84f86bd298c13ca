"""Which events the log says were erased: one bit an event and part, so that a log of millions is no burden.

Only an erasure that is itself under a seal counts. It names positions in runs, so nothing can be hidden by erasing it
in silence: whatever is erased is named by an event that says when and why, and is counted.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tawatur.log.personal import PARTS
from tawatur.store import events, seals
from tawatur.store.database import Database

ERASURE = "events.erased"
PAGE = 200


class _Erasure(msgspec.Struct):
    part: str
    positions: list[tuple[int, int]]


class Marks:
    """The positions whose parts sealed erasures name; `read_on` takes in those sealed since."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._bits = {part: bytearray() for part in PARTS}
        self._read = 0

    def read_on(self) -> None:
        with self._database.read() as connection:
            last = seals.last(connection)
        while last is not None and self._read < last.last:
            with self._database.read() as connection:
                page = events.page_of_types(connection, [ERASURE], self._read, last.last, PAGE)
            for event in page:
                self._note(event)
            self._read = page[-1].position or last.last if len(page) == PAGE else last.last

    def has(self, position: int, part: str) -> bool:
        bits = self._bits.get(part, b"")
        place = position >> 3
        return place < len(bits) and bool(bits[place] >> (position & 7) & 1)

    def _note(self, event: events.EventRow) -> None:
        try:
            said = msgspec.json.decode(event.body, type=_Erasure)
        except msgspec.DecodeError:
            return  # what is wrong with it is said when its turn comes
        bits = self._bits.get(said.part)
        if bits is None:
            return
        for first, end in said.positions:
            end = min(end, event.position or 0)  # what comes after it, it cannot have erased
            if 0 < first <= end:
                _set(bits, first, end)


def runs(positions: Sequence[int]) -> list[tuple[int, int]]:
    """Ascending positions as runs of neighbours: [1, 2, 3, 7] is [(1, 3), (7, 7)]."""
    found: list[tuple[int, int]] = []
    for position in positions:
        if found and found[-1][1] == position - 1:
            found[-1] = (found[-1][0], position)
        else:
            found.append((position, position))
    return found


def _set(bits: bytearray, first: int, last: int) -> None:
    bits.extend(bytes(max(0, (last >> 3) + 1 - len(bits))))
    for position in range(first, last + 1):
        bits[position >> 3] |= 1 << (position & 7)
