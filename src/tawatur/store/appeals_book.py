"""The part of a book that knows who objected to what, and who took part in a case before."""

from __future__ import annotations

from collections.abc import Iterable

from tawatur.store.appeals import Appeal
from tawatur.store.undo_book import UndoBook
from tawatur.store.undoables import Undoable
from tawatur.store.verdicts import Review


class AppealsBook(UndoBook):
    """Appeals in memory, by id and by what they are about; and who reviewed each family."""

    def __init__(self) -> None:
        super().__init__()
        self._appeals: dict[str, Appeal | None] = {}
        self._appeals_about: dict[tuple[str, str, str], list[str]] = {}
        self._reviewers: dict[str, dict[str, str]] = {}  # by review

    def appeal(self, site: str, appeal: str) -> Appeal | None:
        """The site's appeal with this id."""
        if appeal not in self._appeals:
            self._load_appeal(site, appeal)
        found = self._appeals.get(appeal)
        return found if found is not None and found.site == site else None

    def appeals_about(self, site: str, about: str, targets: Iterable[str]) -> list[Appeal]:
        """All appeals about these images, or about these reporters; of each the oldest first."""
        wanted = list(dict.fromkeys(targets))
        if unknown := {target for target in wanted if (site, about, target) not in self._appeals_about}:
            self._load_appeals_about(site, about, unknown)
        ids = [one for target in wanted for one in self._appeals_about.get((site, about, target), ())]
        return [found for one in ids if (found := self._appeals.get(one)) is not None]

    def open_appeals_by(self, site: str, person: str) -> int:
        """How many appeals of one person wait for an answer."""
        mine = (one for one in self._appeals.values() if one is not None and (one.site, one.person) == (site, person))
        return sum(one.waits for one in mine)

    def save_appeal(self, appeal: Appeal) -> None:
        """Makes this what is known of the appeal, new or not."""
        self.appeals_about(appeal.site, appeal.about, [appeal.target])
        self._wrote()
        known = self._appeals_about.setdefault((appeal.site, appeal.about, appeal.target), [])
        if appeal.id not in known:
            known.append(appeal.id)
        self._appeals[appeal.id] = appeal

    def reviewers(self, family: str, images: set[str]) -> set[str]:
        """Who ever reviewed the family, or one of these images wherever it stood."""
        return {*self._reviewers.get(family, {}).values()}

    def add_review(self, review: Review) -> None:
        self._wrote()
        self._reviewers.setdefault(review.family, {})[review.id] = review.reviewer

    def take_back_review(self, undone: Undoable) -> None:
        super().take_back_review(undone)
        self._reviewers.get(undone.family, {}).pop(undone.review, None)

    # -- where rows come from; in memory there is nothing more to find -----------------------------

    def _load_appeal(self, site: str, appeal: str) -> None: ...
    def _load_appeals_about(self, site: str, about: str, targets: set[str]) -> None: ...
