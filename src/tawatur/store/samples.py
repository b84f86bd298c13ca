"""Samples: cases that chance picked for a person to look at, whatever a look is worth, and what people made of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Column, Connection, Index, Table, Text, and_, bindparam, exists, func, select

from tawatur.store import rows, schema
from tawatur.store.families import VISIBLE, Authority
from tawatur.store.schema import Instant, metadata
from tawatur.store.upsert import insert_new

BLOCKED, LEFT = "blocked", "left"
"""What was sampled: what reports blocked, or what they did not."""

_samples = Table(
    "samples",
    metadata,
    Column("family", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("site", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Index("ix_samples_site_at", "site", "at"),
)


class Sample(msgspec.Struct, frozen=True, gc=False):
    """A family that was picked, as one that reports blocked at `at` or left alone until then."""

    family: str
    kind: str
    site: str
    at: datetime


class Seen(msgspec.Struct, frozen=True, gc=False):
    """A sample and what a person made of it first; None while nobody has looked."""

    family: str
    kind: str
    at: datetime
    outcome: str | None


_verdicts, _reports, _families, _reviews = (
    schema.verdicts.c,
    schema.reports.c,
    schema.families.c,
    schema.reviews.c,
)
_looked_at = exists().where(_reviews.family == _samples.c.family, _reviews.at >= _samples.c.at)
_waiting = and_(_samples.c.site == bindparam("site"), ~_looked_at)
_pending = select(_samples.c.family).where(_waiting).group_by(_samples.c.family).order_by(func.min(_samples.c.at))
_which = select(_samples.c.family).where(_waiting, _samples.c.family.in_(bindparam("ids", expanding=True)))
_first = (
    select(_reviews.outcome)
    .where(_reviews.family == _samples.c.family, _reviews.at >= _samples.c.at)
    .order_by(_reviews.id)
    .limit(1)
    .scalar_subquery()
)
_between = select(_samples.c.family, _samples.c.kind, _samples.c.at, _first).where(
    _samples.c.site == bindparam("site"),
    _samples.c.at >= bindparam("since", type_=Instant),
    _samples.c.at < bindparam("until", type_=Instant),
)
_blocks = (
    select(_verdicts.family, _verdicts.at)
    .join(schema.families, _families.id == _verdicts.family)
    .where(
        _verdicts.site == bindparam("site"),
        _verdicts.action == "block",
        _verdicts.at > bindparam("after", type_=Instant),
        _verdicts.at <= bindparam("until", type_=Instant),
        _families.shadow.is_(None),
    )
    .order_by(_verdicts.at)
    .limit(bindparam("limit"))
)
_reported = (
    select(_reports.family, _reports.first_at)
    .where(
        _reports.site == bindparam("site"),
        _reports.first_at > bindparam("after", type_=Instant),
        _reports.first_at <= bindparam("until", type_=Instant),
    )
    .order_by(_reports.first_at)
    .limit(bindparam("limit"))
)
_left_alone = (
    select(_families.id)
    .where(
        _families.id.in_(bindparam("ids", expanding=True)),
        _families.status == VISIBLE,
        _families.authority == int(Authority.NOBODY),
        _families.outcome.is_(None),
        _families.queued_at.is_(None),
        _families.shadow.is_(None),
    )
    .where(exists().where(_reports.family == _families.id, _reports.withdrawn_at.is_(None)))
)


def blocks(
    connection: Connection, site: str, after: datetime, until: datetime, limit: int
) -> list[tuple[str, datetime]]:
    """What reports blocked (family, when) after one moment and up to another, oldest first; nothing that a policy in
    shadow would have blocked."""
    values = {"site": site, "after": after, "until": until, "limit": limit}
    return [(row.family, row.at) for row in connection.execute(_blocks, values)]


def reported(
    connection: Connection, site: str, after: datetime, until: datetime, limit: int
) -> list[tuple[str, datetime]]:
    """What was reported (family, when), as often as it was."""
    values = {"site": site, "after": after, "until": until, "limit": limit}
    return [(row.family, row.first_at) for row in connection.execute(_reported, values)]


def left_alone(connection: Connection, families: set[str]) -> set[str]:
    """Those of them that are reported, and with which nobody did anything, neither the engine nor a person."""
    return set(connection.execute(_left_alone, {"ids": sorted(families)}).scalars())


def pick(connection: Connection, picked: Sequence[Sample]) -> None:
    """Keeps those that were not picked before."""
    insert_new(connection, _samples, picked)


def pending(connection: Connection, site: str, limit: int) -> list[str]:
    """The families that wait for a look, the longest first."""
    return list(connection.execute(_pending.limit(limit), {"site": site}).scalars())


def pending_count(connection: Connection, site: str) -> int:
    return int(connection.execute(select(func.count()).select_from(_pending.subquery()), {"site": site}).scalar_one())


def which_pend(connection: Connection, site: str, families: set[str]) -> set[str]:
    """Those of these families that wait for a look as samples."""
    return set(connection.execute(_which, {"site": site, "ids": sorted(families)}).scalars())


def between(connection: Connection, site: str, since: datetime, until: datetime) -> list[Seen]:
    """The samples of a period, and what people made of each."""
    return rows.read(connection, Seen, _between, site=site, since=since, until=until)
