"""What a site's history holds to learn from: reviews, open cases, and pictures that nobody reported."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, func, select

from tawatur.store import schema

_events, _families, _reports = schema.events.c, schema.families.c, schema.reports.c
_site: BindParameter[Any] = bindparam("site")
_reviews = (
    select(schema.images.c.family, _events.body)
    .join(schema.images, schema.images.c.id == _events.image)
    .where(_events.site == _site, _events.type.in_(("image.reviewed", "review.undone")))
    .order_by(_events.at, _events.id)
)
_reported = select(_reports.family).where(_reports.site == _site)
_silent = (
    select(_families.views, func.count())
    .where(
        _families.site == _site,
        _families.views.is_not(None),
        _families.authority < 2,
        _families.id.not_in(_reported),
    )
    .group_by(_families.views)
)
_open = (
    select(_families.id)
    .where(
        _families.site == _site,
        _families.views.is_not(None),
        _families.authority < 2,
        _families.id.in_(_reported),
    )
    .order_by(_families.id.desc())
    .limit(bindparam("limit"))
)
_last = select(func.max(schema.models.c.at)).where(schema.models.c.site == _site)


def reviews(connection: Connection, site: str) -> Iterator[tuple[str, str]]:
    """The family and the event's JSON of every review and of every one that was taken back, oldest first."""
    for row in connection.execute(_reviews, {"site": site}):
        yield row.family, row.body


def silent(connection: Connection, site: str) -> dict[int, int]:
    """How many pictures that nobody ever reported have how many views."""
    return {row[0]: row[1] for row in connection.execute(_silent, {"site": site})}


def open_cases(connection: Connection, site: str, limit: int) -> list[str]:
    """Families that were reported and that no person has decided, the latest first."""
    return list(connection.execute(_open, {"site": site, "limit": limit}).scalars())


def last_learned(connection: Connection, site: str) -> datetime | None:
    """When the site learned last."""
    return connection.execute(_last, {"site": site}).scalar()
