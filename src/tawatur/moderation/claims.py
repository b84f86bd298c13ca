"""Whoever opens a case has it for some minutes, and nobody else is given it meanwhile. A claim ends by itself."""

from __future__ import annotations

from collections.abc import Set
from datetime import datetime, timedelta

from tawatur.moderation.inbox import Asked, inbox
from tawatur.moderation.refusals import ClaimedByAnother, UnknownImage
from tawatur.store import claims, images
from tawatur.store.claims import Claim
from tawatur.store.database import Database

CLAIM_LASTS = timedelta(minutes=5)
MOST_PAGES = 5
"""Of the queue, that are looked through for a case that somebody may have."""


def claim_case(
    database: Database, site: str, family: str, person: str, now: datetime, *, take_over: bool = False
) -> Claim:
    """Claims a family's case for this account; returns whoever has it now. `take_over`: also from somebody else."""
    mine = Claim(family, site, person, now, now + CLAIM_LASTS)
    with database.write() as connection:
        if take_over:
            claims.release(connection, family)
        if claims.put(connection, mine):
            return mine
        return claims.of_family(connection, family) or mine


def holder(database: Database, site: str, image_id: str, now: datetime) -> Claim | None:
    """Who has the image's case. Raises UnknownImage."""
    with database.read() as connection:
        image = next((one for one in images.of_ids(connection, {image_id}) if one.site == site), None)
        if image is None:
            raise UnknownImage(f"This site has no image {image_id!r}.")
        found = claims.of_family(connection, image.family)
    return found if found is not None and found.until > now else None


def check_mine(database: Database, site: str, image_id: str, person: str, now: datetime) -> None:
    """Raises ClaimedByAnother where somebody else has the image's case, and UnknownImage."""
    held = holder(database, site, image_id, now)
    if held is not None and held.person != person:
        raise ClaimedByAnother("Somebody else has this case right now. Take it over if they do not look at it.")


def held_there(database: Database, site: str, now: datetime) -> dict[str, Claim]:
    """The site's claims, by family."""
    with database.read() as connection:
        return {one.family: one for one in claims.of_site(connection, site, now)}


def release(database: Database, family: str, person: str) -> None:
    """Ends a person's claim; one that is over already stays over."""
    with database.write() as connection:
        claims.release(connection, family, person)


def next_case(
    database: Database, site: str, person: str, now: datetime, own: Set[str] = frozenset(), authority: int = 3
) -> str | None:
    """Claims the case that is worth a look most, that nobody else has, and that this person may decide: not one that
    they (`own` pseudonyms) posted or reported, nor one that a higher authority decided. Its image, or None when nothing
    waits for them."""
    held = held_there(database, site, now)
    asked = Asked()
    for _ in range(MOST_PAGES):
        page = inbox(database, site, asked, now)
        for one in page.cases:
            theirs = held.get(one.family.id)
            if (theirs is not None and theirs.person != person) or one.people & own or one.family.authority > authority:
                continue
            if claim_case(database, site, one.family.id, person, now).person == person:
                return one.face.id
        if page.following is None:
            return None
        asked = Asked(after=page.following)
    return None
