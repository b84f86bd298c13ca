"""A database of our own, with its tables."""

from collections.abc import Iterator

import pytest

from tawatur.store.database import Database


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    made = Database(database_url)
    made.migrate()
    yield made
    made.close()
