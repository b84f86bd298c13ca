"""The ground itself: what conftest.py promises."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from tests.ground import server as harness
from tests.ground.postgres import Postgres
from tests.ground.process import free_port, plain_environment
from tests.ground.server import Server, ServerError


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


def test_the_postgresql_of_the_tests_writes_before_it_answers_and_is_roomy(postgres_url: str) -> None:
    expected = {"synchronous_commit": "on", "max_connections": "200", "timezone": "UTC"}
    engine = sa.create_engine(postgres_url)
    with engine.connect() as connection:
        assert {name: connection.scalar(sa.text(f"SHOW {name}")) for name in expected} == expected
    engine.dispose()


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


STAND_IN = """#!{python}
import http.server, json, os, subprocess, sys
print(json.dumps(sys.argv[1:]), flush=True)
if "WORDS" in os.environ:
    sys.exit(os.environ["WORDS"])
child = subprocess.Popen(["sleep", "600"])
print("child", child.pid, flush=True)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", int(sys.argv[5])), Handler).serve_forever()
"""


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program in place of `tawatur` that answers, and has a child."""
    program = tmp_path / "tawatur"
    program.write_text(STAND_IN.replace("{python}", sys.executable))
    program.chmod(0o755)
    monkeypatch.setattr(harness, "TAWATUR", program)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.usefixtures("stand_in")
def test_kill9_ends_a_server_with_its_children_and_start_brings_it_back(new_server: Callable[..., Server]) -> None:
    server = new_server("sqlite:///x.db").start()
    address, first = server.base_url, server.pid
    child = int(server.log_text().rsplit("child ", 1)[1].split()[0])
    assert alive(child)
    server.kill9()
    assert not server.running
    assert not alive(first)
    assert not alive(child)
    server.start()
    assert server.base_url == address
    assert server.client().get("/healthz").status_code == 200
    server.stop()
    assert not server.running


@pytest.mark.usefixtures("stand_in")
def test_a_server_that_ends_before_it_answers_says_why(new_server: Callable[..., Server]) -> None:
    server = new_server("sqlite:///x.db", WORDS="no room on the disk")
    with pytest.raises(ServerError, match="no room on the disk"):
        server.start()
    with pytest.raises(ServerError, match="no room on the disk"):
        server.tawatur("init")
    assert json.loads(server.log_text().splitlines()[1])[:3] == ["serve", "--host", "127.0.0.1"]
