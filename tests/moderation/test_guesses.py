"""Guessing ends, from wherever it comes; and whoever is guessed at still comes in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tawatur.moderation.guesses import DAY, EVERYWHERE, HERE, KNOWN, NETWORK, QUARTER, Guard
from tawatur.store import guesses
from tawatur.store.database import Database

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LAYLA = "layla@town.example"


@pytest.fixture
def guard(database: Database) -> Guard:
    return Guard(database, b"s" * 32)


def tries(guard: Guard, network: str, most: int, account: str = LAYLA, now: datetime = NOON) -> int:
    """How many of so many tries were let through."""
    return sum(guard.take(guard.password(account, network, None), now) == 0 for _ in range(most))


def test_one_network_has_ten_tries_for_an_account_and_thirty_for_all(guard: Guard) -> None:
    assert tries(guard, "a", 15) == HERE
    assert tries(guard, "a", 40, account="omar@town.example") == HERE
    assert sum(tries(guard, "a", 1, account=f"p{n}@town.example") for n in range(30)) == NETWORK - 2 * HERE
    assert tries(guard, "a", 15, now=NOON + QUARTER) == HERE


def test_what_is_refused_counts_for_nothing_and_tells_how_long_to_wait(guard: Guard) -> None:
    tries(guard, "a", 50)
    wait = guard.take(guard.password(LAYLA, "a", None), NOON + timedelta(minutes=5))
    assert wait == 600
    with guard._database.read() as connection:
        counted = guesses.of_keys(connection, [one.key for one in guard.password(LAYLA, "a", None)])
    assert {one.tries for one in counted.values()} == {HERE}


def test_a_thousand_networks_have_a_hundred_tries_a_day_together(guard: Guard) -> None:
    assert sum(tries(guard, f"n{n}", 2) for n in range(100)) == EVERYWHERE
    assert tries(guard, "yet another", 1, now=NOON + DAY - timedelta(seconds=1)) == 0
    assert tries(guard, "yet another", 1, now=NOON + DAY) == 1


def test_strangers_who_guess_keep_nobody_out_of_a_browser_that_the_account_knows(guard: Guard) -> None:
    kept = guard.remembering(LAYLA, "")
    for n in range(60):
        tries(guard, f"n{n}", 3)
    tries(guard, "her own network", 50)
    device = guard.device(LAYLA, kept)
    assert device is not None
    assert guard.take(guard.password(LAYLA, "her own network", device), NOON) == 0


def test_a_known_browser_is_no_way_to_guess_without_end(guard: Guard) -> None:
    device = guard.device(LAYLA, guard.remembering(LAYLA, ""))
    counted = guard.password(LAYLA, "a", device)
    assert [guard.take(counted, NOON) == 0 for _ in range(KNOWN + 1)] == [True] * KNOWN + [False]


def test_a_browser_is_known_to_its_accounts_alone_and_cannot_be_made_up(guard: Guard) -> None:
    kept = guard.remembering("omar@town.example", guard.remembering(LAYLA, ""))
    assert guard.device(LAYLA, kept) is not None
    assert guard.device("omar@town.example", kept) is not None
    assert guard.device("nadia@town.example", kept) is None
    other_secret = Guard(guard._database, b"t" * 32).new_device(LAYLA)
    for made_up in ("", "x", "x.y", "~" * 1000, "é.ü", guard.new_device(LAYLA)[:-1], other_secret):
        assert guard.device(LAYLA, made_up) is None


def test_who_was_right_has_not_guessed(guard: Guard) -> None:
    for _ in range(50):
        counted = guard.password(LAYLA, "a", None)
        assert guard.take(counted, NOON) == 0
        guard.give_back(counted)


def test_processes_share_what_they_count(guard: Guard, ready_url: str) -> None:
    tries(guard, "a", 8)
    assert tries(Guard(Database(ready_url), b"s" * 32), "a", 8) == HERE - 8


def test_counts_name_nobody_and_are_forgotten(guard: Guard) -> None:
    tries(guard, "192.0.2.0/24", 3)
    with guard._database.read() as connection:
        counted = guesses.of_keys(connection, [one.key for one in guard.password(LAYLA, "192.0.2.0/24", None)])
    assert len(counted) == 3
    assert all(set(key) <= set("0123456789abcdef") and len(key) == 64 for key in counted)
    with guard._database.write() as connection:
        guesses.forget(connection, NOON + DAY)
    with guard._database.read() as connection:
        assert guesses.of_keys(connection, list(counted)) == {}
