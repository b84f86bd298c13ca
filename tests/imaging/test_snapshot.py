"""Hashes in a file: there whole or not at all, and never taken for what they are not."""

from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest

from tawatur.imaging.snapshot import BrokenSnapshot, Snapshot, StaleSnapshot, read, write

KIND = "hashes of a test"


def some(count: int, seed: int = 1) -> Snapshot:
    names = np.array([f"image {n}".encode() for n in range(count)], dtype=np.bytes_)
    hashes = np.random.default_rng(seed).integers(0, 2**64, (count, 4), dtype=np.uint64)
    return Snapshot(names, hashes, count + 5, f"image {count}, صورة")


@pytest.mark.parametrize("count", [0, 1, 2, 20_000])
def test_what_is_written_is_read_back(count: int, tmp_path: Path) -> None:
    taken = some(count)
    write(tmp_path / "s", taken, kind=KIND)
    found = read(tmp_path / "s", kind=KIND)
    assert found.names.tolist() == taken.names.tolist()
    assert (found.hashes == taken.hashes).all()
    assert (found.hashes.shape, found.position, found.last) == ((count, 4), taken.position, taken.last)
    assert [path.name for path in tmp_path.iterdir()] == ["s"]


def test_another_kind_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "s", some(9), kind=KIND)
    with pytest.raises(StaleSnapshot, match=r"holds 'hashes of a test'.*wanted is 'others'"):
        read(tmp_path / "s", kind="others")
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "other", kind=KIND)


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s"
    write(path, some(30), kind=KIND)
    good = path.read_bytes()
    for place in range(len(good)):
        path.write_bytes(good[:place] + bytes([good[place] ^ 0x5A]) + good[place + 1 :])
        with pytest.raises((BrokenSnapshot, StaleSnapshot)):
            read(path, kind=KIND)
    for size in range(0, len(good), 7):
        path.write_bytes(good[:size])
        with pytest.raises(BrokenSnapshot):
            read(path, kind=KIND)
    path.write_bytes(good + b"more")
    with pytest.raises(BrokenSnapshot):
        read(path, kind=KIND)


def test_an_unfinished_file_leaves_the_last_one(tmp_path: Path) -> None:
    path = tmp_path / "s"
    write(path, some(5), kind=KIND)
    with patch("os.fsync", side_effect=OSError(28, "No space left")), pytest.raises(OSError, match="No space"):
        write(path, some(9), kind=KIND)
    assert len(read(path, kind=KIND).names) == 5
    assert [entry.name for entry in tmp_path.iterdir()] == ["s"]
