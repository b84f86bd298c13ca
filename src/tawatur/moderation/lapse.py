"""A provisional state that nobody reviewed in time ends, where the policy says so.

It ends at its moment, not when a sweep comes by: whoever looks at a family first afterwards finds it lapsed, so what is
decided never depends on how often the server sweeps, and a replay decides the same.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from tawatur.moderation.cases import policy_of
from tawatur.moderation.settle import change_status
from tawatur.store.book import Book, replace
from tawatur.store.families import VISIBLE, Authority, Family


def current(book: Book, family_id: str, now: datetime) -> Family:
    """The family as it stands at this moment. May write, so it is called after the last refusal."""
    family = book.family(family_id)
    if family.review_by is not None and family.review_by <= now:
        lapse(book, family_id, now)
        family = book.family(family_id)
    return family


def lapse(book: Book, family_id: str, now: datetime) -> bool:
    """Ends a provisional state whose time is over: shows the picture or lets the state stand, by policy.

    A state that lapsed gives a first immunity, or the next report would bring it back at once.
    """
    family = book.family(family_id)
    if not family.provisional or family.review_by is None or family.review_by > now:
        return False
    policy = policy_of(book, family.site)
    if not policy.lapse:
        book.save_family(replace(family, review_by=None))
        return False
    lapsed = replace(
        family,
        provisional=False,
        authority=Authority.NOBODY,
        reason=None,
        review_by=None,
        immune_until=family.review_by + timedelta(hours=policy.immunity_hours),
    )
    first = book.images_of(family.id)[0].id
    book.save_family(change_status(book, first, lapsed, VISIBLE, now, cause="lapse"))
    return True
