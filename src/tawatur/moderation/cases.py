"""Assembles a case for the engine from what the book knows, and the policy and model to judge it by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import combinations

import msgspec

from tawatur.decision.case import Case, Pair, Record, Report, Site
from tawatur.decision.model import PRIORS, Model
from tawatur.decision.policy import DEFAULT_POLICY, Policy, policy_kept
from tawatur.moderation.shields import floor_raise
from tawatur.moderation.viewers import viewers_of
from tawatur.store.book import Book
from tawatur.store.database import Database
from tawatur.store.families import Authority, Family
from tawatur.store.ids import new_id
from tawatur.store.reading_book import ReadingBook
from tawatur.store.reporters import Reporter
from tawatur.store.reports import Past, Pasts
from tawatur.store.reports import Report as StoredReport
from tawatur.store.sites import StoredPolicy

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_LEAST_AGE = timedelta(hours=2)
_USUAL = timedelta(days=30)
_DAY_S = 86_400.0


def policy_of(book: Book, site: str) -> Policy:
    """The site's policy in force."""
    stored = book.policy(site)
    return DEFAULT_POLICY if stored is None else read_stored(stored)


def read_stored(stored: StoredPolicy) -> Policy:
    """The policy of a stored document. One that changes the default's numbers and keeps its name is called after its
    version here, so that no verdict names a policy that it was not decided by."""
    return _parsed(stored.document, stored.version)


def policy_now(database: Database, site: str | None) -> Policy:
    """The site's policy now; the default one where no site is named."""
    if site is None:
        return DEFAULT_POLICY
    with database.read() as connection:
        return policy_of(ReadingBook(connection, new_id), site)


def model_of(book: Book, site: str) -> Model:
    """The site's learned numbers; the priors until something was learned."""
    stored = book.model(site)
    return PRIORS if stored is None else _read_model(stored.body)


@lru_cache(maxsize=256)
def _read_model(body: str) -> Model:
    return msgspec.json.decode(body, type=Model)


@lru_cache(maxsize=256)
def _parsed(document: str, version: int) -> Policy:
    policy = policy_kept(document)
    if policy.version != DEFAULT_POLICY.version or policy == DEFAULT_POLICY:
        return policy
    return msgspec.structs.replace(policy, version=f"policy-{version}")


def assemble(book: Book, family: Family, now: datetime, site: Site | None = None) -> Case:
    """All that bears on this family at this moment. `site` are the site's numbers (`site_numbers`), for whoever
    assembles many cases at one moment."""
    policy = policy_of(book, family.site)
    live = book.live_reports(family.id)
    with_past = book.with_past(family.site, [report.reporter for report in live])
    repeaters = [report.reporter for report in live if report.reporter in with_past]
    pasts, pairs = _shared_past(book, family, repeaters, now) if repeaters else ({}, ())
    ended = now if policy.lapse else None
    inert = _inert(live, with_past, now)
    return Case(
        reports=tuple([seen_by_engine(report) for report in live]),
        records={
            reporter: _record(book, with_past[reporter], pasts[reporter], family.id, ended, muted=reporter in inert)
            for reporter in repeaters
        },
        pairs=pairs,
        network_people={network: book.people(family.site, network) for network in _shared_networks(live)},
        views=family.views,
        views_per_day=_pace(family.views, family.created_at, now),
        site=site_numbers(book, family.site, policy, now) if site is None else site,
        immune_until=family.immune_until,
        human=standing_verdict(family, now),
        floor_raise=floor_raise(book, family, now),
        viewers=viewers_of(book, family, live, policy, now),
    )


def inert_reporters(book: Book, reports: Sequence[StoredReport], now: datetime) -> set[str]:
    """Whose reports of these count for nothing: they are muted or suspended now, or were suspended when they said so.
    Whom none of this ever befell is not looked up one by one."""
    if not reports:
        return set()
    return _inert(reports, book.with_past(reports[0].site, [report.reporter for report in reports]), now)


def _inert(reports: Sequence[StoredReport], with_past: Mapping[str, Reporter], now: datetime) -> set[str]:
    inert = {report.reporter for report in reports if report.inert}
    return inert | {reporter for reporter, found in with_past.items() if found.silenced(now)}


def _shared_networks(live: list[StoredReport]) -> list[str]:
    """The networks that link anybody here: those with at least two of the reports."""
    if len(live) < 2:
        return []
    counts = Counter(report.network for report in live if report.network is not None)
    return sorted(network for network, reports in counts.items() if reports > 1)


