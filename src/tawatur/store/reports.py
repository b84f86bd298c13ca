"""Reports: one reporter's statement that one image breaks one rule."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection, and_, bindparam, func, or_, select, text

from tawatur.store import rows, schema
from tawatur.store.families import BLOCKED, BLURRED, Authority, Family


class Report(msgspec.Struct, frozen=True, gc=False):
    """One reporter's statement about one family, in the family's round in which it was made.

    `first_at` is when this reporter first said so in this round and gives the report its place in the order;
    `at` is the latest time. `outcome` is what people decided: "confirmed", "rejected", "neutral" or None;
    `earned` is what that added to the reporter's confirmed record; "muted" is a report that counted for nothing when
    people decided, so that nobody is judged by it. A `voided` report was taken back by a person who moderates, and
    stays so. An `inert` one was made while its reporter was suspended.
    """

    id: str
    site: str
    family: str
    image: str
    reporter: str
    round: int
    reason: str
    comment: str | None
    first_at: datetime
    at: datetime
    withdrawn_at: datetime | None = None
    device: str | None = None
    network: str | None = None
    referrer: str | None = None
    account_created_at: datetime | None = None
    outcome: str | None = None
    earned: float = 0.0
    probation_until: datetime | None = None
    anonymous: bool = False
    voided: bool = False
    inert: bool = False


class Past(msgspec.Struct, frozen=True, gc=False):
    """A report that somebody made at `at` and did not take back: how it ended, and whether it holds up a block or a
    blur now (where a policy lets them lapse, `until` then)."""

    report: str
    reporter: str
    family: str
    at: datetime
    rejected: bool
    confirmed: bool
    supports: bool
    blurs: bool
    until: datetime | None = None


def past_of(report: Report, family: Family) -> Past:
    """What this report, which was not taken back, means for its reporter as its family stands."""
    holds = family.provisional and family.authority == Authority.MACHINE and report.round == family.round
    return Past(
        report=report.id,
        reporter=report.reporter,
        family=report.family,
        at=report.first_at,
        rejected=report.outcome == "rejected",
        confirmed=report.outcome == "confirmed",
        supports=holds and family.status == BLOCKED,
        blurs=holds and family.status == BLURRED,
        until=family.review_by,
    )


def bears_on_pasts(before: Family, after: Family) -> bool:
    """Whether this change of a family changes what its reports mean for who made them."""
    return (
        before.status != after.status
        or before.round != after.round
        or before.provisional != after.provisional
        or before.authority != after.authority
    )


class Pasts(dict[str, Past]):
    """What one person reported, by family; `holding` are those of it that hold up a block or a blur now."""

    holding: Sequence[Past] = ()


def merged_pasts(pasts: Iterable[Past], since: datetime) -> Pasts:
    """Those after `since`, one a family: who reported it again after a review has both facts."""
    found = Pasts()
    for past in pasts:
        if past.at > since:
            other = found.get(past.family)
            if other is not None:
                past = msgspec.structs.replace(
                    past,
                    rejected=past.rejected or other.rejected,
                    confirmed=past.confirmed or other.confirmed,
                    supports=past.supports or other.supports,
                    blurs=past.blurs or other.blurs,
                )
            found[past.family] = past
    found.holding = [past for past in found.values() if past.supports or past.blurs]
    return found


_reports = schema.reports.c
_families = schema.families.c
_round = (
    select(schema.reports)
    .join(schema.families, and_(_families.id == _reports.family, _families.round == _reports.round))
    .where(_reports.family.in_(bindparam("ids", expanding=True)))
)
_earlier_rounds = (
    select(schema.reports)
    .join(schema.families, and_(_families.id == _reports.family, _families.round != _reports.round))
    .where(_reports.family.in_(bindparam("ids", expanding=True)))
)
_by_reporter = (
    select(_reports.image, _reports.family)
    .where(
        _reports.site == bindparam("site"),
        _reports.reporter >= bindparam("least"),
        _reports.reporter < bindparam("most"),
    )
    .order_by(_reports.first_at.desc())
    .limit(bindparam("limit"))
)
_all_rounds = select(schema.reports).where(_reports.family == bindparam("family")).order_by(_reports.id)
_homes = select(_reports.id, _reports.family).where(_reports.id.in_(bindparam("ids", expanding=True)))
_history = (
    select(
        _reports.id,
        _reports.reporter,
        _reports.family,
        _reports.first_at,
        _reports.outcome,
        _reports.round == _families.round,
        _families.status,
        _families.provisional,
        _families.authority,
        _families.review_by,
    )
    .join(schema.families, _families.id == _reports.family)
    .where(
        _reports.site == bindparam("site"),
        _reports.reporter.in_(bindparam("ids", expanding=True)),
        _reports.first_at > bindparam("since", type_=schema.Instant),
        _reports.withdrawn_at.is_(None),
    )
)
_live_homes = (
    select(_reports.family)
    .join(schema.families, and_(_families.id == _reports.family, _families.round == _reports.round))
    .where(
        _reports.site == bindparam("site"),
        _reports.reporter == bindparam("reporter"),
        _reports.withdrawn_at.is_(None),
    )
)
_grave = (
    select(_reports.family)
    .where(text("reason = 'child_safety'"))  # as its index has it, or it would not be used
    .where(_reports.family.in_(bindparam("ids", expanding=True)))
    .where(or_(_reports.outcome.is_(None), _reports.outcome != "rejected"))
)
_wrong = (
    select(_reports.reporter, func.count())
    .where(text("outcome = 'rejected'"))  # the same
    .where(_reports.site == bindparam("site"), _reports.first_at >= bindparam("since", type_=schema.Instant))
    .group_by(_reports.reporter)
    .order_by(func.count().desc(), _reports.reporter)
    .limit(bindparam("limit"))
)
_probations = select(_reports.probation_until).where(
    _reports.site == bindparam("site"),
    _reports.reporter == bindparam("reporter"),
    _reports.probation_until.is_not(None),
)


def of_round(connection: Connection, families: set[str]) -> list[Report]:
    """All reports of the families' present rounds, withdrawn ones included."""
    return rows.read(connection, Report, _round, ids=sorted(families))


