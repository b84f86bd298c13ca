"""Labels for Bluesky's network: a reader of the log that says of records what became of the pictures in them.

An event only says which pictures to look at; what is said of a picture is read from its state, so that what stands on
the network is what the gate does. Whatever differs from the last word on a record becomes a new label with the next
number, in the transaction that moves the cursor: after a crash nothing is said twice, and nothing is left out.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import structlog
from sqlalchemy import Connection

from tawatur.delivery.label_keys import LabelKey, LabelKeyring, installed
from tawatur.delivery.label_values import value_of
from tawatur.failures import Failure
from tawatur.log.events import STATE_CHANGES
from tawatur.moderation.gate import visibilities
from tawatur.moderation.subjects import subject_of
from tawatur.store import cursors, events, images, labels
from tawatur.store.database import Database, DatabaseUnavailable, is_transient
from tawatur.store.events import EventRow
from tawatur.store.labels import Label, Labeler, Labelled

VERSION = 1
POLL_S = 1.0
BATCH = 50
"""Events that are read at once."""
SIGNED_AT_ONCE = 200
FAR = 1000
"""Positions: a reader that found nothing to do for so long notes how far it has come."""
_MILLISECOND = timedelta(milliseconds=1)

log = structlog.get_logger(__name__)


_READ = (*STATE_CHANGES, "image.reviewed", "review.undone")
"""A person who upholds a block for another reason changes what is said, and no state."""


class _Change(msgspec.Struct):
    images: list[str] = []


def reader_of(site: str) -> str:
    """The name of the cursor."""
    return f"labels/{site}"


def document(did: str, one: Label) -> dict[str, Any]:
    """A label as the network has it, without its signature."""
    said: dict[str, Any] = {"ver": VERSION, "src": did, "uri": one.uri, "val": one.val, "cts": written(one.at)}
    if one.cid is not None:
        said["cid"] = one.cid
    if one.neg:
        said["neg"] = True
    return said


def written(at: datetime) -> str:
    """A moment to the millisecond, as labels write it."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def sign(key: LabelKey, did: str, one: Label) -> Label:
    """The label, signed over the DAG-CBOR of its document."""
    from libipld import encode_dag_cbor  # comes with the extra

    signature = key.sign(encode_dag_cbor(document(did, one)))
    return msgspec.structs.replace(one, key=key.public, signature=signature)


def make_labels(database: Database, keyring: LabelKeyring, site: str, now: Callable[[], datetime]) -> bool:
    """Labels what the next events of the site are about; whether there may be more. Several processes may try at once:
    the work is done before the cursor is held, and who comes second finds it moved. Raises LabelKeyUnusable."""
    with database.read() as connection:
        labeler = _labeler(labels.labelers(connection), site)
        after = cursors.position(connection, reader_of(site))
        head = events.head(connection)
        told = events.site_page_of_types(connection, site, _READ, after, BATCH)
        seen = _named(connection, told)
    if labeler is None or (not told and head - after < FAR):
        return False
    last = (told[-1].position or 0) if told else 0
    end = last if len(told) == BATCH else max(head, last)
    wanted = _wanted(database, site, seen)
    with database.read() as connection:
        uris = {one.uri for one in wanted} | {one.uri for one in labels.labelled_images(connection, site, seen)}
        others = [one for one in labels.labelled_records(connection, site, uris) if one.image not in seen]
        before = {(one.uri, one.val): one for one in labels.latest(connection, site, uris)}
    new = _differences(labeler, before, [*others, *wanted], now())
    key = keyring.find(site, labeler.key)
    signed = [sign(key, labeler.did, one) for one in new]
    with database.write() as connection:
        held = cursors.hold(connection, reader_of(site))
        if held != after or _labeler(labels.labelers(connection), site) != labeler:
            return True
        labels.insert(connection, signed)
        labels.label_images(connection, site, seen, wanted)
        if signed:
            labels.count_up(connection, site, signed[-1].seq, active=True)
        cursors.move(connection, reader_of(site), end)
    return len(told) == BATCH


def sign_again(database: Database, keyring: LabelKeyring, site: str) -> bool:
    """Signs labels with the site's key that an older one signed; whether there may be more. Raises LabelKeyUnusable."""
    with database.read() as connection:
        labeler = _labeler(labels.labelers(connection), site)
        older = [] if labeler is None else labels.signed_otherwise(connection, site, labeler.key, SIGNED_AT_ONCE)
    if labeler is None or not older:
        return False
    key = keyring.find(site, labeler.key)
    signed = [sign(key, labeler.did, one) for one in older]
    with database.write() as connection:
        cursors.hold(connection, reader_of(site))
        if _labeler(labels.labelers(connection), site) == labeler:
            labels.save(connection, signed)
    return True


