"""Events are sealed in order, once, whoever seals."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tawatur.log import seal as sealing
from tawatur.log.keys import Keyring, KeyUnusable
from tawatur.log.seal import NotSealed, Sealer, change_key, seal
from tawatur.store import cursors, seals
from tests.log.sealed import START, SealedLog, some_events


def all_seals(log: SealedLog) -> list[sealing.Seal]:
    with log.database.read() as connection:
        return [sealing.read(row) for row in seals.page(connection, 0, 1000)]


def test_every_event_lies_under_one_seal_and_each_seal_follows_the_one_before(log: SealedLog) -> None:
    found = all_seals(log)
    assert [(one.first, one.last, one.count) for one in found] == [(1, 8, 8), (9, 16, 8), (17, 23, 7)]
    assert found[0].previous is None
    with log.database.read() as connection:
        bodies = [row.body for row in seals.page(connection, 0, 1000)]
        assert cursors.all_of_them(connection) == [cursors.Cursor("seals", 23)]
    assert [one.previous for one in found[1:]] == [sealing.digest(body) for body in bodies[:-1]]


def test_sealing_again_seals_nothing_and_going_on_seals_what_is_new(log: SealedLog) -> None:
    assert log.seal() == 0
    log.append(some_events(2))
    assert log.seal() == 2
    assert all_seals(log)[-1].first == 24
    assert log.verify().events == 25


def test_a_log_without_events_holds(empty_log: SealedLog) -> None:
    assert empty_log.seal() == 0
    assert empty_log.verify().seals == 0


def test_several_who_seal_at_once_seal_each_event_once(empty_log: SealedLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "BATCH", 3)
    empty_log.append(some_events(40))
    empty_log.keyring.make()
    with ThreadPoolExecutor(3) as pool:
        done = [pool.submit(seal, empty_log.database, empty_log.keyring, lambda: START) for _ in range(3)]
        assert sum(one.result() for one in done) == 40
    assert empty_log.verify().events == 40


def test_a_thread_seals_while_others_write_and_the_rest_when_it_stops(empty_log: SealedLog) -> None:
    sealer = Sealer(empty_log.database, empty_log.keyring, 0.01)
    sealer.start()
    for _ in range(10):
        empty_log.append(some_events(5))
    sealer.stop()
    assert empty_log.verify().events == 50


def test_nothing_is_sealed_over_a_hole(log: SealedLog) -> None:
    log.append(some_events(3))
    if not log.database.is_sqlite:
        from tawatur.log.sequencer import sequence

        sequence(log.database)
    log.run("DELETE FROM events WHERE position = 25")
    with pytest.raises(NotSealed, match="After position 23"):
        log.seal()


def test_seals_that_were_cut_off_are_not_grown_again(log: SealedLog) -> None:
    log.run("DELETE FROM seals WHERE number = 3")
    with pytest.raises(NotSealed, match="up to position 23"):
        log.seal()


def test_the_key_is_made_once_and_only_its_owner_can_read_it(log: SealedLog) -> None:
    (path,) = (log.folder / "seal-keys").iterdir()
    assert path.stat().st_mode & 0o077 == 0
    assert {one.key for one in all_seals(log)} == set(log.keyring.all_of_them())


def test_a_new_key_follows_the_old_one_which_is_deleted(log: SealedLog) -> None:
    (old,) = log.keyring.all_of_them()
    new = change_key(log.database, log.keyring, lambda: log.now)
    assert list(log.keyring.all_of_them()) == [new.public]
    log.append(some_events(2))
    log.seal()
    assert [one.key for one in all_seals(log)] == [old, old, old, new.public]
    assert log.verify().key == new.public
    assert log.complaint() == ""
    with pytest.raises(KeyUnusable, match="not signed anything"):
        change_key(log.database, log.keyring, lambda: log.now) and change_key(
            log.database, log.keyring, lambda: log.now
        )


def test_another_servers_key_seals_nothing(log: SealedLog, tmp_path: Path) -> None:
    log.append(some_events(1))
    with pytest.raises(KeyUnusable, match="does not have it"):
        seal(log.database, Keyring(tmp_path / "elsewhere"), lambda: log.now)
    with pytest.raises(KeyUnusable, match="TAWATUR_SEAL_KEY"):
        seal(log.database, Keyring(tmp_path / "elsewhere", "ab" * 32), lambda: log.now)


@pytest.mark.parametrize("seed", ["", "ab", "xy" * 32, "ab" * 33])
def test_a_key_that_is_none_is_told(tmp_path: Path, seed: str) -> None:
    with pytest.raises(KeyUnusable, match="64 hexadecimal digits"):
        Keyring(tmp_path, seed)
