"""Watches for surges of reports, finds out who is behind them, and tells it to people.

Hours are counted as they pass; an hour that has far more reports than usual (`decision/surges.py`) is looked into at
once: which groups report, what they report here and elsewhere, what a plain count would have done. All reading is
bounded, so that a flood of reports cannot hold up whoever looks at it. What is kept names images and counts people.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection

from tawatur.decision.case import Case, Pair, Record
from tawatur.decision.surges import CALM, HOUR, WEEK, WEEKS, Hour, Surge, crowd_of, hour_of, hours, is_attack, surges
from tawatur.moderation.cases import policy_of, seen_by_engine, shared_pairs
from tawatur.store import reporters, reports, sites
from tawatur.store import surges as stored
from tawatur.store.database import Database
from tawatur.store.ids import new_id
from tawatur.store.reading_book import ReadingBook
from tawatur.store.reports import Past, Report, merged_pasts
from tawatur.store.sites import Site
from tawatur.store.surges import Reported, StoredSurge

COUNT = 3
"""What every forum ships: hide after three reports."""
MOST_READ = 20_000
"""Reports of one surge that are looked at one by one, the latest."""
MOST_ACTIVE = 200
"""People whose shared past is compared, those who report most: that are 20,000 pairs."""
MOST_COMPARED = 60
"""Families of that past that are compared, those that most of them reported."""
MOST_KEPT = 1000
"""Families that a finding names; it counts all."""
MOST_LISTED = 24
"""Pictures in a strip."""
MOST_GROUPS = 12
MOST_FOLLOWED = 2000
"""Linked people whose other reports are looked up."""
AT_ONCE = 5000
PAST = timedelta(days=90)
"""Of what people reported before."""
ELSEWHERE = timedelta(days=30)
HISTORY = timedelta(days=90)
"""So far back a site's reports are counted when it is watched for the first time."""
LOOK_AGAIN = timedelta(minutes=1)
GREW = 1.1
"""A surge is looked at again when it has grown by a tenth, or after a minute when it has grown at all."""


class Group(msgspec.Struct, frozen=True):
    """Linked people of a surge: how many, how many newcomers among them, what is left of them as voices, and how many
    each kind of link joins."""

    people: int
    newcomers: int
    voices: float
    links: dict[str, int]


class Findings(msgspec.Struct, frozen=True):
    """What is known of a surge. `looked_at` of its reports were read, by so many `people`, of whom `newcomers`.
    `targets` are the pictures that most reported, `elsewhere` those that linked people reported besides. `by_count`
    images were reported by three or more, `counted` are (the first of) them; the engine blocked `blocked`, or would
    have but for a policy in `shadow`."""

    looked_at: int = 0
    people: int = 0
    newcomers: int = 0
    groups: list[Group] = []
    targets: list[Reported] = []
    elsewhere: list[Reported] = []
    by_count: int = 0
    counted: list[str] = []
    blocked: list[str] = []
    shadow: bool = False

    @property
    def linked(self) -> int:
        """People in groups that act as a few."""
        return sum(group.people for group in self.groups)

    @property
    def linked_voices(self) -> float:
        return sum(group.voices for group in self.groups)


def findings(surge: StoredSurge) -> Findings:
    return msgspec.json.decode(surge.body, type=Findings)


def watch(database: Database, now: datetime) -> int:
    """Looks for surges on every site; returns how many were looked into."""
    with database.read() as connection:
        known = sites.all_of_them(connection)
    return sum(watch_site(database, site, now) for site in known)


def watch_site(database: Database, site: Site, now: datetime) -> int:
    """Counts what came since the last time, and looks into what surges. Two processes that do so at once write the
    same."""
    with database.read() as connection:
        last = stored.last_hour(connection, site.id)
        since = hour_of(now - HISTORY) if last is None else last - HOUR
        fresh = stored.counted_hours(connection, site.id, since)
        if not fresh:
            return 0
        begun = stored.latest(connection, site.id, 1)
        first = min(fresh) - CALM
        if begun and begun[0].ends + CALM >= first:
            first = min(first, begun[0].begins)
        counts = stored.kept_hours(connection, site.id, first - WEEK * WEEKS - HOUR) | fresh
        found = [one for one in surges(hours(counts, site.created_at, first, max(fresh))) if one.ends > since]
        before = {one.begins: one for one in stored.latest(connection, site.id, len(found))}
        made = [_look(connection, site, one, now) for one in found if _news(one, before.get(one.begins), now)]
        changed = stored.kept_hours(connection, site.id, since) != fresh
    if changed or made:
        with database.write() as connection:
            stored.keep_hours(connection, site.id, fresh)
            stored.save(connection, made)
    return len(made)


def _news(surge: Surge, before: StoredSurge | None, now: datetime) -> bool:
    if before is None or surge.ends != before.ends or surge.reports > GREW * before.reports:
        return True
    return surge.reports != before.reports and now - before.at >= LOOK_AGAIN


def on_now(database: Database, site: str, now: datetime) -> tuple[int, int]:
    """How many attacks, and how many surges that are none, go on now on a site."""
    with database.read() as connection:
        going = stored.ended_after(connection, site, now - CALM)
    return sum(going), len(going) - sum(going)


