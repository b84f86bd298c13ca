"""A book that reads from a database: rows on demand, or in bulk for a whole group of changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection

from tawatur.imaging.features import read as read_features
from tawatur.imaging.pdq import Hash, from_hex
from tawatur.store import (
    altered,
    answers,
    appeals,
    banks,
    families,
    hashes,
    images,
    reporters,
    reports,
    shields,
    sites,
    undoables,
    verdicts,
    viewings,
)
from tawatur.store.altered import Looked, Resembled
from tawatur.store.altered_index import look_again
from tawatur.store.answers import Answer
from tawatur.store.banks import Bank
from tawatur.store.book import Book
from tawatur.store.copies import Copies
from tawatur.store.hashes import LikelyCopy
from tawatur.store.kept import KeptRounds
from tawatur.store.reporters import Reporter
from tawatur.store.reports import Report
from tawatur.store.site_hashes import WIDEST
from tawatur.store.sites import Site
from tawatur.store.viewings import Viewing


class Wants(msgspec.Struct, frozen=True):
    """What a change is known to need before it runs, so that a whole group's needs are read at once."""

    site: str
    images: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    reporters: tuple[str, ...] = ()
    reports: tuple[str, ...] = ()
    pictures: tuple[str, ...] = ()
    """SHA-256 of bytes that are to be registered, or an empty text where there are none."""
    orientations: tuple[str, ...] = ()
    """PDQ hashes of a picture that is to be registered, in its eight orientations."""
    key: str | None = None
    rules: bool = False
    """Whether it changes what the site is judged by, so that nobody else may decide there meanwhile."""


class _Known(msgspec.Struct):
    """What the database knows of a network: how many people, and which of those that were asked about."""

    people: int
    checked: set[str]
    members: set[str]


