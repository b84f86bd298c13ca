"""A person puts the shields up while a crowd storms: for some hours the engine needs more voices than usual before it
withholds an image, what one uploader posted, or anything on the site. What falls short of it goes to people.

Shields end by themselves at their moment. They keep new blocks from coming; what is withheld already stays so.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from tawatur.log import events
from tawatur.moderation.refusals import BadShield, UnknownImage
from tawatur.store import shields
from tawatur.store.book import Book, replace
from tawatur.store.database import Database
from tawatur.store.families import Family
from tawatur.store.shields import IMAGE, SITE, UPLOADER, Shield

TIMES = 3.0
"""How much higher the floor is: where three unconnected people block, nine must come together."""
HOURS = 6.0
MOST_TIMES = 100.0
MOST_HOURS = 24.0 * 14


class NewShield(msgspec.Struct, frozen=True):
    """What a person asks for: over an image and its copies, over all that an uploader posted (a pseudonym), or over the
    whole site where neither is named. `by` is who asks, a pseudonym."""

    site: str
    by: str
    image: str | None = None
    uploader: str | None = None
    times: float = TIMES
    hours: float = HOURS


def raise_shields(book: Book, new: NewShield, now: datetime) -> Shield:
    """Puts the shields up from now on, in the place of those that are up there. The change that runs this holds the
    site alone (`Wants.rules`), so that what was decided without them stands before them in the log.

    Raises UnknownImage and BadShield.
    """
    if not (1.0 < new.times <= MOST_TIMES and 0.0 < new.hours <= MOST_HOURS):
        raise BadShield(
            f"Shields make the floor more than 1 and at most {MOST_TIMES:g} times as high, for up to {MOST_HOURS:g} "
            f"hours; {new.times:g} times for {new.hours:g} hours was asked for."
        )
    kind, target = _target(book, new.site, new.image, new.uploader)
    shield = Shield(new.site, kind, target, new.times, now, now + timedelta(hours=new.hours), new.by)
    book.save_shield(shield)
    told = events.ShieldsRaised(times=shield.times, until=shield.until, by=shield.raised_by, uploader=new.uploader)
    book.append(events.row(book.new_id(), new.site, new.image, now, told))
    return shield


def lower_shields(
    book: Book, site: str, by: str, now: datetime, *, image: str | None = None, uploader: str | None = None
) -> bool:
    """Takes the shields there down before their time; False where none are up. Raises UnknownImage and BadShield."""
    kind, target = _target(book, site, image, uploader)
    up = next((one for one in in_force(book, site, now) if (one.kind, one.target) == (kind, target)), None)
    if up is None:
        return False
    book.save_shield(replace(up, until=now))
    book.append(events.row(book.new_id(), site, image, now, events.ShieldsLowered(by=by, uploader=uploader)))
    return True


def _target(book: Book, site: str, image: str | None, uploader: str | None) -> tuple[str, str]:
    if image is not None and uploader is not None:
        raise BadShield("Name an image or an uploader, not both.")
    if uploader is not None:
        return UPLOADER, uploader
    if image is None:
        return SITE, ""
    found = book.image(site, image)
    if found is None:
        raise UnknownImage(f"This site has no image {image!r}.")
    return IMAGE, found.family


def in_force(book: Book, site: str, now: datetime) -> list[Shield]:
    """The site's shields that are up."""
    return [one for one in book.shields(site) if one.raised_at <= now < one.until]


def shields_over(book: Book, family: Family, now: datetime) -> list[Shield]:
    """The shields that are up over a family, the highest first."""
    up = in_force(book, family.site, now)
    if not up:
        return []
    targets = {(SITE, ""), (IMAGE, family.id)}
    if any(one.kind == UPLOADER for one in up):
        targets |= {(UPLOADER, image.uploader) for image in book.images_of(family.id) if image.uploader is not None}
    over = [one for one in up if (one.kind, one.target) in targets]
    return sorted(over, key=lambda one: (-one.times, one.until, one.kind, one.target))


def floor_raise(book: Book, family: Family, now: datetime) -> float:
    """How many times as high the floor is for a family; 1 while no shields are up over it."""
    return max((one.times for one in shields_over(book, family, now)), default=1.0)


def standing(database: Database, site: str, now: datetime) -> list[Shield]:
    """The site's shields that are up, the first to end first."""
    with database.read() as connection:
        return [one for one in shields.of_site(connection, site) if one.raised_at <= now < one.until]