def _look(connection: Connection, site: Site, surge: Surge, now: datetime) -> StoredSurge:
    book = ReadingBook(connection, new_id)
    policy = policy_of(book, site.id)
    # What still comes in the calm after it belongs to the same people.
    until = surge.ends + CALM
    targets, by_count = stored.most_reported(connection, site.id, surge.begins, until, COUNT, MOST_KEPT)
    read = stored.latest_reports(connection, site.id, surge.begins, until, MOST_READ)[::-1]
    case = _case(connection, site.id, read, surge.begins)
    crowd, groups = crowd_of(case, policy, now)
    linked = [crowd.reports[place].reporter for group in groups for place in group.places]
    shown = targets[:MOST_LISTED]
    found = Findings(
        looked_at=len(read),
        people=len(crowd.reports),
        newcomers=sum(crowd.newcomers),
        groups=[Group(one.people, one.newcomers, one.voices, one.links) for one in groups[:MOST_GROUPS]],
        targets=shown,
        elsewhere=_elsewhere(connection, site.id, linked[:MOST_FOLLOWED], {one.family for one in shown}, surge),
        by_count=by_count,
        counted=[one.family for one in targets if one.people >= COUNT],
        blocked=stored.blocked(connection, site.id, surge.begins, until, MOST_KEPT),
        shadow=policy.shadow,
    )
    return StoredSurge(
        site=site.id,
        begins=surge.begins,
        ends=surge.ends,
        reports=surge.reports,
        usual=surge.usual,
        peak=surge.peak,
        attack=is_attack(len(crowd.reports), groups),
        at=now,
        body=msgspec.json.encode(found).decode(),
    )


def _elsewhere(connection: Connection, site: str, people: list[str], targets: set[str], surge: Surge) -> list[Reported]:
    """What several of these people reported besides, before or meanwhile."""
    most = MOST_LISTED + len(targets)
    found = stored.reported_by(connection, site, people, surge.begins - ELSEWHERE, surge.ends + CALM, most)
    return [one for one in found if one.family not in targets and one.people > 1][:MOST_LISTED]


def _case(connection: Connection, site: str, read: Sequence[Report], begins: datetime) -> Case:
    """All reports of a surge as one case, whatever pictures they are of, so that links are found across them."""
    people = sorted({report.reporter for report in read})
    known = {}
    for start in range(0, len(people), AT_ONCE):
        for one in reporters.of_ids(connection, site, set(people[start : start + AT_ONCE])):
            known[one.id] = one
    records = {key: Record(confirmed_reports=one.confirmed_reports) for key, one in known.items()}
    often = Counter(report.reporter for report in read)
    active = sorted(known, key=lambda key: (-often[key] - known[key].reported, key))[:MOST_ACTIVE]
    pasts = _pasts(connection, site, active, begins)
    sums: dict[str, dict[str, float]] = defaultdict(dict)
    for sum_ in reporters.records(connection, site, set(active)):
        sums[sum_.reporter][sum_.reason] = sum_.rejected
    for key in active:
        records[key] = msgspec.structs.replace(records[key], rejected=sums[key], reported=len(pasts.get(key, {})))
    networks = Counter(report.network for report in read if report.network is not None)
    shared = sorted(network for network, count in networks.items() if count > 1)
    seen = {}
    for start in range(0, len(shared), AT_ONCE):
        for network in reporters.networks(connection, site, set(shared[start : start + AT_ONCE])):
            seen[network.network] = network.people
    return Case(
        reports=tuple([seen_by_engine(report) for report in read]),
        records=records,
        pairs=_pairs(pasts),
        network_people={network: seen.get(network, 0) for network in shared},
    )


def _pasts(connection: Connection, site: str, people: list[str], begins: datetime) -> dict[str, dict[str, Past]]:
    since = begins - PAST
    mine: dict[str, list[Past]] = defaultdict(list)
    for past in reports.history(connection, site, set(people), since):
        mine[past.reporter].append(past)
    return {key: merged_pasts(found, since) for key, found in mine.items()}


def _pairs(pasts: dict[str, dict[str, Past]]) -> tuple[Pair, ...]:
    """What pairs of them have in common besides one picture: that they report now is why they are here."""
    by_family: dict[str, list[Past]] = defaultdict(list)
    for mine in pasts.values():
        for past in mine.values():
            by_family[past.family].append(past)
    compared = sorted(by_family.values(), key=len, reverse=True)[:MOST_COMPARED]
    return tuple(
        [
            msgspec.structs.replace(pair, co_reports=pair.co_reports - 1)
            for pair in shared_pairs(compared)
            if pair.co_reports > 1 or pair.shared_rejected
        ]
    )


def timeline(connection: Connection, site: Site, first: datetime, last: datetime) -> list[Hour]:
    """The site's hours with what is usual for each."""
    counts = stored.kept_hours(connection, site.id, hour_of(first) - WEEK * WEEKS - HOUR)
    return hours(counts, site.created_at, first, last)
