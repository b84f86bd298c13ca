"""Addresses: where a site that serves its pictures itself does so."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Self

import msgspec
from sqlalchemy import Connection, and_, bindparam, select

from tawatur.store import rows, schema
from tawatur.store.upsert import add_up


class Address(msgspec.Struct, frozen=True, gc=False):
    """One address and the image that it shows. `host` is empty where the path means the same on every host; `digest`
    is the path's SHA-256, for a path can be longer than what an index takes."""

    site: str
    digest: str
    host: str
    path: str
    image: str
    at: datetime

    @classmethod
    def at_path(cls, site: str, path: str, host: str, image: str, at: datetime) -> Self:
        return cls(site, digest(path), host, path, image, at)


class Found(msgspec.Struct, frozen=True, gc=False):
    """What stands at a path: the image and its state. All are None where no image of the site does."""

    host: str | None
    image: str | None
    status: str | None
    reason: str | None


_at = (
    select(schema.addresses.c.host, schema.images.c.id, schema.families.c.status, schema.families.c.reason)
    .select_from(schema.keys)
    .outerjoin(
        schema.addresses,
        and_(schema.addresses.c.site == schema.keys.c.site, schema.addresses.c.digest == bindparam("path")),
    )
    .outerjoin(schema.images, schema.images.c.id == schema.addresses.c.image)
    .outerjoin(schema.families, schema.families.c.id == schema.images.c.family)
    .where(
        schema.keys.c.digest == bindparam("key"),
        schema.keys.c.kind == bindparam("key_kind"),
        schema.keys.c.revoked_at.is_(None),
    )
)


def digest(path: str) -> str:
    """How a path is looked up."""
    return hashlib.sha256(path.encode()).hexdigest()


def at(connection: Connection, key: str, kind: str, path: str) -> list[Found]:
    """What the site whose key has this digest shows at the path, on any of its hosts; empty where there is no such
    key."""
    return rows.read(connection, Found, _at, key=key, key_kind=kind, path=digest(path))


def save(connection: Connection, addresses: list[Address]) -> None:
    """Adds addresses; one that is there shows the newer image from now on."""
    add_up(connection, schema.addresses, addresses, adding=())
