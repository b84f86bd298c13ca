"""How long a server takes to have a site's hashes ready to be searched: from the database, and from a snapshot.

    python -m benchmarks.start [--size 1e6] [--rounds 5]

A site's log of random hashes lies in SQLite and, where one can be had, in PostgreSQL; it is read as a start does: all
of it, then the snapshot and the eleventh part of the log that came after it. Files are in the cache of the system.
Goal: 10^6 ready in < 3 s.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from tests.ground import postgres

from tawatur.imaging import pdq
from tawatur.store import hashes
from tawatur.store.copies import Copies
from tawatur.store.database import Database
from tawatur.store.hashes import HashRow
from tawatur.store.ids import new_id

SITE = "site"
_AT_ONCE = 20_000


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--size", type=float, default=1e6)
    arguments.add_argument("--rounds", type=int, default=5)
    given = arguments.parse_args()
    table = Table(
        *("database", "from", "s", "s of processor", "slowest s"),
        title=f"{int(given.size):,} hashes ready, medians of {given.rounds}",
    )
    with tempfile.TemporaryDirectory(prefix="tawatur-start-") as folder, _databases(Path(folder)) as found:
        for name, database in found.items():
            chance = np.random.default_rng(1)
            _fill(database, int(given.size * 10 / 11), chance)
            kept = Path(folder) / name
            _ready(database, kept)
            _fill(database, int(given.size / 11), chance)
            for kind, place in (("the log", None), ("a snapshot and an eleventh of the log", kept)):
                times = [_ready(database, place) for _ in range(given.rounds)]
                walls, spent = zip(*times, strict=True)
                values = statistics.median(walls), statistics.median(spent), max(walls)
                table.add_row(name, kind, *(f"{value:.2f}" for value in values))
    Console(width=120).print(table)


def _ready(database: Database, folder: Path | None) -> tuple[float, float]:
    """Seconds, and seconds of this process's processor, until the site is known and a search has answered."""
    made = Copies(folder)
    begin, spent = time.perf_counter(), time.process_time()
    made.prepare(database, SITE)
    with database.write() as connection:
        made.of(connection, SITE, hashes.hold(connection, SITE)).search([np.zeros(4, dtype=np.uint64)])
    took = time.perf_counter() - begin, time.process_time() - spent
    made.close()
    return took


def _fill(database: Database, count: int, chance: np.random.Generator) -> None:
    for _ in range(0, count, _AT_ONCE):
        with database.write() as connection:
            last = hashes.hold(connection, SITE)
            new = chance.integers(0, 2**64, (min(_AT_ONCE, count), 4), dtype=np.uint64)
            rows = [HashRow(SITE, last + n, new_id(), pdq.to_hex(bits)) for n, bits in enumerate(new, 1)]
            hashes.append(connection, rows)


@contextmanager
def _databases(folder: Path) -> Iterator[dict[str, Database]]:
    found = {"SQLite": Database(f"sqlite:///{folder / 'tawatur.db'}")}
    server = None if postgres.why_absent() else postgres.Postgres()
    try:
        if server is not None:
            server.start()
            found["PostgreSQL"] = Database(server.create_database("tawatur"))
        for database in found.values():
            database.migrate()
        yield found
    finally:
        for database in found.values():
            database.close()
        if server is not None:
            server.remove()


if __name__ == "__main__":
    main()
