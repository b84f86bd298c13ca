"""What an operator watches and only the database knows: what waits for people, what readers of the log have not read,
what was counted, and where the breaker stops automatic blocks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection

from tawatur.decision.gates import breaker_at
from tawatur.moderation.cases import blocks_an_hour, policy_of
from tawatur.moderation.webhooks import standings
from tawatur.store import cursors, events, families, seals, sites, tallies
from tawatur.store.database import Database
from tawatur.store.ids import new_id
from tawatur.store.reading_book import ReadingBook
from tawatur.store.tallies import Tally
from tawatur.store.webhooks import GONE, ON


class Queue(msgspec.Struct, frozen=True):
    """How many cases wait for a person, and how many seconds the first of them has."""

    cases: int
    oldest_s: float


class Lag(msgspec.Struct, frozen=True):
    """How many events a reader of the log has not read, and how many seconds old the first of them is."""

    events: int
    seconds: float


class Hooks(msgspec.Struct, frozen=True):
    """Of all webhooks that are on: how many events wait to arrive, for how many seconds the first does, and how many
    were given up; `gone` are webhooks whose receivers ended them."""

    waiting: int
    oldest_s: float
    dead: int
    gone: int


class Vitals(msgspec.Struct, frozen=True):
    """Of all sites together. `queues` by the status that readers see; `lags` by reader; `unpositioned` are events that
    no reader sees yet."""

    queues: dict[str, Queue]
    lags: dict[str, Lag]
    unpositioned: Lag
    tallies: list[Tally]
    breakers: int
    hooks: Hooks


def vitals(database: Database, readers: Iterable[str], now: datetime) -> Vitals:
    """How things stand. Raises DatabaseUnavailable."""
    hooks = _hooks(database, now)
    with database.read() as connection:
        queues = families.queues(connection)
        return Vitals(
            {status: Queue(count, _age(since, now)) for status, (count, since) in queues.items()},
            {reader: lag(connection, reader, now) for reader in readers},
            unpositioned(connection, now),
            tallies.all_of_them(connection),
            sum(_stopped(connection, site, now) for site in sites.blocking(connection, now - timedelta(hours=1))),
            hooks,
        )


def lag(connection: Connection, reader: str, now: datetime) -> Lag:
    """How far this reader is behind the log's head."""
    at = cursors.position(connection, reader)
    return Lag(max(0, events.head(connection) - at), _age(events.first_after(connection, at), now))


def unpositioned(connection: Connection, now: datetime) -> Lag:
    """The committed events to which the sequencer has given no position."""
    count, since = seals.unpositioned(connection)
    return Lag(count, _age(since, now))


def _hooks(database: Database, now: datetime) -> Hooks:
    known = standings(database)
    on = [one for one in known if one.webhook.status == ON]
    return Hooks(
        sum(one.waiting for one in on),
        max((one.behind_s(now) for one in on), default=0.0),
        sum(one.dead for one in known),
        sum(one.webhook.status == GONE for one in known),
    )


def _stopped(connection: Connection, site: str, now: datetime) -> bool:
    """Whether the breaker stops automatic blocks on this site now."""
    book = ReadingBook(connection, new_id)
    blocks, usual = blocks_an_hour(book, site, now)
    return blocks >= breaker_at(policy_of(book, site), usual)


def _age(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())
