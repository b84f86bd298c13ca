"""A site's hashes are found as they stand in its log, read from a snapshot or not; no snapshot is trusted blindly."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
import structlog
from sqlalchemy import delete
from structlog.testing import capture_logs

from tawatur.imaging import snapshot
from tawatur.imaging.pdq import from_hex
from tawatur.store import banks, copies, hashes, schema
from tawatur.store.banks import Bank, BankHash
from tawatur.store.copies import Copies
from tawatur.store.database import Database, DatabaseUnavailable
from tawatur.store.hashes import HashRow
from tawatur.store.site_hashes import SiteHashes
from tests.moderation.world import START

SITE = "0000-site"


def pdq(number: int) -> str:
    return f"{Random(number).getrandbits(256):064x}"


def image(number: int) -> str:
    return f"image {number}" + " صورة" * (number % 3)


def append(database: Database, numbers: Iterable[int], *, gone: bool = False, of: str = "") -> None:
    """Lines of the site's log, as the writer writes them."""
    with database.write() as connection:
        last = hashes.hold(connection, SITE)
        rows = [HashRow(SITE, last + n, image(one) + of, pdq(one), gone) for n, one in enumerate(numbers, 1)]
        hashes.append(connection, rows)


def found(database: Database, known: Copies, number: int) -> dict[str, int]:
    with database.write() as connection:
        return known.of(connection, SITE, hashes.hold(connection, SITE)).search([from_hex(pdq(number))])


@pytest.fixture(autouse=True)
def every_log_is_told() -> Iterator[None]:
    """Whatever an earlier test in this process set up to be silent."""
    before = structlog.get_config()
    structlog.reset_defaults()
    yield
    structlog.configure(**before)


