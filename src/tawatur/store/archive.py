"""The form of a backup: one tar file whose last members say what the others must be.

| member | is |
|---|---|
| `database.sqlite` or `database.dump` | a copy of the database at one moment |
| `images/<sha256>` | a picture |
| `context/<name>` | an imported list of names |
| `keys/secret`, `keys/seal-keys/<public>.key`, `keys/label-keys/<site>.key` | only where the operator asked for them |
| `manifest.json`, `manifest.sha256` | what this is of, the checksum of each member, and the manifest's own |

A backup that ends too early has no manifest; one that was damaged or altered does not fit it. Whoever alters all of it
with its checksums is found by `tawatur audit verify`, for the log is sealed.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import secrets
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO

import msgspec

from tawatur.failures import Failure

FORM = 1
PIECE = 1 << 20
IMAGES, CONTEXT, KEYS = "images/", "context/", "keys/"
_MANIFEST, _SUM = "manifest.json", "manifest.sha256"
_NAMES = re.compile(
    r"database\.(sqlite|dump)|images/[0-9a-f]{64}|context/[\w-]+(\.[\w-]+)*|keys/secret|keys/(seal|label)-keys/[\w-]+\.key"
)
_LARGEST_MANIFEST = 64 * PIECE


class BackupUnusable(Failure):
    """The file is no backup, or not all of one."""


class BackupNotWritten(Failure):
    """The backup could not be written; nothing of it is left behind."""


class Manifest(msgspec.Struct, frozen=True):
    """`kind` is "sqlite" or "postgresql", `revision` the version of its tables, `seal_key` the public key that seals
    were signed with. `sums` has the SHA-256 of each member but the pictures, whose names are theirs; `listed` is the
    SHA-256 of all pictures' names in their order, one a line."""

    form: int
    release: str
    at: datetime
    kind: str
    revision: str
    seal_key: str | None
    sums: dict[str, str]
    pictures: int
    listed: str


