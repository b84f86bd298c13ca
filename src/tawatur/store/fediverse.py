"""The sites that take reports from fediverse servers, and which pictures such a report means."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Column, Connection, Table, Text, bindparam, delete, or_, select

from tawatur.store import rows, schema
from tawatur.store.addresses import digest
from tawatur.store.schema import Instant, metadata
from tawatur.store.upsert import insert_new

_members = Table(
    "fediverse",
    metadata,
    Column("site", Text, primary_key=True),
    Column("since", Instant, nullable=False),
)
_images = schema.images.c
_addresses = schema.addresses.c


class Member(msgspec.Struct, frozen=True):
    """A site that is switched on, since then."""

    site: str
    since: datetime


_one = select(_members).where(_members.c.site == bindparam("site"))
_called = (
    select(_images.id)
    .where(
        _images.site == bindparam("site"),
        or_(
            _images.id.in_(bindparam("ids", expanding=True)),
            _images.external_id.in_(bindparam("urls", expanding=True)),
            _images.page_url.in_(bindparam("urls", expanding=True)),
        ),
    )
    .order_by(_images.id.desc())
    .limit(bindparam("limit"))
)
_shown = select(_addresses.host, _addresses.path, _addresses.image).where(
    _addresses.site == bindparam("site"), _addresses.digest.in_(bindparam("paths", expanding=True))
)


def switch_on(connection: Connection, site: str, now: datetime) -> bool:
    """Whether it was off."""
    return bool(insert_new(connection, _members, [Member(site, now)]))


def switch_off(connection: Connection, site: str) -> bool:
    """Whether it was on."""
    return bool(connection.execute(delete(_members).where(_members.c.site == site)).rowcount)


def member(connection: Connection, site: str) -> Member | None:
    return next(iter(rows.read(connection, Member, _one, site=site)), None)


def called(connection: Connection, site: str, ids: Sequence[str], urls: Sequence[str], limit: int) -> list[str]:
    """The site's images of these ids, or with one of these addresses as their external id or page; latest first."""
    found = connection.execute(_called, {"site": site, "ids": list(ids), "urls": list(urls), "limit": limit})
    return list(found.scalars())


def shown_at(connection: Connection, site: str, places: Sequence[tuple[str, str]]) -> list[str]:
    """The images that the site itself serves at these (host, path)."""
    wanted = set(places)
    paths = [digest(path) for _, path in wanted]
    found = connection.execute(_shown, {"site": site, "paths": paths}).all()
    any_host = {path for _, path in wanted}
    return [row.image for row in found if (row.host, row.path) in wanted or (not row.host and row.path in any_host)]
