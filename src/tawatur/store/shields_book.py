"""The part of a book that knows which shields are up."""

from __future__ import annotations

from tawatur.store.shields import Shield
from tawatur.store.viewings_book import ViewingsBook


class ShieldsBook(ViewingsBook):
    """Shields in memory, by site and target."""

    def __init__(self) -> None:
        super().__init__()
        self._shields: dict[str, dict[tuple[str, str], Shield]] = {}

    def shields(self, site: str) -> list[Shield]:
        """The site's shields, those that have ended included."""
        if site not in self._shields:
            self._shields[site] = {}
            self._load_shields(site)
        return [*self._shields[site].values()]

    def save_shield(self, shield: Shield) -> None:
        """Puts it in the place of the one that its target had."""
        self.shields(shield.site)
        self._wrote()
        self._shields[shield.site][shield.kind, shield.target] = shield

    # -- where rows come from; in memory there is nothing more to find -----------------------------

    def _load_shields(self, site: str) -> None: ...
