"""The endpoints that a site has its events sent to, and which process sends to each of them now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Column, Connection, Integer, Table, Text, bindparam, delete, select, update

from tawatur.store import cursors, rows
from tawatur.store.events import EventRow
from tawatur.store.schema import Instant, metadata
from tawatur.store.schema import events as events_table
from tawatur.store.upsert import insert_new

ON, OFF, GONE = "on", "off", "gone"

_webhooks = Table(
    "webhooks",
    metadata,
    Column("id", Text, primary_key=True),
    Column("site", Text, nullable=False, index=True),
    Column("url", Text, nullable=False),
    Column("events", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("status", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("secret", Integer, nullable=False),
    Column("earlier_until", Instant),
    Column("rotated_by", Text),
    Column("rests_until", Instant),
    Column("held_by", Text),
    Column("held_until", Instant),
)


class Webhook(msgspec.Struct, frozen=True):
    """An endpoint. `events` are the types that it is sent, separated by commas; empty: all. `status`: "on", "off", or
    "gone" where it said so itself. `version` grows with each change. `secret` counts its secrets; the one before signs
    too until `earlier_until`, and `rotated_by` is the digest of the request that made the last. It is left alone until
    `rests_until`. The process `held_by` alone sends to it until `held_until`."""

    id: str
    site: str
    url: str
    events: str
    description: str
    created_at: datetime
    status: str = ON
    version: int = 1
    secret: int = 1
    earlier_until: datetime | None = None
    rotated_by: str | None = None
    rests_until: datetime | None = None
    held_by: str | None = None
    held_until: datetime | None = None

    @property
    def types(self) -> list[str]:
        return self.events.split(",") if self.events else []

    @property
    def reader(self) -> str:
        """What its cursor in the log is called."""
        return READERS + self.id


READERS = "webhook/"
"""Cursors whose names begin so are those of endpoints, and are as far behind as their receivers are."""

_hooks, _events = _webhooks.c, events_table.c
_every = select(_webhooks).order_by(_hooks.id)
_of_site = _every.where(_hooks.site == bindparam("site"))
_one = select(_webhooks).where(_hooks.id == bindparam("id"))
_free = _hooks.held_by.is_(None) | (_hooks.held_until <= bindparam("now", type_=Instant))
_taken = (
    update(_webhooks)
    .where(_hooks.id == bindparam("key"), _hooks.status == ON, _free | (_hooks.held_by == bindparam("dead")))
    .values(held_by=bindparam("me"), held_until=bindparam("until"))
)
_mine = (_hooks.id == bindparam("key"), _hooks.held_by == bindparam("me"))
_kept = update(_webhooks).where(*_mine).values(held_until=bindparam("until"))
_left = update(_webhooks).where(*_mine).values(held_by=None, held_until=None)
_resting = update(_webhooks).where(*_mine).values(rests_until=bindparam("until"))
_gone = update(_webhooks).where(*_mine).values(status=GONE, version=_hooks.version + 1)
_after = (
    select(_events.position, _events.image)
    .where(
        _events.site == bindparam("site"), _events.position > bindparam("after"), _events.position <= bindparam("last")
    )
    .order_by(_events.position)
    .limit(bindparam("limit"))
)
_after_of_types = _after.where(_events.type.in_(bindparam("types", expanding=True)))
_at = select(events_table).where(
    _events.site == bindparam("site"), _events.position.in_(bindparam("positions", expanding=True))
)


class Place(msgspec.Struct, frozen=True, gc=False):
    """Where an event stands, and which image it is about; empty: none."""

    position: int
    image: str


def every(connection: Connection) -> list[Webhook]:
    return rows.read(connection, Webhook, _every)


def of_site(connection: Connection, site: str) -> list[Webhook]:
    return rows.read(connection, Webhook, _of_site, site=site)


def one(connection: Connection, key: str, *, lock: bool = False) -> Webhook | None:
    """The endpoint; `lock` holds it until the transaction ends."""
    found = rows.read(connection, Webhook, _one.with_for_update() if lock else _one, id=key)
    return next(iter(found), None)


def insert(connection: Connection, webhook: Webhook, after: int) -> bool:
    """A new endpoint, which is sent what stands after that position; False where there is one of this id."""
    if not insert_new(connection, _webhooks, [webhook]):
        return False
    cursors.hold(connection, webhook.reader)
    cursors.move(connection, webhook.reader, after)
    return True


def save(connection: Connection, webhook: Webhook) -> None:
    rows.save(connection, _webhooks, [webhook])


def remove(connection: Connection, webhook: Webhook) -> None:
    connection.execute(delete(_webhooks).where(_hooks.id == webhook.id))
    cursors.remove(connection, webhook.reader)


def take(connection: Connection, key: str, me: str, now: datetime, until: datetime, dead: str | None = None) -> bool:
    """Makes this process the one that sends to the endpoint, where it is on and no other does, or `dead` did; whether
    it is now."""
    values = {"key": key, "me": me, "now": now, "until": until, "dead": dead}
    return bool(connection.execute(_taken, values).rowcount == 1)


def keep(connection: Connection, key: str, me: str, until: datetime) -> bool:
    """Remains it, and holds the endpoint's row until the transaction ends; False where another took it over, or where
    it is removed."""
    return bool(connection.execute(_kept, {"key": key, "me": me, "until": until}).rowcount == 1)


def leave(connection: Connection, key: str, me: str) -> None:
    connection.execute(_left, {"key": key, "me": me})


def rest(connection: Connection, key: str, me: str, until: datetime) -> None:
    """Nobody sends to it until then."""
    connection.execute(_resting, {"key": key, "me": me, "until": until})


def close(connection: Connection, key: str, me: str) -> None:
    """It said that it is gone."""
    connection.execute(_gone, {"key": key, "me": me})


def places(connection: Connection, webhook: Webhook, after: int, last: int, limit: int) -> list[Place]:
    """The first events for the endpoint with positions above `after`, up to `last`."""
    values: dict[str, object] = {"site": webhook.site, "after": after, "last": last, "limit": limit}
    statement = _after
    if webhook.types:
        statement, values["types"] = _after_of_types, webhook.types
    return [Place(row.position, row.image or "") for row in connection.execute(statement, values)]


def told(connection: Connection, site: str, positions: Sequence[int]) -> dict[int, EventRow]:
    """The site's events at these positions, as they stand in the log now."""
    found = rows.read(connection, EventRow, _at, site=site, positions=list(positions))
    return {event.position or 0: event for event in found}