class Writing:
    """A backup that is being written."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self._sums: dict[str, str] = {}
        self._listed = hashlib.sha256()
        self._pictures = 0

    def add(self, name: str, path: Path, told: Callable[[int], None] = lambda size: None) -> None:
        """Adds a file under that name."""
        with path.open("rb") as file:
            self._sums[name] = self._put(name, file, os.fstat(file.fileno()).st_size, told)

    def add_bytes(self, name: str, data: bytes) -> None:
        self._sums[name] = self._put(name, io.BytesIO(data), len(data), lambda size: None)

    def add_picture(self, sha256: str, data: bytes) -> None:
        """Adds a picture, whose SHA-256 that is."""
        self._put(IMAGES + sha256, io.BytesIO(data), len(data), lambda size: None)
        self._listed.update(f"{sha256}\n".encode())
        self._pictures += 1

    def finish(self, manifest: Callable[[dict[str, str], int, str], Manifest]) -> None:
        """Says what all of it must be."""
        made = msgspec.json.encode(manifest(self._sums, self._pictures, self._listed.hexdigest()))
        for name, data in ((_MANIFEST, made), (_SUM, hashlib.sha256(made).hexdigest().encode())):
            self._put(name, io.BytesIO(data), len(data), lambda size: None)

    def _put(self, name: str, file: IO[bytes], size: int, told: Callable[[int], None]) -> str:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = size, 0o600
        read = _Read(file, told)
        self._tar.addfile(entry, read)
        return read.sum.hexdigest()


class _Read:
    """A file that is summed while it is read."""

    def __init__(self, file: IO[bytes], told: Callable[[int], None]) -> None:
        self._file = file
        self._told = told
        self.sum = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.sum.update(data)
        self._told(len(data))
        return data


@contextmanager
def written(target: Path) -> Iterator[Writing]:
    """A new backup at `target`: there whole at the end, or not at all. Raises BackupNotWritten, also where something is
    there already."""
    if target.exists():
        raise BackupNotWritten(f"{target} is there already, and is not overwritten. Choose another name.")
    unfinished = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            with tarfile.open(fileobj=file, mode="w|", format=tarfile.PAX_FORMAT, bufsize=PIECE) as tar:
                yield Writing(tar)
            file.flush()
            os.fsync(file.fileno())
        _name(unfinished, target)
    except OSError as error:
        raise BackupNotWritten(f"{target} cannot be written: {error.strerror}. Nothing is left behind.") from error
    finally:
        unfinished.unlink(missing_ok=True)


def _name(unfinished: Path, target: Path) -> None:
    """Gives the finished file its name, unless something has it by now."""
    try:
        os.link(unfinished, target)
    except FileExistsError:
        raise BackupNotWritten(f"{target} was made by somebody else meanwhile, and is not overwritten.") from None
    except OSError:  # a file system without links
        unfinished.rename(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        with suppress(OSError):
            os.fsync(folder)
    finally:
        os.close(folder)


class Member(msgspec.Struct):
    """One member while it is read: its name, its size in bytes, and its bytes, piece by piece."""

    name: str
    size: int
    pieces: Iterator[bytes]

    def whole(self) -> bytes:
        return b"".join(self.pieces)


def members(source: Path, told: Callable[[int], None] = lambda size: None) -> Iterator[Member]:
    """The members one after the other, but those that say what the others must be; each is to be read before the next.
    Raises BackupUnusable."""
    for member in _all(source, told):
        if member.name not in (_MANIFEST, _SUM):
            yield member


def verified(source: Path, told: Callable[[int], None] = lambda size: None) -> Manifest:
    """What the backup is of, once every byte of it is as it was written; `told` hears of bytes read. Raises
    BackupUnusable."""
    sums: dict[str, str] = {}
    listed, pictures, manifest = hashlib.sha256(), 0, b""
    for member in _all(source, told):
        summed, kept = hashlib.sha256(), []
        for piece in member.pieces:
            summed.update(piece)
            if member.name in (_MANIFEST, _SUM) and member.size <= _LARGEST_MANIFEST:
                kept.append(piece)
        if member.name == _MANIFEST:
            manifest = b"".join(kept)
        elif member.name == _SUM:
            return _fitting(source, manifest, b"".join(kept), sums, (pictures, listed.hexdigest()))
        elif member.name.startswith(IMAGES):
            if summed.hexdigest() != member.name.removeprefix(IMAGES):
                raise _altered(source, member.name)
            pictures += 1
            listed.update(f"{member.name.removeprefix(IMAGES)}\n".encode())
        else:
            sums[member.name] = summed.hexdigest()
    raise BackupUnusable(f"{source} ends too early: it is not all of a backup. Take another one.")


def _all(source: Path, told: Callable[[int], None]) -> Iterator[Member]:
    with _readable(source), source.open("rb") as file, tarfile.open(fileobj=file, mode="r|", bufsize=PIECE) as tar:
        for entry in tar:
            known = _NAMES.fullmatch(entry.name) or entry.name in (_MANIFEST, _SUM)
            if not (entry.isreg() and known):
                raise BackupUnusable(f"{source} is no backup of ours: {entry.name[:100]!r} stands in it.")
            taken = tar.extractfile(entry)
            assert taken is not None
            yield Member(entry.name, entry.size, _pieces(source, taken))
            told(entry.size)


def _pieces(source: Path, taken: IO[bytes]) -> Iterator[bytes]:
    with _readable(source):
        while piece := taken.read(PIECE):
            yield piece


@contextmanager
def _readable(source: Path) -> Iterator[None]:
    """Turns what cannot be read into BackupUnusable."""
    try:
        yield
    except tarfile.TarError as error:
        raise BackupUnusable(f"{source} is no backup, or not all of one: {error}. Take another one.") from error
    except OSError as error:
        raise BackupUnusable(f"{source} cannot be read: {error.strerror or error}.") from error


def _fitting(source: Path, manifest: bytes, own: bytes, sums: dict[str, str], pictures: tuple[int, str]) -> Manifest:
    """The manifest, which fits itself and all that came before it."""
    if hashlib.sha256(manifest).hexdigest().encode() != own:
        raise _altered(source, _MANIFEST)
    try:
        said = msgspec.json.decode(manifest, type=Manifest)
    except msgspec.MsgspecError as error:
        raise BackupUnusable(f"{source} was made by another release: {error}.") from error
    if said.form != FORM:
        raise BackupUnusable(f"{source} has form {said.form}, and this release reads {FORM}: use the newer release.")
    for name in sorted(said.sums.keys() | sums.keys()):
        if said.sums.get(name) != sums.get(name):
            raise _altered(source, name)
    if (said.pictures, said.listed) != pictures:
        raise _altered(source, "the list of pictures")
    return said


def _altered(source: Path, what: str) -> BackupUnusable:
    return BackupUnusable(f"{source} was damaged or altered: {what} is not as it was written. Take another one.")
