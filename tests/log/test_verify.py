"""Whatever somebody does to the log, its seals or its keys is found, and the first event that fails is named."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tawatur.log.keys import Keyring, statement
from tawatur.log.seal import change_key, digest, message, read, seal
from tawatur.log.verify import Head
from tawatur.store import seals
from tests.ground.tables import with_tables
from tests.log.sealed import HOUR, START, SealedLog, some_events

COLUMNS = {
    "events": ["id", "position", "site", "image", "at", "type", "body"],
    "seals": ["number", "last", "body", "signature"],
    "sealed": ["seal", "salts", "leaves"],
    "seal_keys": ["since", "body", "signature", "previous_signature"],
    "cursors": ["reader", "position"],
    "sequence": ["name", "position"],
}
PLACES = [(table, column) for table, columns in COLUMNS.items() for column in columns]


def test_an_untouched_log_holds_and_is_counted(log: SealedLog) -> None:
    found = log.verify()
    assert (found.seals, found.events, found.waiting, found.erased) == (3, 23, 0, {})


def test_progress_is_told(log: SealedLog) -> None:
    told: list[tuple[int, int]] = []
    log.verify(progress=lambda done, total: told.append((done, total)))
    assert told == [(8, 23), (16, 23), (23, 23)]


# -- one bit -------------------------------------------------------------------------------------------------------


def flipped(value: object, bit: int) -> object:
    """The value with one bit changed; an absent one is there."""
    if value is None:
        return "x"
    if isinstance(value, int):
        return value ^ 1 << bit % 40
    raw = bytearray(value.encode() if isinstance(value, str) else bytes(value))  # type: ignore[call-overload]
    raw[bit // 8 % len(raw)] ^= 1 << bit % 8
    return bytes(raw)


def flip(path: Path, table: str, column: str, place: int, bit: int) -> int | None:
    """Changes one bit in the database's file; returns the position of the event that was touched, if one was, or -1
    where the database refuses, since a key would be there twice."""
    with closing(sqlite3.connect(path)) as connection, connection:
        rows = connection.execute(f"SELECT rowid, {column} FROM {table} ORDER BY rowid").fetchall()
        rowid, value = rows[place % len(rows)]
        position = None
        if table == "events":
            (position,) = connection.execute("SELECT position FROM events WHERE rowid = ?", (rowid,)).fetchone()
        cast = "CAST(? AS TEXT)" if isinstance(value, str) else "?"
        connection.execute(
            f"UPDATE OR IGNORE {table} SET {column} = {cast} WHERE rowid = ?", (flipped(value, bit), rowid)
        )
        return position if connection.total_changes else -1


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A sealed log in SQLite, closed, to be copied."""
    folder = tmp_path_factory.mktemp("sealed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tawatur.log.seal.BATCH", 8)
        log = SealedLog(with_tables(f"sqlite:///{folder / 'tawatur.db'}"), folder)
        log.append(some_events(16))
        log.seal()
        change_key(log.database, log.keyring, lambda: log.now)
        log.append(some_events(7))
        log.seal()
        assert log.complaint() == ""
        log.close()
    return folder


def copied(original: Path, folder: Path) -> SealedLog:
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(original, folder)
    log = SealedLog.__new__(SealedLog)
    log.__dict__.update(now=START + HOUR, _made=23, folder=folder, keyring=Keyring(folder))
    return log


def opened(log: SealedLog) -> SealedLog:
    from tawatur.store.database import Database

    log.database = Database(f"sqlite:///{log.folder / 'tawatur.db'}")
    return log


