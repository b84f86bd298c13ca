"""Seals: every run of events under a signed root, every root chained to the one before.

A seal says: these events, from position `first` to `last`, have this root (log/leaves.py), and before it came the seal
with this digest. Whoever keeps one seal can tell later whether anything before it was changed. Sealing reads committed,
positioned events, so it never stands in the way of what writes them.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec
import structlog
from sqlalchemy import Connection

from tawatur.failures import Failure
from tawatur.log import keys, leaves
from tawatur.log.events import rfc3339
from tawatur.log.keys import Keyring, SigningKey
from tawatur.log.personal import NotAsWritten
from tawatur.log.sequencer import sequence
from tawatur.store import cursors, events, seals
from tawatur.store.database import Database, DatabaseUnavailable, is_transient
from tawatur.store.events import EventRow
from tawatur.store.seals import Sealed, SealRow

READER = "seals"
BATCH = 1024
FORM = 1
POLL_S = 2.0
_SEAL = b"tawatur seal 1\n"

log = structlog.get_logger(__name__)


class NotSealed(Failure):
    """The log or its seals are not as they were left, and nothing is sealed over that."""


class Seal(msgspec.Struct, frozen=True):
    """What is signed. `root` and `previous` (the digest of the seal before; None for the first) are 64 hexadecimal
    digits, `key` is the public key that signs."""

    form: int
    number: int
    first: int
    last: int
    count: int
    root: str
    previous: str | None
    at: str
    key: str


def digest(body: str) -> str:
    """What the next seal says of this one: the SHA-256 of its document."""
    return hashlib.sha256(body.encode()).hexdigest()


def message(body: str) -> bytes:
    """What is signed for this document."""
    return _SEAL + body.encode()


def read(row: SealRow) -> Seal:
    """What a seal says. Raises ValueError where it is not as it was written."""
    said = msgspec.json.decode(row.body, type=Seal)
    if msgspec.json.encode(said).decode() != row.body or (said.number, said.last) != (row.number, row.last):
        raise ValueError("it is not as it was written")
    return said


def seal(database: Database, keyring: Keyring, now: Callable[[], datetime]) -> int:
    """Seals all events that have positions; returns how many. Several processes may try at once. Raises KeyUnusable,
    and NotSealed where the log is not whole."""
    sequence(database)
    sealed = 0
    while True:
        count = seal_next(database, keyring, now)
        if count == 0:
            return sealed
        sealed += count


def seal_next(database: Database, keyring: Keyring, now: Callable[[], datetime]) -> int:
    """Seals the next batch; returns how many events there were. The work is done before the cursor is held: who comes
    second finds it moved, and begins again."""
    while True:
        with database.read() as connection:
            before = seals.last(connection)
            after = 0 if before is None else before.last
            batch = events.page_of_all(connection, after, BATCH)
        if not batch:
            return 0
        if [event.position for event in batch] != list(range(after + 1, after + 1 + len(batch))):
            raise NotSealed(f"After position {after} events are missing: `tawatur audit verify` says which.")
        salts, made = leaves_of(batch)
        root = leaves.root(made).hex()
        with database.write() as connection:
            held = cursors.hold(connection, READER)
            if held != after:
                other = seals.last(connection)
                if other is None or other.last != held:
                    raise NotSealed(f"Events were sealed up to position {held}, and those seals are not there.")
                continue
            number = 1 if before is None else before.number + 1
            key = _key(connection, keyring, now)
            document = Seal(
                FORM,
                number,
                after + 1,
                after + len(batch),
                len(batch),
                root,
                None if before is None else digest(before.body),
                rfc3339(now()),
                key.public,
            )
            body = msgspec.json.encode(document).decode()
            row = SealRow(number, document.last, body, key.sign(message(body)))
            seals.insert(connection, row, Sealed(number, salts, b"".join(made)))
            cursors.move(connection, READER, document.last)
        return len(batch)


def leaves_of(batch: list[EventRow]) -> tuple[bytes, list[bytes]]:
    """New salts for these events, one after the other, and their leaves. Raises NotSealed."""
    random = os.urandom(leaves.SALTS * len(batch))
    salts, made = [], []
    for event, mine in zip(batch, leaves.cut(random, leaves.SALTS), strict=True):
        try:
            salt, leaf = leaves.fresh(event, mine)
        except NotAsWritten as error:
            raise NotSealed(f"The event {event.id} at position {event.position} cannot be sealed: {error}.") from None
        salts.append(salt)
        made.append(leaf)
    return b"".join(salts), made


def _key(connection: Connection, keyring: Keyring, now: Callable[[], datetime]) -> SigningKey:
    """The key that signs now. The first seal of a database brings its first key."""
    known = seals.keys(connection)
    if known:
        return keyring.find(keys.read_statement(known[-1]).key)
    first = keyring.first()
    seals.insert_key(connection, keys.statement(first, None, 1, now()))
    return first


def change_key(database: Database, keyring: Keyring, now: Callable[[], datetime]) -> SigningKey:
    """A new key signs from the next seal on, and the old private one is deleted. Raises KeyUnusable."""
    seal(database, keyring, now)
    with database.write() as connection:
        cursors.hold(connection, READER)
        before = seals.last(connection)
        old = _key(connection, keyring, now)
        since = 1 if before is None else before.number + 1
        if seals.keys(connection)[-1].since == since:
            raise keys.KeyUnusable("The key in force has not signed anything yet.")
        new = keyring.make()
        seals.insert_key(connection, keys.statement(new, old, since, now()))
    keyring.drop(old.public)
    return new


class Sealer:
    """Seals on a thread: every `seconds` at the latest, and as soon as a batch is full; the rest when it stops."""

    def __init__(self, database: Database, keyring: Keyring, seconds: float) -> None:
        self._database = database
        self._keyring = keyring
        self._seconds = seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="tawatur-sealer", daemon=True)

    def start(self) -> None:
        """Does nothing where this server is not to seal (0 seconds)."""
        if self._seconds:
            self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether it works, or is not to work here."""
        return not self._seconds or self._thread.is_alive()

    def stop(self) -> None:
        """Seals what waits, then ends."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _work(self) -> None:
        due = time.monotonic()
        while not self._stopping.wait(min(POLL_S, self._seconds)):
            if time.monotonic() >= due or self._is_full():
                self._try()
                due = time.monotonic() + self._seconds
        self._try()

    def _is_full(self) -> bool:
        try:
            with self._database.read() as connection:
                before = seals.last(connection)
                return events.head(connection) - (0 if before is None else before.last) >= BATCH
        except DatabaseUnavailable:
            return False

    def _try(self) -> None:
        try:
            seal(self._database, self._keyring, lambda: datetime.now(UTC))
        except DatabaseUnavailable as error:
            log.warning("sealing_postponed", reason=str(error))
        except Failure as error:
            log.error("not_sealed", reason=str(error))
        except Exception as error:
            if not is_transient(error):
                log.exception("sealer_failed")
