"""Worlds to moderate in: each rule is tried in memory (what replay uses), on SQLite and on PostgreSQL."""

from collections.abc import Callable, Iterator
from itertools import count

import pytest

from tawatur.store.database import Database
from tests.ground.postgres import Postgres
from tests.ground.tables import with_tables
from tests.moderation.world import World

_sites = count(1)
KINDS = ["memory", "sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]


@pytest.fixture(scope="module")
def sqlite_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    database = Database(with_tables(f"sqlite:///{tmp_path_factory.mktemp('world') / 'tawatur.db'}"))
    yield database
    database.close()


@pytest.fixture(scope="module")
def postgres_database(postgres_server: Postgres, request: pytest.FixtureRequest) -> Iterator[Database]:
    name = f"world_{abs(hash(request.node.nodeid)):x}"
    database = Database(postgres_server.create_database(name, tables=True))
    yield database
    database.close()
    postgres_server.drop_database(name)


@pytest.fixture(params=KINDS)
def new_world(request: pytest.FixtureRequest) -> Callable[..., World]:
    """Makes worlds, each a site of its own: `new_world()`, `new_world(policy="lapse = true")`."""
    fixture = {"memory": None, "sqlite": "sqlite_database", "postgresql": "postgres_database"}[request.param]
    database = None if fixture is None else request.getfixturevalue(fixture)
    return lambda policy=None: World(database, str(next(_sites)), policy)


@pytest.fixture
def world(new_world: Callable[..., World]) -> World:
    return new_world()
