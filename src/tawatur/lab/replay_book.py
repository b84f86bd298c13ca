"""The book of a replayed history: in memory, with what the use cases tell kept for a moment.

A long history has far more pictures than are looked at in any week. What nobody touched for a while is put away: packed
onto the disk and unpacked when it is asked for again, so that no decision can tell the difference. What no decision
asks for any more (co-reports older than their window, blocks older than the breaker looks back) is dropped.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import Counter, OrderedDict
from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import blake2b
from heapq import heappop, heappush
from itertools import count, takewhile
from typing import Any, NamedTuple

import msgspec

from tawatur.decision.learning import Lesson, lesson
from tawatur.decision.model import Model
from tawatur.decision.policy import Policy
from tawatur.lab.replay_lines import DERIVED
from tawatur.moderation.cases import assemble, site_numbers
from tawatur.store.attic import Attic, Packed
from tawatur.store.book import CO_REPORT_WINDOW, Book, replace
from tawatur.store.events import EventRow
from tawatur.store.families import Family
from tawatur.store.images import Image
from tawatur.store.reports import Pasts, Report, merged_pasts
from tawatur.store.sites import Site, StoredModel, StoredPolicy
from tawatur.store.verdicts import Review, StoredVerdict

UNTOUCHED = timedelta(days=7)
BREAKER_LOOKS_BACK = timedelta(days=31)
VIEWINGS_COUNT = timedelta(days=30)
"""A policy has viewers kept no longer than that."""
JUDGED_BLOCKS_COUNT = timedelta(days=90)
"""A policy looks back no longer than that."""
MERGED_KEPT = 4096


class PutAway(msgspec.Struct, frozen=True, array_like=True):
    """A family and all that belongs to it."""

    family: Family
    images: list[Image]
    present: list[Report]
    earlier: list[Report]
    is_open: bool
    teaches: Lesson | None


class _Merged(NamedTuple):
    """What `pasts` answers for one person, for every `since` from this one until the oldest of them is too old."""

    since: datetime
    oldest: datetime
    pasts: Pasts


_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(PutAway).decode


class ReplayBook(Book):
    """One site's rows. Ids are numbers in the order in which they were asked for, so that a replay is repeatable.

    `untouched`: how long a picture must have been left alone to be put away (None: nothing ever is).
    """

    keeps_worth = False  # whoever looks at a replay's queue has every case in it judged anew

    def __init__(self, site: Site, policy: StoredPolicy | None, untouched: timedelta | None = UNTOUCHED) -> None:
        numbers = count(1)
        super().__init__(lambda: f"{next(numbers):012d}")
        self._site = site.id
        self.told: list[EventRow] = []
        self.queued: dict[str, None] = {}
        self._look_by: dict[str, datetime] = {}
        self._due: list[tuple[datetime, str]] = []
        self._probations: dict[str, dict[str, datetime]] = {}
        self._untouched = untouched
        self._touched: OrderedDict[str, datetime] = OrderedDict()
        self._attic = Attic()
        self._merged: dict[tuple[str, str], _Merged] = {}
        self._silent: Counter[int | None] = Counter()
        self._open: dict[str, Lesson | None] = {}  # what cases at hand teach that nobody has decided on
        self._open_teach: Counter[Lesson] = Counter()  # what all of them teach, those that were put away included
        self._changed: dict[str, None] = {}
        self._reviews: dict[str, Lesson | None] = {}
        self._taught: dict[str, tuple[bool, Lesson | None]] = {}
        self.news = False
        self.now = site.created_at
        self._policies[site.id] = policy
        self.add_site(site)

    def append(self, event: EventRow) -> None:
        super().append(event)
        if event.type in DERIVED:
            self.told.append(event)
        elif event.type == "image.reviewed" and event.image is not None:
            self._note_review(event.image, msgspec.json.decode(event.body))
        elif event.type == "review.undone" and event.image is not None:
            self._note_undone(event.image, msgspec.json.decode(event.body))

    def add_family(self, family: Family) -> None:
        super().add_family(family)
        self._touched[family.id] = self.now

    def save_family(self, family: Family) -> None:
        self._touched[family.id] = self.now
        self._touched.move_to_end(family.id)
        before = self.family(family.id)
        if family.id in self._open:
            self._changed[family.id] = None
        elif family.views != before.views and family.id not in self._reviews:
            self._silent[family.views] += 1
            self._silent[before.views] -= 1
        super().save_family(family)
        if family.review_by is None:
            self._look_by.pop(family.id, None)
        elif family.review_by != self._look_by.get(family.id):
            self._look_by[family.id] = family.review_by
            heappush(self._due, (family.review_by, family.id))
        if family.queued_at is not None:
            self.queued[family.id] = None
        elif before.queued_at is not None:
            self.queued.pop(family.id, None)

    def due(self, now: datetime) -> list[str]:
        """Families with a moment to look by that has come; each is named once for each such moment."""
        found = []
        while self._due and self._due[0][0] <= now:
            moment, family = heappop(self._due)
            if self._look_by.get(family) == moment:
                found.append(family)
        return found

    def _add_hash(self, image: Image) -> None:
        """The history says which images are one picture; nothing is searched."""

    def blocks_since(self, site: str, since: datetime) -> int:
        blocks = self._blocks.get(site)
        return len(blocks) - bisect_right(blocks, since) if blocks else 0

    def blocks_between(self, site: str, since: datetime, until: datetime) -> int:
        blocks = self._blocks.get(site)
        return bisect_right(blocks, until) - bisect_right(blocks, since) if blocks else 0

    def add_verdict(self, verdict: StoredVerdict) -> None:
        """Only the times of blocks are kept, in order."""
        if verdict.action == "block":
            insort(self._blocks.setdefault(verdict.site, []), verdict.at)

    def add_review(self, review: Review) -> None:
        """Who reviewed what is asked only by who answers an appeal, and a history is answered already."""
        self._wrote()
        self._note_judged_block(review)

    def add_report(self, report: Report) -> None:
        super().add_report(report)
        if report.family not in self._open and report.family not in self._reviews:
            self._silent[self.family(report.family).views] -= 1
            self._open[report.family] = None

    def save_report(self, report: Report) -> None:
        super().save_report(report)
        mine = self._probations.get(report.reporter)
        if report.probation_until is not None:
            self._probations.setdefault(report.reporter, {})[report.id] = report.probation_until
        elif mine is not None:
            mine.pop(report.id, None)

    def live_reports_by(self, site: str, reporter: str) -> list[Report]:
        for family in self._attic.spoke(reporter):
            self._take_out(family)
        return super().live_reports_by(site, reporter)

    def probations(self, site: str, reporter: str) -> dict[str, datetime]:
        return self._probations.get(reporter, {})

    # -- what people reported before -----------------------------------------------------------

    def pasts(self, site: str, reporters: Iterable[str], now: datetime) -> dict[str, Pasts]:
        since = now - CO_REPORT_WINDOW
        found = {}
        for reporter in reporters:
            known = self._merged.get((site, reporter))
            if known is None or not known.since <= since < known.oldest:
                known = self._merge((site, reporter), since, now)
            found[reporter] = known.pasts
        return found

    def _merge(self, key: tuple[str, str], since: datetime, now: datetime) -> _Merged:
        mine = self._pasts.setdefault(key, {})
        times = [past.at for past in mine.values() if past.at > since]
        if len(self._merged) >= MERGED_KEPT:
            self._merged.clear()
        merged = self._merged[key] = _Merged(since, min(times, default=now), merged_pasts(mine.values(), since))
        return merged

    def _note_past(self, report: Report) -> None:
        super()._note_past(report)
        self._merged.pop((report.site, report.reporter), None)

    # -- learning --------------------------------------------------------------------------------

    def lessons(self, policy: Policy, now: datetime) -> list[Lesson]:
        """All that can be learned from: reviews, open cases, and how often pictures that nobody reported were seen."""
        self.news = False
        site = site_numbers(self, self._site, policy, now)
        for key in self._changed:
            self._teach(key, lesson(assemble(self, self.family(key), now, site), policy, now))
        self._changed.clear()
        found = [one for one in self._reviews.values() if one is not None]
        found += [replace(one, images=images) for one, images in self._open_teach.items()]
        for views, images in self._silent.items():
            if views is not None and images > 0:
                found.append(Lesson(float(views), images=images))
        return found

    def _teach(self, family: str, teaches: Lesson | None) -> None:
        """The family is an open case that teaches this."""
        self._forget_open(family)
        self._open[family] = teaches
        if teaches is not None:
            self._open_teach[teaches] += 1

    def _forget_open(self, family: str) -> None:
        taught = self._open.pop(family, None)
        if taught is not None:
            self._open_teach[taught] -= 1
            if not self._open_teach[taught]:
                del self._open_teach[taught]

    def use_model(self, site: str, model: Model, now: datetime) -> None:
        """The site is judged by this model from now on."""
        found = self.site(site)
        version = 1 if found is None else found.model_version + 1
        self.add_model(StoredModel(site, version, now, msgspec.json.encode(model).decode()))

    def _note_review(self, image: str, review: dict[str, Any]) -> None:
        found = self._images.get(image)
        if found is None or review["outcome"] == "undecided":
            return
        if found.family not in self._open and found.family not in self._reviews:
            self._silent[self.family(found.family).views] -= 1
        self._forget_open(found.family)
        self._changed.pop(found.family, None)
        evidence = review.get("evidence")
        known = self._reviews.get(found.family) if evidence is None else msgspec.convert(evidence, Lesson)
        upheld = review["outcome"] == "upheld"
        self._taught[found.family] = found.family in self._reviews, self._reviews.get(found.family)
        self._reviews[found.family] = None if known is None else msgspec.structs.replace(known, upheld=upheld)
        self.news = True

    def _note_undone(self, image: str, review: dict[str, Any]) -> None:
        """What the decision taught is forgotten; the case is open again, where it was."""
        found = self._images.get(image)
        if found is None or review["outcome"] == "undecided":
            return
        judged, before = self._taught.pop(found.family, (False, None))
        if judged:
            self._reviews[found.family] = before
            return
        self._reviews.pop(found.family, None)
        if self.round_reports(found.family) or self.earlier_reports(found.family):
            self._open[found.family] = None
            self._changed[found.family] = None
        else:
            self._silent[self.family(found.family).views] += 1

    # -- putting away ----------------------------------------------------------------------------

    def waiting(self) -> list[Family]:
        """The families that a person should look at. Whoever asks once asks again, so they stay at hand."""
        found = [self.family(family) for family in self.queued]
        for family in self.queued:
            self._touched[family] = self.now
            self._touched.move_to_end(family)
        return found

    def tidy(self) -> None:
        """Puts away what nobody touched lately, and drops what no decision can ask for any more."""
        if self._untouched is None:
            return
        before = self.now - self._untouched
        left = [family for family, _ in takewhile(lambda item: item[1] <= before, self._touched.items())]
        self._attic.put([self._packed(family) for family in left])
        since = self.now - CO_REPORT_WINDOW - timedelta(days=1)
        for pasts in self._pasts.values():
            if pasts and next(iter(pasts.values())).at <= since:
                for report in [past.report for past in pasts.values() if past.at <= since]:
                    del pasts[report]
        for site in self._sites:
            self.forget_viewings(site, self.now - VIEWINGS_COUNT)
        self._viewings = {family: people for family, people in self._viewings.items() if people}
        self._judged = {person: judged for person, judged in self._judged.items() if judged}
        for blocks in self._blocks.values():
            del blocks[: bisect_right(blocks, self.now - BREAKER_LOOKS_BACK)]
        self.forget_judged_blocks(self.now - JUDGED_BLOCKS_COUNT)

    def _packed(self, key: str) -> Packed:
        """Takes the family out of memory."""
        del self._touched[key]
        images = self.images_of(key)
        present, earlier = self.round_reports(key), self.earlier_reports(key)
        pictures = []
        for image in images:
            del self._images[image.id]
            if self._same_bytes.pop((image.site, image.sha256), None) == image.id and image.sha256 != alone(image.id):
                pictures.append((_digest(image.sha256), image.id))
        is_open = key in self._open
        away = PutAway(
            self.family(key), images, [*present.values()], [*earlier.values()], is_open, self._open.pop(key, None)
        )
        for report in (*present.values(), *earlier.values()):
            self._report_homes.pop(report.id, None)
        speak = [report.reporter for report in present.values() if report.withdrawn_at is None]
        for rows in (self._families, self._members, self._rounds, self._earlier):
            rows.pop(key, None)
        return Packed(key, _pack(away), [image.id for image in images], pictures, speak)

    def _take_out(self, key: str | None) -> None:
        packed = None if key is None else self._attic.take(key)
        if packed is None or key is None:
            return
        away = _unpack(packed)
        self._families[key] = away.family
        self._members[key] = [image.id for image in away.images]
        self._rounds[key] = {report.reporter: report for report in away.present}
        self._earlier[key] = {report.id: report for report in away.earlier}
        self._report_homes.update((report.id, key) for report in (*away.present, *away.earlier))
        for image in away.images:
            self._images[image.id] = image
            if self._attic.forget(image.id, _digest(image.sha256)):
                self._same_bytes[image.site, image.sha256] = image.id
        if away.is_open:
            self._open[key] = away.teaches
        self._touched[key] = self.now

    def _load_images(self, ids: set[str]) -> None:
        for image in ids:
            self._take_out(self._attic.family_of(image))

    def _load_families(self, ids: set[str]) -> None:
        for family in ids:
            self._take_out(family)

    def _load_same_bytes(self, site: str, sha256: str) -> None:
        image = self._attic.image_of(_digest(sha256))
        if image is not None:
            self._take_out(self._attic.family_of(image))


def alone(image: str) -> str:
    """The picture of an image of which nothing is known that another could share."""
    return f"image/{image}"


def _digest(picture: str) -> bytes:
    return blake2b(picture.encode(), digest_size=16).digest()
