"""A backup put in an empty place. Every byte of it is looked at before the first is written, the pictures come before
the database that speaks of them, and the database comes at once: a restore that is cut off leaves no half of one."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from tawatur.store import snapshots
from tawatur.store.archive import (
    CONTEXT,
    IMAGES,
    KEYS,
    BackupUnusable,
    Manifest,
    Member,
    members,
    verified,
)
from tawatur.store.database import Database
from tawatur.store.files import Files
from tawatur.store.snapshots import NotEmpty, SnapshotFailed

Tell = Callable[[str, int, int], None]


def restore(database: Database, data_dir: Path, source: Path, tell: Tell, *, force: bool) -> Manifest:
    """Restores; with `force` what is there is replaced. Raises BackupUnusable, NotEmpty, SnapshotFailed, NotInitialised
    and DatabaseUnavailable."""
    manifest = verified(source, _counting(source, "checking", tell))
    if manifest.kind != snapshots.kind_of(database):
        raise BackupUnusable(
            f"{source} is of a database of kind {manifest.kind}, and TAWATUR_DATABASE_URL names {database}: set it to "
            "an empty database of the same kind."
        )
    database.require_known(manifest.revision)
    if force:
        snapshots.require_unused(database)
    else:
        snapshots.require_empty(database)
        _require_no_pictures(data_dir)
    data_dir.mkdir(parents=True, exist_ok=True)
    beside = Path(database.url.database or "").parent if database.is_sqlite else data_dir
    copy = beside / f".{snapshots.name_of(database)}.{secrets.token_hex(8)}"
    try:
        for member in members(source, _counting(source, "restoring", tell)):
            _put(member, Files(data_dir), data_dir, copy, force=force)
        snapshots.put(database, copy)
    except OSError as error:
        raise SnapshotFailed(
            f"{data_dir} cannot be written: {error.strerror}. The database was not touched."
        ) from error
    finally:
        copy.unlink(missing_ok=True)
    return manifest


def _put(member: Member, files: Files, data_dir: Path, copy: Path, *, force: bool) -> None:
    if member.name.startswith(IMAGES):
        _put_picture(files, member.name.removeprefix(IMAGES), member.whole())
    elif member.name.startswith("database."):
        with os.fdopen(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            for piece in member.pieces:
                file.write(piece)
    elif member.name.startswith(CONTEXT):
        _put_file(data_dir / "context" / member.name.removeprefix(CONTEXT), member.whole(), 0o644, replace=force)
    else:
        path = data_dir / member.name.removeprefix(KEYS)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _put_file(path, member.whole(), 0o600, replace=force)


def _put_picture(files: Files, sha256: str, data: bytes) -> None:
    """A picture that lies there already is kept if it is whole."""
    path = files.image(sha256)
    if path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
        path.unlink()
    files.put_image(data)


def _put_file(path: Path, data: bytes, mode: int, *, replace: bool) -> None:
    if path.exists() and not replace:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def _require_no_pictures(data_dir: Path) -> None:
    if next((data_dir / "images").glob("*/*"), None) is not None:
        raise NotEmpty(
            f"{data_dir} has pictures already. Restore into an empty place, or use --force: what is there is then "
            "replaced, and pictures that the backup does not know stay."
        )


def _counting(source: Path, what: str, tell: Tell) -> Callable[[int], None]:
    total, so_far = source.stat().st_size if source.exists() else 0, 0

    def told(size: int) -> None:
        nonlocal so_far
        so_far += size
        tell(what, min(so_far, total), total)

    return told