def of_earlier_rounds(connection: Connection, families: set[str]) -> list[Report]:
    """All reports of the families' rounds before the present ones."""
    return rows.read(connection, Report, _earlier_rounds, ids=sorted(families))


def by_reporter(connection: Connection, site: str, begins: str, limit: int) -> list[tuple[str, str]]:
    """What was reported (image, family) by people whose pseudonym begins so, latest first."""
    found = connection.execute(_by_reporter, {"site": site, "least": begins, "most": begins + "g", "limit": limit})
    return [(row.image, row.family) for row in found]


def of_all_rounds(connection: Connection, family: str) -> list[Report]:
    return rows.read(connection, Report, _all_rounds, family=family)


def homes(connection: Connection, reports: set[str]) -> dict[str, str]:
    """The families of these reports, of whichever site."""
    return {row.id: row.family for row in connection.execute(_homes, {"ids": sorted(reports)})}


def live_homes(connection: Connection, site: str, reporter: str) -> set[str]:
    """The families that this person's live reports are of."""
    return set(connection.execute(_live_homes, {"site": site, "reporter": reporter}).scalars())


def history(connection: Connection, site: str, reporters: set[str], since: datetime) -> list[Past]:
    """What these people reported after `since`, one entry a report that was not withdrawn."""
    found = connection.execute(_history, {"site": site, "ids": sorted(reporters), "since": since})
    return [
        Past(
            report,
            reporter,
            family,
            at,
            outcome == "rejected",
            outcome == "confirmed",
            bool(live and status == BLOCKED and provisional and authority == Authority.MACHINE),
            bool(live and status == BLURRED and provisional and authority == Authority.MACHINE),
            review_by,
        )
        for report, reporter, family, at, outcome, live, status, provisional, authority, review_by in found
    ]


def probations(connection: Connection, site: str, reporter: str) -> list[tuple[str, datetime]]:
    """The probations that wrong blocks gave this person, by report."""
    found = connection.execute(_probations.add_columns(_reports.id), {"site": site, "reporter": reporter})
    return [(report, until) for until, report in found]


def naming_child_safety(connection: Connection, families: set[str]) -> set[str]:
    """Those of these families that anybody ever reported for child safety, and no person rejected it."""
    return set(connection.execute(_grave, {"ids": sorted(families)}).scalars())


def often_rejected(connection: Connection, site: str, since: datetime, limit: int) -> list[tuple[str, int]]:
    """Who made most of the reports since then that people rejected, and how many those are."""
    found = connection.execute(_wrong, {"site": site, "since": since, "limit": limit})
    return [(reporter, count) for reporter, count in found]


def insert(connection: Connection, reports: list[Report]) -> None:
    rows.insert(connection, schema.reports, reports)


def save(connection: Connection, reports: list[Report]) -> None:
    rows.save(connection, schema.reports, reports)
