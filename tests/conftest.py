"""What every test can ask for: a database of its own (SQLite and PostgreSQL), a PostgreSQL to stop, a real server.

| fixture | gives |
|---|---|
| `database_url` | an empty database, once on SQLite and once on PostgreSQL: `-k sqlite` or `-k postgresql` picks one |
| `sqlite_url`, `postgres_url` | an empty database of that kind alone |
| `ready_url` | as `database_url`, with the tables in it |
| `database` | the same, opened |
| `own_postgres` | a PostgreSQL server that no other test uses: `.url`, `.stop()`, `.start()`, `.kill9()` |
| `new_server` | a function that makes a `Server` (ground/server.py) on a database address; not started |
| `server` | a started server on `database_url`, its database made |
"""

import os
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from tawatur.store.database import Database
from tests.ground import postgres
from tests.ground.postgres import Postgres
from tests.ground.server import Server
from tests.ground.tables import with_tables

# On shared cores a single example can take long without being wrong.
hypothesis.settings.register_profile("tawatur", deadline=None, print_blob=True)
hypothesis.settings.load_profile("tawatur")

if sys.dont_write_bytecode:  # the children of the tests would compile all that they import, seconds each time
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(Path(__file__).parents[1] / ".cache" / "bytecode")

for _name in [name for name in os.environ if name.startswith("TAWATUR_")]:
    del os.environ[_name]

_SLOW = {"demo", "integrations", "lab", "survival"}
_servers = pytest.StashKey[list[Server]]()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "postgresql: needs a real PostgreSQL, which the tests start themselves")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long comes first, or one of two workers would have it all to itself at the end."""
    processes = {"new_server", "own_postgres", "browser"}
    slow = {item.path for item in items if item.path.parent.name in _SLOW or processes & {*item.fixturenames}}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """The PostgreSQL of this run; with pytest-xdist every worker has one. Ask for `postgres_url`, not for this."""
    if reason := postgres.why_absent():
        pytest.skip(reason)
    server = Postgres(durable=False)
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'tawatur.db'}"


@pytest.fixture
def postgres_url(postgres_server: Postgres) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex[:12]}"
    yield postgres_server.create_database(name)
    postgres_server.drop_database(name)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database_url(request: pytest.FixtureRequest) -> str:
    fixture = {"sqlite": "sqlite_url", "postgresql": "postgres_url"}[request.param]
    url: str = request.getfixturevalue(fixture)
    return url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def ready_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield with_tables(f"sqlite:///{tmp_path / 'tawatur.db'}")
        return
    server: Postgres = request.getfixturevalue("postgres_server")
    name = f"test_{uuid.uuid4().hex[:12]}"
    yield server.create_database(name, tables=True)
    server.drop_database(name)


@pytest.fixture
def database(ready_url: str) -> Iterator[Database]:
    made = Database(ready_url)
    yield made
    made.close()


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    if reason := postgres.why_absent():
        pytest.skip(reason)
    server = Postgres(durable=False)
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture
def new_server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """`new_server(database_url, TAWATUR_LOG_LEVEL="debug")`: settings by their names in the environment."""
    made: list[Server] = request.node.stash.setdefault(_servers, [])

    def make(database_url: str, **environment: str) -> Server:
        made.append(Server(tmp_path / f"server-{len(made) + 1}", database_url, **environment))
        return made[-1]

    yield make
    for server in made:
        server.kill9()


@pytest.fixture
def server(new_server: Callable[..., Server], database_url: str) -> Server:
    return new_server(database_url).init().start()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> Any:
    """Under a failed test stands what its servers wrote."""
    report = yield
    if report.failed:
        for server in item.stash.get(_servers, []):
            report.sections.append((f"log of the server on {server.base_url}", server.log_text()))
    return report
