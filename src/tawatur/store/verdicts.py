"""What was decided of a family: verdicts of the engine that acted, and reviews by people."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import BindParameter, Connection, bindparam, delete, select, update

from tawatur.store import rows, schema


class StoredVerdict(msgspec.Struct, frozen=True, gc=False):
    """A verdict that changed a state, with every number it used, as JSON in `body`."""

    id: str
    site: str
    family: str
    at: datetime
    action: str
    body: str


class Review(msgspec.Struct, frozen=True, gc=False):
    """A person's decision on a case. `reviewer` is a keyed digest of the site's id for that person; `measure` is what
    upholding it did ("block", "blur"; None in old ones: blocked). `blocked_at`: when reports had blocked the
    picture that nobody had looked at before (in shadow: would have); None where they had not."""

    id: str
    site: str
    family: str
    image: str
    at: datetime
    reviewer: str
    authority: int
    outcome: str
    reason: str | None
    note: str | None
    measure: str | None = None
    blocked_at: datetime | None = None


class JudgedBlock(msgspec.Struct, frozen=True):
    """What a person said at `at` of a block that reports had brought about before: "upheld" or "rejected"."""

    id: str
    at: datetime
    blocked_at: datetime
    outcome: str


_verdicts = schema.verdicts.c
_reviews = select(schema.reviews).where(schema.reviews.c.family == bindparam("family")).order_by(schema.reviews.c.id)


_site: BindParameter[Any] = bindparam("site")
_naming = (
    select(schema.verdicts)
    .where(_verdicts.site == _site, _verdicts.id > bindparam("after"), _verdicts.body.contains(bindparam("said")))
    .order_by(_verdicts.id)
    .limit(bindparam("limit"))
)
_of_families = select(schema.verdicts).where(_verdicts.family.in_(bindparam("ids", expanding=True)))
_between = (
    select(schema.verdicts)
    .where(
        _verdicts.site == _site,
        _verdicts.at > bindparam("after", type_=schema.Instant),
        _verdicts.at < bindparam("before", type_=schema.Instant),
    )
    .order_by(_verdicts.at)
    .limit(bindparam("limit"))
)
_judged = schema.reviews.c
_judged_blocks = select(_judged.id, _judged.at, _judged.blocked_at, _judged.outcome).where(
    _judged.site == _site,
    _judged.blocked_at.is_not(None),
    _judged.at > bindparam("since", type_=schema.Instant),
    _judged.outcome != "undecided",
)
_said = update(schema.verdicts).where(_verdicts.id == bindparam("key")).values(body=bindparam("now"))


def naming(connection: Connection, site: str, said: str, after: str, limit: int) -> list[StoredVerdict]:
    """The site's verdicts whose bodies say this, with ids above `after`, in order of ids."""
    return rows.read(connection, StoredVerdict, _naming, site=site, said=said, after=after, limit=limit)


def of_families(connection: Connection, families: set[str]) -> list[StoredVerdict]:
    return rows.read(connection, StoredVerdict, _of_families, ids=sorted(families))


def between(connection: Connection, site: str, after: datetime, before: datetime, limit: int) -> list[StoredVerdict]:
    """The site's verdicts after one moment and before another, oldest first."""
    return rows.read(connection, StoredVerdict, _between, site=site, after=after, before=before, limit=limit)


def say(connection: Connection, changed: list[StoredVerdict]) -> None:
    """Lets verdicts say something else in their bodies."""
    if changed:
        connection.execute(_said, [{"key": one.id, "now": one.body} for one in changed])


def reviews(connection: Connection, family: str) -> list[Review]:
    return rows.read(connection, Review, _reviews, family=family)


def judged_blocks(connection: Connection, site: str, since: datetime) -> list[JudgedBlock]:
    """The decisions after `since` on the site's automatic blocks."""
    return rows.read(connection, JudgedBlock, _judged_blocks, site=site, since=since)


class Acted(msgspec.Struct, frozen=True):
    """When the engine moved a family, and to what: its verdict's action."""

    at: datetime
    action: str


_acted = (
    select(schema.verdicts.c.at, schema.verdicts.c.action)
    .where(schema.verdicts.c.family == bindparam("family"))
    .order_by(schema.verdicts.c.id)
)


def acted(connection: Connection, family: str) -> list[Acted]:
    """The engine's verdicts that moved the family, oldest first."""
    return rows.read(connection, Acted, _acted, family=family)


_latest = select(schema.verdicts).where(_verdicts.family == bindparam("family")).order_by(_verdicts.id.desc()).limit(1)


def latest(connection: Connection, family: str) -> StoredVerdict | None:
    """The engine's verdict that moved the family last."""
    return next(iter(rows.read(connection, StoredVerdict, _latest, family=family)), None)


def insert(connection: Connection, verdicts: list[StoredVerdict]) -> None:
    rows.insert(connection, schema.verdicts, verdicts)


def insert_reviews(connection: Connection, made: list[Review]) -> None:
    rows.insert(connection, schema.reviews, made)


def drop_reviews(connection: Connection, taken_back: set[str]) -> None:
    if taken_back:
        connection.execute(delete(schema.reviews).where(schema.reviews.c.id.in_(sorted(taken_back))))