@pytest.fixture
def small_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Snapshots from ten lines on, read seven at once."""
    monkeypatch.setattr(copies, "LARGE", 10)
    monkeypatch.setattr(hashes, "AT_ONCE", 7)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "hashes"


def saved(folder: Path) -> Path:
    return folder / f"{SITE}.hashes"


def prepared(database: Database, folder: Path) -> Copies:
    """Copies that have read the site, and written what they write."""
    made = Copies(folder)
    made.prepare(database, SITE)
    made.close()
    return made


@pytest.mark.parametrize("count", [0, 1, 2, 6, 7, 8, 14, 30])
@pytest.mark.usefixtures("small_is_large")
def test_what_the_log_holds_is_found_with_and_without_a_snapshot(database: Database, folder: Path, count: int) -> None:
    append(database, range(count))
    for _ in range(2):
        known = prepared(database, folder)
        assert saved(folder).exists() == (count >= 10)
        for number in range(count):
            assert found(database, known, number) == {image(number): 0}
        assert found(database, known, count) == {}


@pytest.mark.usefixtures("small_is_large")
def test_what_came_after_the_snapshot_is_read_from_the_log(database: Database, folder: Path) -> None:
    append(database, range(20))
    prepared(database, folder)
    append(database, [3, 17], gone=True)
    append(database, [20])
    with database.write() as connection:  # what the snapshot holds is not read again
        connection.execute(delete(schema.hashes).where(schema.hashes.c.seq.between(1, 10)))
    known = prepared(database, folder)
    assert [number for number in range(22) if found(database, known, number)] == [*range(3), *range(4, 17), 18, 19, 20]


@pytest.mark.usefixtures("small_is_large")
def test_an_image_that_went_before_the_snapshot_stays_away(database: Database, folder: Path) -> None:
    append(database, range(20))
    append(database, [5], gone=True)
    append(database, [20])
    prepared(database, folder)
    assert found(database, prepared(database, folder), 5) == {}


@pytest.mark.parametrize("harm", ["torn", "turned", "empty", "another kind", "nonsense", "folder"])
@pytest.mark.usefixtures("small_is_large")
def test_a_snapshot_that_is_no_good_is_told_and_not_used(database: Database, folder: Path, harm: str) -> None:
    append(database, range(20))
    prepared(database, folder)
    path = saved(folder)
    whole = path.read_bytes()
    if harm == "another kind":
        snapshot.write(path, snapshot.read(path, kind=copies._KIND), kind="other hashes")
    elif harm == "folder":
        path.unlink()
        path.mkdir()
    else:
        harmed = {
            "torn": whole[:-9],
            "turned": whole[:-1] + bytes([whole[-1] ^ 1]),
            "empty": b"",
            "nonsense": b"x" * 99,
        }
        path.write_bytes(harmed[harm])
    with capture_logs() as told:
        known = prepared(database, folder)
    assert told[0]["event"] == "snapshot_ignored"
    assert [len(found(database, known, number)) for number in range(20)] == [1] * 20
    if harm != "folder":  # and a good one takes its place
        assert snapshot.read(path, kind=copies._KIND).position == 20


@pytest.mark.parametrize("lines", [15, 20, 25])
@pytest.mark.usefixtures("small_is_large")
def test_a_snapshot_of_a_database_that_was_put_back_is_not_used(database: Database, folder: Path, lines: int) -> None:
    """Restored from a backup, the log goes on from an earlier line, and other images get the numbers."""
    append(database, range(20))
    prepared(database, folder)
    with database.write() as connection:
        connection.execute(delete(schema.hashes).where(schema.hashes.c.seq > 10))
        connection.execute(schema.hash_heads.update().values(seq=10))
    append(database, range(110, 100 + lines))
    with capture_logs() as told:
        known = prepared(database, folder)
    assert "another log" in told[0]["reason"]
    assert found(database, known, 15) == {}
    assert found(database, known, 112) == {image(112): 0}


@pytest.mark.usefixtures("small_is_large")
def test_no_snapshot_is_made_at_a_line_that_tells_nothing(database: Database, folder: Path) -> None:
    append(database, range(20))
    append(database, [4], gone=True)
    known = prepared(database, folder)
    assert not saved(folder).exists()
    known = Copies(folder)
    known.prepare(database, SITE)
    append(database, [20])
    assert found(database, known, 20)
    known.close()
    assert snapshot.read(saved(folder), kind=copies._KIND).position == 22


@pytest.mark.usefixtures("small_is_large")
def test_a_snapshot_is_made_beside_the_writer_one_at_a_time(
    database: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_write, writing = threading.Event(), []
    write = snapshot.write

    def slow(path: Path, *arguments: Any, **options: Any) -> None:
        writing.append(path)
        assert may_write.wait(60)
        write(path, *arguments, **options)

    monkeypatch.setattr(snapshot, "write", slow)
    append(database, range(20))
    known = Copies(folder)
    known.prepare(database, SITE)
    for begin in range(20, 60, 20):  # twice as much as asks for a new one, while the first is not finished
        append(database, range(begin, begin + 20))
        assert found(database, known, begin + 19) == {image(begin + 19): 0}
    assert len(writing) == 1
    may_write.set()
    known.close()
    assert snapshot.read(saved(folder), kind=copies._KIND).position == 20
    assert [path.name for path in folder.iterdir()] == [saved(folder).name]


@pytest.mark.usefixtures("small_is_large")
def test_a_disk_that_is_full_costs_a_snapshot_and_nothing_else(
    database: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    append(database, range(20))
    monkeypatch.setattr(snapshot.os, "fsync", full)
    with capture_logs() as told:
        known = prepared(database, folder)
    assert [line["event"] for line in told] == ["snapshot_not_written"]
    assert found(database, known, 7) == {image(7): 0}
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("shared", [True, False], ids=["one folder", "a folder each"])
@pytest.mark.usefixtures("small_is_large")
def test_two_processes_find_what_either_registers(database: Database, folder: Path, shared: bool) -> None:
    folders = [folder, folder if shared else folder.with_name("second")]
    both = [Copies(folder) for folder in folders]
    for one in both:
        one.prepare(database, SITE)
    for begin in range(0, 60, 10):
        append(database, range(begin, begin + 10))
        for one in both:
            assert found(database, one, begin) == {image(begin): 0}
    for one, own in zip(both, folders, strict=True):
        one.close()
        again = prepared(database, own)
        assert [len(found(database, again, number)) for number in range(60)] == [1] * 60


@pytest.mark.usefixtures("small_is_large")
def test_large_sites_are_read_before_anybody_asks(database: Database, folder: Path) -> None:
    known = Copies(folder)
    append(database, range(9))
    known.prepare_large(database)
    assert not known.knows(SITE)
    append(database, range(9, 12))
    known.prepare_large(database)
    assert known.knows(SITE)


def test_reading_ahead_ends_with_the_server(database: Database) -> None:
    append(database, range(3))
    known = Copies()
    known.close()
    with pytest.raises(DatabaseUnavailable, match="stopping"):
        known.prepare(database, SITE)
    known.prepare_large(database)


def test_names_of_any_length_and_script_are_kept() -> None:
    known = SiteHashes()
    names = ["a", "صورة " * 30, "b" * 36, "image"]
    for number, name in enumerate(names):
        known.add([name], [pdq(number)])
    assert [list(known.search([from_hex(pdq(number))])) for number in range(4)] == [[name] for name in names]
    known.remove(["b" * 36, "stranger"])
    assert len(known) == 3


def test_a_banks_hashes_are_read_in_parts(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(banks, "AT_ONCE", 3)
    bank = Bank("b", "", "list", "block", None, None, 16, None, START)
    with database.write() as connection:
        assert banks.pdqs(connection, "b") == []
        banks.put(connection, bank)
        banks.add_hashes(connection, [BankHash("b", pdq(number), None, START) for number in range(10)])
        assert banks.pdqs(connection, "b") == sorted(pdq(number) for number in range(10))
        assert len(Copies().of_bank(connection, bank)) == 10
