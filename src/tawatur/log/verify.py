"""Recomputes everything that the seals say of the log, and names the first event that does not hold.

Seal by seal: its signature and its key, its place in the chain, every event's leaf under it, and that no position is
missing. Then the end: what is not sealed yet must be young, and nothing that was sealed may be gone. A database takes
page by page, in little memory, while a server goes on writing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from tawatur.failures import Failure
from tawatur.log import keys, leaves, seal
from tawatur.log.keys import Statement
from tawatur.log.marks import Marks
from tawatur.log.personal import WHO, names_nobody
from tawatur.log.seal import READER, Seal
from tawatur.store import cursors, events, seals
from tawatur.store.database import Database, DatabaseUnavailable
from tawatur.store.events import EventRow
from tawatur.store.seals import ErasedPart, Sealed, SealRow

LATE = timedelta(minutes=15)
"""An event that is older than this and not sealed was left out."""
SEALS_AT_ONCE = 50
PAGE = 1000
_WRONG = (ValueError, TypeError, OverflowError, msgspec.MsgspecError, AttributeError)
"""What reading a row can raise that somebody changed by hand."""


class DoesNotHold(Failure):
    """The log is not what was sealed. The message names the first place."""


class Head(msgspec.Struct, frozen=True):
    """A seal as it was printed once and kept elsewhere."""

    seal: str
    signature: str


class Verified(msgspec.Struct):
    """What holds, in numbers. `waiting` events are too young to be sealed yet, `unpositioned` even to have a place."""

    seals: int = 0
    events: int = 0
    erased: dict[str, int] = msgspec.field(default_factory=dict)
    waiting: int = 0
    unpositioned: int = 0
    key: str | None = None
    last: str | None = None


def verify(
    database: Database,
    trusted: Collection[str],
    now: datetime,
    heads: Sequence[Head] = (),
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Verified:
    """Checks all seals and all events. `trusted` are public keys that are known to be this server's, `heads` seals that
    were kept elsewhere; `progress` is told how many events of how many are done.

    Raises DoesNotHold at the first event, seal or key that is not as it was sealed.
    """
    found = Verified()
    with _readable("The keys, or the head of the log,"), database.read() as connection:
        known = _keys(seals.keys(connection), trusted)
        head = events.head(connection)
    wanted = _read_heads(heads)
    marks = Marks(database)
    with _readable("The last seal, or an erasure,"):
        marks.read_on()
    before: tuple[SealRow, Seal] | None = None
    while True:
        after = 0 if before is None else before[0].number
        with _readable(f"A seal after seal {after}"), database.read() as connection:
            page = seals.page(connection, after, SEALS_AT_ONCE)
        for row in page:
            said = _chained(row, before, known)
            _check_run(database, said, marks, found)
            _compare(row, wanted.pop(row.number, None))
            before = (row, said)
            found.seals, found.events = row.number, row.last
            progress(row.last, max(head, row.last))
        if len(page) < SEALS_AT_ONCE:
            break
    if wanted:
        missing = min(wanted)
        raise DoesNotHold(
            f"Seal {missing}, which was kept elsewhere, is not there any more: the end of the log is cut off."
        )
    found.key = known[-1].key if known else None
    found.last = None if before is None else before[0].body
    _check_end(database, found, now)
    return found


def _keys(rows: Sequence[seals.KeyRow], trusted: Collection[str]) -> list[Statement]:
    try:
        known = keys.chain(rows)
    except _WRONG as error:
        raise DoesNotHold(f"The keys do not hold: {error}.") from None
    if known and not any(one.key in trusted for one in known):
        raise DoesNotHold(
            f"The seals are signed with a key that is not known here ({known[-1].key}): somebody sealed anew, or the "
            "key is missing. Give the right one with --key, or put it back into the data folder."
        )
    return known


def _read_heads(heads: Sequence[Head]) -> dict[int, Head]:
    found = {}
    for head in heads:
        try:
            found[msgspec.json.decode(head.seal, type=Seal).number] = head
        except msgspec.DecodeError as error:
            raise Failure(f"What was kept elsewhere is no seal: {error}.") from None
    return found


def _compare(row: SealRow, kept: Head | None) -> None:
    if kept is not None and kept.seal != row.body:
        raise DoesNotHold(
            f"Seal {row.number} is not the one that was kept elsewhere: events up to it were sealed anew."
        )


def _chained(row: SealRow, before: tuple[SealRow, Seal] | None, known: Sequence[Statement]) -> Seal:
    """What the seal says, if it follows from the one before and is signed by the right key."""
    number = 1 if before is None else before[0].number + 1
    if row.number != number:
        raise DoesNotHold(f"Seal {number} is missing.")
    first = 1 if before is None else before[0].last + 1
    try:
        said = seal.read(row)
    except _WRONG as error:
        raise DoesNotHold(
            f"Seal {number}, over the events from position {first} on, cannot be read: {error}."
        ) from None
    where = f"Seal {number}, over positions {said.first:,} to {said.last:,},"
    if said.form != seal.FORM:
        raise DoesNotHold(f"{where} has form {said.form}, which this release does not know.")
    if said.previous != (None if before is None else seal.digest(before[0].body)):
        raise DoesNotHold(f"{where} does not follow the seal before it.")
    if said.first != first or said.count != said.last - said.first + 1 or said.count < 1:
        raise DoesNotHold(f"{where} leaves out or repeats positions: it should begin at {first:,}.")
    if said.key != keys.key_of(known, number):
        raise DoesNotHold(f"{where} is signed by {said.key}, which was not the key in force.")
    if not keys.signed(said.key, row.signature, seal.message(row.body)):
        raise DoesNotHold(f"The signature of seal {number} does not fit.")
    return said


def _check_run(database: Database, said: Seal, marks: Marks, found: Verified) -> None:
    """Every event under the seal, against its leaf; and the leaves, against the root."""
    try:
        with _readable("The events"):
            run, sealed, parts = _read_run(database, said)
    except DoesNotHold:
        raise DoesNotHold(f"{_unreadable(database, said)} cannot be read.") from None
    if (
        sealed is None
        or len(sealed.leaves) != leaves.LEAF * said.count
        or len(sealed.salts) != leaves.SALTS * said.count
    ):
        raise DoesNotHold(f"What lies under seal {said.number} is missing: salts or leaves are not whole.")
    kept = leaves.cut(sealed.leaves)
    kept_holds = leaves.root(kept).hex() == said.root
    there = {event.position: event for event in run}
    made = []
    for index, salts in enumerate(leaves.cut(sealed.salts, leaves.SALTS)):
        position = said.first + index
        event = there.get(position)
        if event is None:
            raise DoesNotHold(f"The event at position {position:,} is missing; it lies under seal {said.number}.")
        leaf = _leaf(event, salts, parts.get(position, []), marks)
        if kept_holds and leaf != kept[index]:
            raise DoesNotHold(f"{_named(event)} is not what was sealed: it, or its salt, was changed.")
        made.append(leaf)
    if leaves.root(made).hex() != said.root:
        index = next((n for n, leaf in enumerate(made) if leaf != kept[n]), 0)
        raise DoesNotHold(
            f"{_named(run[index])} is not what was sealed, nor are the leaves of seal {said.number} what they were."
        )
    if not kept_holds:
        raise DoesNotHold(f"The leaves of seal {said.number} were changed; its events hold.")
    for one in (part for list_ in parts.values() for part in list_):
        found.erased[one.part] = found.erased.get(one.part, 0) + 1


def _read_run(database: Database, said: Seal) -> tuple[list[EventRow], Sealed | None, dict[int, list[ErasedPart]]]:
    """The events under a seal, and what lies beside them, as of one moment: parts may be erased meanwhile."""
    with _snapshot(database) as connection:
        run = seals.events_between(connection, said.first, said.last)
        parts: dict[int, list[ErasedPart]] = {}
        for part in seals.erased(connection, said.first, said.last):
            parts.setdefault(part.position, []).append(part)
        return run, seals.under(connection, said.number), parts


def _leaf(event: EventRow, salts: bytes, parts: Sequence[ErasedPart], marks: Marks) -> bytes:
    """The event's leaf. Raises DoesNotHold where it cannot be an event, or is erased although no erasure says so."""
    erased = {one.part: one.digest for one in parts}
    for part in erased:
        if not marks.has(event.position or 0, part):
            marks.read_on()
            if not marks.has(event.position or 0, part):
                raise DoesNotHold(f"{_named(event)} is erased in part ({part}), and no sealed event says so.")
    try:
        if WHO in erased and not names_nobody(event):
            raise DoesNotHold(f"{_named(event)} names somebody, although who it was is erased.")
        return leaves.leaf(event, salts, erased)
    except _WRONG as error:
        raise DoesNotHold(f"{_named(event)} is not what was sealed: {error}.") from None


