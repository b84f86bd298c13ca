"""Reporters: who reports, as opaque pseudonyms, with what people decided about their reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import BindParameter, Connection, Table, bindparam, or_, select

from tawatur.store import rows, schema
from tawatur.store.rows import columns, many
from tawatur.store.upsert import add_up, insert_new


class Reporter(msgspec.Struct, frozen=True, gc=False):
    """One person as a keyed digest of the site's own id.

    `reported` counts the families this person ever reported, `confirmed_reports` and `reviewed_reports`
    those that people confirmed, and those that they decided at all. `told_at` is when this person was last warned or
    suspended for reports that were wrong, or cleared of it; `steps` how far that went: 1 is a warning, 2 the first
    suspension, and so on.
    """

    site: str
    id: str
    first_at: datetime
    account_created_at: datetime | None = None
    reported: int = 0
    confirmed_reports: int = 0
    reviewed_reports: int = 0
    probation_until: datetime | None = None
    muted: bool = False
    told_at: datetime | None = None
    suspended_until: datetime | None = None
    steps: int = 0

    def suspended(self, now: datetime) -> bool:
        return self.suspended_until is not None and self.suspended_until > now

    def silenced(self, now: datetime) -> bool:
        """Whether what this person reports counts for nothing now."""
        return self.muted or self.suspended(now)


class ReporterRecord(msgspec.Struct, frozen=True, gc=False):
    """One reporter's sums for one reason: earned by confirmed reports, and the number of rejected ones."""

    site: str
    reporter: str
    reason: str
    confirmed: float
    rejected: float


class Network(msgspec.Struct, frozen=True, gc=False):
    """How many people of a site were ever seen on one network (a keyed digest of its prefix)."""

    site: str
    network: str
    people: int


class NetworkPerson(msgspec.Struct, frozen=True, gc=False):
    site: str
    network: str
    reporter: str


_ids: BindParameter[Any] = bindparam("ids", expanding=True)
_site: BindParameter[Any] = bindparam("site")
_by_id = select(schema.reporters).where(schema.reporters.c.site == _site, schema.reporters.c.id.in_(_ids))
_records = select(schema.records).where(schema.records.c.site == _site, schema.records.c.reporter.in_(_ids))
_networks = select(schema.networks).where(schema.networks.c.site == _site, schema.networks.c.network.in_(_ids))
_members = select(schema.network_people.c.reporter).where(
    schema.network_people.c.site == _site,
    schema.network_people.c.network == bindparam("network"),
    schema.network_people.c.reporter.in_(_ids),
)
_with_past = _by_id.where(
    or_(schema.reporters.c.reported > 1, schema.reporters.c.reviewed_reports > 0, schema.reporters.c.muted.is_(True))
)
_COUNTS = ("reported", "confirmed_reports", "reviewed_reports")
_FACTS = ("account_created_at", "probation_until", "muted", "told_at", "suspended_until", "steps")


def of_ids(connection: Connection, site: str, ids: set[str]) -> list[Reporter]:
    return rows.read(connection, Reporter, _by_id, site=site, ids=sorted(ids))


def records(connection: Connection, site: str, reporters: set[str]) -> list[ReporterRecord]:
    return rows.read(connection, ReporterRecord, _records, site=site, ids=sorted(reporters))


def networks(connection: Connection, site: str, ids: set[str]) -> list[Network]:
    return rows.read(connection, Network, _networks, site=site, ids=sorted(ids))


def with_past(connection: Connection, site: str, ids: set[str]) -> list[Reporter]:
    """Those of these people who reported more than once, were judged or are muted: whose past can bear on a case."""
    return rows.read(connection, Reporter, _with_past, site=site, ids=sorted(ids))


def members(connection: Connection, site: str, network: str, reporters: set[str]) -> set[str]:
    """Which of these people were seen on this network before."""
    found = connection.execute(_members, {"site": site, "network": network, "ids": sorted(reporters)})
    return set(found.scalars())


def insert(connection: Connection, reporters: list[Reporter]) -> None:
    """Inserts people, or adds their counts where another process met them a moment ago and knows the rest."""
    add_up(connection, schema.reporters, reporters, adding=_COUNTS, keeping=("first_at", *_FACTS))


def save(connection: Connection, changes: list[tuple[Reporter, Reporter]]) -> None:
    """Makes of each person as they were read what they are now: counts are added to, of the rest only what changed is
    written, since another process may count the same person, or put them on probation, at the same time."""
    changes.sort(key=lambda change: (change[1].site, change[1].id))
    by_facts: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for before, after in changes:
        facts = tuple(name for name in _FACTS if getattr(before, name) != getattr(after, name))
        values = columns(after)
        values.update({f"more_{name}": values[name] - getattr(before, name) for name in _COUNTS})
        values.update(key_site=after.site, key_id=after.id)
        by_facts.setdefault(facts, []).append(values)
    for facts, group in by_facts.items():
        many(connection, _saving(facts), schema.reporters, group)


@cache
def _saving(facts: tuple[str, ...]) -> Callable[[Table, str], Any]:
    def make(table: Table, dialect: str) -> Any:
        mine = schema.reporters.c
        added = {name: mine[name] + bindparam(f"more_{name}") for name in _COUNTS}
        changed: dict[str, Any] = {name: bindparam(name) for name in facts}
        named = mine.site == bindparam("key_site"), mine.id == bindparam("key_id")
        return table.update().where(*named).values(**added, **changed)

    return make


def add_records(connection: Connection, sums: list[ReporterRecord]) -> None:
    add_up(connection, schema.records, sums)


def see(connection: Connection, seen: list[NetworkPerson]) -> None:
    """Notes that people were seen on networks, and counts those who are new there."""
    new = insert_new(connection, schema.network_people, seen)
    totals = Counter((one["site"], one["network"]) for one in new)
    add_up(connection, schema.networks, [Network(site, network, people) for (site, network), people in totals.items()])
