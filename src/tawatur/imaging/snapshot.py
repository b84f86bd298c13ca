"""Named hashes in a file: a line of magic, a header that says what follows, the rows; checked on reading."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import msgspec
import numpy as np

from tawatur.imaging.pdq import Hashes
from tawatur.imaging.segment import WORDS

Names = np.ndarray[Any, np.dtype[np.bytes_]]
"""Texts in UTF-8, each in as many bytes as the longest."""

_MAGIC = b"tawatur named hashes\n"
_FORMAT = 2
_LARGEST_HEADER = 4096


class SnapshotRefused(Exception):
    """A snapshot cannot be used; what it holds has to be read from the database."""


class BrokenSnapshot(SnapshotRefused):
    """The snapshot is damaged"""


class StaleSnapshot(SnapshotRefused):
    """The snapshot is of another kind or version"""


class Snapshot(NamedTuple):
    """Names of shape (n,) and their hashes of shape (n, 4), as they were when a log had been read up to `position`, at
    which stands a line about `last`: whoever has the same line there has the same log up to there."""

    names: Names
    hashes: Hashes
    position: int
    last: str


class _Header(msgspec.Struct, frozen=True):
    format: int
    kind: str
    position: int
    last: str
    count: int
    width: int
    digest: bytes


def write(path: Path, taken: Snapshot, *, kind: str) -> None:
    """Writes beside, flushes to the disk, then renames: the file is there whole or not at all. Raises `OSError`.

    `kind` says what the hashes are of.
    """
    names = np.ascontiguousarray(taken.names)
    hashes = np.ascontiguousarray(taken.hashes.astype("<u8", copy=False))
    header = _Header(_FORMAT, kind, taken.position, taken.last, len(names), names.dtype.itemsize, b"")
    header = msgspec.structs.replace(header, digest=_digest(header, names, hashes))
    head = msgspec.msgpack.encode(header)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with temporary.open("wb") as file:
            file.write(_MAGIC + len(head).to_bytes(4, "little") + head)
            for part in (names, hashes):
                file.write(_bytes(part))
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


def read(path: Path, *, kind: str) -> Snapshot:
    """What `write` wrote. Raises `SnapshotRefused` for whatever cannot be used, `OSError` as `open` does."""
    with path.open("rb") as file:
        head = _head(file, path)
        if head.format != _FORMAT or head.kind != kind:
            raise StaleSnapshot(
                f"{path} holds {head.kind!r} in format {head.format}; wanted is {kind!r} in format {_FORMAT}."
            )
        size = os.fstat(file.fileno()).st_size - file.tell()
        if head.width < 1 or head.count < 0 or size != head.count * (head.width + 8 * WORDS):
            raise _broken(path, f"it should hold {head.count:,} hashes and has {size:,} bytes")
        names = np.fromfile(file, dtype=f"S{head.width}", count=head.count)
        hashes = np.fromfile(file, dtype="<u8", count=head.count * WORDS).reshape(-1, WORDS)
    if _digest(head, names, hashes) != head.digest:
        raise _broken(path, "its checksum is wrong")
    return Snapshot(names, hashes.astype(np.uint64, copy=False), head.position, head.last)


def _head(file: BinaryIO, path: Path) -> _Header:
    if file.read(len(_MAGIC)) != _MAGIC:
        raise _broken(path, "it does not begin as one")
    size = int.from_bytes(file.read(4), "little")
    try:
        return msgspec.msgpack.decode(file.read(min(size, _LARGEST_HEADER)), type=_Header)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise _broken(path, "its header cannot be read") from error


def _digest(head: _Header, names: Names, hashes: Hashes) -> bytes:
    """Over the rows and everything that the header says of them."""
    said = msgspec.msgpack.encode(msgspec.structs.replace(head, digest=b""))
    digest = hashlib.blake2b(said, digest_size=32)
    digest.update(_bytes(names))
    digest.update(_bytes(hashes))
    return digest.digest()


def _bytes(part: np.ndarray[Any, Any]) -> memoryview | bytes:
    return part.view(np.uint8).data.cast("B") if part.size else b""


def _broken(path: Path, why: str) -> BrokenSnapshot:
    return BrokenSnapshot(f"{path} is no whole snapshot: {why}.")
