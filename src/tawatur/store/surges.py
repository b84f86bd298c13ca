"""Surges of reports: how many came in each hour, what was found of the hours that had far too many, and what it is
found from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Float,
    Integer,
    Table,
    Text,
    bindparam,
    case,
    func,
    literal_column,
    or_,
    select,
    type_coerce,
)

from tawatur.store import rows, schema
from tawatur.store.reports import Report
from tawatur.store.schema import Instant, metadata
from tawatur.store.upsert import put

_hours = Table(
    "report_hours",
    metadata,
    Column("site", Text, primary_key=True),
    Column("hour", Instant, primary_key=True),
    Column("reports", Integer, nullable=False),
)
_surges = Table(
    "surges",
    metadata,
    Column("site", Text, primary_key=True),
    Column("begins", Instant, primary_key=True),
    Column("ends", Instant, nullable=False),
    Column("reports", Integer, nullable=False),
    Column("usual", Float, nullable=False),
    Column("peak", Integer, nullable=False),
    Column("attack", Boolean, nullable=False),
    Column("at", Instant, nullable=False),
    Column("body", Text, nullable=False),
)


class ReportHour(msgspec.Struct, frozen=True, gc=False):
    """How many people first reported something in the hour from `hour`."""

    site: str
    hour: datetime
    reports: int


class StoredSurge(msgspec.Struct, frozen=True, gc=False):
    """Hours with far more reports than usual, as they were looked at last, at `at`. `body` is what was found, as JSON;
    it names images and counts people, and names nobody."""

    site: str
    begins: datetime
    ends: datetime
    reports: int
    usual: float
    peak: int
    attack: bool
    at: datetime
    body: str


class Reported(msgspec.Struct, frozen=True):
    """A family, one of its images, and how many people it is about."""

    family: str
    image: str
    people: int


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_reports = schema.reports.c
_verdicts = schema.verdicts.c
_hour = type_coerce(_reports.first_at, BigInteger) // literal_column("3600000000", BigInteger)
_in_window = (
    _reports.site == bindparam("site"),
    _reports.first_at >= bindparam("since", type_=Instant),
    _reports.first_at < bindparam("until", type_=Instant),
)
_counted = (
    select(_hour, func.count())
    .where(_reports.site == bindparam("site"), _reports.first_at >= bindparam("since", type_=Instant))
    .group_by(_hour)
)
_kept_hours = select(_hours).where(
    _hours.c.site == bindparam("site"), _hours.c.hour >= bindparam("since", type_=Instant)
)
_last_hour = select(func.max(type_coerce(_hours.c.hour, BigInteger))).where(_hours.c.site == bindparam("site"))
_stood = or_(_reports.withdrawn_at.is_(None), _reports.voided.is_(True))
_several = func.count() >= bindparam("several")
_most_reported = (
    select(
        _reports.family,
        func.min(_reports.image),
        func.count(),
        func.sum(case((_several, 1), else_=0)).over(),
    )
    .where(*_in_window, _stood)
    .group_by(_reports.family)
    .order_by(func.count().desc(), _reports.family)
    .limit(bindparam("limit"))
)
_latest_reports = select(schema.reports).where(*_in_window).order_by(_reports.first_at.desc()).limit(bindparam("limit"))
_of_people = (
    select(_reports.family, func.min(_reports.image), func.count(_reports.reporter.distinct()))
    .where(*_in_window, _reports.reporter.in_(bindparam("people", expanding=True)))
    .group_by(_reports.family)
    .order_by(func.count(_reports.reporter.distinct()).desc(), _reports.family)
    .limit(bindparam("limit"))
)
_blocked = (
    select(_verdicts.family)
    .where(
        _verdicts.site == bindparam("site"),
        _verdicts.action == "block",
        _verdicts.at >= bindparam("since", type_=Instant),
        _verdicts.at < bindparam("until", type_=Instant),
    )
    .distinct()
    .limit(bindparam("limit"))
)
_of_site = select(_surges).where(_surges.c.site == bindparam("site"))
_latest = _of_site.order_by(_surges.c.begins.desc()).limit(bindparam("limit"))
_since = (
    select(_surges.c.attack)
    .where(_surges.c.site == bindparam("site"), _surges.c.ends > bindparam("since", type_=Instant))
    .order_by(_surges.c.begins.desc())
)


def counted_hours(connection: Connection, site: str, since: datetime) -> dict[datetime, int]:
    """How many reports came in each hour from `since` on, counted now; hours without any are left out."""
    found = connection.execute(_counted, {"site": site, "since": since})
    return {_EPOCH + timedelta(hours=hour): count for hour, count in found}


def kept_hours(connection: Connection, site: str, since: datetime) -> dict[datetime, int]:
    """The same as they were counted before."""
    return {one.hour: one.reports for one in rows.read(connection, ReportHour, _kept_hours, site=site, since=since)}


def last_hour(connection: Connection, site: str) -> datetime | None:
    """The last hour that is kept."""
    found = connection.execute(_last_hour, {"site": site}).scalar()
    return None if found is None else _EPOCH + timedelta(microseconds=found)


def keep_hours(connection: Connection, site: str, counts: Mapping[datetime, int]) -> None:
    put(connection, _hours, [ReportHour(site, hour, count) for hour, count in counts.items()])


def most_reported(
    connection: Connection, site: str, since: datetime, until: datetime, several: int, limit: int
) -> tuple[list[Reported], int]:
    """The families that most people reported in that time, the most reported first, and how many families `several`
    or more did. Who took a report back did not report; whose report was voided did."""
    values = {"site": site, "since": since, "until": until, "several": several, "limit": limit}
    found = connection.execute(_most_reported, values).all()
    return [Reported(family, image, people) for family, image, people, _ in found], int(found[0][3]) if found else 0


def latest_reports(connection: Connection, site: str, since: datetime, until: datetime, limit: int) -> list[Report]:
    """The reports of that time, withdrawn ones included, the latest first."""
    return rows.read(connection, Report, _latest_reports, site=site, since=since, until=until, limit=limit)


def reported_by(
    connection: Connection, site: str, people: Sequence[str], since: datetime, until: datetime, limit: int
) -> list[Reported]:
    """What most of these people reported in that time."""
    values = {"site": site, "people": sorted(people), "since": since, "until": until, "limit": limit}
    return [Reported(*row) for row in connection.execute(_of_people, values)] if people else []


def blocked(connection: Connection, site: str, since: datetime, until: datetime, limit: int) -> list[str]:
    """The families that reports blocked in that time."""
    values = {"site": site, "since": since, "until": until, "limit": limit}
    return sorted(connection.execute(_blocked, values).scalars())


def latest(connection: Connection, site: str, limit: int) -> list[StoredSurge]:
    """The site's surges, the latest first."""
    return rows.read(connection, StoredSurge, _latest, site=site, limit=limit)


def ended_after(connection: Connection, site: str, since: datetime) -> list[bool]:
    """Whether each surge that ended after then is an attack, the latest first."""
    return list(connection.execute(_since, {"site": site, "since": since}).scalars())


def save(connection: Connection, found: Sequence[StoredSurge]) -> None:
    """Puts each in the place of the one that began with it."""
    put(connection, _surges, found)