def _unreadable(database: Database, said: Seal) -> str:
    """Which event under the seal, or what else, cannot be read at all."""
    for position in range(said.first, said.last + 1):
        try:
            with _readable("It"), database.read() as connection:
                seals.events_between(connection, position, position)
        except DoesNotHold:
            return f"The event at position {position:,}"
    return f"What lies under seal {said.number}"


def _check_end(database: Database, found: Verified, now: datetime) -> None:
    """Nothing that was sealed or got a position is gone, and what is not sealed yet is young."""
    with _readable("The end of the log"), _snapshot(database) as connection:
        held = next((one.position for one in cursors.all_of_them(connection) if one.reader == READER), 0)
        last = seals.last(connection)
        head = events.head(connection)
        stray = seals.out_of_order(connection, head)
        found.unpositioned, since = seals.unpositioned(connection)
        sealed = 0 if last is None else last.last
        if held != sealed:
            raise DoesNotHold(
                f"Events were sealed up to position {held:,}, and the seals end at {sealed:,}: seals are missing."
            )
        if stray is not None:
            raise DoesNotHold(f"The event {stray[0]} stands at position {stray[1]:,}, which was never given.")
        _check_tail(connection, sealed, head, found, now)
    if since is not None and since < now - LATE:
        raise DoesNotHold(f"An event waits for its position since {since:%Y-%m-%d %H:%M} UTC, and is not sealed.")


