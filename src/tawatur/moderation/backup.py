"""Everything that cannot be made again, copied into one file while the server goes on.

The database comes first, as it is at one moment, then the pictures: a picture is on the disk before its row is
committed, so every picture that the copy speaks of is there. The secret and the keys of seals are left out unless they
are asked for: with them, whoever finds the backup could test whom its pseudonyms stand for, and forge its seals.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

import msgspec

from tawatur import __version__
from tawatur.log import keys
from tawatur.log.keys import FOLDER, Keyring
from tawatur.store import images, seals, snapshots
from tawatur.store.archive import CONTEXT, FORM, KEYS, BackupNotWritten, Manifest, Writing, written
from tawatur.store.database import Database
from tawatur.store.files import Files, StorageUnavailable

Tell = Callable[[str, int, int], None]
"""Hears what is being done ("database", "pictures"), how much of it is done, and how much there is."""


class BackedUp(msgspec.Struct):
    """What is in the backup. `missing` are pictures that were not on the disk as they must be: their SHA-256."""

    pictures: int = 0
    size: int = 0
    missing: list[str] = msgspec.field(default_factory=list)


def keys_of(data_dir: Path, secret: bytes, keyring: Keyring) -> dict[str, bytes]:
    """Everything secret that a server has, by where it lies in a data directory."""
    found = {f"{FOLDER}/{public}.key": f"{key.seed}\n".encode() for public, key in keyring.all_of_them().items()}
    labels = {f"{path.parent.name}/{path.name}": path.read_bytes() for path in (data_dir / "label-keys").glob("*.key")}
    return {"secret": secret, **found, **labels}


def back_up(
    database: Database, data_dir: Path, target: Path, now: datetime, tell: Tell, secrets: Mapping[str, bytes]
) -> BackedUp:
    """Writes the backup; `secrets` (of `keys_of`) are in it as well. Raises BackupNotWritten, SnapshotFailed and
    DatabaseUnavailable."""
    done = BackedUp()
    try:
        with written(target) as backup, tempfile.TemporaryDirectory(prefix=".tawatur-", dir=target.parent) as folder:
            copy = Path(folder) / snapshots.name_of(database)
            snapshots.take(database, copy, lambda so_far, total: tell("database", so_far, total))
            backup.add(copy.name, copy)
            copy.unlink()
            _add_pictures(backup, database, Files(data_dir), done, tell)
            for path in sorted((data_dir / "context").glob("[!.]*")):
                backup.add(CONTEXT + path.name, path)
            for name, data in sorted(secrets.items()):
                backup.add_bytes(KEYS + name, data)
            version, key_now = database.version() or "", _key_now(database)
            backup.finish(
                lambda sums, pictures, listed: Manifest(
                    FORM, __version__, now, snapshots.kind_of(database), version, key_now, sums, pictures, listed
                )
            )
    except OSError as error:
        raise BackupNotWritten(f"{target} cannot be written: {error.strerror}. Nothing is left behind.") from error
    done.size = target.stat().st_size
    return done


def _add_pictures(backup: Writing, database: Database, files: Files, done: BackedUp, tell: Tell) -> None:
    with database.read() as connection:
        kept = images.kept(connection)
    total = sum(size for _, size in kept)
    so_far = 0
    for sha256, size in kept:
        try:
            data = files.read(sha256)
        except StorageUnavailable:
            data = b""
        if hashlib.sha256(data).hexdigest() == sha256:
            backup.add_picture(sha256, data)
            done.pictures += 1
        else:
            done.missing.append(sha256)
        so_far += size
        tell("pictures", so_far, total)


def _key_now(database: Database) -> str | None:
    """The public key that signs now."""
    with database.read() as connection:
        known = seals.keys(connection)
    return keys.read_statement(known[-1]).key if known else None
