"""A book holds all that one group of changes reads and writes, as immutable rows by id.

The use cases work on a book and do not know where it lives. `Book` itself lives in memory (a replayed
history needs no more); `DatabaseBook` fills itself from a database on demand and writes back what changed.
A use case reads, decides, and only then writes: the first write comes after the last refusal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from tawatur.imaging.pdq import WORST_MATCHABLE_QUALITY, Hash, from_hex, to_hex
from tawatur.store.addresses import Address
from tawatur.store.altered import AlteredCopy, Description, Looked, Resembled
from tawatur.store.banks import Bank
from tawatur.store.events import EventRow
from tawatur.store.families import Family
from tawatur.store.hashes import LikelyCopy
from tawatur.store.images import Image
from tawatur.store.judged_blocks_book import JudgedBlocksBook
from tawatur.store.reporters import Reporter, ReporterRecord
from tawatur.store.reports import Past, Pasts, Report, bears_on_pasts, merged_pasts, past_of
from tawatur.store.site_hashes import SiteHashes
from tawatur.store.sites import Site, SiteRecord, StoredModel, StoredPolicy
from tawatur.store.verdicts import StoredVerdict

replace = msgspec.structs.replace

CO_REPORT_WINDOW = timedelta(days=90)
"""How far back co-reports and shared errors of two reporters are looked for."""


class Book(JudgedBlocksBook):
    """Rows in memory. A key that is there with None means: looked up, does not exist."""

    keeps_worth = True
    """Whether anybody reads what a look at a family was worth when the engine judged it last."""

    def __init__(self, new_id: Callable[[], str]) -> None:
        super().__init__()
        self.new_id = new_id
        self._sites: dict[str, Site | None] = {}
        self._policies: dict[str, StoredPolicy | None] = {}
        self._models: dict[str, StoredModel | None] = {}
        self._site_records: dict[str, dict[str, SiteRecord]] = {}
        self._images: dict[str, Image | None] = {}
        self._hashes: dict[str, SiteHashes] = {}
        self._altered_copies: dict[str, list[str]] = {}
        self._altered_of: dict[str, list[str]] = {}
        self._members: dict[str, list[str]] = {}
        self._same_bytes: dict[tuple[str, str], str | None] = {}
        self._families: dict[str, Family | None] = {}
        self._rounds: dict[str, dict[str, Report]] = {}
        self._earlier: dict[str, dict[str, Report]] = {}
        self._report_homes: dict[str, str | None] = {}
        self._reporters: dict[tuple[str, str], Reporter | None] = {}
        self._records: dict[tuple[str, str], dict[str, ReporterRecord]] = {}
        self._pasts: dict[tuple[str, str], dict[str, Past]] = {}  # by report
        self._people: dict[tuple[str, str], set[str]] = {}
        self._blocks: dict[str, list[datetime]] = {}

    # -- sites ---------------------------------------------------------------------------------

    def site(self, site: str) -> Site | None:
        if site not in self._sites:
            self._load_sites({site})
        return self._sites.get(site)

    def policy(self, site: str) -> StoredPolicy | None:
        """The site's policy document in force; None while it has never changed the default."""
        if site not in self._policies:
            self._load_policy(site)
        return self._policies.get(site)

    def add_policy(self, policy: StoredPolicy) -> None:
        """From now on the site is judged by this policy."""
        found = self.site(policy.site)
        self._wrote()
        self._policies[policy.site] = policy
        if found is not None:
            self._sites[policy.site] = replace(found, policy_version=policy.version)

    def model(self, site: str) -> StoredModel | None:
        """What was learned for the site; None until something was."""
        if site not in self._models:
            self._load_model(site)
        return self._models.get(site)

    def add_model(self, model: StoredModel) -> None:
        """From now on the site is judged by this model."""
        found = self.site(model.site)
        self._wrote()
        self._models[model.site] = model
        if found is not None:
            self._sites[model.site] = replace(found, model_version=model.version)

    def site_records(self, site: str) -> dict[str, SiteRecord]:
        """Sums over all reviewed reports of the site, by reason."""
        if site not in self._site_records:
            self._site_records[site] = {}
            self._load_site_records({site})
        return self._site_records[site]

    def blocks_since(self, site: str, since: datetime) -> int:
        """How many automatic blocks the site had after `since`."""
        return sum(at > since for at in self._blocks.get(site, ()))

    def blocks_between(self, site: str, since: datetime, until: datetime) -> int:
        """How many automatic blocks the site had after `since` and up to `until`."""
        return sum(since < at <= until for at in self._blocks.get(site, ()))

    def add_site(self, site: Site) -> None:
        self._wrote()
        self._sites[site.id] = site

    # -- images and families -------------------------------------------------------------------

    def image(self, site: str, image: str) -> Image | None:
        """The site's image with this id; another site's images do not exist for it."""
        if image not in self._images:
            self._load_images({image})
        found = self._images.get(image)
        return found if found is not None and found.site == site else None

    def image_with_bytes(self, site: str, sha256: str) -> Image | None:
        key = (site, sha256)
        if key not in self._same_bytes:
            self._load_same_bytes(site, sha256)
        found = self._same_bytes.get(key)
        return None if found is None else self.image(site, found)

    def family(self, family: str) -> Family:
        """The family with this id; raises KeyError when there is none."""
        if family not in self._families:
            self._load_families({family})
        found = self._families.get(family)
        if found is None:
            raise KeyError(family)
        return found

    def overdue(self, site: str, now: datetime) -> list[str]:
        """The site's families whose provisional state nobody looked at in time, and that nobody has found so yet."""
        known = (family for family in self._families.values() if family is not None and family.site == site)
        return sorted(one.id for one in known if one.review_by is not None and one.review_by <= now)

    def images_of(self, family: str) -> list[Image]:
        """All images of the family, oldest first."""
        if family not in self._members:
            self._members[family] = []
            self._load_members(family)
        return [image for image in map(self._images.get, self._members[family]) if image is not None]

    def add_family(self, family: Family) -> None:
        self._wrote()
        self._families[family.id] = family
        self._members[family.id] = []
        self._rounds[family.id] = {}
        self._earlier[family.id] = {}

    def save_family(self, family: Family) -> None:
        self._wrote()
        before = self.family(family.id)
        if bears_on_pasts(before, family):
            present = list(self.round_reports(family.id).values())
            if family.round != before.round:  # what was live is judged now
                self.earlier_reports(family.id).update({report.id: report for report in present})
                self._rounds[family.id] = {}
            self._families[family.id] = family
            for report in present:
                self._note_past(report)
        self._families[family.id] = replace(family, version=before.version + 1)

    def matches(self, site: str, query: Sequence[Hash], radius: int) -> dict[str, int]:
        """The site's images within `radius` bits of any of these hashes, with their distances."""
        return self._hashes[site].search(query, radius) if site in self._hashes else {}

    def bank_matches(self, site: str, query: Sequence[Hash]) -> list[tuple[Bank, int]]:
        """The banks that hold a hash within their own distance of any of these, with the least distance."""
        return []

    def resembled(self, site: str, description: bytes, looked: Looked) -> list[Resembled]:
        """The site's blocked families that a picture is an altered copy of, given what was found before."""
        return []

    def add_description(self, description: Description) -> None:
        """Keeps what an image can be known by when it comes back altered."""
        self._wrote()

    def add_altered_copy(self, found: AlteredCopy) -> None:
        """Notes that one image is taken for an altered copy of another."""
        self._wrote()
        self._altered_copies.setdefault(found.other, []).append(found.image)
        self._altered_of.setdefault(found.image, []).append(found.other)

    def altered_copies(self, family: str) -> list[str]:
        """The images that are taken for altered copies of one of the family's."""
        return [image for one in self.images_of(family) for image in self._altered_copies.get(one.id, ())]

    def altered_of(self, image: str) -> list[str]:
        """The images that this one is taken for an altered copy of."""
        return self._altered_of.get(image, [])

    def add_likely_copy(self, found: LikelyCopy) -> None:
        """Notes that a person should say whether one image is a copy of the other."""
        self._wrote()

    def add_image(self, image: Image) -> None:
        self._wrote()
        self._add_hash(image)
        members = self.images_of(image.family)
        self._images[image.id] = image
        self._members[image.family] = [*(one.id for one in members), image.id]
        if self._same_bytes.get((image.site, image.sha256)) is None:
            self._same_bytes[image.site, image.sha256] = image.id

    def add_address(self, address: Address) -> None:
        """From now on this address shows this image."""
        self._wrote()

    def move_image(self, image: Image, family: str) -> Image:
        """Takes an image out of its family into another, for good; returns it as it is now."""
        members = {home: [one.id for one in self.images_of(home)] for home in (image.family, family)}
        self._wrote()
        moved = replace(image, family=family, cut=True)
        self._images[image.id] = moved
        self._members[image.family] = [one for one in members[image.family] if one != image.id]
        self._members[family] = [*members[family], image.id]
        rest = (self._images[one] for one in self._members[image.family])
        self._same_bytes[image.site, image.sha256] = next(
            (one.id for one in rest if one is not None and one.sha256 == image.sha256), None
        )
        self._drop_hash(image)
        return moved

    def add_views(self, image: Image, count: int) -> Image:
        """Counts that `count` more people were shown the image; returns the image as it is now."""
        family = self.family(image.family)
        self._wrote()
        changed = replace(image, views=(image.views or 0) + count)
        self._images[image.id] = changed
        self.save_family(replace(family, views=(family.views or 0) + count))
        return changed

    # -- reports -------------------------------------------------------------------------------

    def round_reports(self, family: str) -> dict[str, Report]:
        """The reports of the family's present round by reporter, withdrawn ones included."""
        if family not in self._rounds:
            self._rounds[family] = {}
            self._load_rounds({family})
        return self._rounds[family]

    def live_reports(self, family: str) -> list[Report]:
        """The reports that speak now: of this round and not withdrawn, in order of their first time."""
        live = [report for report in self.round_reports(family).values() if report.withdrawn_at is None]
        live.sort(key=_place)
        return live

    def live_reports_by(self, site: str, reporter: str) -> list[Report]:
        """One person's live reports in all families, in order of their first time."""
        mine = [one for one in (reports.get(reporter) for reports in self._rounds.values()) if one is not None]
        live = [one for one in mine if one.withdrawn_at is None and one.site == site]
        return sorted(live, key=lambda report: (report.first_at, report.image))

    def earlier_reports(self, family: str) -> dict[str, Report]:
        """The reports of earlier rounds, by id."""
        if family not in self._earlier:
            self._earlier[family] = {}
            self._load_earlier(family)
        return self._earlier[family]

    def report(self, site: str, report: str) -> Report | None:
        """The site's report with this id, from any round."""
        if report not in self._report_homes:
            self._load_report_homes({report})
        home = self._report_homes.get(report)
        if home is None:
            return None
        here = [*self.round_reports(home).values(), *self.earlier_reports(home).values()]
        return next((found for found in here if found.id == report and found.site == site), None)

    def add_report(self, report: Report) -> None:
        self._wrote()
        self.round_reports(report.family)[report.reporter] = report
        self._report_homes[report.id] = report.family
        self._note_past(report)

    def save_report(self, report: Report) -> None:
        self._wrote()
        if report.round == self.family(report.family).round:
            self.round_reports(report.family)[report.reporter] = report
        else:
            self.earlier_reports(report.family)[report.id] = report
        self._note_past(report)

    def reopen_report(self, report: str, family: str) -> None:
        """Lets an earlier report of the family speak again, in its present round."""
        found = self.earlier_reports(family).pop(report)
        self.save_report(replace(found, round=self.family(family).round))

    # -- reporters -----------------------------------------------------------------------------

    def reporter(self, site: str, reporter: str) -> Reporter | None:
        if (site, reporter) not in self._reporters:
            self._load_reporters(site, {reporter})
        return self._reporters.get((site, reporter))

    def records(self, site: str, reporter: str) -> dict[str, ReporterRecord]:
        """One reporter's sums by reason."""
        if (site, reporter) not in self._records:
            self._records[site, reporter] = {}
            self._load_records(site, {reporter})
        return self._records[site, reporter]

    def pasts(self, site: str, reporters: Iterable[str], now: datetime) -> dict[str, Pasts]:
        """What each of these people reported within the window, by family."""
        since = now - CO_REPORT_WINDOW
        wanted = {reporter for reporter in reporters if (site, reporter) not in self._pasts}
        if wanted:
            for reporter in wanted:
                self._pasts[site, reporter] = {}
            self._load_pasts(site, wanted, since)
        return {reporter: merged_pasts(self._pasts[site, reporter].values(), since) for reporter in reporters}

    def probations(self, site: str, reporter: str) -> dict[str, datetime]:
        """The probations that wrong blocks gave this person: until when, by report."""
        return {
            report.id: report.probation_until
            for home in (self._rounds, self._earlier)
            for reports in home.values()
            for report in reports.values()
            if report.reporter == reporter and report.site == site and report.probation_until is not None
        }

    def with_past(self, site: str, ids: Iterable[str]) -> dict[str, Reporter]:
        """Those of these people whose past can bear on a case: who reported more than once, were judged, are muted."""
        found = {}
        for one in ids:
            known = self._reporters.get((site, one))
            if known is not None and has_past(known):
                found[one] = known
        return found

    def people(self, site: str, network: str) -> int:
        """How many people of the site were ever seen on this network."""
        return len(self._people.get((site, network), ()))

    def add_reporter(self, reporter: Reporter) -> None:
        self._wrote()
        self._reporters[reporter.site, reporter.id] = reporter
        self._records[reporter.site, reporter.id] = {}
        self._pasts.setdefault((reporter.site, reporter.id), {})

    def save_reporter(self, reporter: Reporter) -> None:
        self._wrote()
        self._reporters[reporter.site, reporter.id] = reporter

    def see(self, site: str, network: str, reporter: str) -> None:
        """Notes that this person was seen on this network."""
        self._wrote()
        self._people.setdefault((site, network), set()).add(reporter)

    def add_to_record(self, site: str, reporter: str, reason: str, confirmed: float, rejected: float) -> None:
        """Adds to a reporter's record for one reason, and to the site's sums."""
        mine = self.records(site, reporter)
        sums = self.site_records(site)
        self._wrote()
        old = mine.get(reason) or ReporterRecord(site, reporter, reason, 0.0, 0.0)
        mine[reason] = replace(old, confirmed=old.confirmed + confirmed, rejected=old.rejected + rejected)
        total = sums.get(reason) or SiteRecord(site, reason, 0.0, 0.0)
        sums[reason] = replace(
            total, confirmed=total.confirmed + confirmed, reviewed=total.reviewed + confirmed + rejected
        )

    def add_recorded(self, site: str, change: int) -> None:
        """Changes how many people of the site have a confirmed report."""
        found = self.site(site)
        if found is not None:
            self._wrote()
            self._sites[site] = replace(found, recorded=found.recorded + change)

    # -- what was decided ----------------------------------------------------------------------

    def append(self, event: EventRow) -> None:
        """Appends an event to the log."""
        self._wrote()

    def add_verdict(self, verdict: StoredVerdict) -> None:
        self._wrote()
        if verdict.action == "block":
            self._blocks.setdefault(verdict.site, []).append(verdict.at)

    # -- inside --------------------------------------------------------------------------------

    def _add_hash(self, image: Image) -> None:
        for bits in matchable(image):
            self._hashes.setdefault(image.site, SiteHashes()).add([image.id], [to_hex(bits)])

    def _drop_hash(self, image: Image) -> None:
        if image.site in self._hashes:
            self._hashes[image.site].remove([image.id])

    def _note_past(self, report: Report) -> None:
        known = self._pasts.get((report.site, report.reporter))
        if known is None:
            return
        if report.withdrawn_at is not None:
            known.pop(report.id, None)
        else:
            known[report.id] = past_of(report, self.family(report.family))

    # -- where rows come from; in memory there is nothing more to find -----------------------------

    def _load_sites(self, ids: set[str]) -> None: ...
    def _load_policy(self, site: str) -> None: ...
    def _load_model(self, site: str) -> None: ...
    def _load_site_records(self, ids: set[str]) -> None: ...
    def _load_images(self, ids: set[str]) -> None: ...
    def _load_members(self, family: str) -> None: ...
    def _load_same_bytes(self, site: str, sha256: str) -> None: ...
    def _load_families(self, ids: set[str]) -> None: ...
    def _load_rounds(self, ids: set[str]) -> None: ...
    def _load_earlier(self, family: str) -> None: ...
    def _load_report_homes(self, ids: set[str]) -> None: ...
    def _load_reporters(self, site: str, ids: set[str]) -> None: ...
    def _load_records(self, site: str, ids: set[str]) -> None: ...
    def _load_pasts(self, site: str, ids: set[str], since: datetime) -> None: ...


def matchable(image: Image) -> list[Hash]:
    """The hash that copies of this image are found by; none where it says too little."""
    if image.pdq is None or (image.quality or 0) < WORST_MATCHABLE_QUALITY:
        return []
    return [from_hex(image.pdq)]


def has_past(reporter: Reporter) -> bool:
    """Whether anything this person did or was told before can bear on a case."""
    return reporter.reported > 1 or reporter.reviewed_reports > 0 or reporter.muted


def _place(report: Report) -> tuple[datetime, str]:
    return report.first_at, report.reporter
