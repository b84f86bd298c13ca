"""Events that an endpoint did not take at once: what is tried again, what waits behind it, and what was given up.

A row holds an event's position and nothing of the event, which is read from the log each time it is sent: what is
erased there is told nowhere any more. What went through leaves no row.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    Table,
    Text,
    bindparam,
    delete,
    func,
    select,
    update,
)

from tawatur.store import rows
from tawatur.store.schema import Instant, metadata
from tawatur.store.upsert import put

_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("webhook", Text, primary_key=True),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("image", Text, nullable=False),
    Column("since", Instant, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", Instant, index=True),
    Column("dead_at", Instant, index=True),
    Column("why", Text, nullable=False),
    Index("ix_webhook_deliveries_webhook_image_position", "webhook", "image", "position"),
)


class Delivery(msgspec.Struct, frozen=True):
    """An event's way to one endpoint. It waits `since` then, was sent `attempts` times, failed last for `why`, and is
    sent again at `next_at`; without that it waits for an earlier event of its image (empty: those of none). `dead_at`:
    when it was given up."""

    webhook: str
    position: int
    image: str
    since: datetime
    attempts: int = 0
    next_at: datetime | None = None
    dead_at: datetime | None = None
    why: str = ""


class Count(msgspec.Struct, frozen=True):
    """An endpoint's deliveries: those that wait, the position of the first, over how many images, and the dead
    letters."""

    waiting: int
    first: int | None
    images: int
    dead: int


_rows = _deliveries.c
_its = _rows.webhook == bindparam("whose")
_open = _rows.dead_at.is_(None)
_due = (
    select(_rows.image)
    .where(_its, _open, _rows.next_at <= bindparam("now", type_=Instant))
    .order_by(_rows.next_at)
    .limit(bindparam("limit"))
)
_images = select(_rows.image, func.count().label("held")).where(_its, _open).group_by(_rows.image)
_of_image = (
    select(_deliveries)
    .where(_its, _open, _rows.image == bindparam("image"))
    .order_by(_rows.position)
    .limit(bindparam("limit"))
)
_dead = select(_deliveries).where(_its, _rows.dead_at.is_not(None))
_page = _dead.where(_rows.position > bindparam("after")).order_by(_rows.position).limit(bindparam("limit"))
_all_due = select(_rows.webhook).distinct().where(_open, _rows.next_at <= bindparam("now", type_=Instant))
_counts = (
    select(
        _rows.webhook,
        func.count().filter(_open),
        func.min(_rows.position).filter(_open),
        func.count(_rows.image.distinct()).filter(_open),
        func.count().filter(_rows.dead_at.is_not(None)),
    )
    .where(_rows.webhook.in_(bindparam("webhooks", expanding=True)))
    .group_by(_rows.webhook)
)
_ready = (
    update(_deliveries)
    .where(
        _its,
        _rows.position
        == select(func.min(_rows.position)).where(_its, _open, _rows.image == bindparam("of")).scalar_subquery(),
        _rows.next_at.is_(None),
    )
    .values(next_at=bindparam("now"))
)
_again = _its & _rows.dead_at.is_not(None)


def due(connection: Connection, webhook: str, now: datetime, limit: int) -> list[str]:
    """Images whose earliest delivery is to be tried by now, longest due first."""
    return list(connection.execute(_due, {"whose": webhook, "now": now, "limit": limit}).scalars())


def due_anywhere(connection: Connection, now: datetime) -> set[str]:
    """The endpoints that have deliveries to be tried by now."""
    return set(connection.execute(_all_due, {"now": now}).scalars())


def held_images(connection: Connection, webhook: str) -> dict[str, int]:
    """The images whose events wait, and how many."""
    return {row.image: row.held for row in connection.execute(_images, {"whose": webhook})}


def of_image(connection: Connection, webhook: str, image: str, limit: int) -> list[Delivery]:
    """The first deliveries of an image that are neither made nor given up."""
    return rows.read(connection, Delivery, _of_image, whose=webhook, image=image, limit=limit)


def dead(connection: Connection, webhook: str, after: int, limit: int) -> list[Delivery]:
    """The first dead letters after that position."""
    return rows.read(connection, Delivery, _page, whose=webhook, after=after, limit=limit)


def counts(connection: Connection, webhooks: Sequence[str]) -> dict[str, Count]:
    """Of each of these endpoints that has any."""
    found = connection.execute(_counts, {"webhooks": list(webhooks)})
    return {webhook: Count(*numbers) for webhook, *numbers in found}


def save(connection: Connection, deliveries: Sequence[Delivery]) -> None:
    """Inserts or overwrites."""
    put(connection, _deliveries, deliveries)


def done(connection: Connection, webhook: str, positions: Sequence[int]) -> None:
    """Forgets what went through."""
    if positions:
        gone = delete(_deliveries).where(_its, _rows.position == bindparam("at"))
        connection.execute(gone, [{"whose": webhook, "at": position} for position in positions])


def make_ready(connection: Connection, webhook: str, images: Iterable[str], now: datetime) -> None:
    """The first that waits of each of these images is to be tried now, unless it has its time already."""
    values = [{"whose": webhook, "of": image, "now": now} for image in sorted(images)]
    if values:
        connection.execute(_ready, values)


def revive(connection: Connection, webhook: str, positions: Sequence[int] | None, now: datetime) -> int:
    """Dead letters, at these positions or all, are tried again from now on, for as long as new ones; how many."""
    which = _again if positions is None else _again & _rows.position.in_(positions)
    images = list(connection.execute(select(_rows.image).where(which).distinct(), {"whose": webhook}).scalars())
    fresh = {"since": now, "attempts": 0, "next_at": None, "dead_at": None, "why": ""}
    count = connection.execute(update(_deliveries).where(which).values(fresh), {"whose": webhook}).rowcount
    waiting = update(_deliveries).where(_its, _open, _rows.image == bindparam("of")).values(next_at=None)
    if images:
        connection.execute(waiting, [{"whose": webhook, "of": image} for image in sorted(images)])
    make_ready(connection, webhook, images, now)
    return int(count)


def remove(connection: Connection, webhook: str) -> None:
    connection.execute(delete(_deliveries).where(_its), {"whose": webhook})


def forget_dead(connection: Connection, before: datetime) -> int:
    """Deletes the dead letters that were given up before then; how many."""
    old = delete(_deliveries).where(_rows.dead_at < bindparam("before", type_=Instant))
    return int(connection.execute(old, {"before": before}).rowcount)
