"""Keeps account of what was withheld, picture by picture, from the log: what is told to the public is told from there.

A restriction begins when an image comes to be blurred or blocked for a reason, and ends when it is shown again, or
withheld otherwise: a blur that becomes a block ends with it. A person who confirms what stands begins nothing. Each
copy is a picture of its own, for it is somebody's. What a person takes back moments later goes on as it was.

The account is brought up to date when somebody asks, page by page, each in a transaction that also notes how far the
log was read, so it goes on from where it was. Made anew from the log, it would be the same.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

import msgspec
from sqlalchemy import Connection

from tawatur.log.events import STATE_CHANGES
from tawatur.log.sequencer import sequence
from tawatur.moderation.counting import BY, MAY_BE_UNDONE, MEASURE, REPORTS
from tawatur.store import events, restrictions
from tawatur.store.book import replace
from tawatur.store.database import Database
from tawatur.store.events import EventRow
from tawatur.store.restrictions import Restriction

PAGE = 500
PUID_HEX = 32
_MATCHES = frozenset({"copy", "list", "altered"})


class _Change(msgspec.Struct):
    """What is read of a change of state."""

    images: list[str] = []
    cause: str = REPORTS
    provisional: bool = False
    reason: str | None = None


_change = msgspec.json.Decoder(_Change)


def puid(event: str, image: str) -> str:
    """The name of the restriction that an event put on an image: always the same, and nobody can tell from it which."""
    return "tw-" + hashlib.sha256(f"{event}/{image}".encode()).hexdigest()[:PUID_HEX]


def brought_up_to_date(database: Database, site: str) -> int:
    """Reads what is new in the site's log; the position up to which it is accounted for."""
    sequence(database)
    while True:
        with database.write() as connection:
            after = restrictions.hold(connection, site)
            page = events.site_page_of_types(connection, site, STATE_CHANGES, after, PAGE)
            if page:
                _account_for(connection, site, [(event, _change.decode(event.body)) for event in page])
                after = page[-1].position or after
                restrictions.advance(connection, site, after)
        if len(page) < PAGE:
            return after


def _account_for(connection: Connection, site: str, page: list[tuple[EventRow, _Change]]) -> None:
    images = {image for _, change in page for image in change.images}
    known = restrictions.of_images(connection, site, images, page[0][0].at - MAY_BE_UNDONE)
    by_hand = {image for _, change in page if change.cause == "review" for image in change.images}
    account = _Account(site, known, restrictions.first_reports(connection, by_hand))
    for event, change in page:
        for image in change.images:
            account.take(event, change, image)
    restrictions.insert(connection, [one for one in account.rows.values() if one.puid in account.new])
    restrictions.end(connection, [one for one in account.rows.values() if one.puid in account.changed])


class _Account:
    """What is known of the images of one page. `reported`: when each was first reported, it or a copy of it."""

    def __init__(self, site: str, known: list[Restriction], reported: dict[str, datetime]) -> None:
        self.site, self.reported = site, reported
        self.rows = {one.puid: one for one in known}
        self.new: set[str] = set()
        self.changed: set[str] = set()
        self._of_image: dict[str, list[str]] = {}
        for one in known:
            self._of_image.setdefault(one.image, []).append(one.puid)

    def take(self, event: EventRow, change: _Change, image: str) -> None:
        """Notes what an event means for one image."""
        mine = [self.rows[name] for name in self._of_image.get(image, ())]
        stands = next((one for one in mine if one.ended_at is None), None)
        measure, reason = MEASURE.get(event.type), change.reason or "other"
        if stands is not None:
            if (stands.measure, stands.reason) == (measure, reason):
                return
            self._put(replace(stands, ended_at=event.at, ended_position=event.position))
        if measure is None:
            return
        if change.cause == "undo":
            before = [one for one in mine if (one.measure, one.reason) == (measure, reason) and one.ended_at]
            if before and event.at - (before[-1].ended_at or event.at) <= MAY_BE_UNDONE:
                self._put(replace(before[-1], ended_at=None, ended_position=None))
                return
        self._begin(event, change, image, measure, reason, stands)

    def _begin(
        self, event: EventRow, change: _Change, image: str, measure: str, reason: str, stood: Restriction | None
    ) -> None:
        by = BY.get(change.cause, REPORTS)
        found = "match" if by in _MATCHES else REPORTS
        automation = "fully"
        if by == "person":
            found = REPORTS if self.reported.get(image, event.at) < event.at else "person"
            found = found if stood is None else stood.found
            automation = "not" if stood is None or stood.automation == "not" else "partly"
        elif not change.provisional:  # it follows from what a person decided on a picture that is the same
            automation = "partly"
        name = puid(event.id, image)
        one = Restriction(name, self.site, event.position or 0, image, measure, reason, by, found, automation, event.at)
        self.new.add(name)
        self._of_image.setdefault(image, []).append(name)
        self.rows[name] = one

    def _put(self, one: Restriction) -> None:
        self.rows[one.puid] = one
        if one.puid not in self.new:
            self.changed.add(one.puid)
