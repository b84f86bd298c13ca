"""Families: an image and its copies, and the state they share."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, func, select, tuple_, union_all

from tawatur.store import rows, schema

VISIBLE, BLURRED, BLOCKED = "visible", "blurred", "blocked"
MOST_COUNTED = 1_000
"""Families of one status that are counted at each look: nobody needs to know whether 200,000 or 300,000 wait."""


class Authority(IntEnum):
    """Who decided the state that stands; a higher one is never overruled by a lower one."""

    NOBODY = 0
    MACHINE = 1
    MODERATOR = 2
    ADMIN = 3


class Family(msgspec.Struct, frozen=True, gc=False):
    """An image and its copies. Evidence is pooled over it, and its `status` is that of all of them.

    `cause` is what brought the status about ("reports", "bank", "review", ...). `round` counts the human verdicts that
    closed earlier reports; a report is live in the round it was made in. `outcome` is the latest human verdict,
    `immune_until` the end of the immunity that a rejection gave. `views` are those of all its images, None until the
    site says some. `version` grows with every change of it or its reports. `shadow` is the status that it would have,
    where a policy in shadow would have withheld it. `look_value` is what a look was worth when the engine judged it
    last, and `look_reason` the rule that it may break.
    """

    id: str
    site: str
    created_at: datetime
    status: str = VISIBLE
    provisional: bool = False
    authority: int = Authority.NOBODY
    cause: str | None = None
    reason: str | None = None
    outcome: str | None = None
    immune_until: datetime | None = None
    rejections: int = 0
    round: int = 0
    acted_at: datetime | None = None
    review_by: datetime | None = None
    queued_at: datetime | None = None
    look_value: float = 0.0
    views: int | None = None
    version: int = 0
    shadow: str | None = None
    look_reason: str | None = None


_families = schema.families.c
_by_id = select(schema.families).where(_families.id.in_(bindparam("ids", expanding=True))).order_by(_families.id)
_locked = _by_id.with_for_update()
_overdue = (
    select(_families.id)
    .where(_families.review_by <= bindparam("now", type_=schema.Instant), _families.provisional.is_(True))
    .order_by(_families.review_by)
    .limit(bindparam("limit"))
)

_overdue_there = (
    select(_families.id)
    .where(
        _families.site == bindparam("site"),
        _families.review_by <= bindparam("now", type_=schema.Instant),
        _families.provisional.is_(True),
    )
    .order_by(_families.id)
)

_waiting = select(schema.families).where(_families.site == bindparam("site"), _families.queued_at.is_not(None))
_of_status = [
    select(_families.status)
    .where(_families.site == bindparam("site"), _families.queued_at.is_not(None), _families.status == status)
    .limit(MOST_COUNTED + 1)
    .subquery()
    for status in (VISIBLE, BLURRED, BLOCKED)
]
_counts = union_all(*(select(one.c.status, func.count()).group_by(one.c.status) for one in _of_status))

_queues = (
    select(_families.status, func.count(), func.min(_families.queued_at, type_=schema.Instant))
    .where(_families.queued_at.is_not(None))
    .group_by(_families.status)
)


def queues(connection: Connection) -> dict[str, tuple[int, datetime]]:
    """Of all sites together: how many families of each status wait for a person, and since when the first."""
    return {row[0]: (row[1], row[2]) for row in connection.execute(_queues)}


def queued(
    connection: Connection,
    site: str,
    limit: int,
    status: str | None = None,
    reason: str | None = None,
    after: tuple[float, str] | None = None,
) -> list[Family]:
    """The site's families that wait for a person, those worth most first: only those of this status or reason where one
    is given, and only those after this place (look_value, id)."""
    wanted = _waiting
    values: dict[str, Any] = {"site": site}
    if status is not None:
        wanted, values = wanted.where(_families.status == bindparam("status")), {**values, "status": status}
    if reason is not None:
        wanted, values = wanted.where(_families.look_reason == bindparam("reason")), {**values, "reason": reason}
    if after is not None:
        wanted = wanted.where(tuple_(_families.look_value, _families.id) < tuple_(*map(bindparam, ("value", "place"))))
        values.update(value=after[0], place=after[1])
    ordered = wanted.order_by(_families.look_value.desc(), _families.id.desc()).limit(limit)
    return rows.read(connection, Family, ordered, **values)


def queued_counts(connection: Connection, site: str) -> dict[str, int]:
    """How many families of each status wait for a person; one more than `MOST_COUNTED` says that there are more."""
    return {row[0]: row[1] for row in connection.execute(_counts, {"site": site})}


def of_ids(connection: Connection, ids: set[str], *, lock: bool) -> list[Family]:
    """The families with these ids; with `lock`, held until the transaction ends, taken in id order."""
    return rows.read(connection, Family, _locked if lock else _by_id, ids=sorted(ids))


def overdue(connection: Connection, now: datetime, limit: int) -> list[str]:
    """Families whose provisional state nobody looked at in time."""
    return list(connection.execute(_overdue, {"now": now, "limit": limit}).scalars())


def overdue_there(connection: Connection, site: str, now: datetime) -> list[str]:
    """All such families of one site."""
    return list(connection.execute(_overdue_there, {"site": site, "now": now}).scalars())


def insert(connection: Connection, families: list[Family]) -> None:
    rows.insert(connection, schema.families, families)


def save(connection: Connection, families: list[Family]) -> None:
    rows.save(connection, schema.families, families)