@pytest.mark.parametrize(("table", "column"), PLACES)
@pytest.mark.parametrize("bit", [0, 5, 171])
def test_one_bit_in_any_column_is_found(original: Path, tmp_path: Path, table: str, column: str, bit: int) -> None:
    rows = {"events": range(0, 23, 5), "seals": range(3), "sealed": range(3), "seal_keys": range(2)}.get(table, [0])
    for row in rows:
        log = copied(original, tmp_path / "copy")
        position = flip(log.folder / "tawatur.db", table, column, row, bit)
        complaint = opened(log).complaint()
        log.close()
        if position == -1:
            continue
        assert complaint, f"row {row}"
        if position is not None:
            assert f"at position {position}" in complaint


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(PLACES), st.integers(0, 30), st.integers(0, 20_000))
def test_any_bit_anywhere_is_found(original: Path, tmp_path: Path, place: tuple[str, str], row: int, bit: int) -> None:
    log = copied(original, tmp_path / "copy")
    position = flip(log.folder / "tawatur.db", *place, row, bit)
    complaint = opened(log).complaint()
    log.close()
    if position != -1:  # the database itself refused
        assert complaint
        if position is not None:
            assert f"at position {position}" in complaint


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("DELETE FROM events WHERE position = {}"), st.integers(1, 23)),
            st.tuples(st.just("UPDATE events SET position = position + 100 WHERE position >= {}"), st.integers(1, 23)),
            st.tuples(st.just("UPDATE events SET body = '{{}}' WHERE position = {}"), st.integers(1, 23)),
            st.tuples(st.just("UPDATE events SET position = NULL WHERE position = {}"), st.integers(1, 23)),
            st.tuples(st.just("UPDATE events SET at = 'soon' WHERE position = {}"), st.integers(1, 23)),
            st.tuples(st.just("DELETE FROM seals WHERE number = {}"), st.integers(1, 3)),
            st.tuples(st.just("DELETE FROM sealed WHERE seal = {}"), st.integers(1, 3)),
            st.tuples(st.just("DELETE FROM seal_keys WHERE since < {}"), st.integers(2, 5)),
            st.tuples(st.just("INSERT OR REPLACE INTO erased_parts VALUES ({}, 'who', x'00')"), st.integers(1, 23)),
            st.tuples(st.just("UPDATE sealed SET salts = x'' WHERE seal = {}"), st.integers(1, 3)),
        ),
        min_size=1,
        max_size=3,
    )
)
def test_whatever_is_done_is_found(original: Path, tmp_path: Path, deeds: list[tuple[str, int]]) -> None:
    log = copied(original, tmp_path / "copy")
    with closing(sqlite3.connect(log.folder / "tawatur.db")) as connection, connection:
        for statement_, number in deeds:
            connection.execute(statement_.format(number))
    assert opened(log).complaint()
    log.close()


# -- deeds, on both databases --------------------------------------------------------------------------------------


def test_a_deleted_event_is_named(log: SealedLog) -> None:
    log.run("DELETE FROM events WHERE position = 12")
    assert "position 12 is missing" in log.complaint()


def test_a_changed_body_is_named(log: SealedLog) -> None:
    log.run("UPDATE events SET body = replace(body, 'violence', 'spam') WHERE position = 10")
    assert "position 10 is not what was sealed" in log.complaint()


def test_an_inserted_event_is_found_where_those_after_it_moved(log: SealedLog) -> None:
    log.run("UPDATE events SET position = -position WHERE position > 11")
    log.run("UPDATE events SET position = 1 - position WHERE position < 0")
    log.run(
        "INSERT INTO events (id, position, site, at, type, body) "
        "SELECT 'forged', 12, site, at, type, body FROM events WHERE position = 10"
    )
    log.run("UPDATE sequence SET position = 24")
    assert "forged" in log.complaint()
    assert "position 12" in log.complaint()


def test_events_that_changed_places_are_found(log: SealedLog) -> None:
    for place, to in ((5, -1), (6, 5), (-1, 6)):
        log.run("UPDATE events SET position = :to WHERE position = :place", place=place, to=to)
    assert "position 5 is not what was sealed" in log.complaint()


