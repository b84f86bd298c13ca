"""A random sample of what the engine did and left undone, for people to look at whatever a look is worth.

People look where a look is worth most, so what they find there says little of the rest: a machine that is judged by the
cases it doubts looks worse than it is, and what it never doubts nobody sees. Of all that reports blocked, and of all
that was reported and left alone for a day, chance picks a share (the policy's `audit_share`). Chance is a keyed hash of
the case's id: nobody without the server's secret can tell beforehand what will be looked at, or steer it, and who has
it can check that nothing was picked by hand.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
from sqlalchemy import Connection

from tawatur.moderation.cases import policy_now
from tawatur.moderation.numbers import Share
from tawatur.store import cursors, samples, sites
from tawatur.store.database import Database
from tawatur.store.samples import BLOCKED, LEFT, Sample
from tawatur.store.schema import microseconds

SETTLED = timedelta(seconds=10)
"""What is committed later than that after its moment is not seen; a group of changes takes far less."""
LEFT_FOR = timedelta(days=1)
"""Reported so long ago and never withheld nor put before people: left alone."""
FIRST = timedelta(days=30)
"""So far back it begins on a site where nothing was picked before."""
AT_ONCE = 5000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Audited(msgspec.Struct, frozen=True):
    """What people found in the sample of a period: of what reports blocked, how much broke a rule (`right`); of what
    they left alone, how much did too (`missed`); and how many of each nobody has looked at yet. What was left
    undecided counts as neither."""

    right: Share
    missed: Share
    blocked_waiting: int
    left_waiting: int


def audited(database: Database, site: str, since: datetime, until: datetime) -> Audited:
    """By when the cases were picked, `since` included and `until` not."""
    with database.read() as connection:
        seen = samples.between(connection, site, since, until)
    counts = Counter((one.kind, one.outcome) for one in seen)

    def upheld(kind: str) -> Share:
        return Share(counts[kind, "upheld"], counts[kind, "upheld"] + counts[kind, "rejected"])

    return Audited(upheld(BLOCKED), upheld(LEFT), counts[BLOCKED, None], counts[LEFT, None])


def audit_key(secret: bytes, site: str) -> bytes:
    """What a site's cases are hashed with."""
    return hmac.digest(secret, b"tawatur/audit/1/" + site.encode(), hashlib.sha256)


def is_picked(key: bytes, case: str, share: float) -> bool:
    """Whether a case belongs to the sample: its hash, as a number from 0 to 1, is below the share. A larger share picks
    all that a smaller one does, and more."""
    digest = hmac.digest(key, case.encode(), hashlib.sha256)
    return int.from_bytes(digest[:7]) < share * 2**56


def pick_samples(database: Database, secret: bytes, now: datetime) -> int:
    """Picks from what happened since the last time, on every site; how many."""
    with database.read() as connection:
        known = [site.id for site in sites.all_of_them(connection)]
    return sum(pick_samples_of(database, secret, site, now) for site in known)


def pick_samples_of(database: Database, secret: bytes, site: str, now: datetime) -> int:
    """The same on one site."""
    key, share = audit_key(secret, site), policy_now(database, site).audit_share
    return _pick(database, site, BLOCKED, now - SETTLED, lambda family: is_picked(key, family, share)) + _pick(
        database, site, LEFT, now - LEFT_FOR, lambda family: is_picked(key, family, share)
    )


def _pick(database: Database, site: str, kind: str, until: datetime, picked: Callable[[str], bool]) -> int:
    """Goes on where it stopped the last time, in pages; the cursor is a moment, in microseconds."""
    reader, count = f"audit/{kind}/{site}", 0
    read = samples.blocks if kind == BLOCKED else samples.reported
    with database.read() as connection:
        after = _after(cursors.position(connection, reader), until)
        if not read(connection, site, after, until, 1):
            return 0
    while True:
        with database.write() as connection:
            after = _after(cursors.hold(connection, reader), until)
            found = read(connection, site, after, until, AT_ONCE)
            page = _whole_moments(found)
            chosen = {family: at for family, at in page if picked(family)}
            if kind == LEFT:
                chosen = _left(connection, chosen)
            samples.pick(connection, [Sample(family, kind, site, at) for family, at in chosen.items()])
            if page:
                cursors.move(connection, reader, microseconds(page[-1][1]))
        count += len(chosen)
        if len(found) < AT_ONCE:
            return count


def _whole_moments(found: list[tuple[str, datetime]]) -> list[tuple[str, datetime]]:
    """A full page without its last moment, of which the next page may have more."""
    if len(found) < AT_ONCE:
        return found
    return [one for one in found if one[1] < found[-1][1]] or found


def _left(connection: Connection, chosen: dict[str, datetime]) -> dict[str, datetime]:
    """Of those that were reported the ones that were left alone; they count from the day after, when that is so."""
    alone = samples.left_alone(connection, set(chosen))
    return {family: at + LEFT_FOR for family, at in chosen.items() if family in alone}


def _after(position: int, until: datetime) -> datetime:
    return max(_EPOCH + timedelta(microseconds=position), until - FIRST)
