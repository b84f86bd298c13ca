"""Ids and hashes in a file: a line of magic, a header that says what follows, the rows; checked on reading."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path
from typing import BinaryIO

import msgspec
import numpy as np

from tawatur.imaging.segment import WORDS, Hashes, Ids

_MAGIC = b"tawatur index of hashes\n"
_FORMAT = 1
_LARGEST_HEADER = 4096


class SnapshotRefused(Exception):
    """A snapshot cannot be used; the index has to be built from the database."""


class BrokenSnapshot(SnapshotRefused):
    """The snapshot is damaged"""


class StaleSnapshot(SnapshotRefused):
    """The snapshot is of another time or version"""


class _Header(msgspec.Struct, frozen=True):
    format: int
    kind: str
    position: int
    count: int
    digest: bytes


def write(path: Path, ids: Ids, hashes: Hashes, *, kind: str, position: int) -> None:
    """Writes beside, flushes to the disk, then renames. Raises `OSError`."""
    rows = (ids.astype("<i8", copy=False), np.ascontiguousarray(hashes.astype("<u8", copy=False)))
    head = msgspec.msgpack.encode(_Header(_FORMAT, kind, position, len(ids), _digest(kind, position, *rows)))
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with temporary.open("wb") as file:
            file.write(_MAGIC + len(head).to_bytes(4, "little") + head)
            for part in rows:
                file.write(part.data.cast("B") if part.size else b"")
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read(path: Path, *, kind: str, since: int) -> tuple[Ids, Hashes, int]:
    """Ids, hashes and position. Raises `SnapshotRefused` for whatever cannot be used, `OSError` as `open` does."""
    with path.open("rb") as file:
        head = _head(file, path)
        if head.format != _FORMAT or head.kind != kind:
            raise StaleSnapshot(
                f"{path} holds {head.kind!r} in format {head.format}; wanted is {kind!r} in format {_FORMAT}. "
                "Build the index from the database and save it anew."
            )
        if head.position < since:
            raise StaleSnapshot(
                f"{path} ends at position {head.position}, before {since}, from where on changes are still known. "
                "Build the index from the database and save it anew."
            )
        size = os.fstat(file.fileno()).st_size - file.tell()
        if size != head.count * 8 * (1 + WORDS):
            raise _broken(path, f"it should hold {head.count:,} hashes and has {size:,} bytes")
        ids = np.fromfile(file, dtype="<i8", count=head.count)
        hashes = np.fromfile(file, dtype="<u8", count=head.count * WORDS).reshape(-1, WORDS)
    if _digest(kind, head.position, ids, hashes) != head.digest:
        raise _broken(path, "its checksum is wrong")
    return ids.astype(np.int64, copy=False), hashes.astype(np.uint64, copy=False), head.position


def _head(file: BinaryIO, path: Path) -> _Header:
    if file.read(len(_MAGIC)) != _MAGIC:
        raise _broken(path, "it does not begin as one")
    size = int.from_bytes(file.read(4), "little")
    try:
        return msgspec.msgpack.decode(file.read(min(size, _LARGEST_HEADER)), type=_Header)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise _broken(path, "its header cannot be read") from error


def _digest(kind: str, position: int, ids: Ids, hashes: Hashes) -> bytes:
    digest = hashlib.blake2b(f"{position} {kind}\n".encode(), digest_size=32)
    for part in (ids, hashes):
        digest.update(part.data.cast("B") if part.size else b"")
    return digest.digest()


def _broken(path: Path, why: str) -> BrokenSnapshot:
    return BrokenSnapshot(f"{path} is no whole snapshot: {why}. Build the index from the database and save it anew.")
