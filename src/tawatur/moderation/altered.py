"""Altered copies: a picture that is a crop, a screenshot or the like of a blocked one is blurred, and a person asked.

Only the machine's own eyes say so, and they can be wrong where two pictures truly share much. So it never blocks, a
person's verdict on the picture holds, and a picture that a person has shown again is never blurred for it once more.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from tawatur.imaging.features import read
from tawatur.log import events
from tawatur.moderation.cases import policy_of
from tawatur.moderation.lapse import current
from tawatur.moderation.queue import value_of_look
from tawatur.moderation.settle import change_status, tell_shadow
from tawatur.store.altered import AlteredCopy, Looked
from tawatur.store.altered_index import AlteredCopies
from tawatur.store.book import Book, replace
from tawatur.store.database import Database
from tawatur.store.families import BLOCKED, BLURRED, VISIBLE, Authority, Family
from tawatur.store.images import Image

MOST = 5
"""Blocked pictures that are named to the person who looks."""


def look_before(database: Database, known: AlteredCopies, site: str, description: bytes) -> Looked:
    """What a picture that is about to be registered is an altered copy of, by all that is committed now."""
    query = read(description)
    if query is None:
        return Looked()
    with database.read() as connection:
        return known.look(connection, site, query)


def look_for_altered(book: Book, image: Image, description: bytes, looked: Looked, now: datetime) -> list[str]:
    """Blurs a new image that is an altered copy of a blocked one; returns the blocked ones. `looked` is what was found
    before; what was blocked or restored since is looked at here, so a copy that comes right after the block is found.
    """
    found = []
    for one in book.resembled(image.site, description, looked)[:MOST]:
        original = book.image(image.site, one.image)
        if original is not None:
            take_for_altered(book, image, original, one.corners, now)
            found.append(original.id)
    return found


def take_for_altered(book: Book, image: Image, original: Image, corners: int, now: datetime) -> Family:
    """Notes that the image is an altered copy of the original. While that is blocked, an image that is visible and that
    nobody has decided on is blurred, and queued; where the policy is in shadow, or has no blur for the reason, it is
    only queued. Said again, when the original is blocked once more, it acts again."""
    book.append(
        events.row(book.new_id(), image.site, image.id, now, events.ImageAltered(of=original.id, corners=corners))
    )
    if original.id not in book.altered_of(image.id):
        book.add_altered_copy(AlteredCopy(image.id, original.id, image.site, corners, now))
    family = current(book, image.family, now)
    blocked = current(book, original.family, now)
    if blocked.status != BLOCKED or family.status != VISIBLE or family.outcome is not None:
        return family
    policy = policy_of(book, image.site)
    if policy.shadow:
        family = replace(family, shadow=family.shadow or BLURRED, queued_at=family.queued_at or now)
        tell_shadow(book, image.id, family, now, cause="altered", reason=blocked.reason)
    elif policy.rule(blocked.reason or "other").blur:
        family = replace(
            family,
            provisional=True,
            authority=Authority.MACHINE,
            reason=blocked.reason,
            review_by=now + timedelta(hours=policy.review_within_hours),
            queued_at=now,
        )
        family = change_status(book, image.id, family, BLURRED, now, cause="altered")
    elif family.queued_at is None:
        family = replace(family, queued_at=now)
    family = replace(family, look_value=value_of_look(book, family, now), look_reason=blocked.reason)
    book.save_family(family)
    return family
