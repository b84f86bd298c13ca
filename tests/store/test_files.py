"""Pictures on disk: a file that is there is whole, and nothing half made stays behind."""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from tawatur.store.files import Files, StorageUnavailable


def every_file(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_picture_is_found_by_its_sha256(tmp_path: Path) -> None:
    files = Files(tmp_path)
    digest = files.put_image(b"picture")
    assert digest == hashlib.sha256(b"picture").hexdigest()
    assert files.image(digest).read_bytes() == b"picture"
    assert every_file(tmp_path) == [tmp_path / "images" / digest[:2] / digest[2:]]


def test_the_same_bytes_are_written_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = Files(tmp_path)
    files.put_image(b"picture")
    monkeypatch.setattr(os, "fsync", lambda descriptor: pytest.fail("written again"))
    files.put_image(b"picture")


def test_the_bytes_are_on_the_disk_before_the_name_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def flushed(descriptor: int) -> None:
        done.append("folder" if os.path.isdir(f"/proc/self/fd/{descriptor}") else "file")  # noqa: PTH112
        fsync(descriptor)

    def renamed(self: Path, target: Path) -> Path:
        done.append("rename")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", flushed)
    monkeypatch.setattr(Path, "replace", renamed)
    Files(tmp_path).put_image(b"picture")
    assert done == ["folder", "folder", "file", "rename", "folder"]  # images and images/ab were made first
    done.clear()
    Files(tmp_path).put_image(b"picture 388")  # in the same folder
    assert done == ["file", "rename", "folder"]


def test_what_a_killed_process_left_is_swept_away_after_an_hour(tmp_path: Path) -> None:
    files = Files(tmp_path)
    digest = files.put_image(b"picture")
    files.blurred(digest, Path.read_bytes)
    (tmp_path / "hashes").mkdir()
    (tmp_path / "hashes" / "site.hashes").write_bytes(b"a snapshot")
    (tmp_path / "secret").write_text("a secret")
    whole = every_file(tmp_path)
    places = [files.image(digest).parent, tmp_path / "blurred" / digest[:2], tmp_path / "hashes"]
    left = [place / ".name.0123456789abcdef" for place in places] + [tmp_path / ".secret.0123456789abcdef"]
    for path in left:
        path.write_bytes(b"half")
    (tmp_path / "images" / ".hidden").mkdir()
    written = left[0].stat().st_mtime
    assert files.sweep(written + 3000) == 0
    assert files.sweep(written + 4000) == 4
    assert sorted(every_file(tmp_path)) == sorted(whole)
    assert Files(tmp_path / "nowhere").sweep(written) == 0


@pytest.mark.parametrize("where", ["fsync", "replace"])
def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(*((os, "fsync") if where == "fsync" else (Path, "replace")), full)
    with pytest.raises(StorageUnavailable, match="No space left on device"):
        Files(tmp_path).put_image(b"picture")
    assert every_file(tmp_path) == []


def test_a_data_directory_that_is_a_file_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("in the way")
    with pytest.raises(StorageUnavailable):
        Files(tmp_path / "data").put_image(b"picture")


def test_a_blur_is_made_once_and_kept(tmp_path: Path) -> None:
    files = Files(tmp_path)
    digest = files.put_image(b"picture")
    made = []

    def render(path: Path) -> bytes:
        made.append(path)
        return b"blurred " + path.read_bytes()

    assert [files.blurred(digest, render) for _ in range(2)] == [b"blurred picture"] * 2
    assert made == [files.image(digest)]


def test_a_picture_that_is_gone_is_unavailable(tmp_path: Path) -> None:
    files = Files(tmp_path)
    with pytest.raises(StorageUnavailable):
        files.about("0" * 64)
    with pytest.raises(StorageUnavailable):
        files.blurred("0" * 64, Path.read_bytes)