class ReadingBook(Book):
    """Reads from `connection`. With `lock`, families are held, in id order, until the transaction's end.

    `kept` saves reading again the reports of a family that has not changed since an earlier group, `copies` the hashes.
    """

    def __init__(
        self,
        connection: Connection,
        new_id: Callable[[], str],
        *,
        lock: bool = False,
        kept: KeptRounds | None = None,
        copies: Copies | None = None,
    ) -> None:
        super().__init__(new_id)
        self._connection = connection
        self._lock = lock
        self._kept = KeptRounds() if kept is None else kept
        self._copies = Copies() if copies is None else copies
        self._heads: dict[str, int] = {}
        self._altered_heads: dict[str, int] = {}
        self._answers: dict[tuple[str, str], Answer | None] = {}
        self._no_past: set[tuple[str, str]] = set()
        self._networks: dict[tuple[str, str], _Known] = {}
        self._blocks_read: dict[str, datetime] = {}  # since when
        self._blocks_found: dict[str, int] = {}
        self._judged_blocks_read: dict[str, datetime] = {}
        self._counted_blocks: dict[tuple[str, datetime, datetime], int] = {}
        self._changed_viewings: dict[tuple[str, str], Viewing] = {}

    # -- reading in bulk -----------------------------------------------------------------------

    def prefetch(self, wanted: list[Wants]) -> None:
        """Reads what a group of changes needs, each kind of row in one statement, families locked in id order."""
        by_site: dict[str, list[Wants]] = {}
        for want in wanted:
            by_site.setdefault(want.site, []).append(want)
        self._load_sites(set(by_site), alone=any(want.rules for want in wanted))
        self._load_site_records(set(by_site))
        if keys := {(want.site, want.key) for want in wanted if want.key is not None}:
            self._load_answers(keys)
        if ids := {image for want in wanted for image in want.images}:
            self._load_images(ids)
        for site, wants in sorted(by_site.items()):
            self._prefetch_copies(site, [want for want in wants if want.pictures])
        homes = {image.family for image in self._images.values() if image is not None}
        homes.update(family for want in wanted for family in want.families)
        if taken_back := {report for want in wanted for report in want.reports}:
            self._load_report_homes(taken_back)
            homes.update(home for report in taken_back if (home := self._report_homes[report]) is not None)
        if homes:
            self._load_families(homes)
            self._load_rounds(homes)
        for site, wants in by_site.items():
            self._prefetch_people(site, wants)

    def prefetch_whole(self, site: str, ids: Iterable[str]) -> None:
        """Reads these families with their images and all their reports, for people who look them over."""
        wanted = set(ids)
        self.prefetch([Wants(site, families=tuple(wanted))])
        self._members.update({family: [] for family in wanted})
        for image in images.of_families(self._connection, wanted):
            self._images[image.id] = image
            self._members[image.family].append(image.id)
        self._earlier.update({family: {} for family in wanted})
        for report in reports.of_earlier_rounds(self._connection, wanted):
            self._earlier[report.family][report.id] = report

    def _prefetch_copies(self, site: str, wants: list[Wants]) -> None:
        """Holds the site's hashes while pictures are registered, so that no two processes miss each other's copies."""
        if not wants:
            return
        self._hold_hashes(site)
        for want in wants:
            for sha256 in filter(None, want.pictures):
                self._load_same_bytes(site, sha256)
            if near := self.matches(site, [from_hex(text) for text in want.orientations], WIDEST):
                self._load_images(set(near))

    def _hold_hashes(self, site: str) -> int:
        if site not in self._heads:
            self._heads[site] = hashes.hold(self._connection, site)
        return self._heads[site]

    def matches(self, site: str, query: Sequence[Hash], radius: int) -> dict[str, int]:
        return self._copies.of(self._connection, site, self._hold_hashes(site)).search(query, radius)

    def _hold_altered(self, site: str) -> int:
        if site not in self._altered_heads:
            self._altered_heads[site] = altered.hold(self._connection, site)
        return self._altered_heads[site]

    def resembled(self, site: str, description: bytes, looked: Looked) -> list[Resembled]:
        query = read_features(description)
        if query is None:
            return []
        self._hold_altered(site)
        return look_again(looked, query, altered.after(self._connection, site, looked.seq))

    def altered_copies(self, family: str) -> list[str]:
        known = altered.taken_for(self._connection, {image.id for image in self.images_of(family)})
        return list(dict.fromkeys([*known, *super().altered_copies(family)]))

    def _prefetch_people(self, site: str, wants: list[Wants]) -> None:
        if incoming := {reporter for want in wants for reporter in want.reporters}:
            self._load_reporters(site, incoming)
        live = {
            report.reporter
            for reports_ in self._rounds.values()
            for report in reports_.values()
            if report.site == site and report.withdrawn_at is None
        }
        self.with_past(site, live)

    # -- loading one kind of row -----------------------------------------------------------------

    def _load_sites(self, ids: set[str], *, alone: bool = False) -> None:
        self._sites.update(dict.fromkeys(ids))
        if self._lock:
            found = sites.hold(self._connection, ids, alone=alone)
        else:
            found = sites.of_ids(self._connection, ids)
        self._sites.update({site.id: site for site in found})

    def _load_policy(self, site: str) -> None:
        found = self.site(site)
        version = 0 if found is None else found.policy_version
        self._policies[site] = sites.policy(self._connection, site, version) if version else None

    def _load_model(self, site: str) -> None:
        found = self.site(site)
        version = 0 if found is None else found.model_version
        self._models[site] = sites.model(self._connection, site, version) if version else None

    def _load_site_records(self, ids: set[str]) -> None:
        for site in ids:
            self._site_records[site] = {}
        for record in sites.records(self._connection, ids):
            self._site_records[record.site][record.reason] = record

    def blocks_since(self, site: str, since: datetime) -> int:
        known = self._blocks_read.get(site)
        if known is None or since < known:
            earlier = sites.blocks_since(self._connection, site, since)
            new = self._blocks.get(site, ())
            # What was read before is read again; what this group itself has blocked is in no row yet.
            own = new if known is None else new[self._blocks_found[site] :]
            self._blocks[site] = [*earlier, *own]
            self._blocks_read[site], self._blocks_found[site] = since, len(earlier)
        return super().blocks_since(site, since)

    def _load_judged_blocks(self, site: str, since: datetime) -> None:
        known = self._judged_blocks_read.get(site)
        if known is None or since < known:
            self._judged_blocks_read[site] = since
            mine = self._judged_blocks.setdefault(site, {})
            mine.update({one.id: one for one in verdicts.judged_blocks(self._connection, site, since)})

    def blocks_between(self, site: str, since: datetime, until: datetime) -> int:
        key = (site, since, until)
        if key not in self._counted_blocks:
            self._counted_blocks[key] = sites.blocks_between(self._connection, site, since, until)
        return self._counted_blocks[key]

    def _load_images(self, ids: set[str]) -> None:
        self._images.update(dict.fromkeys(ids))
        self._images.update({image.id: image for image in images.of_ids(self._connection, ids)})

    def _load_members(self, family: str) -> None:
        found = images.of_family(self._connection, family)
        self._members[family] = [image.id for image in found]
        for image in found:
            self._images.setdefault(image.id, image)

    def _load_same_bytes(self, site: str, sha256: str) -> None:
        found = images.with_bytes(self._connection, site, sha256)
        self._same_bytes[site, sha256] = None if found is None else found.id
        if found is not None:
            self._images.setdefault(found.id, found)

    def _load_families(self, ids: set[str]) -> None:
        self._families.update(dict.fromkeys(ids))
        self._families.update({f.id: f for f in families.of_ids(self._connection, ids, lock=self._lock)})

    def overdue(self, site: str, now: datetime) -> list[str]:
        found = families.overdue_there(self._connection, site, now)
        self._load_families({family for family in found if family not in self._families})
        return found

    def _load_rounds(self, ids: set[str]) -> None:
        if strangers := ids - self._families.keys():
            self._load_families(strangers)  # first: what is read under the lock stays true
        unknown = set()
        for family in ids:
            kept = self._kept.find(self._families.get(family))
            self._rounds[family] = {} if kept is None else dict(kept)
            if kept is None:
                unknown.add(family)
        for report in reports.of_round(self._connection, unknown) if unknown else ():
            self._rounds[report.family][report.reporter] = report
            self._report_homes[report.id] = report.family

    def live_reports_by(self, site: str, reporter: str) -> list[Report]:
        if unread := reports.live_homes(self._connection, site, reporter) - self._rounds.keys():
            self._load_rounds(unread)
        return super().live_reports_by(site, reporter)

    def _load_earlier(self, family: str) -> None:
        present = self.family(family).round
        self._earlier[family] = {
            report.id: report for report in reports.of_all_rounds(self._connection, family) if report.round != present
        }

    def _load_report_homes(self, ids: set[str]) -> None:
        self._report_homes.update(dict.fromkeys(ids))
        self._report_homes.update(reports.homes(self._connection, ids))

    def _load_reporters(self, site: str, ids: set[str]) -> None:
        self._reporters.update({(site, reporter): None for reporter in ids})
        self._take_reporters(site, reporters.of_ids(self._connection, site, ids))

    def _take_reporters(self, site: str, found: list[Reporter]) -> None:
        self._reporters.update({(site, reporter.id): reporter for reporter in found})
        unread = [reporter for reporter in found if (site, reporter.id) not in self._records]
        self._records.update({(site, reporter.id): {} for reporter in unread})
        if judged := {reporter.id for reporter in unread if reporter.reviewed_reports}:
            self._load_records(site, judged)

    def _load_records(self, site: str, ids: set[str]) -> None:
        for record in reporters.records(self._connection, site, ids):
            self._records[site, record.reporter][record.reason] = record

    def _load_pasts(self, site: str, ids: set[str], since: datetime) -> None:
        for past in reports.history(self._connection, site, ids, since):
            self._pasts[site, past.reporter][past.report] = past
        for report in self._touched_reports():
            if report.reporter in ids and report.site == site:
                self._note_past(report)

    def _touched_reports(self) -> Iterable[Report]:
        """The reports whose part in people's pasts has changed here; the database does not know yet."""
        return ()

    def with_past(self, site: str, ids: Iterable[str]) -> dict[str, Reporter]:
        ids = set(ids)
        if unknown := {one for one in ids if (site, one) not in self._reporters and (site, one) not in self._no_past}:
            self._no_past.update((site, reporter) for reporter in unknown)
            self._take_reporters(site, reporters.with_past(self._connection, site, unknown))
        return super().with_past(site, ids)

    def people(self, site: str, network: str) -> int:
        key = (site, network)
        if key not in self._networks:
            known = reporters.networks(self._connection, site, {network})
            self._networks[key] = _Known(known[0].people if known else 0, set(), set())
        known_here = self._networks[key]
        here = self._people.get(key, set())
        if unchecked := here - known_here.checked:
            known_here.checked.update(unchecked)
            known_here.members.update(reporters.members(self._connection, site, network, unchecked))
        return known_here.people + len(here - known_here.members)

    def probations(self, site: str, reporter: str) -> dict[str, datetime]:
        found = dict(reports.probations(self._connection, site, reporter))
        for home in (self._rounds, self._earlier):
            for known in home.values():
                for report in known.values():
                    if report.reporter == reporter and report.site == site:
                        found.pop(report.id, None)
        return found | super().probations(site, reporter)

    def _load_viewings(self, family: str) -> None:
        self._viewings[family] = {one.person: one for one in viewings.of_family(self._connection, family)}

    def _load_judged(self, site: str, people: set[str]) -> None:
        for viewing in viewings.judged(self._connection, site, people):
            self._judged[site, viewing.person][viewing.family] = viewing
        for viewing in self._changed_viewings.values():
            self._note_judged(viewing)

    def _note_judged(self, viewing: Viewing) -> None:
        if (viewing.site, viewing.person) in self._judged:  # else the database is asked first
            super()._note_judged(viewing)

    def _load_site_coins(self, site: str) -> None:
        self._site_coins[site] = viewings.site_coins(self._connection, site)

    def _load_undoable(self, family: str) -> None:
        self._undoables[family] = undoables.of_family(self._connection, family)

    def _load_appeal(self, site: str, appeal: str) -> None:
        self._appeals[appeal] = appeals.by_id(self._connection, site, appeal)

    def _load_appeals_about(self, site: str, about: str, targets: set[str]) -> None:
        self._appeals_about.update({(site, about, target): [] for target in targets})
        for one in appeals.about(self._connection, site, about, targets):
            self._appeals.setdefault(one.id, one)
            self._appeals_about[site, about, one.target].append(one.id)

    def open_appeals_by(self, site: str, person: str) -> int:
        return appeals.count_by(self._connection, site, person)

    def reviewers(self, family: str, images: set[str]) -> set[str]:
        return appeals.reviewers(self._connection, family, images) | super().reviewers(family, images)

    def _load_shields(self, site: str) -> None:
        self._shields[site] = {(one.kind, one.target): one for one in shields.of_site(self._connection, site)}

    def _load_answers(self, pairs: set[tuple[str, str]]) -> None:
        self._answers.update(dict.fromkeys(pairs))
        self._answers.update({(a.site, a.key): a for a in answers.given(self._connection, pairs)})

    def answer(self, site: str, key: str) -> Answer | None:
        """What was answered to an earlier request with this Idempotency-Key."""
        if (site, key) not in self._answers:
            self._load_answers({(site, key)})
        return self._answers[site, key]

    def site_named(self, name: str) -> Site | None:
        return sites.by_name(self._connection, name)

    def altered_of(self, image: str) -> list[str]:
        known = [copy.other for copy in altered.copies_of(self._connection, {image})]
        return list(dict.fromkeys([*known, *super().altered_of(image)]))

    def likely_copies(self, images_: set[str]) -> list[LikelyCopy]:
        """The likely copies of these images that wait for a person, nearest first."""
        return hashes.likely_copies(self._connection, images_)

    def bank_matches(self, site: str, query: Sequence[Hash]) -> list[tuple[Bank, int]]:
        matched = []
        for bank in banks.of_site(self._connection, site):
            near = self._copies.of_bank(self._connection, bank).search(query, bank.distance)
            if near:
                matched.append((bank, min(near.values())))
        return matched
