"""Shields: for a time a person asks for more voices before the engine withholds an image, an uploader's images, or
anything on a site."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import Column, Connection, Float, Table, Text, bindparam, delete, select

from tawatur.store import rows
from tawatur.store.schema import Instant, metadata
from tawatur.store.upsert import put

SITE, UPLOADER, IMAGE = "site", "uploader", "image"

_shields = Table(
    "shields",
    metadata,
    Column("site", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("target", Text, primary_key=True),
    Column("times", Float, nullable=False),
    Column("raised_at", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("raised_by", Text, nullable=False),
)


class Shield(msgspec.Struct, frozen=True, gc=False):
    """From `raised_at` to `until` the floor is `times` as high. `kind` says what `target` is: nothing (the whole site),
    an uploader's pseudonym, or a family's id. `raised_by` is the pseudonym of who raised it."""

    site: str
    kind: str
    target: str
    times: float
    raised_at: datetime
    until: datetime
    raised_by: str


_of_site = select(_shields).where(_shields.c.site == bindparam("site")).order_by(_shields.c.until)
_old = delete(_shields).where(_shields.c.until <= bindparam("before", type_=Instant))


def of_site(connection: Connection, site: str) -> list[Shield]:
    """The site's shields, those that have ended included."""
    return rows.read(connection, Shield, _of_site, site=site)


def save(connection: Connection, shields: list[Shield]) -> None:
    """Puts each in the place of the one that its target had."""
    put(connection, _shields, shields)


def forget(connection: Connection, before: datetime) -> None:
    """Deletes the shields that had ended by that moment."""
    connection.execute(_old, {"before": before})


def forget_uploader(connection: Connection, site: str, uploader: str) -> None:
    """Deletes the shield over what this uploader posted."""
    over = _shields.c.site == site, _shields.c.kind == UPLOADER, _shields.c.target == uploader
    connection.execute(delete(_shields).where(*over))