def _check_tail(connection: Connection, sealed: int, head: int, found: Verified, now: datetime) -> None:
    """The positions after the last seal are all there, and young."""
    place = sealed
    while place < head:
        page = events.page_of_all(connection, place, PAGE)
        for event in page:
            if event.position != place + 1:
                break
            if event.at < now - LATE:
                raise DoesNotHold(
                    f"{_named(event)} is older than {LATE.seconds // 60} minutes and not sealed. Where no server "
                    "runs, `tawatur audit seal` seals."
                )
            place += 1
        if not page or page[-1].position != place:
            raise DoesNotHold(f"The event at position {place + 1:,} is missing: positions were given up to {head:,}.")
    found.waiting = place - sealed


@contextmanager
def _snapshot(database: Database) -> Iterator[Connection]:
    """A reading transaction in which all is as of one moment, while a server goes on."""
    with database.read() as connection:
        if not database.is_sqlite:
            connection.execution_options(isolation_level="REPEATABLE READ")
        yield connection


@contextmanager
def _readable(what: str) -> Iterator[None]:
    """Tells rows that somebody changed by hand, so that they cannot even be read, from a database that cannot."""
    try:
        yield
    except DatabaseUnavailable as error:
        if "decode" not in str(error):  # SQLite gives whatever bytes stand where a text should
            raise
        raise DoesNotHold(f"{what} cannot be read.") from None
    except (*_WRONG, DBAPIError):
        raise DoesNotHold(f"{what} cannot be read.") from None


def _named(event: EventRow) -> str:
    return f"The event {event.id} ({event.type}) at position {event.position:,}"
