"""What was withheld, picture by picture: one row for each time that an image came to be blurred or blocked for a
reason, with when it began and ended. Made from the log (moderation/restrictions.py); nothing of people is in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Index, Table, Text, bindparam, func, or_, select, update

from tawatur.store import heads, rows, schema
from tawatur.store.schema import Instant, metadata
from tawatur.store.upsert import insert_new

_restrictions = Table(
    "restrictions",
    metadata,
    Column("puid", Text, primary_key=True),
    Column("site", Text, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("image", Text, nullable=False),
    Column("measure", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("found", Text, nullable=False),
    Column("automation", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("ended_position", BigInteger),
    Index("ix_restrictions_site_position", "site", "position"),
    Index("ix_restrictions_site_image", "site", "image"),
)

_heads = Table(
    "restriction_heads",
    metadata,
    Column("site", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False),
)


class Restriction(msgspec.Struct, frozen=True, gc=False):
    """One image was withheld by the event at `position`. `puid` names it for good and tells nothing.

    `measure`: "blur" or "block". `by`: "reports", "copy", "list", "altered" or "person". `found`: what drew attention
    to the image, "reports", "match" or "person". `automation` of the decision: "fully", "partly" or "not". It ended
    with the event at `ended_position`, if it did.
    """

    puid: str
    site: str
    position: int
    image: str
    measure: str
    reason: str
    by: str
    found: str
    automation: str
    at: datetime
    ended_at: datetime | None = None
    ended_position: int | None = None


IDS = 5000
"""Of so many images at once: databases take only so many values in a statement."""

_r, _images, _reports = _restrictions.c, schema.images.c, schema.reports.c
_of_site = select(_restrictions).where(_r.site == bindparam("site"))
_of_images = _of_site.where(
    _r.image.in_(bindparam("images", expanding=True)),
    or_(_r.ended_at.is_(None), _r.ended_at >= bindparam("since", type_=Instant)),
).order_by(_r.position)
_page = (
    _of_site.where(
        or_(
            _r.position > bindparam("after"),
            (_r.position == bindparam("after")) & (_r.puid > bindparam("puid")),
        ),
        _r.position <= bindparam("last"),
        _r.at >= bindparam("since", type_=Instant),
        _r.at < bindparam("until", type_=Instant),
    )
    .order_by(_r.position, _r.puid)
    .limit(bindparam("limit"))
)
_ended = (
    _of_site.where(
        _r.position <= bindparam("told"),
        _r.ended_position > bindparam("told"),
        _r.ended_position <= bindparam("last"),
        _r.puid > bindparam("after"),
    )
    .order_by(_r.puid)
    .limit(bindparam("limit"))
)
_reported = (
    select(_images.id, func.min(_reports.first_at))
    .join_from(schema.images, schema.reports, _reports.family == _images.family)
    .where(_images.id.in_(bindparam("images", expanding=True)))
    .group_by(_images.id)
)
_named = _of_site.where(_r.puid == bindparam("puid"))
_end = (
    update(_restrictions)
    .where(_r.puid == bindparam("key"))
    .values(ended_at=bindparam("moment", type_=Instant), ended_position=bindparam("place"))
)


def hold(connection: Connection, site: str) -> int:
    """Holds what is known of a site until the transaction ends; the position up to which its log was read."""
    return heads.hold(connection, _heads, site)


def advance(connection: Connection, site: str, position: int) -> None:
    """The site's log was read up to there; the caller holds it."""
    heads.advance(connection, _heads, site, position)


def of_images(connection: Connection, site: str, images: Iterable[str], since: datetime) -> list[Restriction]:
    """What withholds these images, or did at that moment or later, oldest first."""
    found: list[Restriction] = []
    for part in _parts(images):
        found += rows.read(connection, Restriction, _of_images, site=site, images=part, since=since)
    return found


def first_reports(connection: Connection, images: Iterable[str]) -> dict[str, datetime]:
    """When each of these images, or a copy of it, was first reported; those that nobody reported are left out."""
    found: dict[str, datetime] = {}
    for part in _parts(images):
        found.update((image, at) for image, at in connection.execute(_reported, {"images": part}))
    return found


def insert(connection: Connection, new: Sequence[Restriction]) -> None:
    insert_new(connection, _restrictions, new)


def end(connection: Connection, changed: Iterable[Restriction]) -> None:
    """Notes when they ended, or that they go on after all."""
    found = [{"key": one.puid, "moment": one.ended_at, "place": one.ended_position} for one in changed]
    if found:
        connection.execute(_end, found)


class Span(msgspec.Struct, frozen=True):
    """Which of a site's restrictions are asked for: begun after the event at `after` and by that at `last`, from
    `since` on and before `until`."""

    after: int
    last: int
    since: datetime
    until: datetime


def page(connection: Connection, site: str, span: Span, behind: Restriction | None, limit: int) -> list[Restriction]:
    """The span's restrictions in the order in which they began, those that come after `behind`."""
    after, puid = (span.after, "~") if behind is None else (behind.position, behind.puid)
    values = {"after": after, "puid": puid, "last": span.last, "since": span.since, "until": span.until}
    return rows.read(connection, Restriction, _page, site=site, limit=limit, **values)


def ended(connection: Connection, site: str, told: int, last: int, after: str, limit: int) -> list[Restriction]:
    """Those that had begun by the event at `told`, and ended after it and by that at `last`, in order of puid, those
    that come after `after`."""
    return rows.read(connection, Restriction, _ended, site=site, told=told, last=last, after=after, limit=limit)


def named(connection: Connection, site: str, puid: str) -> Restriction | None:
    """The site's restriction with this name."""
    found = rows.read(connection, Restriction, _named, site=site, puid=puid)
    return found[0] if found else None


def _parts(images: Iterable[str]) -> list[list[str]]:
    ordered = sorted(images)
    return [ordered[start : start + IDS] for start in range(0, len(ordered), IDS)]
