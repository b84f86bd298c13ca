"""The part of a book that knows who looked: viewings by family and by person, and the sums of a site's coins."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from tawatur.store.viewings import SiteCoins, Viewing


class ViewingsBook:
    """Viewings in memory; `writes` counts every change of the book, of these and of all else."""

    def __init__(self) -> None:
        self.writes = 0
        self._viewings: dict[str, dict[str, Viewing]] = {}  # by person
        self._judged: dict[tuple[str, str], dict[str, Viewing]] = {}  # by family
        self._site_coins: dict[str, SiteCoins] = {}

    def viewings(self, family: str) -> dict[str, Viewing]:
        """Who is known to have been shown the family, by person; those too old to count included."""
        if family not in self._viewings:
            self._viewings[family] = {}
            self._load_viewings(family)
        return self._viewings[family]

    def save_viewing(self, viewing: Viewing) -> None:
        self._wrote()
        self.viewings(viewing.family)[viewing.person] = viewing
        self._note_judged(viewing)

    def drop_viewing(self, family: str, person: str) -> None:
        """It was never noted that this person looked."""
        found = self.viewings(family).pop(person, None)
        self._wrote()
        if found is not None:
            self._judged.get((found.site, person), {}).pop(family, None)

    def forget_viewings(self, site: str, since: datetime) -> None:
        """Drops what is kept of who looked at that moment and before."""
        self._wrote()
        for people in self._viewings.values():
            for viewing in [one for one in people.values() if one.site == site and one.at <= since]:
                del people[viewing.person]
                self._judged.get((site, viewing.person), {}).pop(viewing.family, None)

    def judged_viewings(self, site: str, people: Iterable[str]) -> dict[str, list[Viewing]]:
        """What each of these people was shown that a person has decided since."""
        people = list(people)
        if unknown := {person for person in people if (site, person) not in self._judged}:
            self._judged.update({(site, person): {} for person in unknown})
            self._load_judged(site, unknown)
        return {person: [*self._judged[site, person].values()] for person in people}

    def site_coins(self, site: str) -> SiteCoins:
        """Sums over all judged viewings of the site."""
        if site not in self._site_coins:
            self._site_coins[site] = SiteCoins(site)
            self._load_site_coins(site)
        return self._site_coins[site]

    def add_coins(self, more: SiteCoins) -> None:
        """Adds to the site's sums."""
        old = self.site_coins(more.site)
        self._wrote()
        self._site_coins[more.site] = SiteCoins(
            more.site,
            old.hits + more.hits,
            old.violating + more.violating,
            old.false_alarms + more.false_alarms,
            old.fine + more.fine,
        )

    def _wrote(self) -> None:
        self.writes += 1

    def _note_judged(self, viewing: Viewing) -> None:
        known = self._judged.setdefault((viewing.site, viewing.person), {})
        if viewing.upheld is None:
            known.pop(viewing.family, None)
        else:
            known[viewing.family] = viewing

    # -- where rows come from; in memory there is nothing more to find -----------------------------

    def _load_viewings(self, family: str) -> None: ...
    def _load_judged(self, site: str, people: set[str]) -> None: ...
    def _load_site_coins(self, site: str) -> None: ...
