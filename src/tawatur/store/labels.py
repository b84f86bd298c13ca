"""Labels for Bluesky's network: who labels, what was said of which record, and what of it stands.

A label is never changed: what takes it back is a later row with `neg`. `latest` marks the last word on a record and
value. What a picture's record is labelled with because of this picture stands in `labelled`, since one record can hold
several pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    BindParameter,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Index,
    LargeBinary,
    Table,
    Text,
    and_,
    bindparam,
    delete,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import TEXT

from tawatur.store import rows
from tawatur.store.schema import Instant, metadata
from tawatur.store.upsert import put

_BY_BYTES = Text().with_variant(TEXT(collation="C"), "postgresql")
"""Compared byte by byte on both databases, so that all that begins alike is one range."""

_labelers = Table(
    "labelers",
    metadata,
    Column("site", Text, primary_key=True),
    Column("did", Text, nullable=False, unique=True),
    Column("endpoint", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("forgotten", BigInteger, nullable=False),
)

_labels = Table(
    "labels",
    metadata,
    Column("site", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("uri", _BY_BYTES, nullable=False),
    Column("cid", Text),
    Column("val", Text, nullable=False),
    Column("neg", Boolean, nullable=False),
    Column("at", Instant, nullable=False),
    Column("latest", Boolean, nullable=False),
    Column("key", Text, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Index("ix_labels_site_uri", "site", "uri"),
)

_labelled = Table(
    "labelled",
    metadata,
    Column("site", Text, primary_key=True),
    Column("image", Text, primary_key=True),
    Column("uri", _BY_BYTES, nullable=False),
    Column("cid", Text),
    Column("val", Text, nullable=False),
    Index("ix_labelled_site_uri", "site", "uri"),
)


class Labeler(msgspec.Struct, frozen=True):
    """A site that labels: under which DID, at which address, with which public key (a multikey, as DID documents have
    it). `last` is the number of its latest label, `forgotten` that of the latest one that is not kept any more."""

    site: str
    did: str
    endpoint: str
    key: str
    active: bool = True
    last: int = 0
    forgotten: int = 0


class Label(msgspec.Struct, frozen=True):
    """One label. `at` is in whole milliseconds, `key` the public key that it is signed with."""

    site: str
    seq: int
    uri: str
    cid: str | None
    val: str
    neg: bool
    at: datetime
    latest: bool
    key: str
    signature: bytes


class Labelled(msgspec.Struct, frozen=True):
    """What a picture's record is labelled with because of this picture."""

    site: str
    image: str
    uri: str
    cid: str | None
    val: str


_site: BindParameter[Any] = bindparam("site")
_some: BindParameter[Any] = bindparam("some", expanding=True)
_held = select(_labelers.c.site).where(_labelers.c.site == _site).with_for_update()
_all_labelers = select(_labelers).order_by(_labelers.c.site)
_of_site = _labels.c.site == _site
_after = (
    select(_labels)
    .where(_of_site, _labels.c.seq > bindparam("after"))
    .order_by(_labels.c.seq)
    .limit(bindparam("limit"))
)
_latest = select(_labels).where(_of_site, _labels.c.latest, _labels.c.uri.in_(_some))
_standing = (
    select(_labels)
    .where(_of_site, _labels.c.latest, _labels.c.neg.is_(False), _labels.c.seq > bindparam("after"))
    .order_by(_labels.c.seq)
    .limit(bindparam("limit"))
)
_otherwise_signed = (
    select(_labels).where(_of_site, _labels.c.key != bindparam("key")).order_by(_labels.c.seq).limit(bindparam("limit"))
)
_superseded = (
    update(_labels)
    .where(
        _labels.c.site == bindparam("whose"),
        _labels.c.uri == bindparam("about"),
        _labels.c.val == bindparam("value"),
        _labels.c.latest,
    )
    .values(latest=False)
)
_images_labelled = select(_labelled).where(_labelled.c.site == _site, _labelled.c.image.in_(_some))
_records_labelled = (
    select(_labelled).where(_labelled.c.site == _site, _labelled.c.uri.in_(_some)).order_by(_labelled.c.image)
)
_old = (
    select(_labels.c.seq)
    .where(_of_site, or_(_labels.c.latest.is_(False), _labels.c.neg), _labels.c.at < bindparam("before", type_=Instant))
    .order_by(_labels.c.seq)
    .limit(bindparam("limit"))
)


