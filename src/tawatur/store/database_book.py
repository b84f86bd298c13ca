"""A book over one database transaction: notes what changes, and writes it back at the end in few statements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec

from tawatur.imaging.pdq import Hash, to_hex
from tawatur.store import (
    addresses,
    altered,
    answers,
    appeals,
    events,
    families,
    hashes,
    images,
    openings,
    proofs,
    reporters,
    reports,
    schema,
    shields,
    sites,
    undoables,
    verdicts,
    viewings,
)
from tawatur.store.addresses import Address
from tawatur.store.altered import AlteredCopy, AlteredRow, Description, Looked, Resembled
from tawatur.store.answers import Answer
from tawatur.store.appeals import Appeal
from tawatur.store.book import matchable
from tawatur.store.events import EventRow
from tawatur.store.families import BLOCKED, Family
from tawatur.store.hashes import HashRow, LikelyCopy
from tawatur.store.images import Image
from tawatur.store.openings import Opening
from tawatur.store.proofs import Pace, Proof
from tawatur.store.reading_book import ReadingBook
from tawatur.store.reporters import NetworkPerson, Reporter, ReporterRecord
from tawatur.store.reports import Report
from tawatur.store.rows import insert as insert_rows
from tawatur.store.shields import Shield
from tawatur.store.site_hashes import nearest
from tawatur.store.sites import Key, Site, SiteRecord, StoredModel, StoredPolicy
from tawatur.store.undoables import Undoable
from tawatur.store.verdicts import Review, StoredVerdict
from tawatur.store.viewings import SiteCoins, Viewing


class DatabaseBook(ReadingBook):
    """A book that is written: `flush` writes all that changed, within the transaction that it was read in."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._new_hashes: dict[str, dict[str, Hash]] = {}
        self._dropped: dict[str, Image] = {}
        self._new_likely: list[LikelyCopy] = []
        self._new_descriptions: list[Description] = []
        self._new_altered: list[AlteredCopy] = []
        self._blocked_or_restored: dict[str, None] = {}
        self._new_sites: list[Site] = []
        self._new_policies: list[StoredPolicy] = []
        self._new_models: list[StoredModel] = []
        self._new_keys: list[Key] = []
        self._new_images: dict[str, Image] = {}
        self._new_addresses: list[Address] = []
        self._changed_images: dict[str, Image] = {}
        self._new_families: dict[str, Family] = {}
        self._changed_families: dict[str, Family] = {}
        self._new_reports: dict[str, Report] = {}
        self._changed_reports: dict[str, Report] = {}
        self._new_reporters: dict[tuple[str, str], Reporter] = {}
        self._known_people: dict[tuple[str, str], Reporter] = {}  # as they were read, of those who changed
        self._record_sums: list[ReporterRecord] = []
        self._site_sums: list[SiteRecord] = []
        self._recorded: dict[str, int] = {}
        self._new_events: list[EventRow] = []
        self._new_verdicts: list[StoredVerdict] = []
        self._new_reviews: list[Review] = []
        self._new_answers: list[Answer] = []
        self._coin_sums: list[SiteCoins] = []
        self._new_openings: list[Opening] = []
        self._new_undoables: dict[str, Undoable] = {}
        self._taken_back: dict[str, str] = {}
        self._changed_appeals: dict[str, Appeal] = {}
        self._new_shields: dict[tuple[str, str, str], Shield] = {}

    def matches(self, site: str, query: Sequence[Hash], radius: int) -> dict[str, int]:
        found = super().matches(site, query, radius)
        for image, bits in self._new_hashes.get(site, {}).items():
            if query and (distance := nearest(query, bits)) <= radius:
                found[image] = distance
        for image in self._dropped:
            found.pop(image, None)
        return found

    def resembled(self, site: str, description: bytes, looked: Looked) -> list[Resembled]:
        if self._blocked_or_restored:  # earlier in this group: the log must say so before it is read
            self._write_altered()
        return super().resembled(site, description, looked)

    def _touched_reports(self) -> Iterator[Report]:
        """The reports whose part in people's pasts this group may have changed; the database does not know yet."""
        yield from self._new_reports.values()
        yield from self._changed_reports.values()
        for family in self._changed_families:
            yield from self._rounds.get(family, {}).values()

    # -- noting what changed ---------------------------------------------------------------------

    def add_site(self, site: Site) -> None:
        super().add_site(site)
        self._new_sites.append(site)

    def add_policy(self, policy: StoredPolicy) -> None:
        super().add_policy(policy)
        self._new_policies.append(policy)

    def add_model(self, model: StoredModel) -> None:
        super().add_model(model)
        self._new_models.append(model)

    def add_key(self, key: Key) -> None:
        self._wrote()
        self._new_keys.append(key)

    def add_family(self, family: Family) -> None:
        super().add_family(family)
        self._new_families[family.id] = family

    def save_family(self, family: Family) -> None:
        if (self.family(family.id).status == BLOCKED) != (family.status == BLOCKED):
            self._blocked_or_restored[family.id] = None
        super().save_family(family)
        mine = self._new_families if family.id in self._new_families else self._changed_families
        mine[family.id] = self.family(family.id)

    def add_image(self, image: Image) -> None:
        super().add_image(image)
        self._new_images[image.id] = image

    def add_likely_copy(self, found: LikelyCopy) -> None:
        super().add_likely_copy(found)
        self._new_likely.append(found)

    def add_description(self, description: Description) -> None:
        super().add_description(description)
        self._new_descriptions.append(description)

    def describe_late(self, description: Description, family: str) -> None:
        """The same for an image of a blocked family that was not described when it was registered: the log names it
        once more, for those who have read past it."""
        self.add_description(description)
        if self.family(family).status == BLOCKED:
            self._blocked_or_restored[family] = None

    def add_altered_copy(self, found: AlteredCopy) -> None:
        super().add_altered_copy(found)
        self._new_altered.append(found)

    def add_address(self, address: Address) -> None:
        super().add_address(address)
        self._new_addresses.append(address)

    def move_image(self, image: Image, family: str) -> Image:
        moved = super().move_image(image, family)
        self._changed_images[image.id] = moved
        return moved

    def _add_hash(self, image: Image) -> None:
        for bits in matchable(image):
            self._new_hashes.setdefault(image.site, {})[image.id] = bits

    def _drop_hash(self, image: Image) -> None:
        if image.pdq is not None:
            self._dropped[image.id] = image

    def add_views(self, image: Image, count: int) -> Image:
        if self._lock and image.id not in self._new_images and image.id not in self._changed_images:
            image = images.of_ids(self._connection, {image.id})[0]  # as it is now that its family is held
        changed = super().add_views(image, count)
        mine = self._new_images if image.id in self._new_images else self._changed_images
        mine[image.id] = changed
        return changed

    def add_report(self, report: Report) -> None:
        super().add_report(report)
        self._new_reports[report.id] = report

    def save_report(self, report: Report) -> None:
        super().save_report(report)
        mine = self._new_reports if report.id in self._new_reports else self._changed_reports
        mine[report.id] = report

    def add_reporter(self, reporter: Reporter) -> None:
        super().add_reporter(reporter)
        self._new_reporters[reporter.site, reporter.id] = reporter

    def save_reporter(self, reporter: Reporter) -> None:
        key = (reporter.site, reporter.id)
        before = self.reporter(*key)
        super().save_reporter(reporter)
        if key in self._new_reporters:
            self._new_reporters[key] = reporter
        elif before is not None:
            self._known_people.setdefault(key, before)

    def add_to_record(self, site: str, reporter: str, reason: str, confirmed: float, rejected: float) -> None:
        super().add_to_record(site, reporter, reason, confirmed, rejected)
        self._record_sums.append(ReporterRecord(site, reporter, reason, confirmed, rejected))
        self._site_sums.append(SiteRecord(site, reason, confirmed, confirmed + rejected))

    def add_recorded(self, site: str, change: int) -> None:
        super().add_recorded(site, change)
        self._recorded[site] = self._recorded.get(site, 0) + change

    def append(self, event: EventRow) -> None:
        super().append(event)
        self._new_events.append(event)

    def add_verdict(self, verdict: StoredVerdict) -> None:
        super().add_verdict(verdict)
        self._new_verdicts.append(verdict)

    def add_review(self, review: Review) -> None:
        super().add_review(review)
        self._new_reviews.append(review)

    def use_proof(self, proof: Proof) -> bool:
        """Whether this proof of work was not used before. Written at once: nobody else may use it meanwhile."""
        first = proofs.use(self._connection, proof)
        if first:
            self._wrote()
        return first

    def proofs_pace(self, site: str, network: str, since: datetime, lately: datetime) -> Pace:
        return proofs.pace(self._connection, site, network, since, lately)

    def add_answer(self, answer: Answer) -> None:
        self._wrote()
        self._answers[answer.site, answer.key] = answer
        self._new_answers.append(answer)

    def save_viewing(self, viewing: Viewing) -> None:
        super().save_viewing(viewing)
        self._changed_viewings[viewing.family, viewing.person] = viewing

    def forget_viewings(self, site: str, since: datetime) -> None:
        """At once, so that what is read later is true; nobody else decides for the site while its policy changes."""
        super().forget_viewings(site, since)
        viewings.forget(self._connection, site, since)
        for key, viewing in [*self._changed_viewings.items()]:
            if viewing.site == site and viewing.at <= since:
                del self._changed_viewings[key]
        for person in [key for key in self._judged if key[0] == site]:
            del self._judged[person]

    def add_coins(self, more: SiteCoins) -> None:
        super().add_coins(more)
        self._coin_sums.append(more)

    def save_shield(self, shield: Shield) -> None:
        super().save_shield(shield)
        self._new_shields[shield.site, shield.kind, shield.target] = shield

    def save_opening(self, opening: Opening) -> None:
        self._wrote()
        self._new_openings.append(opening)

    def save_undoable(self, one: Undoable) -> None:
        super().save_undoable(one)
        self._new_undoables[one.family] = one

    def take_back_review(self, undone: Undoable) -> None:
        super().take_back_review(undone)
        self._new_undoables.pop(undone.family, None)
        self._taken_back[undone.family] = undone.review

    def save_appeal(self, appeal: Appeal) -> None:
        super().save_appeal(appeal)
        self._changed_appeals[appeal.id] = appeal

    def open_appeals_by(self, site: str, person: str) -> int:
        """Those that this group has received or closed already are in no row yet."""
        appeals.save(self._connection, list(self._changed_appeals.values()))
        return super().open_appeals_by(site, person)

    def drop_viewing(self, family: str, person: str) -> None:
        """At once, as `forget_viewings`: the family is held."""
        super().drop_viewing(family, person)
        self._changed_viewings.pop((family, person), None)
        viewings.drop(self._connection, family, person)

    # -- writing -----------------------------------------------------------------------------------

    def flush(self) -> None:
        """Writes all that changed. Tables and rows are taken in a fixed order, so that two processes never deadlock."""
        here = self._connection
        insert_rows(here, schema.sites, self._new_sites)
        insert_rows(here, schema.keys, self._new_keys)
        sites.insert_policies(here, self._new_policies)
        sites.insert_models(here, self._new_models)
        families.insert(here, list(self._new_families.values()))
        families.save(here, list(self._changed_families.values()))
        images.insert(here, list(self._new_images.values()))
        images.save(here, list(self._changed_images.values()))
        addresses.save(here, self._new_addresses)
        self._write_hashes()
        hashes.insert_likely(here, self._new_likely)
        altered.note_copies(here, self._new_altered)
        self._write_altered()
        reporters.insert(here, list(self._new_reporters.values()))
        reporters.save(here, [(before, self._person(key)) for key, before in self._known_people.items()])
        reports.insert(here, list(self._new_reports.values()))
        reports.save(here, list(self._changed_reports.values()))
        reporters.see(
            here, [NetworkPerson(*key, reporter) for key, people in self._people.items() for reporter in people]
        )
        reporters.add_records(here, self._record_sums)
        sites.add_records(here, self._site_sums)
        sites.add_recorded(here, self._recorded)
        viewings.save(here, list(self._changed_viewings.values()))
        viewings.add_coins(here, self._coin_sums)
        shields.save(here, list(self._new_shields.values()))
        verdicts.insert(here, self._new_verdicts)
        verdicts.insert_reviews(here, self._new_reviews)
        verdicts.drop_reviews(here, set(self._taken_back.values()))
        openings.save(here, self._new_openings)
        undoables.drop(here, set(self._taken_back))
        undoables.save(here, list(self._new_undoables.values()))
        appeals.save(here, list(self._changed_appeals.values()))
        self._insert_events()
        answers.insert(here, self._new_answers)

    def _write_hashes(self) -> None:
        lines: dict[str, list[HashRow]] = {}
        for site, new in self._new_hashes.items():
            lines[site] = [HashRow(site, 0, image, to_hex(bits)) for image, bits in new.items()]
        for image in self._dropped.values():
            lines.setdefault(image.site, []).append(HashRow(image.site, 0, image.id, image.pdq or "", gone=True))
        for site, rows in sorted(lines.items()):
            last = self._hold_hashes(site)
            hashes.append(
                self._connection, [msgspec.structs.replace(row, seq=last + n) for n, row in enumerate(rows, 1)]
            )

    def _write_altered(self) -> None:
        """From here on altered copies of what was blocked are looked for, by the oldest image with bytes."""
        altered.describe(self._connection, self._new_descriptions)
        self._new_descriptions = []
        lines: dict[str, list[AlteredRow]] = {}
        for key in self._blocked_or_restored:
            family = self.family(key)
            first = next((image for image in self.images_of(key) if image.size), None)
            if first is not None:
                mine = lines.setdefault(family.site, [])
                mine.append(AlteredRow(family.site, 0, key, first.id, gone=family.status != BLOCKED))
        for site, rows in sorted(lines.items()):
            last = self._hold_altered(site)
            self._altered_heads[site] = last + len(rows)
            altered.append(
                self._connection, [msgspec.structs.replace(row, seq=last + n) for n, row in enumerate(rows, 1)]
            )
        self._blocked_or_restored.clear()

    def keep(self) -> None:
        """Lets later groups use the reports of these families, once this group is committed."""
        for key, family in self._families.items():
            if family is not None and key in self._rounds:
                self._kept.put(family, self._rounds[key])

    def _person(self, key: tuple[str, str]) -> Reporter:
        found = self._reporters[key]
        assert found is not None
        return found

    def _insert_events(self) -> None:
        """SQLite has one writer, so events get their positions here; elsewhere the sequencer gives them."""
        new = self._new_events
        if new and self._connection.dialect.name == "sqlite":
            last = events.hold_sequence(self._connection)
            new = [msgspec.structs.replace(e, position=last + n) for n, e in enumerate(new, 1)]
            events.advance_sequence(self._connection, last + len(new))
        events.insert(self._connection, new)
