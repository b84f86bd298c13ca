"""A site says that more people were shown an image."""

from __future__ import annotations

from datetime import datetime

from tawatur.log import events
from tawatur.moderation.refusals import UnknownImage
from tawatur.moderation.settle import settle
from tawatur.store.book import Book


def count_views(book: Book, site: str, image_id: str, count: int, now: datetime) -> tuple[int, str]:
    """Counts `count` more distinct people who were shown the image; returns all its views and its status. Raises
    UnknownImage."""
    image = book.image(site, image_id)
    if image is None:
        raise UnknownImage(f"This site has no image {image_id!r}.")
    image = book.add_views(image, count)
    family = book.family(image.family)
    book.append(events.row(book.new_id(), site, image.id, now, events.ImageViewed(count=count)))
    if book.live_reports(family.id):
        family = settle(book, image.id, family, now, cause="views")
    return image.views or 0, family.status
