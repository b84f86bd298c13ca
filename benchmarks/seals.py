"""What sealing costs those who report, and how fast it is by itself.

    python -m benchmarks.seals [--seconds 4] [--rounds 7] [--clients 32] [sqlite] [postgresql]

Two servers with databases of their own, one that seals every second (sixty times as often as by default) and one that
never does, take the same reports over HTTP in turns, each round in the other order. The ratio is the median of reports
a second with the sealer by that without. Goal: >= 0.95. Then all that was written is sealed and
{total:,} verified at once, alone.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table
from tests.ground.postgres import Postgres
from tests.ground.server import Server

from benchmarks import load
from benchmarks.intake import _register, _reports
from tawatur.log.keys import Keyring
from tawatur.log.seal import seal
from tawatur.log.verify import verify
from tawatur.store.database import Database

GOAL = 0.95
WITH, WITHOUT = "with", "without"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("databases", nargs="*", default=["sqlite", "postgresql"])
    options.add_argument("--seconds", type=float, default=4.0, help="length of each measurement")
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--clients", type=int, default=32)
    asked = options.parse_args()
    console = Console()
    for kind in asked.databases:
        with tempfile.TemporaryDirectory(prefix="tawatur-seals-") as folder:
            _measure(console, kind, Path(folder), asked)


def _measure(console: Console, kind: str, folder: Path, asked: argparse.Namespace) -> None:
    table = Table("round", "reports/s with", "reports/s without", "ratio", title=kind)
    rates: dict[str, list[float]] = {WITH: [], WITHOUT: []}
    with ExitStack() as stack:
        urls = stack.enter_context(_databases(kind, folder))
        servers = {
            name: stack.enter_context(
                Server(folder / name, urls[name], TAWATUR_SEAL_SECONDS="1" if name == WITH else "0")
            )
            for name in (WITH, WITHOUT)
        }
        keys = {name: server.init().start().site().api_key for name, server in servers.items()}
        for number in range(1, asked.rounds + 1):
            for name in (WITH, WITHOUT) if number % 2 else (WITHOUT, WITH):
                server = servers[name]
                images = _register(server.base_url, keys[name], number)
                requests = list(_reports(keys[name], images, number, int(asked.seconds * 6000)))
                with multiprocessing.get_context("spawn").Pool(1) as pool:
                    outcome = pool.apply(
                        load.run,
                        ("127.0.0.1", server.port, requests),
                        {"clients": asked.clients, "seconds": asked.seconds},
                    )
                rates[name].append(outcome.per_second)
            row = [rates[name][-1] for name in (WITH, WITHOUT)]
            table.add_row(str(number), *(f"{rate:,.0f}" for rate in row), f"{row[0] / row[1]:.3f}")
        for server in servers.values():
            server.stop()
        console.print(table)
        ratio = statistics.median(rates[WITH]) / statistics.median(rates[WITHOUT])
        console.print(f"{kind}: ratio of medians [bold]{ratio:.3f}[/bold] (goal >= {GOAL})")
        _alone(console, urls[WITHOUT], servers[WITHOUT].data_dir)


def _alone(console: Console, url: str, data_dir: Path) -> None:
    """Seals and verifies what the server that never sealed by itself has written."""
    database, keyring = Database(url), Keyring(data_dir)
    begin = time.perf_counter()
    count = seal(database, keyring, lambda: datetime.now(UTC))
    sealed = time.perf_counter()
    total = verify(database, {*keyring.all_of_them()}, datetime.now(UTC)).events
    verified = time.perf_counter()
    database.close()
    rates = count / (sealed - begin), total / (verified - sealed)
    console.print(f"{count:,} events sealed at {rates[0]:,.0f}/s, {total:,} verified at {rates[1]:,.0f}/s")


@contextmanager
def _databases(kind: str, folder: Path) -> Iterator[dict[str, str]]:
    if kind == "sqlite":
        yield {name: f"sqlite:///{folder / name}.db" for name in (WITH, WITHOUT)}
        return
    postgres = Postgres()
    postgres.start()
    try:
        yield {name: postgres.create_database(name) for name in (WITH, WITHOUT)}
    finally:
        postgres.stop()


if __name__ == "__main__":
    main()