def standing_verdict(family: Family, now: datetime) -> str | None:
    """The human verdict that still binds the machine: "upheld" for good, "rejected" while the immunity lasts."""
    if family.authority < Authority.MODERATOR or family.outcome not in ("upheld", "rejected"):
        return None
    if family.outcome == "rejected" and (family.immune_until is None or family.immune_until <= now):
        return None
    return family.outcome


def seen_by_engine(report: StoredReport) -> Report:
    return Report(
        report.reporter,
        report.reason,
        report.first_at,
        report.device,
        report.network,
        report.referrer,
        report.account_created_at,
        report.anonymous,
    )


def _record(
    book: Book, reporter: Reporter, pasts: Pasts, family: str, ended: datetime | None, *, muted: bool
) -> Record:
    """What is known of one reporter. What nobody reviewed by `ended` has lapsed (None: it does not lapse)."""
    sums = book.records(reporter.site, reporter.id) if reporter.reviewed_reports else {}
    standing = [
        past
        for past in pasts.holding
        if past.family != family and (ended is None or past.until is None or past.until > ended)
    ]
    return Record(
        confirmed={reason: record.confirmed for reason, record in sums.items()},
        rejected={reason: record.rejected for reason, record in sums.items()},
        confirmed_reports=reporter.confirmed_reports,
        reported=len(pasts),
        supports=sum([past.supports for past in standing]),
        blurs=sum([past.blurs for past in standing]),
        probation_until=reporter.probation_until,
        muted=muted,
    )


def _shared_past(
    book: Book, family: Family, repeaters: list[str], now: datetime
) -> tuple[dict[str, Pasts], tuple[Pair, ...]]:
    """What those reporters reported before who have a past, and what pairs of them share."""
    pasts = book.pasts(family.site, repeaters, now)
    once: set[str] = set()
    shared: set[str] = set()
    # Some have reported hundreds of families, so whoever reported most is only asked for what the others did.
    *others, most = sorted(pasts.values(), key=len)
    for mine in others:
        shared |= mine.keys() & once
        once |= mine.keys()
    shared |= most.keys() & once
    shared.discard(family.id)
    return pasts, shared_pairs([mine[one] for mine in pasts.values() if one in mine] for one in shared)


def shared_pairs(groups: Iterable[Sequence[Past]]) -> tuple[Pair, ...]:
    """What pairs of people have in common, from what was reported of each family by those who did."""
    shared: dict[tuple[str, str], list[int]] = {}
    for group in groups:
        if len(group) > 1:
            for one, other in combinations(sorted(group, key=lambda past: past.reporter), 2):
                counts = shared.setdefault((one.reporter, other.reporter), [0, 0, 0])
                counts[0] += 1
                counts[1] += one.rejected and other.rejected
                counts[2] += one.confirmed and other.confirmed
    return tuple([Pair(a, b, together, errors, right) for (a, b), (together, errors, right) in sorted(shared.items())])


def site_numbers(book: Book, site: str, policy: Policy, now: datetime) -> Site:
    """The site's own numbers that its decisions need now."""
    found = book.site(site)
    records = book.site_records(site)
    blocks_last_day = book.blocks_since(site, now - _DAY)
    blocks, usual = blocks_an_hour(book, site, now)
    judged = book.judged_blocks(site, now - max(_DAY, timedelta(days=policy.trust_days)))
    lately = [one for one in judged if one.at > now - timedelta(days=policy.trust_days)]
    upheld = sum(one.outcome == "upheld" for one in lately)
    return Site(
        confirmed={reason: record.confirmed for reason, record in records.items()},
        reviewed={reason: record.reviewed for reason, record in records.items()},
        recorded=0 if found is None else found.recorded,
        blocks_last_hour=blocks,
        usual_blocks_per_hour=usual,
        blocks_last_day=blocks_last_day,
        blocks_seen_last_day=sum(one.blocked_at > now - _DAY for one in judged),
        blocks_upheld=upheld,
        blocks_rejected=len(lately) - upheld,
    )


def blocks_an_hour(book: Book, site: str, now: datetime) -> tuple[int, float]:
    """How many images reports blocked on this site within the last hour, and within an hour of the 30 days before."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    usual = book.blocks_between(site, hour - _USUAL, hour - _HOUR) / (_USUAL / _HOUR - 1)
    return book.blocks_since(site, now - _HOUR), usual


def _pace(views: int | None, since: datetime, now: datetime) -> float | None:
    """Views per day, over the time since the first image was registered but at least two hours.

    Most of a picture's views come on its first day, so a look at a fresh one saves more than its views so far tell.
    With a day instead of two hours, old pictures with many views came first: 0.558 of the harmful views of six
    communities were prevented instead of 0.568.
    """
    if views is None:
        return None
    return views / max((now - since) / _DAY, _LEAST_AGE / _DAY)
