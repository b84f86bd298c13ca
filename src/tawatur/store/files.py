"""The pictures' bytes, in folders by their SHA-256. A file that is there is whole."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tawatur.failures import Failure

UNFINISHED_FOR_S = 3600
_UNFINISHED = ("images/*/.*", "blurred/*/.*", "hashes/.*", ".secret.*")
"""Where files are written beside their place, under names that begin with a dot."""


class StorageUnavailable(Failure):
    """The data directory cannot take more, or does not give what it has."""


class Files:
    """Files under `root`: `images/ab/cd…` for pictures, `blurred/ab/cd….jpg` for what is shown of blurred ones."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def image(self, sha256: str) -> Path:
        return self._root / "images" / sha256[:2] / sha256[2:]

    def put_image(self, data: bytes) -> str:
        """Stores a picture and returns its SHA-256. Durable when it returns. Raises StorageUnavailable."""
        digest = hashlib.sha256(data).hexdigest()
        path = self.image(digest)
        if not path.exists():
            _write(path, data)
        return digest

    def sweep(self, now: float) -> int:
        """Takes away what killed processes left unfinished in the data directory; returns how many files.

        `now` is in seconds since 1970. What is younger than an hour may still be being written by somebody.
        """
        swept = 0
        for pattern in _UNFINISHED:
            for path in self._root.glob(pattern):
                with suppress(OSError):  # somebody else was quicker, or it cannot be helped
                    if path.is_file() and path.stat().st_mtime < now - UNFINISHED_FOR_S:
                        path.unlink()
                        swept += 1
        return swept

    def read(self, sha256: str) -> bytes:
        """A stored picture's bytes. Raises StorageUnavailable when they are not to be had."""
        try:
            return self.image(sha256).read_bytes()
        except OSError as error:
            raise StorageUnavailable(f"The data directory does not give the picture: {error.strerror}.") from error

    def about(self, sha256: str) -> os.stat_result:
        """What the file system says of a stored picture. Raises StorageUnavailable when it is not to be had."""
        try:
            return self.image(sha256).stat()
        except OSError as error:
            raise StorageUnavailable(f"The data directory does not give the picture: {error.strerror}.") from error

    def blurred(self, sha256: str, render: Callable[[Path], bytes]) -> bytes:
        """The blurred rendering of a stored picture, made by `render` the first time and kept where there is room.

        Raises StorageUnavailable when the picture is not to be had.
        """
        path = self._root / "blurred" / sha256[:2] / f"{sha256[2:]}.jpg"
        try:
            if path.exists():
                return path.read_bytes()
            made = render(self.image(sha256))
        except OSError as error:
            raise StorageUnavailable(f"The data directory does not give the picture: {error.strerror}.") from error
        with suppress(StorageUnavailable):
            _write(path, made)
        return made


def _write(path: Path, data: bytes) -> None:
    """Writes beside, flushes to the disk, then renames: a file is there whole or not at all, even after a power cut."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        _make_folder(path.parent)
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _flush_folder(path.parent)
    except OSError as error:
        with suppress(OSError):  # where a folder is missing or cannot be written, there is nothing to take away
            temporary.unlink()
        raise StorageUnavailable(f"The data directory cannot take the file: {error.strerror}.") from error


def _make_folder(folder: Path) -> None:
    """Makes the folder with those above it, each of them there for good when the next is made."""
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        _flush_folder(folder.parent)


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
