"""Assembles a case for the engine from what the book knows, and the policy and model to judge it by."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import combinations

from tawatur.decision.case import Case, Pair, Record, Report, Site
from tawatur.decision.model import PRIORS, Model
from tawatur.decision.policy import DEFAULT_POLICY, Policy, parse_policy
from tawatur.store.book import Book
from tawatur.store.families import Authority, Family
from tawatur.store.reporters import Reporter
from tawatur.store.reports import Past
from tawatur.store.reports import Report as StoredReport

_HOUR = timedelta(hours=1)
_USUAL = timedelta(days=30)
_DAY_S = 86_400.0

NO_RECORD = Record()


def policy_of(book: Book, site: str) -> Policy:
    """The site's policy in force."""
    stored = book.policy(site)
    return DEFAULT_POLICY if stored is None else _parsed(stored.document)


def model_of(book: Book, site: str) -> Model:
    """The site's learned numbers; the priors until something was learned."""
    return PRIORS


@lru_cache(maxsize=256)
def _parsed(document: str) -> Policy:
    return parse_policy(document)


def assemble(book: Book, family: Family, now: datetime) -> Case:
    """All that bears on this family at this moment."""
    live = book.live_reports(family.id)
    exposure = book.exposure(family.id)
    pasts, pairs = _shared_past(book, family, live, now)
    records = {}
    for report in live:
        reporter = book.reporter(family.site, report.reporter)
        record = _record(book, reporter, pasts.get(report.reporter), family.id)
        if record is not NO_RECORD:
            records[report.reporter] = record
    networks = {report.network for report in live if report.network is not None}
    return Case(
        reports=tuple([_seen_by_engine(report) for report in live]),
        records=records,
        pairs=pairs,
        network_people={network: book.people(family.site, network) for network in networks},
        views=exposure.views,
        views_per_day=_pace(exposure.views, exposure.since, now),
        site=_site(book, family.site, now),
        immune_until=family.immune_until,
        human=standing_verdict(family, now),
    )


def standing_verdict(family: Family, now: datetime) -> str | None:
    """The human verdict that still binds the machine: "upheld" for good, "rejected" while the immunity lasts."""
    if family.authority < Authority.MODERATOR or family.outcome not in ("upheld", "rejected"):
        return None
    if family.outcome == "rejected" and (family.immune_until is None or family.immune_until <= now):
        return None
    return family.outcome


def _seen_by_engine(report: StoredReport) -> Report:
    return Report(
        report.reporter,
        report.reason,
        report.first_at,
        report.device,
        report.network,
        report.referrer,
        report.account_created_at,
    )


def _record(book: Book, reporter: Reporter | None, pasts: dict[str, Past] | None, family: str) -> Record:
    if reporter is None or not (reporter.reviewed_reports or reporter.reported > 1 or reporter.muted):
        return NO_RECORD
    sums = book.records(reporter.site, reporter.id) if reporter.reviewed_reports else {}
    supports = sum(past.supports for past in pasts.values() if past.family != family) if pasts else 0
    return Record(
        confirmed={reason: record.confirmed for reason, record in sums.items()},
        rejected={reason: record.rejected for reason, record in sums.items()},
        confirmed_reports=reporter.confirmed_reports,
        reported=len(pasts) if pasts else reporter.reported,
        supports=supports,
        probation_until=reporter.probation_until,
        muted=reporter.muted,
    )


def _shared_past(
    book: Book, family: Family, live: list[StoredReport], now: datetime
) -> tuple[dict[str, dict[str, Past]], tuple[Pair, ...]]:
    """What those reporters reported before who reported more than this, and what pairs of them share."""
    repeaters = []
    for report in live:
        reporter = book.reporter(family.site, report.reporter)
        if reporter is not None and reporter.reported > 1:
            repeaters.append(report.reporter)
    if not repeaters:
        return {}, ()
    pasts = book.pasts(family.site, repeaters, now)
    together: dict[str, list[Past]] = defaultdict(list)
    for mine in pasts.values():
        for past in mine.values():
            if past.family != family.id:
                together[past.family].append(past)
    shared: dict[tuple[str, str], list[int]] = {}
    for group in together.values():
        if len(group) > 1:
            for one, other in combinations(sorted(group, key=lambda past: past.reporter), 2):
                counts = shared.setdefault((one.reporter, other.reporter), [0, 0])
                counts[0] += 1
                counts[1] += one.rejected and other.rejected
    return pasts, tuple([Pair(a, b, co, errors) for (a, b), (co, errors) in sorted(shared.items())])


def _site(book: Book, site: str, now: datetime) -> Site:
    found = book.site(site)
    records = book.site_records(site)
    last_hour = book.blocks_since(site, now - _HOUR)
    last_month = book.blocks_since(site, now - _USUAL)
    hours_before = _USUAL / _HOUR - 1
    return Site(
        confirmed={reason: record.confirmed for reason, record in records.items()},
        reviewed={reason: record.reviewed for reason, record in records.items()},
        recorded=0 if found is None else found.recorded,
        blocks_last_hour=last_hour,
        usual_blocks_per_hour=(last_month - last_hour) / hours_before,
    )


def _pace(views: int | None, since: datetime, now: datetime) -> float | None:
    """Views per day, over the time since the first image was registered but at least a day."""
    if views is None:
        return None
    return views / max((now - since).total_seconds() / _DAY_S, 1.0)