def labelers(connection: Connection) -> list[Labeler]:
    """All sites that ever labelled."""
    return rows.read(connection, Labeler, _all_labelers)


def save_labeler(connection: Connection, one: Labeler) -> None:
    put(connection, _labelers, [one])


def count_up(connection: Connection, site: str, last: int, *, active: bool) -> None:
    """Sets the number of the site's latest label, and whether it goes on labelling."""
    connection.execute(update(_labelers).where(_labelers.c.site == site).values(last=last, active=active))


def page(connection: Connection, site: str, after: int, limit: int) -> list[Label]:
    """The site's labels with numbers above `after`, in order."""
    return rows.read(connection, Label, _after, site=site, after=after, limit=limit)


def latest(connection: Connection, site: str, uris: set[str]) -> list[Label]:
    """The last word on each of these records and each value."""
    return rows.read(connection, Label, _latest, site=site, some=sorted(uris))


def standing(connection: Connection, site: str, after: int, limit: int) -> list[Label]:
    """Labels that stand, with numbers above `after`, in order."""
    return rows.read(connection, Label, _standing, site=site, after=after, limit=limit)


def about(
    connection: Connection, site: str, uris: Sequence[str], starts: Sequence[str], after: int, limit: int
) -> list[Label]:
    """The last words on these records, and on those whose addresses start so, with numbers above `after`, in order."""
    column = _labels.c.uri
    wanted: list[ColumnElement[bool]] = [column.in_(uris)] if uris else []
    wanted += [and_(column >= start, column < start + "\U0010ffff") for start in starts]
    query = select(_labels).where(_labels.c.site == site, _labels.c.latest, _labels.c.seq > after, or_(*wanted))
    return rows.read(connection, Label, query.order_by(_labels.c.seq).limit(limit))


def insert(connection: Connection, new: Sequence[Label]) -> None:
    """Adds labels; each is the last word on its record and value from now on."""
    for one in new:
        connection.execute(_superseded, {"whose": one.site, "about": one.uri, "value": one.val})
    rows.insert(connection, _labels, new)


def save(connection: Connection, changed: Sequence[Label]) -> None:
    rows.save(connection, _labels, changed)


def signed_otherwise(connection: Connection, site: str, key: str, limit: int) -> list[Label]:
    """Labels that another key than this one signed."""
    return rows.read(connection, Label, _otherwise_signed, site=site, key=key, limit=limit)


def labelled_images(connection: Connection, site: str, images: set[str]) -> list[Labelled]:
    return rows.read(connection, Labelled, _images_labelled, site=site, some=sorted(images))


def labelled_records(connection: Connection, site: str, uris: set[str]) -> list[Labelled]:
    """What labels these records, in the order in which the pictures were registered."""
    return rows.read(connection, Labelled, _records_labelled, site=site, some=sorted(uris))


def label_images(connection: Connection, site: str, images: set[str], now: Sequence[Labelled]) -> None:
    """From now on these images label what `now` says, and nothing else."""
    gone = images - {one.image for one in now}
    connection.execute(delete(_labelled).where(_labelled.c.site == site, _labelled.c.image.in_(sorted(gone))))
    put(connection, _labelled, now)


def label_nothing(connection: Connection, site: str) -> None:
    connection.execute(delete(_labelled).where(_labelled.c.site == site))


def forget(connection: Connection, site: str, before: datetime, limit: int) -> int:
    """Deletes at most so many labels that are older and do not stand any more; returns how many. Their numbers are not
    given again."""
    connection.execute(_held, {"site": site})
    old = list(connection.execute(_old, {"site": site, "before": before, "limit": limit}).scalars())
    if old:
        connection.execute(delete(_labels).where(_labels.c.site == site, _labels.c.seq.in_(old)))
        mine = _labelers.c.site == site, _labelers.c.forgotten < old[-1]
        connection.execute(update(_labelers).where(*mine).values(forgotten=old[-1]))
    return len(old)
