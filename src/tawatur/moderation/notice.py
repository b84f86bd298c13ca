"""What an uploader is told of a decision on their image: that it was made, why, by what, and how to object.

Never who reported, and never links or weights, which would teach evasion (decision.md, section 7).
"""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import Connection

from tawatur.decision.verdict import recompute
from tawatur.moderation.appeal import APPEAL_WITHIN, decided_at, withheld
from tawatur.moderation.refusals import NotTheirs, TokenRefused, UnknownImage
from tawatur.moderation.uploader_tokens import UploaderClaims
from tawatur.store import verdicts
from tawatur.store.appeals import IMAGE, Appeal
from tawatur.store.book import Book
from tawatur.store.database import Database
from tawatur.store.families import VISIBLE, Authority, Family
from tawatur.store.images import Image
from tawatur.store.reading_book import ReadingBook

PERSON, REPORTS, COPY, ALTERED, BANK = "person", "reports", "copy", "altered", "bank"
"""What withheld an image: a person decided; or by itself, for several people reported it, it is a copy or an altered
copy of an image that is withheld, or it stands on a list."""
ROUND = (3, 5, 10, 15, 20, 30, 50, 100, 200, 500, 1000)
"""To which numbers of people it is rounded: so coarse that nobody can tell whether one more report made the block."""


class Notice(msgspec.Struct, frozen=True):
    """What there is to tell of one image. `by` is one of the constants above, None while the image is shown; `people`
    about how many independent people reported, None where that played no part or is not known. `review_by` is when a
    person should have looked. `appeal` is the latest one; `may_appeal` whether another could be made now."""

    image: Image
    status: str
    provisional: bool = False
    by: str | None = None
    reason: str | None = None
    people: int | None = None
    decided_at: datetime | None = None
    review_by: datetime | None = None
    appeal_until: datetime | None = None
    may_appeal: bool = False
    appeal: Appeal | None = None


def about(voices: float) -> int:
    """About how many people: the nearest of `ROUND`."""
    return min(ROUND, key=lambda number: abs(number - voices))


def notice_for_site(database: Database, site: str, image_id: str, now: datetime) -> Notice:
    """What the image's uploader is told. Raises UnknownImage."""
    with database.read() as connection:
        book = ReadingBook(connection, _no_new_id)
        return _notice(connection, book, _image(book, site, image_id), now)


def notice_for_uploader(database: Database, claims: UploaderClaims, now: datetime) -> Notice:
    """The same for whoever has this token. Raises UnknownImage and TokenRefused."""
    with database.read() as connection:
        book = ReadingBook(connection, _no_new_id)
        image = _image(book, claims.site, claims.image)
        if image.uploader != claims.uploader:
            raise TokenRefused("This link is of somebody whom nothing is known of any more.")
        return _notice(connection, book, image, now)


def uploader_of(database: Database, site: str, image_id: str, said: str | None) -> str | None:
    """Who posted the image, which the site may say too, to be sure. Raises UnknownImage and NotTheirs."""
    with database.read() as connection:
        image = _image(ReadingBook(connection, _no_new_id), site, image_id)
    if said is not None and said != image.uploader:
        raise NotTheirs("Somebody else posted this image; send them nothing of it.")
    return image.uploader


def appeals_of_image(database: Database, site: str, image_id: str) -> list[Appeal]:
    """All appeals about an image, oldest first. Raises UnknownImage."""
    with database.read() as connection:
        book = ReadingBook(connection, _no_new_id)
        return book.appeals_about(site, IMAGE, [_image(book, site, image_id).id])


def _image(book: Book, site: str, image_id: str) -> Image:
    image = book.image(site, image_id)
    if image is None:
        raise UnknownImage(f"This site has no image {image_id!r}.")
    return image


def _notice(connection: Connection, book: Book, image: Image, now: datetime) -> Notice:
    family = book.family(image.family)
    appeals = book.appeals_about(image.site, IMAGE, [image.id])
    latest = appeals[-1] if appeals else None
    if not withheld(book, family, now):
        return Notice(image, VISIBLE, appeal=latest)
    decided = decided_at(image, family)
    until = decided + APPEAL_WITHIN
    spent = latest is not None and (latest.closed_at is None or latest.closed_at >= decided)
    by = _by(image, family)
    return Notice(
        image=image,
        status=family.status,
        provisional=family.provisional,
        by=by,
        reason=family.reason,
        people=_people(connection, family) if by in (PERSON, REPORTS, COPY) else None,
        decided_at=decided,
        review_by=family.review_by,
        appeal_until=until,
        may_appeal=now <= until and not spent,
        appeal=latest,
    )


def _by(image: Image, family: Family) -> str:
    if family.authority > Authority.MACHINE:
        return PERSON
    if family.cause in (BANK, ALTERED):
        return family.cause
    return COPY if family.acted_at is not None and image.registered_at > family.acted_at else REPORTS


def _people(connection: Connection, family: Family) -> int | None:
    """About how many independent people's reports withheld the family, as the engine saw it then; None where a person
    decided without."""
    rejected = [one.at for one in verdicts.reviews(connection, family.id) if one.outcome == "rejected"]
    found = verdicts.latest(connection, family.id)
    if found is None or found.action not in ("blur", "block") or any(found.at <= at for at in rejected):
        return None
    return about(recompute(msgspec.json.decode(found.body)).voices)


def _no_new_id() -> str:
    raise AssertionError("looking makes nothing")
