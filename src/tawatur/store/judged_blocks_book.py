"""The part of a book that knows which automatic blocks people have looked at lately, and what they said."""

from __future__ import annotations

from datetime import datetime

from tawatur.store.appeals_book import AppealsBook
from tawatur.store.undoables import Undoable
from tawatur.store.verdicts import JudgedBlock, Review


class JudgedBlocksBook(AppealsBook):
    """Decisions on automatic blocks in memory, by site."""

    def __init__(self) -> None:
        super().__init__()
        self._judged_blocks: dict[str, dict[str, JudgedBlock]] = {}  # by review
        self._no_longer_judged: set[str] = set()

    def judged_blocks(self, site: str, since: datetime) -> list[JudgedBlock]:
        """The decisions after `since`, upheld or rejected, on what reports had blocked."""
        self._load_judged_blocks(site, since)
        known = self._judged_blocks.get(site, {})
        return [one for one in known.values() if one.at > since and one.id not in self._no_longer_judged]

    def add_review(self, review: Review) -> None:
        super().add_review(review)
        self._note_judged_block(review)

    def _note_judged_block(self, review: Review) -> None:
        if review.blocked_at is not None and review.outcome != "undecided":
            judged = JudgedBlock(review.id, review.at, review.blocked_at, review.outcome)
            self._judged_blocks.setdefault(review.site, {})[review.id] = judged

    def take_back_review(self, undone: Undoable) -> None:
        super().take_back_review(undone)
        self._no_longer_judged.add(undone.review)

    def forget_judged_blocks(self, before: datetime) -> None:
        """Drops what nobody can ask for any more."""
        for site, known in self._judged_blocks.items():
            gone = self._no_longer_judged
            self._judged_blocks[site] = {key: one for key, one in known.items() if one.at > before and key not in gone}
        self._no_longer_judged.clear()

    # -- where rows come from; in memory there is nothing more to find -----------------------------

    def _load_judged_blocks(self, site: str, since: datetime) -> None: ...