def take_back_all(database: Database, keyring: LabelKeyring, site: str, now: Callable[[], datetime]) -> int:
    """Takes back whatever stands, and lets the site say nothing more; returns how many labels that were. Raises
    LabelKeyUnusable."""
    with database.write() as connection:
        cursors.hold(connection, reader_of(site))
        labeler = _labeler(labels.labelers(connection), site, active=None)
        if labeler is None:
            return 0
        key, count, after, last = keyring.find(site, labeler.key), 0, 0, labeler.last
        while found := labels.standing(connection, site, after, SIGNED_AT_ONCE):
            back = _numbered(last, found, [], labeler, now())
            labels.insert(connection, [sign(key, labeler.did, one) for one in back])
            count, after, last = count + len(found), found[-1].seq, back[-1].seq
        labels.label_nothing(connection, site)
        labels.count_up(connection, site, last, active=False)
    return count


def _labeler(known: Iterable[Labeler], site: str, active: bool | None = True) -> Labeler | None:
    return next((one for one in known if one.site == site and active in (None, one.active)), None)


def _named(connection: Connection, told: Iterable[EventRow]) -> set[str]:
    """The images that these events are about: those that they list, and the families of those that were reviewed."""
    listed = {image for event in told for image in msgspec.json.decode(event.body, type=_Change).images}
    reviewed = {event.image for event in told if event.image is not None and event.type not in STATE_CHANGES}
    families = {one.family for one in images.of_ids(connection, reviewed - listed)}
    return listed | {one.id for one in images.of_families(connection, families)}


def _wanted(database: Database, site: str, seen: set[str]) -> list[Labelled]:
    """What these images are a reason to say now."""
    states = visibilities(database, seen)
    with database.read() as connection:
        known = sorted(images.of_ids(connection, seen), key=lambda one: one.id)
    wanted = []
    for image in known:
        subject, state = subject_of(image.external_id), states.get(image.id)
        value = None if state is None or image.site != site else value_of(state.status, state.reason)
        if subject is not None and value is not None:
            wanted.append(Labelled(site, image.id, subject.uri, subject.cid, value))
    return wanted


def _differences(
    labeler: Labeler, before: Mapping[tuple[str, str], Label], wanted: Iterable[Labelled], now: datetime
) -> list[Label]:
    """The labels that turn what was said into what is wanted: what is taken back first."""
    standing = {(one.uri, one.val): one for one in sorted(wanted, key=lambda one: one.image)}
    back = [one for where, one in sorted(before.items()) if not one.neg and where not in standing]
    said = []
    for where, one in sorted(standing.items()):
        last = before.get(where)
        if last is None or last.neg or last.cid != one.cid:
            said.append((one, last))
    return _numbered(labeler.last, back, said, labeler, now)


def _numbered(
    last: int, back: Iterable[Label], said: Iterable[tuple[Labelled, Label | None]], labeler: Labeler, now: datetime
) -> list[Label]:
    """New labels with the next numbers, each later than the last word on the same record and value."""
    new: list[Label] = []
    turns: list[tuple[Label | Labelled, bool, Label | None]] = [(one, True, one) for one in back]
    turns += [(one, False, word) for one, word in said]
    for one, neg, previous in turns:
        at = now.replace(microsecond=now.microsecond // 1000 * 1000)
        if previous is not None:
            at = max(at, previous.at + _MILLISECOND)
        number = last + len(new) + 1
        new.append(Label(labeler.site, number, one.uri, one.cid, one.val, neg, at, True, labeler.key, b""))
    return new


class Labels:
    """Labels on a thread, for every site that is switched on; asleep where the extra is not installed."""

    def __init__(self, database: Database, keyring: LabelKeyring) -> None:
        self._database = database
        self._keyring = keyring
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="tawatur-labels", daemon=True)

    def start(self) -> None:
        if installed():
            self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether it works, or has nothing to do here."""
        return not installed() or self._thread.is_alive()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _work(self) -> None:
        while not self._stopping.wait(POLL_S):
            try:
                self._look()
            except DatabaseUnavailable as error:
                log.warning("labels_postponed", reason=str(error))
            except Exception as error:
                if not is_transient(error):
                    log.exception("labels_failed")

    def _look(self) -> None:
        with self._database.read() as connection:
            active = [one.site for one in labels.labelers(connection) if one.active]
        for site in active:
            try:
                label(self._database, self._keyring, site, lambda: datetime.now(UTC), self._stopping.is_set)
            except Failure as error:
                if isinstance(error, DatabaseUnavailable):
                    raise
                log.error("not_labelled", site=site, reason=str(error))


def label(
    database: Database,
    keyring: LabelKeyring,
    site: str,
    now: Callable[[], datetime],
    stopping: Callable[[], bool] = lambda: False,
) -> None:
    """Says all that is to be said for the site, in small steps. Raises LabelKeyUnusable."""
    while not stopping() and make_labels(database, keyring, site, now):
        pass
    while not stopping() and sign_again(database, keyring, site):
        pass
