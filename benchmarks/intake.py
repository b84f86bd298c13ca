"""How fast reports become decided, durable rows, against what the disk and the driver can do at best.

    python -m benchmarks.intake [--seconds 4] [--rounds 5] [--clients 32] [sqlite] [postgresql]

Each round measures, one after the other on the same disk: plain single-row commits of the same driver (one connection,
one insert, one commit), then reports through HTTP into a real server. The ratio of a round is the second by the first;
the median over the rounds is printed. The load generator runs on the same cores. Goal: >= 0.5.
"""

from __future__ import annotations

import argparse
import io
import multiprocessing
import os
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg
from PIL import Image
from rich.console import Console
from rich.table import Table
from tests.ground.postgres import Postgres
from tests.ground.server import Server

from benchmarks import load
from benchmarks.inside import where_time_goes

IMAGES = 200
GOAL = 0.5


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("databases", nargs="*", default=["sqlite", "postgresql"])
    options.add_argument("--seconds", type=float, default=4.0, help="length of each measurement")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--clients", type=int, default=32)
    asked = options.parse_args()
    console = Console()
    for kind in asked.databases:
        with tempfile.TemporaryDirectory(prefix="tawatur-intake-") as folder, _database(kind, Path(folder)) as url:
            _measure(console, kind, url, Path(folder), asked)


def _measure(console: Console, kind: str, url: str, folder: Path, asked: argparse.Namespace) -> None:
    table = Table("round", "plain commits/s", "reports/s", "ratio", "p50 ms", "p99 ms", "statuses", title=kind)
    ratios = []
    with Server(folder / "server", url) as server:
        server.start()
        site = server.site()
        for number in range(1, asked.rounds + 1):
            plain = _plain_commits(kind, url, folder, asked.seconds)
            images = _register(server.base_url, site.api_key, number)
            requests = list(_reports(site.api_key, images, number, int(asked.seconds * 6000)))
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                outcome = pool.apply(
                    load.run,
                    ("127.0.0.1", server.port, requests),
                    {"clients": asked.clients, "seconds": asked.seconds},
                )
            ratios.append(outcome.per_second / plain)
            cuts = statistics.quantiles(outcome.latencies, n=100)
            table.add_row(
                str(number),
                f"{plain:,.0f}",
                f"{outcome.per_second:,.0f}",
                f"{ratios[-1]:.2f}",
                f"{cuts[49] * 1e3:.1f}",
                f"{cuts[98] * 1e3:.1f}",
                " ".join(f"{status}:{count}" for status, count in sorted(outcome.statuses.items())),
            )
        server.stop()
    console.print(table)
    console.print(f"{kind}: median ratio [bold]{statistics.median(ratios):.2f}[/bold] (goal >= {GOAL})")
    console.print(where_time_goes(kind, url, folder, clients=asked.clients))


@contextmanager
def _database(kind: str, folder: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'intake.db'}"
        return
    postgres = Postgres()
    postgres.start()
    try:
        yield postgres.create_database("intake")
    finally:
        postgres.stop()


def _plain_commits(kind: str, url: str, folder: Path, seconds: float) -> float:
    """Single-row commits per second of the driver on one connection: the same durability, nothing else."""
    row = ("x" * 36, "y" * 300)
    if kind == "sqlite":
        path = folder / f"plain-{os.urandom(4).hex()}.db"
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE plain (id TEXT, body TEXT)")
        return _rate(lambda: connection.execute("INSERT INTO plain VALUES (?, ?)", row), seconds)
    with psycopg.connect(url.replace("postgresql+psycopg", "postgresql"), autocommit=True) as here:
        here.execute("CREATE TABLE IF NOT EXISTS plain (id TEXT, body TEXT)")
        return _rate(lambda: here.execute("INSERT INTO plain VALUES (%s, %s)", row), seconds)


def _rate(commit, seconds: float) -> float:  # type: ignore[no-untyped-def]
    begin, done = time.perf_counter(), 0
    while time.perf_counter() - begin < seconds / 2:
        commit()
        done += 1
    return done / (time.perf_counter() - begin)


def _register(base_url: str, key: str, number: int) -> list[str]:
    """Registers small pictures, all different, and returns their ids."""
    noise = random.Random(number)
    with httpx.Client(base_url=base_url, headers={"Authorization": f"Bearer {key}"}, timeout=30) as client:
        return [
            client.post("/v1/images", files={"file": _picture(noise)}).raise_for_status().json()["id"]
            for _ in range(IMAGES)
        ]


def _picture(noise: random.Random) -> bytes:
    out = io.BytesIO()
    Image.frombytes("RGB", (16, 16), noise.randbytes(768)).save(out, "PNG")
    return out.getvalue()


def _reports(key: str, images: list[str], number: int, count: int) -> Iterator[bytes]:
    """Reports by different people on different networks, evenly over the images."""
    for n in range(count):
        network = f"{10 + number}.{n >> 8 & 255}.{n & 255}.7"
        yield load.report(
            key, images[n % len(images)], f"reader-{number}-{n}", network=network, device=f"d{number}-{n}"
        )


if __name__ == "__main__":
    main()
