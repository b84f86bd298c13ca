"""A site says that more people were shown an image."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from math import log

from tawatur.log import events
from tawatur.moderation.cases import policy_of
from tawatur.moderation.lapse import current
from tawatur.moderation.refusals import UnknownImage
from tawatur.moderation.settle import settle, views_may_move
from tawatur.moderation.viewers import note_viewers
from tawatur.store.book import Book
from tawatur.store.families import Family

STEP = log(1.25)
"""Views come by the thousand, and less than a quarter more of them changes next to nothing of what silence says."""


def count_views(
    book: Book, site: str, image_id: str, count: int | None, now: datetime, viewers: Sequence[str] = ()
) -> tuple[int, str]:
    """Counts `count` more distinct people who were shown the image (None: as many as `viewers` names); returns all its
    views and its status. Raises UnknownImage.

    `viewers` are pseudonyms. Where the site's policy has viewers kept, who is known to have looked before is not
    counted again; else they are only counted.
    """
    image = book.image(site, image_id)
    if image is None:
        raise UnknownImage(f"This site has no image {image_id!r}.")
    before = current(book, image.family, now)
    said = len(set(viewers)) if count is None else count
    new, again = note_viewers(book, before, viewers, policy_of(book, site), now) if viewers else ([], 0)
    count = max(0, said - again)
    if said and not count and not new:
        return image.views or 0, before.status
    image = book.add_views(image, count)
    family = book.family(image.family)
    told = events.ImageViewed(count=count, viewers=new or None)
    book.append(events.row(book.new_id(), site, image.id, now, told))
    if _matters(before, family.views or 0, now):
        live = len(book.live_reports(family.id))
        if live and (book.keeps_worth or views_may_move(family, live, policy_of(book, site), now)):
            family = settle(book, image.id, family, now, cause="views")
    return image.views or 0, family.status


def _matters(before: Family, views: int, now: datetime) -> bool:
    """Whether a case with reports must be decided anew: at its first views, whenever they have grown by about a
    quarter, and once an immunity is over."""
    if before.views is None or (before.immune_until is not None and before.immune_until <= now):
        return True
    return int(log(views + 1) / STEP) != int(log(before.views + 1) / STEP)
