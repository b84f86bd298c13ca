"""Proofs of work that anonymous readers have used: each is good once, in all processes, and how many there were of late
says how hard the next one must be. Kept for an hour."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import Column, Connection, Index, Table, Text, bindparam, case, delete, func, select

from tawatur.store.schema import Instant, metadata
from tawatur.store.upsert import insert_new

_table = Table(
    "proofs",
    metadata,
    Column("site", Text, primary_key=True),
    Column("digest", Text, primary_key=True),
    Column("network", Text, nullable=False),
    Column("at", Instant, nullable=False, index=True),
    Index("ix_proofs_site_at", "site", "at"),
)


class Proof(msgspec.Struct, frozen=True, gc=False):
    """One that was used: a digest of the challenge, and the keyed digest of the network that it came from."""

    site: str
    digest: str
    network: str
    at: datetime


class Pace(msgspec.Struct, frozen=True, gc=False):
    """How many a site got lately, and how many of one network since another moment, the first of them `first`."""

    site: int
    network: int
    first: datetime | None


_proofs = _table.c
_mine = _proofs.network == bindparam("network")
_pace = select(
    func.count(case((_proofs.at > bindparam("lately", type_=Instant), 1))),
    func.count(case((_mine, 1))),
    func.min(case((_mine, _proofs.at)), type_=Instant),
).where(_proofs.site == bindparam("site"), _proofs.at > bindparam("since", type_=Instant))
_forget = delete(_table).where(_proofs.at < bindparam("before", type_=Instant))


def use(connection: Connection, proof: Proof) -> bool:
    """Whether this one was not used before; from now on it was."""
    return bool(insert_new(connection, _table, [proof]))


def pace(connection: Connection, site: str, network: str, since: datetime, lately: datetime) -> Pace:
    """How many there were: of the site after `lately`, of the network after `since`, which is earlier."""
    values = {"site": site, "network": network, "since": since, "lately": lately}
    return Pace(*connection.execute(_pace, values).one())


def forget(connection: Connection, before: datetime) -> int:
    """Drops those that were used before then; returns how many."""
    return connection.execute(_forget, {"before": before}).rowcount
