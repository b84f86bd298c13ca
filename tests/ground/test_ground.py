"""The ground itself: what conftest.py promises."""

import os

import psycopg
import pytest
import sqlalchemy as sa

from tests.ground.postgres import Postgres
from tests.ground.process import free_port, plain_environment


def test_every_test_has_an_empty_database(database_url: str) -> None:
    engine = sa.create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE mark (n integer)"))
        connection.execute(sa.text("INSERT INTO mark VALUES (1)"))
    engine.dispose()


def test_what_another_test_left_is_not_there(database_url: str) -> None:
    engine = sa.create_engine(database_url)
    assert sa.inspect(engine).get_table_names() == []
    engine.dispose()


def test_the_postgresql_of_the_tests_is_durable_and_roomy(postgres_url: str) -> None:
    engine = sa.create_engine(postgres_url)
    with engine.connect() as connection:
        shown = {name: connection.scalar(sa.text(f"SHOW {name}")) for name in ("fsync", "max_connections", "timezone")}
    engine.dispose()
    assert shown == {"fsync": "on", "max_connections": "200", "timezone": "UTC"}


def test_an_own_postgresql_keeps_what_was_committed_over_stop_and_kill(own_postgres: Postgres) -> None:
    engine = sa.create_engine(own_postgres.url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE kept (n integer)"))
    for end in (own_postgres.stop, own_postgres.kill9):
        with engine.begin() as connection:
            connection.execute(sa.text("INSERT INTO kept VALUES (1)"))
        end()
        with pytest.raises(sa.exc.OperationalError):
            engine.connect()
        own_postgres.start()
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM kept")) == 2


def test_two_postgresql_servers_stand_side_by_side(own_postgres: Postgres) -> None:
    other = Postgres()
    try:
        other.start()
        with psycopg.connect(other.url.replace("+psycopg", "")) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        assert other.pid != own_postgres.pid
    finally:
        other.remove()
    assert not other.folder.exists()


def test_a_free_port_is_below_the_range_of_outgoing_connections() -> None:
    assert 20_000 <= free_port() < 32_000


def test_settings_of_the_caller_do_not_reach_a_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAWATUR_DATABASE_URL", "sqlite:///elsewhere.db")
    monkeypatch.setenv("PGHOST", "elsewhere")
    environment = plain_environment(TAWATUR_DATA_DIR="here")
    assert "TAWATUR_DATABASE_URL" not in environment
    assert "PGHOST" not in environment
    assert environment["TAWATUR_DATA_DIR"] == "here"
    assert environment["PATH"] == os.environ["PATH"]
