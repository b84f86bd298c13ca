"""Looks without changing: what stands in the books about images, and what the engine says of a case right now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from tawatur.decision.verdict import explain
from tawatur.decision.words import altered_in_words, in_words
from tawatur.moderation import context
from tawatur.moderation.refusals import UnknownImage
from tawatur.moderation.settle import judge, would_be
from tawatur.store import families, images
from tawatur.store.database import Database
from tawatur.store.families import Family
from tawatur.store.images import Image
from tawatur.store.reading_book import ReadingBook


class ImageState(msgspec.Struct, frozen=True):
    """An image and the state of its family."""

    image: Image
    family: Family


def image_states(database: Database, site: str, ids: set[str]) -> list[ImageState]:
    """Those of these images that are the site's, with their states."""
    with database.read() as connection:
        found = [image for image in images.of_ids(connection, ids) if image.site == site]
        homes = {f.id: f for f in families.of_ids(connection, {image.family for image in found}, lock=False)}
    return [ImageState(image, homes[image.family]) for image in found]


def verdict_of(database: Database, site: str, image_id: str, now: datetime, lang: str) -> dict[str, Any]:
    """What the engine says of the image's case now, explained (decision.md, section 7), beside the state that stands.

    Raises UnknownImage.
    """

    def no_new_id() -> str:
        raise AssertionError("looking makes nothing")

    with database.read() as connection:
        book = ReadingBook(connection, no_new_id)
        image = book.image(site, image_id)
        if image is None:
            raise UnknownImage(f"This site has no image {image_id!r}.")
        family = book.family(image.family)
        verdict = judge(book, family, now)
        altered_of = sorted({other for one in book.images_of(family.id) for other in book.altered_of(one.id)})
        around = context.told(connection, image_id, lang)
    explained = explain(verdict)
    return {
        "image": image_id,
        "status": family.status,
        "provisional": family.provisional,
        "review_by": family.review_by,
        "outcome": family.outcome,
        "would_be": would_be(family, verdict) if verdict.rules.shadow else None,
        "altered_of": altered_of,
        "words": case_in_words(family, explained, lang),
        "verdict": explained,
        "context": around,
    }


def case_in_words(family: Family, explained: Mapping[str, Any], lang: str) -> str:
    """The explanation in a sentence or two, for a moderator."""
    words = in_words(explained, lang)
    return f"{altered_in_words(lang)} {words}" if family.cause == "altered" else words
