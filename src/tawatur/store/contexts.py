"""What the pages say that images stand on. Of a page's text only this is kept, and it expires."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Column, Connection, Table, Text, bindparam, delete, select

from tawatur.store import rows
from tawatur.store.schema import Instant, metadata
from tawatur.store.upsert import put

KEPT = timedelta(days=90)
"""As long as a case is looked at, with its appeal."""

_contexts = Table(
    "contexts",
    metadata,
    Column("image", Text, primary_key=True),
    Column("site", Text, nullable=False),
    Column("at", Instant, nullable=False, index=True),
    Column("state", Text, nullable=False),
    Column("body", Text, nullable=False),
)


class Context(msgspec.Struct, frozen=True):
    """What one image's page says: a `state` (moderation/context.py) and, where it was read, what was found, as JSON."""

    image: str
    site: str
    at: datetime
    state: str
    body: str


_one = select(_contexts).where(_contexts.c.image == bindparam("key"))
_old = delete(_contexts).where(_contexts.c.at < bindparam("before", type_=Instant))
_gone = delete(_contexts).where(_contexts.c.image == bindparam("key"), _contexts.c.site == bindparam("home"))


def of_image(connection: Connection, image: str) -> Context | None:
    return next(iter(rows.read(connection, Context, _one, key=image)), None)


def save(connection: Connection, context: Context) -> None:
    """Keeps it, in place of what was known of the image's page before."""
    put(connection, _contexts, [context])


def forget(connection: Connection, before: datetime) -> int:
    """Deletes what is older; returns how much that was."""
    return connection.execute(_old, {"before": before}).rowcount


def erase(connection: Connection, site: str, image: str) -> bool:
    """Deletes what is kept of an image's page; whether there was anything."""
    return connection.execute(_gone, {"key": image, "home": site}).rowcount == 1
