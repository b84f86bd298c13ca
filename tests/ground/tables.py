"""This release's tables for a new database."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from tawatur.store.database import Database


def with_tables(url: str) -> str:
    """The same address, once the tables are there. What a new SQLite file gets is copied: migrating takes a while."""
    path = Path(url.removeprefix("sqlite:///"))
    if url.startswith("sqlite:///") and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_migrated())
        return url
    database = Database(url)
    database.migrate()
    database.close()
    return url


@cache
def _migrated() -> bytes:
    with tempfile.TemporaryDirectory(prefix="tawatur-tables-") as folder:
        path = Path(folder) / "tawatur.db"
        database = Database(f"sqlite:///{path}")
        database.migrate()
        database.close()
        return path.read_bytes()
