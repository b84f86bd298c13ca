"""Copies: which family a new picture belongs to, and how a person cuts one use of a picture out of it."""

from __future__ import annotations

from datetime import datetime

import msgspec

from tawatur.imaging.pdq import WORST_MATCHABLE_QUALITY, from_hex
from tawatur.log import events
from tawatur.moderation.cases import policy_of
from tawatur.moderation.opening import never_shown
from tawatur.moderation.refusals import NotForOneUse, NothingToCut, Outranked, UnknownImage
from tawatur.moderation.settle import tell_status
from tawatur.moderation.taking_part import check_no_part
from tawatur.store.book import Book, replace
from tawatur.store.families import VISIBLE, Authority, Family
from tawatur.store.images import Image

LIKELY_AT_MOST = 20
"""Likely copies that are noted of one picture: more would not help the person who looks."""


class Kin(msgspec.Struct, frozen=True):
    """Where a new picture belongs: the image that it is a copy of, if any, and how far from it; and images of other
    families that look much like it, with their distances, for a person to compare."""

    image: Image | None
    distance: int | None
    likely: tuple[tuple[str, int], ...] = ()


def find_kin(book: Book, site: str, sha256: str, orientations: tuple[str, ...], quality: int | None) -> Kin:
    """Looks for the same bytes, then for the nearest picture in any orientation.

    Up to the policy's `copy_distance` a picture is a copy; up to `likely_distance` a person should look. A hash of
    quality below 50 says too little to match by.
    """
    same = book.image_with_bytes(site, sha256) if sha256 else None
    if same is not None:
        return Kin(same, 0)
    if not orientations or (quality or 0) < WORST_MATCHABLE_QUALITY:
        return Kin(None, None)
    policy = policy_of(book, site)
    found = book.matches(site, [from_hex(text) for text in orientations], policy.likely_distance)
    near = sorted((distance, image) for image, distance in found.items())
    copy, distance, family = None, None, None
    if near and near[0][0] <= policy.copy_distance:
        distance = near[0][0]
        copy = book.image(site, near[0][1])
        family = None if copy is None else copy.family
    likely: dict[str, tuple[str, int]] = {}
    for far, name in near:
        other = book.image(site, name)
        if other is not None and other.family != family:
            likely.setdefault(other.family, (name, far))
    return Kin(copy, distance, tuple(likely.values())[:LIKELY_AT_MOST])


class NewCut(msgspec.Struct, frozen=True):
    """A person says that this use of a picture is not like its copies; the reviewer is a pseudonym already, and so is
    who that is among the site's own people."""

    site: str
    image: str
    reviewer: str
    authority: int = Authority.MODERATOR
    known_as: str | None = None


def cut_image(book: Book, new: NewCut, now: datetime) -> str:
    """The same as `take_out`, unless somebody reported the picture for child safety: the same pixels would be shown
    again elsewhere. Raises what it does, and NotForOneUse."""
    image = book.image(new.site, new.image)
    if image is not None and never_shown(book, book.family(image.family)):
        raise NotForOneUse("Somebody reported it for child safety: decide it everywhere first.")
    return take_out(book, new, now)


def take_out(book: Book, new: NewCut, now: datetime) -> str:
    """Takes one use of a picture out of its family: it is shown, stands alone, and no match ever joins it again.

    Returns the image's status. Raises UnknownImage, OwnImage, OwnReport, Outranked and NothingToCut.
    """
    image = book.image(new.site, new.image)
    if image is None:
        raise UnknownImage(f"This site has no image {new.image!r}.")
    check_no_part(book, image.family, {new.reviewer, new.known_as})
    old = book.family(image.family)
    if old.authority > new.authority:
        raise Outranked("An admin decided this image; only an admin can cut it out.")
    if len(book.images_of(old.id)) < 2:
        raise NothingToCut("This image has no copies to be cut from; review it instead.")
    alone = Family(
        book.new_id(),
        new.site,
        now,
        authority=new.authority,
        outcome="undecided",
        views=image.views,
    )
    book.add_family(alone)
    moved = book.move_image(image, alone.id)
    if image.views is not None:
        book.save_family(replace(old, views=(old.views or 0) - image.views))
    book.append(
        events.row(
            book.new_id(), new.site, moved.id, now, events.ImageCut(family=alone.id, was=old.id, reviewer=new.reviewer)
        )
    )
    if old.status != VISIBLE:
        tell_status(book, moved.id, alone, now, cause="cut")
    return alone.status
