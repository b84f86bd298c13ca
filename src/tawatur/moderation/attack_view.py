"""What a person sees of a surge: the hours, the groups, the pictures as they stand now, and the shields that are up."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection

from tawatur.decision.surges import CALM, HOUR, Hour, hour_of
from tawatur.moderation.attacks import Findings, findings, timeline
from tawatur.moderation.gate import NEVER_SHOWN
from tawatur.store import families, images, reports, shields, surges
from tawatur.store.database import Database
from tawatur.store.families import Family
from tawatur.store.images import Image
from tawatur.store.shields import IMAGE, SITE, UPLOADER, Shield
from tawatur.store.sites import Site
from tawatur.store.surges import Reported, StoredSurge

SHOWN_HOURS = 48
AFTER = timedelta(hours=12)
"""Of a past surge the chart shows the day and a half before its end, and half a day after."""
MOST_PAST = 50


class Picture(msgspec.Struct, frozen=True):
    """A picture of a strip, how many people it is about, and whether it may be shown to nobody."""

    image: Image
    family: Family
    people: int
    hidden: bool


class Decided(msgspec.Struct, frozen=True):
    """What people decided of some families since: how many they upheld and rejected."""

    upheld: int = 0
    rejected: int = 0


class AttackView(msgspec.Struct, frozen=True):
    """One surge of a site, or none, with the hours round it. `going` says that it has not calmed down. `counted` is
    what people decided of what a plain count would have blocked. `uploader` posted at least half of the targets;
    `shields` are those that are up over the site, this uploader or targets. `past` are all surges, the latest first."""

    surge: StoredSurge | None
    found: Findings
    going: bool
    hours: list[Hour]
    targets: list[Picture]
    elsewhere: list[Picture]
    counted: Decided
    uploader: str | None
    shields: list[Shield]
    past: list[StoredSurge]

    def shielded(self, kind: str) -> datetime | None:
        """Until when shields of this kind are up; over targets: until the last of them ends."""
        return max((one.until for one in self.shields if one.kind == kind), default=None)


def attack_view(database: Database, site: Site, begins: datetime | None, now: datetime) -> AttackView:
    """The surge that began then; where none is asked for, the latest that goes on, an attack before a mere surge. A
    moment at which none began gives a view without a surge."""
    with database.read() as connection:
        past = surges.latest(connection, site.id, MOST_PAST)
        surge = _chosen(past, begins, now)
        found = Findings() if surge is None else findings(surge)
        end = now if surge is None else min(now, surge.ends + AFTER)
        targets = _pictures(connection, found.targets)
        uploader = _uploader(targets)
        return AttackView(
            surge=surge,
            found=found,
            going=surge is not None and surge.ends + CALM > now,
            hours=timeline(connection, site, hour_of(end) - HOUR * (SHOWN_HOURS - 1), end),
            targets=targets,
            elsewhere=_pictures(connection, found.elsewhere),
            counted=_decided(connection, found.counted),
            uploader=uploader,
            shields=_shields(connection, site.id, targets, uploader, now),
            past=past,
        )


def _chosen(past: list[StoredSurge], begins: datetime | None, now: datetime) -> StoredSurge | None:
    if begins is not None:
        return next((one for one in past if one.begins == begins), None)
    going = [one for one in past if one.ends + CALM > now]
    return next((one for one in going if one.attack), going[0] if going else None)


def _pictures(connection: Connection, listed: list[Reported]) -> list[Picture]:
    """Those of these pictures that are still there."""
    there = {one.id: one for one in images.of_ids(connection, {one.image for one in listed})}
    homes = {image.family for image in there.values()}  # of now: a picture may have been cut from its family
    known = {one.id: one for one in families.of_ids(connection, homes, lock=False)}
    grave = reports.naming_child_safety(connection, homes)
    found = []
    for one in listed:
        image = there.get(one.image)
        if image is not None and image.family in known:
            family = known[image.family]
            hidden = family.id in grave or family.reason == NEVER_SHOWN
            found.append(Picture(image, family, one.people, hidden))
    return found


def _uploader(targets: list[Picture]) -> str | None:
    """Who posted at least half of several targets."""
    posted = Counter(one.image.uploader for one in targets if one.image.uploader is not None)
    most = max(posted.items(), key=lambda item: (item[1], item[0]), default=("", 0))
    return most[0] if len(targets) > 1 and 2 * most[1] >= len(targets) else None


def _decided(connection: Connection, counted: list[str]) -> Decided:
    known = families.of_ids(connection, set(counted), lock=False)
    outcomes = Counter(one.outcome for one in known)
    return Decided(outcomes["upheld"], outcomes["rejected"])


def _shields(
    connection: Connection, site: str, targets: list[Picture], uploader: str | None, now: datetime
) -> list[Shield]:
    over = {(SITE, ""), (UPLOADER, uploader), *((IMAGE, one.family.id) for one in targets)}
    up = [one for one in shields.of_site(connection, site) if one.raised_at <= now < one.until]
    return [one for one in up if (one.kind, one.target) in over]
