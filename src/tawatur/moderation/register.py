"""A site registers an image."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from tawatur.imaging.pdq import from_hex
from tawatur.log import events
from tawatur.moderation.altered import look_for_altered
from tawatur.moderation.banks import BankMatch, match_banks
from tawatur.moderation.cases import policy_of
from tawatur.moderation.copies import find_kin
from tawatur.moderation.lapse import current
from tawatur.moderation.settle import change_status, tell_shadow, tell_status
from tawatur.store.altered import Description, Looked
from tawatur.store.book import Book, replace
from tawatur.store.families import BLOCKED, VISIBLE, Authority, Family
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
    description: bytes = b""
    """What it can be known by when it comes back altered (imaging/features.py); empty where that is not wanted."""
    looked: Looked = Looked()


class Registered(msgspec.Struct, frozen=True):
    """The image that was made, its status, the other images of its family, images that look much like it, and blocked
    ones that it is taken for an altered copy of."""

    image: Image
    status: str
    copies: list[str]
    likely_copies: list[str]
    altered_of: list[str]


def register_image(book: Book, new: NewImage, now: datetime) -> Registered:
    """Registers one picture. A copy of one that is there joins its family and shares its state."""
    kin = find_kin(book, new.site, new.sha256, new.orientations, new.quality)
    listed = match_banks(book, new.site, [from_hex(text) for text in new.orientations], now)
    allowed = listed is not None and listed.allows
    stands_alone = allowed and kin.image is not None and book.family(kin.image.family).status != VISIBLE
    if kin.image is None or stands_alone:
        family = Family(book.new_id(), new.site, now)
        book.add_family(family)
        copies: list[Image] = []
    else:
        family = current(book, kin.image.family, now)
        copies = book.images_of(family.id)
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
        cut=stands_alone,
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
    if new.description and new.size and not any(one.size for one in copies):
        book.add_description(Description(new.site, image.id, now, new.description))
    for other, distance in kin.likely:
        book.add_likely_copy(LikelyCopy(image.id, other, new.site, distance, now))
    if family.status != VISIBLE:  # a copy of what is withheld is withheld from its first moment
        tell_status(book, image.id, family, now, cause="copy")
    elif listed is not None and not allowed and family.outcome != "rejected":
        family = _block_as_listed(book, image, family, listed, now)
    elif family.shadow is not None and policy_of(book, new.site).shadow:
        tell_shadow(book, image.id, family, now, cause="copy")
    altered_of = []
    if kin.image is None and listed is None:
        altered_of = look_for_altered(book, image, new.description, new.looked, now)
        family = book.family(family.id)
    return Registered(image, family.status, [one.id for one in copies], [other for other, _ in kin.likely], altered_of)


def _block_as_listed(book: Book, image: Image, family: Family, listed: BankMatch, now: datetime) -> Family:
    """A picture that a block bank knows is withheld, with its copies, until a person has looked; under a policy in
    shadow it only waits for one."""
    policy = policy_of(book, image.site)
    if policy.shadow:
        noted = replace(family, shadow=BLOCKED, queued_at=family.queued_at or now)
        tell_shadow(book, image.id, noted, now, cause="bank", reason=listed.bank.reason)
        book.save_family(noted)
        return noted
    blocked = replace(
        family,
        provisional=True,
        authority=Authority.MACHINE,
        reason=listed.bank.reason,
        look_reason=listed.bank.reason,
        review_by=now + timedelta(hours=policy.review_within_hours),
        queued_at=now,
    )
    blocked = change_status(book, image.id, blocked, BLOCKED, now, cause="bank")
    book.save_family(blocked)
    return blocked
