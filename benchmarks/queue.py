"""How long the console's pages take on a site where hundreds of thousands of cases wait.

    python -m benchmarks.queue [--size 3e5] [--rounds 15]

The cases lie in SQLite and, where one can be had, in PostgreSQL: one image and three reports each, by 50,000 people; a
twentieth is blurred, a twentieth blocked. A signed-in moderator asks for the pages of a real application in the same
process. Beside it stands the same page on a site where a thousand cases wait: the ratio is what size costs.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table
from starlette.testclient import TestClient
from tests.ground import postgres
from tests.web.place import make_site

from tawatur import logs
from tawatur.moderation import people
from tawatur.settings import Settings
from tawatur.store import families, images, rows, schema
from tawatur.store.database import Database
from tawatur.store.families import BLOCKED, BLURRED, VISIBLE, Family
from tawatur.store.ids import new_id
from tawatur.store.images import Image
from tawatur.store.reporters import Reporter
from tawatur.store.reports import Report
from tawatur.web.app import make_app

PEOPLE = 50_000
REASONS = ("violence", "hate", "terrorism", "spam")
_AT_ONCE = 10_000
_NOW = datetime.now(UTC)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--size", type=float, default=3e5)
    arguments.add_argument("--rounds", type=int, default=15)
    given = arguments.parse_args()
    logs.configure("error")
    table = Table(
        *("database", "page", "ms", "slowest ms", "ms, 1,000 cases", "ratio"),
        title=f"{int(given.size):,} cases wait, medians of {given.rounds}",
    )
    with tempfile.TemporaryDirectory(prefix="tawatur-queue-") as folder, _databases(Path(folder)) as found:
        for name, url in found.items():
            with _served(url, Path(folder) / name, int(given.size)) as (large, small, paths):
                for page, (path, little) in paths.items():
                    times = [(_ask(large, path), _ask(small, little)) for _ in range(given.rounds)]
                    big, few = (statistics.median(ms) for ms in zip(*times, strict=True))
                    worst = max(ms for ms, _ in times)
                    table.add_row(name, page, f"{big:.0f}", f"{worst:.0f}", f"{few:.0f}", f"{big / few:.1f}")
    Console(width=120).print(table)


def _ask(client: TestClient, path: str) -> float:
    """Milliseconds until the page is there."""
    begin = time.perf_counter()
    answer = client.get(path)
    took = (time.perf_counter() - begin) * 1000
    assert answer.status_code == 200, f"{path}: {answer.status_code}"
    return took


@contextmanager
def _served(url: str, folder: Path, size: int) -> Iterator[tuple[TestClient, TestClient, dict[str, tuple[str, str]]]]:
    """Moderators of a site with `size` cases and of one with a thousand, and the pages that each asks for."""
    database = Database(url)
    database.migrate()
    known, cookies = [], []
    for name, count in (("large", size), ("small", 1000)):
        site = make_site(url, name).site
        known.append(_fill(database, site, count))
        link = people.add_person(database, new_id, f"{name}@town.example", "moderator", site, _NOW)
        cookies.append(people.choose_password(database, link, "a quiet harbour in autumn", _NOW))
    _analyse(database)
    app = make_app(Settings(database_url=url, data_dir=folder))
    with TestClient(app) as first:
        clients = [first, TestClient(app)]
        for client, cookie in zip(clients, cookies, strict=True):
            client.cookies.set("tawatur_console", cookie, path="/console")
        (image, uploader, reporter), (little, their, his) = known
        following = re.search(r'href="/console(\?[^"]*from=[^"]*)" rel="next"', clients[0].get("/console").text)
        assert following is not None
        paths = {
            "the queue": ("/console", "/console"),
            "its part that keeps itself up to date": ("/console?part=1", "/console?part=1"),
            "of one reason": ("/console?reason=hate", "/console?reason=hate"),
            "blocked ones": ("/console?state=blocked", "/console?state=blocked"),
            "the next page": (f"/console{following[1]}", "/console"),
            "a page in the middle": (f"/console?from={(0.5).hex()}~z", "/console"),
            "a search by image": (f"/console?find={image[:23]}", f"/console?find={little[:23]}"),
            "a search by uploader": (f"/console?find={uploader}", f"/console?find={their}"),
            "a search by reporter": (f"/console?find={reporter}", f"/console?find={his}"),
            "a search that finds nothing": ("/console?find=nothing", "/console?find=nothing"),
            "a case": (f"/console/cases/{image}", f"/console/cases/{little}"),
        }
        yield clients[0], clients[1], paths
    database.close()


def _fill(database: Database, site: str, count: int) -> tuple[str, str, str]:
    """That many cases; an image, an uploader and a reporter among them."""
    chance = random.Random(1)
    crowd = [f"{chance.getrandbits(128):032x}" for _ in range(min(PEOPLE, count // 6))]
    with database.write() as connection:
        rows.insert(connection, schema.reporters, [Reporter(site, one, _NOW, None, 18, 0, 0) for one in crowd])
    for begin in range(0, count, _AT_ONCE):
        homes, pictures, said = [], [], []
        for n in range(begin, min(begin + _AT_ONCE, count)):
            home, picture = new_id(), new_id()
            at = _NOW - timedelta(minutes=count - n)
            status = chance.choices((VISIBLE, BLURRED, BLOCKED), (18, 1, 1))[0]
            reason = chance.choice(REASONS)
            homes.append(
                Family(
                    home,
                    site,
                    at,
                    status,
                    provisional=status != VISIBLE,
                    authority=status != VISIBLE,
                    cause=None if status == VISIBLE else "reports",
                    reason=None if status == VISIBLE else reason,
                    acted_at=None if status == VISIBLE else at,
                    queued_at=at,
                    look_value=chance.random(),
                    views=100,
                    look_reason=reason,
                )
            )
            sha = f"{chance.getrandbits(256):064x}"
            uploader = crowd[n % len(crowd)]
            told = {"external_id": f"photo-{n}", "uploader": uploader, "page_url": None, "caption": None}
            pictures.append(
                Image(picture, site, home, at, **told, sha256=sha, media_type="image/png", size=0, width=0, height=0)
            )
            said += [
                Report(new_id(), site, home, picture, one, 0, reason, None, at, at) for one in chance.sample(crowd, 3)
            ]
        with database.write() as connection:
            families.insert(connection, homes)
            images.insert(connection, pictures)
            rows.insert(connection, schema.reports, said)
    return pictures[-1].id, str(pictures[-1].uploader), said[-1].reporter


def _analyse(database: Database) -> None:
    """What both databases do by themselves in time."""
    with database.writer.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
        connection.commit()


@contextmanager
def _databases(folder: Path) -> Iterator[dict[str, str]]:
    server = None if postgres.why_absent() else postgres.Postgres()
    try:
        found = {"SQLite": f"sqlite:///{folder / 'tawatur.db'}"}
        if server is not None:
            server.start()
            found["PostgreSQL"] = server.create_database("tawatur")
        yield found
    finally:
        if server is not None:
            server.remove()


if __name__ == "__main__":
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    main()