def test_a_log_that_was_cut_off_is_found(log: SealedLog) -> None:
    log.run("DELETE FROM events WHERE position > 20")
    assert "position 21 is missing" in log.complaint()
    log.run("UPDATE sequence SET position = 20")
    assert "position 21 is missing" in log.complaint()


def test_an_unsealed_end_that_was_cut_off_is_found(log: SealedLog) -> None:
    log.append(some_events(4))
    from tawatur.log.sequencer import sequence

    sequence(log.database)
    log.run("DELETE FROM events WHERE position = 25")
    assert "position 25 is missing" in log.complaint()
    log.run("DELETE FROM events WHERE position > 25")
    assert "position 25 is missing: positions were given up to 27" in log.complaint()


def test_young_events_may_wait_for_their_seal_and_old_ones_may_not(log: SealedLog) -> None:
    log.append(some_events(4))
    assert (found := log.verify()).waiting + found.unpositioned == 4
    assert "not sealed" in log.complaint(HOUR)
    log.seal()
    assert log.complaint(HOUR) == ""


def test_seals_that_were_cut_off_are_found(log: SealedLog) -> None:
    log.run("DELETE FROM seals WHERE number = 3")
    assert "seals are missing" in log.complaint()
    log.run("UPDATE cursors SET position = 16 WHERE reader = 'seals'")
    assert log.complaint() == ""  # of the last minutes nobody knows but who kept a head
    assert "position 17 is older than 15 minutes and not sealed" in log.complaint(HOUR)


def test_two_seals_that_changed_places_are_found(log: SealedLog) -> None:
    for table, column in (("seals", "number"), ("sealed", "seal")):
        for place, to in ((1, -1), (2, 1), (-1, 2)):
            log.run(f"UPDATE {table} SET {column} = :to WHERE {column} = :place", place=place, to=to)
    assert "Seal 1" in log.complaint()


def test_an_event_nobody_placed_is_found(log: SealedLog) -> None:
    log.run("INSERT INTO events (id, site, at, type, body) VALUES ('forged', 's', 0, 'x', '{}')")
    assert "waits for its position since 1970" in log.complaint()


# -- the keys ------------------------------------------------------------------------------------------------------


def sealed_anew(log: SealedLog, folder: Path) -> Keyring:
    """As somebody with the database, and without the key, would hide a change."""
    for table in ("seals", "sealed", "seal_keys", "erased_parts"):
        log.run(f"DELETE FROM {table}")
    log.run("UPDATE cursors SET position = 0 WHERE reader = 'seals'")
    log.run("UPDATE events SET body = replace(body, 'violence', 'spam') WHERE position = 10")
    other = Keyring(folder)
    seal(log.database, other, lambda: log.now)
    return other


def test_a_log_that_was_sealed_anew_with_another_key_is_found(log: SealedLog, tmp_path: Path) -> None:
    other = sealed_anew(log, tmp_path / "other")
    assert "a key that is not known here" in log.complaint()
    trusted = {*other.all_of_them()}
    from tawatur.log.verify import verify

    assert verify(log.database, trusted, log.now).events == 23  # whoever trusts that key is deceived


def test_a_seal_signed_again_with_another_key_is_found(log: SealedLog, tmp_path: Path) -> None:
    other = Keyring(tmp_path / "other").make()
    with log.database.read() as connection:
        row = seals.page(connection, 2, 1)[0]
    body = msgspec.json.encode(msgspec.structs.replace(read(row), key=other.public)).decode()
    log.run("UPDATE seals SET signature = :s WHERE number = 3", s=other.sign(message(row.body)))
    assert "signature of seal 3 does not fit" in log.complaint()
    log.run("UPDATE seals SET body = :b, signature = :s WHERE number = 3", b=body, s=other.sign(message(body)))
    assert "was not the key in force" in log.complaint()


