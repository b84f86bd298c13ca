"""Servers to ask: one for each module and database, with a site of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from tests.ground.postgres import Postgres
from tests.web.place import Place, make_site, opened

_numbers = count(1)


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("server")
    if request.param == "sqlite":
        with opened(f"sqlite:///{folder / 'tawatur.db'}", folder) as made:
            yield made
        return
    postgres: Postgres = request.getfixturevalue("postgres_server")
    name = f"web_{next(_numbers)}_{folder.name.replace('-', '_')}"
    with opened(postgres.create_database(name, tables=True), folder) as made:
        yield made
    postgres.drop_database(name)


@pytest.fixture
def place(server: Place) -> Place:
    """A new site on the module's server."""
    keys = make_site(server.database_url, f"site {next(_numbers)}")
    return Place(server.client, keys, server.database_url, server.data_dir)
