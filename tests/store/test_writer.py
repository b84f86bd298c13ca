"""The writer: an answer means durable, and what one change does wrong hurts nobody else."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count, pairwise
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from tawatur.store import writer as writing
from tawatur.store.database import Database, DatabaseUnavailable
from tawatur.store.database_book import DatabaseBook
from tawatur.store.families import Family
from tawatur.store.reading_book import Wants
from tawatur.store.writer import Change, Clock, Overloaded, Refused, Writer

NOW = datetime(2026, 1, 1, tzinfo=UTC)
_ids = count()


def new_id() -> str:
    return f"id-{next(_ids):06d}"


@pytest.fixture
def writer(database: Database) -> Iterator[Writer]:
    made = Writer(database, new_id)
    yield made
    if made.alive:
        made.stop()


def adds(name: str, then: Callable[[], None] = lambda: None) -> Change[str]:
    """Adds a family; then does what is asked."""

    def run(book: DatabaseBook, now: datetime) -> str:
        book.add_family(Family(name, "s", now))
        then()
        return name

    return Change(Wants("s"), run)


def raises(error: BaseException) -> Change[str]:
    def run(book: DatabaseBook, now: datetime) -> str:
        raise error

    return Change(Wants("s"), run)


def throw(error: Exception) -> Callable[[], None]:
    def run() -> None:
        raise error

    return run


def families(database: Database) -> list[str]:
    with database.read() as connection:
        return list(connection.execute(text("SELECT id FROM families ORDER BY id")).scalars())


def all_at_once(writer: Writer, changes: list[Change[Any]]) -> list[Any]:
    """Their results and errors in order; they wait in the queue before the writer starts, so they are one group."""

    async def run() -> list[Any]:
        tasks = [asyncio.ensure_future(writer.make(change)) for change in changes]
        await asyncio.sleep(0.01)
        assert writer.waiting == len(changes)
        writer.start()
        return await asyncio.gather(*tasks, return_exceptions=True)

    return asyncio.run(run())


def test_a_group_is_committed_once_and_answered_in_order(database: Database, writer: Writer) -> None:
    commits: list[int] = []
    writer._on_commit = lambda: commits.append(1)
    names = [f"f{n:02}" for n in range(50)]
    assert all_at_once(writer, [adds(name) for name in names]) == names
    assert families(database) == names
    assert len(commits) == 1


def test_a_refusal_harms_nobody_in_its_group(database: Database, writer: Writer) -> None:
    refusal = Refused("not this one")
    results = all_at_once(writer, [adds("a"), raises(refusal), adds("b")])
    assert results == ["a", refusal, "b"]
    assert families(database) == ["a", "b"]


def test_a_refusal_that_comes_late_undoes_what_it_wrote(database: Database, writer: Writer) -> None:
    refusal = Refused("too late")
    assert all_at_once(writer, [adds("a"), adds("b", throw(refusal)), adds("c")]) == ["a", refusal, "c"]
    assert families(database) == ["a", "c"]


@pytest.mark.parametrize("wrote", [False, True])
def test_a_change_that_crashes_hurts_only_itself(database: Database, writer: Writer, wrote: bool) -> None:
    crash = ZeroDivisionError("a mistake in a change")
    bad = adds("bad", throw(crash)) if wrote else raises(crash)
    assert all_at_once(writer, [adds("a"), bad, adds("c")]) == ["a", crash, "c"]
    assert families(database) == ["a", "c"]
    assert writer.make_now(adds("d")) == "d"


def test_a_change_that_the_database_refuses_hurts_only_itself(database: Database, writer: Writer) -> None:
    with database.write() as connection:
        book = DatabaseBook(connection, new_id)
        book.add_family(Family("there", "s", NOW))
        book.flush()
    a, error, c = all_at_once(writer, [adds("a"), adds("there"), adds("c")])
    assert (a, c) == ("a", "c")
    assert isinstance(error, Exception)
    assert families(database) == ["a", "c", "there"]


def locked() -> OperationalError:
    import sqlite3

    return OperationalError("SELECT", {}, sqlite3.OperationalError("database is locked"))


def gone() -> OperationalError:
    import sqlite3

    return OperationalError("SELECT", {}, sqlite3.OperationalError("disk I/O error"))


@pytest.mark.parametrize("wrote", [False, True])
def test_what_may_succeed_at_once_is_tried_again(database: Database, writer: Writer, wrote: bool) -> None:
    tries = count(1)

    def fails_twice() -> None:
        if next(tries) <= 2:
            raise locked()

    def run(book: DatabaseBook, now: datetime) -> str:
        if wrote:
            book.add_family(Family("a", "s", now))
        fails_twice()
        if not wrote:
            book.add_family(Family("a", "s", now))
        return "a"

    writer.start()
    assert writer.make_now(Change(Wants("s"), run)) == "a"
    assert families(database) == ["a"]


def test_what_never_succeeds_is_given_up(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "ATTEMPTS", 2)
    writer.start()
    with pytest.raises(DatabaseUnavailable):
        writer.make_now(raises(locked()))


@pytest.mark.parametrize("wrote", [False, True])
def test_a_database_that_goes_in_the_middle_of_a_change_is_unavailable(
    database: Database, writer: Writer, wrote: bool
) -> None:
    """And not a failure of ours, wherever in the change it happens."""
    bad = adds("b", throw(gone())) if wrote else raises(gone())
    writer.start()
    with pytest.raises(DatabaseUnavailable):
        writer.make_now(bad)
    assert families(database) == []


def test_more_than_can_be_made_in_time_is_refused_at_once(
    database: Database, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "BACKLOG", 3)

    async def run() -> list[Any]:
        tasks = [asyncio.ensure_future(writer.make(adds(f"f{n}"))) for n in range(5)]
        await asyncio.sleep(0.01)
        writer.start()
        return await asyncio.gather(*tasks, return_exceptions=True)

    results = asyncio.run(run())
    assert results[:3] == ["f0", "f1", "f2"]
    assert all(isinstance(error, Overloaded) for error in results[3:])
    assert families(database) == ["f0", "f1", "f2"]


def test_stopping_finishes_what_waits(database: Database, writer: Writer) -> None:
    threads = [threading.Thread(target=writer.make_now, args=(adds(f"f{n}"),)) for n in range(5)]
    for thread in threads:
        thread.start()
    while writer.waiting < 5:
        pass
    writer.start()
    writer.stop()
    for thread in threads:
        thread.join(5)
    assert len(families(database)) == 5
    with pytest.raises(DatabaseUnavailable, match="stopping"):
        writer.make_now(adds("late"))


def test_who_stopped_waiting_harms_nobody(database: Database, writer: Writer) -> None:
    async def run() -> str:
        lost = asyncio.ensure_future(writer.make(adds("lost")))
        kept = asyncio.ensure_future(writer.make(adds("kept")))
        await asyncio.sleep(0.01)
        lost.cancel()
        writer.start()
        return await kept

    assert asyncio.run(run()) == "kept"
    assert writer.make_now(adds("next")) == "next"


def test_the_clock_never_tells_the_same_time_twice() -> None:
    clock = Clock()
    times = [clock() for _ in range(10_000)]
    assert all(a < b for a, b in pairwise(times))
    assert times[0].tzinfo is UTC