def test_a_key_cannot_be_put_in_without_the_one_before_it(log: SealedLog, tmp_path: Path) -> None:
    other = Keyring(tmp_path / "other").make()
    forged = statement(other, other, 3, log.now)
    mine = next(iter(log.keyring.all_of_them()))
    forged = msgspec.structs.replace(
        forged, body=forged.body.replace(f'previous":"{other.public}', f'previous":"{mine}')
    )
    with log.database.write() as connection:
        seals.insert_key(connection, forged)
    assert "The keys do not hold" in log.complaint()


def test_who_knows_an_older_key_of_the_chain_can_check_all(log: SealedLog) -> None:
    (old,) = log.keyring.all_of_them()
    new = change_key(log.database, log.keyring, lambda: log.now)
    log.append(some_events(3))
    log.seal()
    from tawatur.log.verify import DoesNotHold, verify

    for trusted in (old, new.public):
        assert verify(log.database, {trusted}, log.now).events == 26
    with pytest.raises(DoesNotHold, match="not known here"):
        verify(log.database, set(), log.now)


def test_the_old_key_signs_nothing_after_its_time(log: SealedLog) -> None:
    (old,) = log.keyring.all_of_them().values()
    change_key(log.database, log.keyring, lambda: log.now)
    log.append(some_events(3))
    log.seal()
    with log.database.read() as connection:
        row = seals.page(connection, 3, 1)[0]
    body = msgspec.json.encode(msgspec.structs.replace(read(row), key=old.public)).decode()
    log.run("UPDATE seals SET body = :b, signature = :s WHERE number = 4", b=body, s=old.sign(message(body)))
    assert "was not the key in force" in log.complaint()


# -- heads that were kept elsewhere --------------------------------------------------------------------------------


def head(log: SealedLog) -> Head:
    with log.database.read() as connection:
        last = seals.last(connection)
    assert last is not None
    return Head(last.body, last.signature)


def test_a_kept_head_holds_as_the_log_grows(log: SealedLog) -> None:
    kept = head(log)
    log.append(some_events(9))
    log.seal()
    assert log.complaint(heads=[kept, head(log)]) == ""


def test_who_holds_the_key_cannot_rewrite_what_a_kept_head_covers(log: SealedLog) -> None:
    kept = head(log)
    for table in ("seals", "sealed"):
        log.run(f"DELETE FROM {table}")
    log.run("UPDATE cursors SET position = 0 WHERE reader = 'seals'")
    log.run("UPDATE events SET body = replace(body, 'violence', 'spam') WHERE position = 10")
    log.seal()
    assert log.complaint() == ""  # the key and the database are in one hand
    assert "Seal 3 is not the one that was kept elsewhere" in log.complaint(heads=[kept])


def test_a_kept_head_tells_when_the_end_was_cut_off(log: SealedLog) -> None:
    kept = head(log)
    log.run("DELETE FROM seals WHERE number = 3")
    log.run("DELETE FROM events WHERE position > 16")
    log.run("UPDATE cursors SET position = 16 WHERE reader = 'seals'")
    log.run("UPDATE sequence SET position = 16")
    assert log.complaint(HOUR) == ""
    assert "Seal 3, which was kept elsewhere, is not there" in log.complaint(heads=[kept])


# -- while a server goes on ----------------------------------------------------------------------------------------


def test_verifying_reads_the_log_in_runs(log: SealedLog, monkeypatch: pytest.MonkeyPatch) -> None:
    largest = 0
    look: Callable[..., list[object]] = seals.events_between

    def counted(*arguments: object) -> list[object]:
        nonlocal largest
        found = look(*arguments)
        largest = max(largest, len(found))
        return found

    monkeypatch.setattr(seals, "events_between", counted)
    log.verify()
    assert largest == 8


def test_digests_chain_the_documents(log: SealedLog) -> None:
    with log.database.read() as connection:
        first, second = seals.page(connection, 0, 2)
    assert read(second).previous == digest(first.body)
    assert timedelta() <= log.now - START
