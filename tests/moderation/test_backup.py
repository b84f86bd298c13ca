"""A backup holds what cannot be made again and no secret; what is not whole is not restored; nothing is half done."""

from __future__ import annotations

import os
import stat
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from tawatur.log.keys import Keyring
from tawatur.log.seal import seal
from tawatur.moderation import restore as restoring
from tawatur.moderation.backup import BackedUp, back_up, keys_of
from tawatur.moderation.restore import restore
from tawatur.store import images, snapshots
from tawatur.store.archive import BackupNotWritten, BackupUnusable, members
from tawatur.store.database import Database, NotInitialised
from tawatur.store.files import Files, StorageUnavailable
from tawatur.store.snapshots import NotEmpty, SnapshotFailed
from tests.ground.postgres import Postgres
from tests.ground.small_disk import NoSmallDisk, SmallDisk
from tests.ground.tables import with_tables
from tests.web.place import opened

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SECRET = b"the secret of this server, long enough"


class Kept:
    """A site with two pictures on SQLite, and where its backups go."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"sqlite:///{folder / 'data' / 'tawatur.db'}"
        self.data_dir = folder / "data"
        self.database = Database(self.url)
        self.keyring = Keyring(self.data_dir)

    def back_up(self, name: str = "backup.tar", *, keys: bool = False) -> tuple[Path, BackedUp]:
        target = self.folder / name
        secrets = keys_of(self.data_dir, SECRET, self.keyring) if keys else {}
        return target, back_up(self.database, self.data_dir, target, NOW, quiet, secrets)

    def empty(self, name: str = "there") -> tuple[Database, Path]:
        folder = self.folder / name
        return Database(f"sqlite:///{folder / 'tawatur.db'}"), folder


def quiet(what: str, done: int, total: int) -> None:
    assert 0 <= done <= total


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    found = Kept(tmp_path)
    with opened(found.url, found.data_dir, seal_seconds=0) as place:
        for seed in (1, 2):
            place.image(seed)
    seal(found.database, found.keyring, lambda: NOW)
    yield found
    found.database.close()


def files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_what_cannot_be_made_again_comes_back(kept: Kept) -> None:
    (kept.data_dir / "context").mkdir()
    (kept.data_dir / "context" / "un-list.json").write_text("{}")
    target, done = kept.back_up()
    assert (done.pictures, done.missing) == (2, [])
    database, folder = kept.empty()
    manifest = restore(database, folder, target, quiet, force=False)
    assert (manifest.at, manifest.pictures, manifest.kind) == (NOW, 2, "sqlite")
    assert manifest.seal_key in kept.keyring.all_of_them()
    expected = [name for name in files_in(kept.data_dir) if name.startswith(("images/", "context/"))]
    assert files_in(folder) == sorted([*expected, "tawatur.db"])
    for name in expected:
        assert (folder / name).read_bytes() == (kept.data_dir / name).read_bytes()
    database.check_migrated()
    database.close()
    assert stat.S_IMODE((folder / "tawatur.db").stat().st_mode) == 0o600


def test_no_secret_is_in_it_unless_it_is_asked_for(kept: Kept) -> None:
    (public, key), *_ = kept.keyring.all_of_them().items()
    (kept.data_dir / "label-keys").mkdir()
    (kept.data_dir / "label-keys" / "site-1.key").write_bytes(b"a label's key")
    target, _ = kept.back_up()
    assert [name for name in (SECRET, key.seed.encode(), b"a label's key") if name in target.read_bytes()] == []
    target, _ = kept.back_up("all.tar", keys=True)
    database, folder = kept.empty()
    restore(database, folder, target, quiet, force=False)
    database.close()
    assert (folder / "secret").read_bytes() == SECRET
    assert Keyring(folder).find(public).seed == key.seed
    assert (folder / "label-keys" / "site-1.key").read_bytes() == b"a label's key"
    assert {stat.S_IMODE(path.stat().st_mode) for path in (folder / "secret", *folder.glob("*-keys/*"))} == {0o600}


def test_whatever_byte_is_changed_or_missing_it_is_refused_and_nothing_is_written(kept: Kept) -> None:
    target, _ = kept.back_up()
    whole, bad = target.read_bytes(), kept.folder / "bad.tar"
    end = whole.index(b"manifest.sha256") + 512 + 64
    places = [place for place in range(512 + 100, end, 97) if whole[place]]  # what tar leaves empty means nothing
    damaged = [whole[:n] + bytes([whole[n] ^ 1]) + whole[n + 1 :] for n in places[:: len(places) // 24]]
    cut = [
        whole[:n]
        for n in (0, 100, 512, len(whole) // 2, whole.index(b"manifest.json"), whole.index(b"manifest.sha256"))
    ]
    assert len(damaged) > 20
    for data in [*damaged, *cut, b"no backup at all" * 100]:
        bad.write_bytes(data)
        database, folder = kept.empty("nowhere")
        with pytest.raises(BackupUnusable, match=r"bad\.tar"):
            restore(database, folder, bad, quiet, force=False)
        assert files_in(folder) == []
        database.close()


def test_a_member_that_is_none_of_ours_is_refused(kept: Kept) -> None:
    target = kept.folder / "evil.tar"
    (kept.folder / "x").write_text("x")
    for name in ("../../etc/passwd", "/etc/passwd", "images/../../x", "keys/seal-keys/../../../x.key", "context/.."):
        with tarfile.open(target, "w") as tar:
            tar.add(kept.folder / "x", arcname=name)
        database, folder = kept.empty("nowhere")
        with pytest.raises(BackupUnusable, match="no backup of ours"):
            restore(database, folder, target, quiet, force=True)
        database.close()


def test_a_picture_that_is_gone_or_damaged_is_told_and_the_rest_is_kept(kept: Kept) -> None:
    first, second = sorted(path for path in (kept.data_dir / "images").rglob("*") if path.is_file())
    first.unlink()
    second.write_bytes(second.read_bytes()[:-1])
    target, done = kept.back_up()
    assert (done.pictures, len(done.missing)) == (0, 2)
    assert [member.name for member in members(target)] == ["database.sqlite"]


def test_nothing_is_overwritten_unless_it_is_asked_for(kept: Kept) -> None:
    target, _ = kept.back_up()
    before = target.read_bytes()
    with pytest.raises(BackupNotWritten, match="not overwritten"):
        kept.back_up()
    assert target.read_bytes() == before
    database, folder = kept.empty()
    restore(database, folder, target, quiet, force=False)
    with pytest.raises(NotEmpty):
        restore(database, folder, target, quiet, force=False)
    database.close()
    (folder / "tawatur.db").unlink()
    with pytest.raises(NotEmpty, match="pictures"):
        restore(database, folder, target, quiet, force=False)
    damaged = next(path for path in (folder / "images").rglob("*") if path.is_file())
    damaged.write_bytes(b"damaged")
    restore(database, folder, target, quiet, force=True)
    assert damaged.read_bytes() != b"damaged"
    database.close()


def test_a_server_that_runs_is_not_restored_over(
    database_url: str, postgres_server: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{postgres_server.binaries}{os.pathsep}{os.environ['PATH']}")
    database, target, data_dir = Database(database_url), tmp_path / "backup.tar", tmp_path / "data"
    with opened(database_url, data_dir) as place:
        first = place.image(1)
        back_up(database, data_dir, target, NOW, quiet, {})
        second = place.image(2)
        with pytest.raises(NotEmpty, match="Stop the server first"):
            restore(database, data_dir, target, quiet, force=True)
        assert place.client.get(f"/i/{second}").status_code == 200
    restore(database, data_dir, target, quiet, force=True)
    with database.read() as connection:
        assert [image.id for image in images.of_ids(connection, {first, second})] == [first]
    database.close()


def test_a_restore_that_breaks_off_leaves_the_database_alone(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    target, _ = kept.back_up()
    database, folder = kept.empty()

    def full(self: Files, data: bytes) -> str:
        raise StorageUnavailable("The data directory cannot take the file: No space left on device.")

    monkeypatch.setattr(Files, "put_image", full)
    with pytest.raises(StorageUnavailable):
        restore(database, folder, target, quiet, force=False)
    assert files_in(folder) == []
    database.close()


def test_a_full_disk_leaves_no_backup_behind(kept: Kept) -> None:
    try:
        disk = SmallDisk(kept.folder / "small", size="1m")
    except NoSmallDisk as reason:
        pytest.skip(str(reason))
    with disk:
        with pytest.raises((BackupNotWritten, SnapshotFailed), match=r"cannot be (written|copied)"):
            back_up(kept.database, kept.data_dir, disk.outside / "backup.tar", NOW, quiet, {})
        assert list(disk.outside.iterdir()) == []


def test_a_backup_of_a_newer_release_or_another_database_is_refused(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Database, "version", lambda self: "9999")
    target, _ = kept.back_up()
    monkeypatch.undo()
    database, folder = kept.empty()
    with pytest.raises(NotInitialised, match="9999"):
        restore(database, folder, target, quiet, force=False)
    target, _ = kept.back_up("other.tar")
    monkeypatch.setattr(restoring.snapshots, "kind_of", lambda database: "postgresql")
    with pytest.raises(BackupUnusable, match="of kind sqlite"):
        restore(database, folder, target, quiet, force=False)
    assert files_in(folder) == []
    database.close()


@pytest.mark.postgresql
def test_what_postgresql_lacks_is_told_with_the_package_that_has_it(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(with_tables(postgres_url))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SnapshotFailed, match=r"pg_dump is not installed.*postgresql-client"):
        back_up(database, tmp_path, tmp_path / "backup.tar", NOW, quiet, {})
    old = tmp_path / "pg_dump"
    old.write_text("#!/bin/sh\necho 'pg_dump: error: aborting because of server version mismatch' >&2\n"
                   "echo 'pg_dump: detail: server version: 18.0; pg_dump version: 15.0' >&2\nexit 1\n")  # fmt: skip
    old.chmod(0o755)
    with pytest.raises(SnapshotFailed, match=r"older than the server.*18\.0.*postgresql-client"):
        back_up(database, tmp_path, tmp_path / "backup.tar", NOW, quiet, {})
    assert files_in(tmp_path) == ["pg_dump"]
    database.close()


@pytest.mark.postgresql
def test_a_password_is_never_among_a_tools_arguments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = tmp_path / "pg_dump"
    tool.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/arguments\necho "$PGPASSWORD" > {tmp_path}/password\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    snapshots.take(Database("postgresql://anna:hunter2@db.example:5433/tawatur"), tmp_path / "x")
    told = (tmp_path / "arguments").read_text()
    assert "--dbname=postgresql://anna@db.example:5433/tawatur" in told
    assert "hunter2" not in told
    assert (tmp_path / "password").read_text() == "hunter2\n"


@pytest.mark.postgresql
def test_tables_of_a_newer_release_do_not_outlive_a_restore(
    postgres_server: Postgres, postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{postgres_server.binaries}{os.pathsep}{os.environ['PATH']}")
    database = Database(with_tables(postgres_url))
    target = tmp_path / "backup.tar"
    back_up(database, tmp_path / "data", target, NOW, quiet, {})
    with database.write() as connection:
        connection.execute(text("CREATE TABLE newer (id integer)"))
        connection.execute(text("DROP TABLE notes"))
    database.close()
    restore(database, tmp_path / "data", target, quiet, force=True)
    with database.readers.connect() as connection:
        tables = inspect(connection).get_table_names()
    assert ("newer" in tables, "notes" in tables) == (False, True)
    database.check_migrated()
    database.close()
