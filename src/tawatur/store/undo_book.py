"""The part of a book that knows what stood before the latest decisions."""

from __future__ import annotations

from datetime import timedelta

from tawatur.store.shields_book import ShieldsBook
from tawatur.store.undoables import Undoable

KEPT = timedelta(minutes=10)
"""Nothing can be taken back after so long."""


class UndoBook(ShieldsBook):
    """The latest decisions in memory, by family and in the order in which they were made."""

    def __init__(self) -> None:
        super().__init__()
        self._undoables: dict[str, Undoable | None] = {}

    def undoable(self, family: str) -> Undoable | None:
        """The latest decision on the family, while it may be taken back."""
        if family not in self._undoables:
            self._load_undoable(family)
        return self._undoables.get(family)

    def save_undoable(self, one: Undoable) -> None:
        """Makes this the family's latest decision."""
        self._wrote()
        self._undoables.pop(one.family, None)
        self._undoables[one.family] = one
        for family, other in [*self._undoables.items()]:
            if other is not None and other.at > one.at - KEPT:
                break
            del self._undoables[family]

    def take_back_review(self, undone: Undoable) -> None:
        """The decision was never made: nothing is kept of it but the log."""
        self._wrote()
        self._undoables[undone.family] = None

    # -- where rows come from; in memory there is nothing more to find -----------------------------

    def _load_undoable(self, family: str) -> None: ...
