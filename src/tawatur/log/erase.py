"""Erases what events say of people. Which events, an erasure in the log says first, by their positions; what it says is
then carried out by a reader of the log, so that a crash between the two loses nothing.

Only what is sealed is erased, and only after the erasure is sealed too: then the digest of the part stands for it, its
salt is gone, and `audit verify` finds the erasure that names it (log/verify.py). What happened stays in the log, so
that it is read and replayed as before: a reporter becomes somebody who made this one report, signals still say which
reports of one picture came from one device, and no more.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection

from tawatur.log import events as told
from tawatur.log import leaves, personal, seal
from tawatur.log.events import EventsErased
from tawatur.log.keys import Keyring
from tawatur.log.marks import ERASURE, runs
from tawatur.log.personal import MEANS, WHO
from tawatur.store import cursors, events, seals
from tawatur.store.database import Database
from tawatur.store.database_book import DatabaseBook
from tawatur.store.events import EventRow
from tawatur.store.retention import AGES
from tawatur.store.seals import ErasedPart, SealRow

READER = "erasures"
AT_ONCE = 500
"""Events that one erasure names."""
_raw = msgspec.json.Decoder(dict[str, msgspec.Raw])


def name(
    connection: Connection,
    new_id: Callable[[], str],
    now: datetime,
    site: str,
    part: str,
    positions: Sequence[int],
    cause: str,
) -> None:
    """Appends the erasures that name this part of the events at these positions, which are sealed and ascend."""
    book = DatabaseBook(connection, new_id)
    for start in range(0, len(positions), AT_ONCE):
        said = EventsErased(part=part, cause=cause, positions=runs(positions[start : start + AT_ONCE]))
        book.append(told.row(new_id(), site, None, now, said))
    book.flush()


def carry_out(database: Database, keyring: Keyring, now: Callable[[], datetime]) -> int:
    """Does what erasures in the log say, after sealing them; returns how many parts were erased."""
    seal.seal(database, keyring, now)
    count = 0
    while True:
        with database.write() as connection:
            after = cursors.hold(connection, READER)
            last = seals.last(connection)
            page = [] if last is None else events.page_of_types(connection, [ERASURE], after, last.last, 1)
            for event in page:
                count += _erase(connection, event)
                cursors.move(connection, READER, event.position or after)
            if not page and last is not None:
                cursors.move(connection, READER, last.last)
        if not page:
            return count


def _erase(connection: Connection, erasure: EventRow) -> int:
    said = msgspec.json.decode(erasure.body, type=EventsErased)
    key, count = os.urandom(32), 0
    wanted = [position for first, end in said.positions for position in range(first, end + 1)]
    while wanted:
        row = seals.over(connection, wanted[0])
        if row is None:  # not sealed: nothing that anybody could have named
            break
        here = [position for position in wanted if position <= row.last]
        wanted = wanted[len(here) :]
        count += _erase_under(connection, row, here, said.part, erasure.site, key)
    return count


def _erase_under(
    connection: Connection, row: SealRow, positions: Sequence[int], part: str, site: str, key: bytes
) -> int:
    """Erases a part of the events at these positions, all under one seal."""
    sealed = seals.under(connection, row.number)
    assert sealed is not None
    first = seal.read(row).first
    done = {one.position for one in seals.erased(connection, positions[0], positions[-1]) if one.part == part}
    salts = bytearray(sealed.salts)
    gone, bodies = [], []
    for event in seals.events_between(connection, positions[0], positions[-1]):
        position = event.position or 0
        if position not in positions or position in done or event.site != site:
            continue
        said = getattr(personal.split(event.body), part)
        if not said:
            continue
        place = (position - first) * leaves.SALTS + (0 if part == WHO else leaves.SALT)
        gone.append(ErasedPart(position, part, leaves.part_digest(bytes(salts[place : place + leaves.SALT]), said)))
        salts[place : place + leaves.SALT] = leaves.NO_SALT
        bodies.append((position, without(event, part, key)))
    if gone:
        seals.erase(connection, row.number, bytes(salts), gone)
        seals.say(connection, bodies)
    return len(gone)


def without(event: EventRow, part: str, key: bytes) -> str:
    """The event's body as it is once this part is erased. `key` is random and thrown away: what it makes of signals
    links reports of one picture, and nothing else, to nobody."""
    members: dict[str, Any] = _raw.decode(event.body)
    for member in [name for name in members if personal.PERSONAL.get(name) == part]:
        value = msgspec.json.decode(members[member])
        if part == WHO and isinstance(value, str):
            members[member] = personal.nobody(event)
        elif part == MEANS and member == "signals":
            members[member] = _unlinked(value, event, key)
        else:
            del members[member]
    return msgspec.json.encode(members).decode()


def _unlinked(signals: Mapping[str, Any], event: EventRow, key: bytes) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name_, value in signals.items():
        if name_ == "account_created_at":
            found[name_] = told.rfc3339(rough(msgspec.convert(value, datetime), event.at))
        elif isinstance(value, str):
            found[name_] = hmac.digest(key, f"{event.image}/{name_}/{value}".encode(), "sha256").hex()[:32]
        else:
            found[name_] = value
    return found


def rough(created: datetime, at: datetime) -> datetime:
    """When an account was made, as roughly as the engine needs to know it: 0, 14, 90 or 365 days before the report."""
    return at - next((age for age in AGES if at - created >= age), timedelta())
