"""Opening a database, making its tables, and what is told when it cannot be used."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from tawatur import store
from tawatur.store import schema
from tawatur.store.database import Database, DatabaseUnavailable, NotInitialised, UnusableAddress


def test_a_fresh_database_is_what_the_schema_says(database: Database) -> None:
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, schema.metadata) == []


def test_partial_indexes_are_partial(database: Database) -> None:
    """What comparing does not look at."""
    kept = (
        "SELECT sql FROM sqlite_master WHERE " if database.is_sqlite else "SELECT indexdef FROM pg_indexes WHERE index"
    )
    with database.read() as connection:
        made = connection.execute(text(f"{kept}name = 'ix_events_unpositioned'")).scalar_one()
    assert "position IS NULL" in made.replace("(", "").replace('"', "")


def test_the_migrations_files_are_named_by_their_versions() -> None:
    found = ScriptDirectory(str(store.database._MIGRATIONS)).walk_revisions()
    assert store.database._versions() == [script.revision for script in found][::-1]


def test_migrating_twice_is_harmless(database: Database) -> None:
    database.migrate()
    database.check_migrated()


def test_reports_from_before_anonymous_readers_are_of_members(database: Database) -> None:
    with database.write() as connection:
        connection.execute(
            text(
                "INSERT INTO reports (id, site, family, round, image, reporter, reason, first_at, at, earned) "
                "VALUES ('r', 's', 'f', 0, 'i', 'p', 'spam', 0, 0, 0)"
            )
        )
        assert connection.execute(text("SELECT anonymous FROM reports")).scalar() in (False, 0)


def test_a_database_without_tables_asks_for_init(database_url: str) -> None:
    empty = Database(database_url)
    with pytest.raises(NotInitialised, match=r"is at version none, not .*: run `tawatur init`"):
        empty.check_migrated()
    empty.close()


def test_a_database_of_a_newer_release_is_left_alone(database: Database) -> None:
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for attempt in (database.check_migrated, database.migrate):
        with pytest.raises(NotInitialised, match="version 9999, which this release does not know"):
            attempt()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nonsense", "It is no address"),
        ("postgresql://user:hunter2@host:port/name", "It is no address"),
        ("mysql://user:hunter2@host/name", "'mysql' is not supported"),
        ("sqlite://", "It names no file"),
        ("sqlite:///:memory:", "It names no file"),
    ],
)
def test_an_address_that_cannot_be_used_says_so_and_keeps_the_password(url: str, said: str) -> None:
    with pytest.raises(UnusableAddress, match=said) as caught:
        Database(url)
    assert "hunter2" not in str(caught.value)
    assert "postgresql://user@host/name" in str(caught.value)


def test_postgresql_without_its_driver_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tawatur.store.database.find_spec", lambda name: None)
    with pytest.raises(UnusableAddress, match=r"install `tawatur\[postgres\]`"):
        Database("postgresql://host/name")


def test_the_password_is_never_shown() -> None:
    assert "hunter2" not in str(Database("postgresql://user:hunter2@host/name"))


def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    path = tmp_path / "tawatur.db"
    path.write_bytes(b"not a database, whatever its name says" * 100)
    broken = Database(f"sqlite:///{path}")
    for attempt in (broken.migrate, broken.check_migrated):
        with pytest.raises(DatabaseUnavailable, match="not a database"):
            attempt()


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(DatabaseUnavailable, match="TAWATUR_DATABASE_URL"):
        Database("postgresql://nobody@127.0.0.1:9/nothing").migrate()


def test_a_failed_transaction_leaves_nothing(database: Database) -> None:
    with suppress(ZeroDivisionError), database.write() as connection:
        connection.execute(text("INSERT INTO sequence (name, position) VALUES ('x', 1)"))
        raise ZeroDivisionError
    with database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM sequence")).scalar() == 0


def test_sqlite_flushes_each_commit_to_the_disk(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    with database.write() as connection:
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
    database.close()


def test_sqlite_keeps_one_writer_out_while_another_writes(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    database.migrate()
    other = sqlite3.connect(str(database.url.database), timeout=0)
    with database.write(), pytest.raises(sqlite3.OperationalError, match="locked"):
        other.execute("BEGIN IMMEDIATE")
    other.close()
    database.close()


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 1, 1, 12, 30, 59, 123456, UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999999, UTC),
        datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=3, minutes=30))),
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999999, UTC),
    ],
)
def test_moments_are_kept_to_the_microsecond(database: Database, moment: datetime) -> None:
    with database.write() as connection:
        values = {"site": "s", "key": "k", "fingerprint": "f", "status": 200, "body": "{}", "at": moment}
        connection.execute(schema.idempotency.insert(), values)
        kept = connection.execute(schema.idempotency.select()).one().at
    assert kept == moment
    assert kept.tzinfo is UTC
