"""Positions are given to committed events only, without gaps, so that no reader misses one that commits late."""

from datetime import UTC, datetime, timedelta

import pytest

from tawatur.log.events import ImageViewed, row
from tawatur.log.export import lines
from tawatur.log.sequencer import Sequencer, sequence
from tawatur.store import events
from tawatur.store.database import Database
from tawatur.store.ids import new_id
from tests.ground.tables import with_tables

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def database(postgres_url: str) -> Database:
    return Database(with_tables(postgres_url))


def event(number: int) -> events.EventRow:
    return row(new_id(), "site", f"image {number}", START + timedelta(seconds=number), ImageViewed(count=number + 1))


def read(database: Database, after: int = 0) -> list[tuple[int, str]]:
    with database.read() as connection:
        return [(one.position or 0, one.image or "") for one in events.page(connection, "site", after, 100)]


@pytest.mark.postgresql
def test_an_event_without_a_position_is_not_read(database: Database) -> None:
    with database.write() as connection:
        events.insert(connection, [event(1)])
    assert read(database) == []
    assert sequence(database) == 1
    assert read(database) == [(1, "image 1")]


@pytest.mark.postgresql
def test_an_event_that_commits_late_comes_after_those_that_were_read(database: Database) -> None:
    with database.write() as late:
        events.insert(late, [event(1)])  # made first, committed last
        with database.write() as early:
            events.insert(early, [event(2), event(3)])
        sequence(database)
        seen = read(database)
        assert seen == [(1, "image 2"), (2, "image 3")]
    sequence(database)
    assert read(database, after=seen[-1][0]) == [(3, "image 1")]


@pytest.mark.postgresql
def test_one_group_keeps_its_order(database: Database) -> None:
    with database.write() as connection:
        events.insert(connection, [event(number) for number in range(50)])
    sequence(database)
    assert read(database) == [(number + 1, f"image {number}") for number in range(50)]


@pytest.mark.postgresql
def test_sequencing_again_changes_nothing(database: Database) -> None:
    with database.write() as connection:
        events.insert(connection, [event(1)])
    assert [sequence(database), sequence(database), sequence(database)] == [1, 0, 0]
    with database.read() as connection:
        assert events.head(connection) == 1


@pytest.mark.postgresql
def test_many_sequencers_at_once_give_each_position_once(database: Database) -> None:
    sequencers = [Sequencer(database) for _ in range(3)]
    for one in sequencers:
        one.start()
    for number in range(60):
        with database.write() as connection:
            events.insert(connection, [event(number)])
        for one in sequencers:
            one.wake()
    for one in sequencers:
        one.stop()
    sequence(database)
    assert [position for position, _ in read(database)] == list(range(1, 61))


@pytest.mark.postgresql
def test_exporting_sequences_first(database: Database) -> None:
    with database.write() as connection:
        events.insert(connection, [event(1)])
    (line,) = lines(database)
    assert line == {
        "type": "image.viewed",
        "at": "2026-01-01T00:00:01.000000Z",
        "image": "image 1",
        "count": 2,
        "id": line["id"],
        "position": 1,
    }
