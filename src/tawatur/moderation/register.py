"""A site registers an image."""

from __future__ import annotations

from datetime import datetime

import msgspec

from tawatur.log import events
from tawatur.moderation.copies import find_kin
from tawatur.moderation.lapse import current
from tawatur.moderation.settle import tell_status
from tawatur.store.book import Book
from tawatur.store.families import VISIBLE, Family
from tawatur.store.hashes import LikelyCopy
from tawatur.store.images import Image


class NewImage(msgspec.Struct, frozen=True):
    """A picture as it comes in: its bytes are stored already, the uploader is a pseudonym. `id` is None but where a
    replayed history has given the image one."""

    site: str
    sha256: str
    media_type: str
    size: int
    width: int
    height: int
    pdq: str | None = None
    quality: int | None = None
    prescale: int | None = None
    orientations: tuple[str, ...] = ()
    external_id: str | None = None
    uploader: str | None = None
    page_url: str | None = None
    caption: str | None = None
    id: str | None = None


class Registered(msgspec.Struct, frozen=True):
    """The image that was made, its status, the other images of its family, and images that look much like it."""

    image: Image
    status: str
    copies: list[str]
    likely_copies: list[str]


def register_image(book: Book, new: NewImage, now: datetime) -> Registered:
    """Registers one picture. A copy of one that is there joins its family and shares its state."""
    kin = find_kin(book, new.site, new.sha256, new.orientations, new.quality)
    if kin.image is None:
        family = Family(book.new_id(), new.site, now)
        book.add_family(family)
        copies = []
    else:
        family = current(book, kin.image.family, now)
        copies = [one.id for one in book.images_of(family.id)]
    image = Image(
        id=new.id or book.new_id(),
        site=new.site,
        family=family.id,
        registered_at=now,
        external_id=new.external_id,
        uploader=new.uploader,
        page_url=new.page_url,
        caption=new.caption,
        sha256=new.sha256,
        media_type=new.media_type,
        size=new.size,
        width=new.width,
        height=new.height,
        pdq=new.pdq,
        quality=new.quality,
        prescale=new.prescale,
    )
    book.add_image(image)
    book.append(
        events.row(
            book.new_id(),
            new.site,
            image.id,
            now,
            events.ImageRegistered(
                family=family.id,
                sha256=new.sha256,
                uploader=new.uploader,
                page=new.page_url,
                external_id=new.external_id,
                pdq=new.pdq,
                quality=new.quality,
                distance=kin.distance,
            ),
        )
    )
    for other, distance in kin.likely:
        book.add_likely_copy(LikelyCopy(image.id, other, new.site, distance, now))
    if family.status != VISIBLE:  # a copy of what is withheld is withheld from its first moment
        tell_status(book, image.id, family, now, cause="copy")
    return Registered(image, family.status, copies, [other for other, _ in kin.likely])
