"""Images: single pictures that a site registered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection, bindparam, func, select

from tawatur.store import rows, schema


class Image(msgspec.Struct, frozen=True, gc=False):
    """One picture that a site registered. `views` is None until the site says how many people were shown it.

    An image of which the site gave only a hash has `size` 0 and no bytes here; its `sha256` may be an empty text.
    `cut` says that a person cut this use of the picture out of its family: it stands alone, and stays so.
    """

    id: str
    site: str
    family: str
    registered_at: datetime
    external_id: str | None
    uploader: str | None
    page_url: str | None
    caption: str | None
    sha256: str
    media_type: str
    size: int
    width: int
    height: int
    pdq: str | None = None
    quality: int | None = None
    prescale: int | None = None
    views: int | None = None
    cut: bool = False


class Shown(msgspec.Struct, frozen=True, gc=False):
    """What the gate needs to know of an image: where its bytes are, what may be seen of them, and why.

    `cause` is what brought the status about, `acted_at` when.
    """

    id: str
    sha256: str
    media_type: str
    size: int
    width: int
    height: int
    status: str
    provisional: bool
    authority: int
    reason: str | None
    cause: str | None
    registered_at: datetime
    acted_at: datetime | None


class Visibility(msgspec.Struct, frozen=True, gc=False):
    """What readers see of an image: its status, and the reason where it is not simply visible."""

    id: str
    site: str
    status: str
    reason: str | None


_images = schema.images.c
_families = schema.families.c
_shown = (
    select(
        _images.id,
        _images.sha256,
        _images.media_type,
        _images.size,
        _images.width,
        _images.height,
        _families.status,
        _families.provisional,
        _families.authority,
        _families.reason,
        _families.cause,
        _images.registered_at,
        _families.acted_at,
    )
    .join(schema.families, _families.id == _images.family)
    .where(_images.id == bindparam("id"))
)
_visibility = (
    select(_images.id, _images.site, _families.status, _families.reason)
    .join(schema.families, _families.id == _images.family)
    .where(_images.id.in_(bindparam("ids", expanding=True)))
)
_kept = (
    select(_images.sha256, func.max(_images.size))
    .where(_images.size > 0)
    .group_by(_images.sha256)
    .order_by(_images.sha256)
)
_homes = select(_images.id, _images.site).where(_images.id.in_(bindparam("ids", expanding=True)))
_by_id = select(schema.images).where(_images.id.in_(bindparam("ids", expanding=True)))
_same_bytes = (
    select(schema.images)
    .where(_images.site == bindparam("site"), _images.sha256 == bindparam("sha256"), _images.cut.is_(False))
    .order_by(_images.id)
    .limit(1)
)
_of_families = select(schema.images).where(_images.family.in_(bindparam("ids", expanding=True))).order_by(_images.id)
_site = _images.site == bindparam("site")
_named = select(_images.id, _images.family).where(_site)
_in_order = _named.order_by(_images.id.desc()).limit(bindparam("limit"))
_searches = {
    "id": _in_order.where(_images.id >= bindparam("least"), _images.id < bindparam("most")),
    "external_id": _in_order.where(_images.external_id == bindparam("text")),
    "page_url": _in_order.where(_images.page_url == bindparam("text")),
    "uploader": _in_order.where(_images.uploader >= bindparam("least"), _images.uploader < bindparam("most")),
}
_held_by = (
    select(schema.images)
    .where(_site, _images.external_id.in_(bindparam("names", expanding=True)))
    .order_by(_images.id.desc())
    .limit(bindparam("limit"))
)
_uploaded = (
    select(schema.images)
    .where(_site, _images.uploader == bindparam("uploader"))
    .order_by(_images.id.desc())
    .limit(bindparam("limit"))
)
_posted = (
    select(_families.status, _families.authority, _families.outcome, func.count())
    .select_from(schema.images)
    .join(schema.families, _families.id == _images.family)
    .where(_site, _images.uploader == bindparam("uploader"))
    .group_by(_families.status, _families.authority, _families.outcome)
)
_latest_of = (
    select(schema.images)
    .where(_site, _images.uploader == bindparam("uploader"))
    .order_by(_images.id.desc())
    .limit(bindparam("limit"))
)
_of_family = select(schema.images).where(_images.family == bindparam("family")).order_by(_images.id)


def kept(connection: Connection) -> list[tuple[str, int]]:
    """The pictures whose bytes are kept: their SHA-256 and sizes."""
    return [(row[0], row[1]) for row in connection.execute(_kept)]


def of_ids(connection: Connection, ids: set[str]) -> list[Image]:
    return rows.read(connection, Image, _by_id, ids=sorted(ids))


def with_bytes(connection: Connection, site: str, sha256: str) -> Image | None:
    """The first image of the site with exactly these bytes that was not cut from its family."""
    return next(iter(rows.read(connection, Image, _same_bytes, site=site, sha256=sha256)), None)


def of_family(connection: Connection, family: str) -> list[Image]:
    return rows.read(connection, Image, _of_family, family=family)


def of_families(connection: Connection, families: set[str]) -> list[Image]:
    """All images of these families, oldest first."""
    return rows.read(connection, Image, _of_families, ids=sorted(families))


def named(connection: Connection, site: str, by: str, text: str, limit: int) -> list[tuple[str, str]]:
    """The site's images (id, family) whose external_id or page_url is this text, or whose id or uploader begins with
    it, latest first."""
    values = {"text": text} if by in ("external_id", "page_url") else {"least": text, "most": text + "g"}
    found = connection.execute(_searches[by], {"site": site, "limit": limit, **values})
    return [(row.id, row.family) for row in found]


def called(connection: Connection, site: str, external_ids: Sequence[str], limit: int) -> list[Image]:
    """The site's images with one of these external ids, latest first."""
    return rows.read(connection, Image, _held_by, site=site, names=list(external_ids), limit=limit)


def uploaded(connection: Connection, site: str, uploader: str, limit: int) -> list[Image]:
    """What an uploader posted, latest first."""
    return rows.read(connection, Image, _uploaded, site=site, uploader=uploader, limit=limit)


def posted(connection: Connection, site: str, uploader: str) -> list[tuple[str, int, str | None, int]]:
    """How many images of an uploader stand how: (status, authority, latest human verdict, images)."""
    found = connection.execute(_posted, {"site": site, "uploader": uploader})
    return [(status, authority, outcome, count) for status, authority, outcome, count in found]


def latest_of(connection: Connection, site: str, uploader: str, limit: int) -> list[Image]:
    """What an uploader posted, latest first."""
    return rows.read(connection, Image, _latest_of, site=site, uploader=uploader, limit=limit)


def shown(connection: Connection, image: str) -> Shown | None:
    """What the gate may show of the image with this id, of whichever site."""
    return next(iter(rows.read(connection, Shown, _shown, id=image)), None)


def visibilities(connection: Connection, ids: set[str]) -> list[Visibility]:
    """What readers see of those of these images that there are, of whichever sites."""
    return rows.read(connection, Visibility, _visibility, ids=sorted(ids))


def sites_of(connection: Connection, ids: set[str]) -> dict[str, str]:
    """The sites of those of these images that there are."""
    return {row.id: row.site for row in connection.execute(_homes, {"ids": sorted(ids)})}


def save(connection: Connection, images: list[Image]) -> None:
    rows.save(connection, schema.images, images)


def insert(connection: Connection, images: list[Image]) -> None:
    rows.insert(connection, schema.images, images)
