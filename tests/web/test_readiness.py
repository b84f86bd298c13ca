"""A server that cannot work says so in time: which part, and what to do."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from tawatur.store.database import Database
from tawatur.store.reading_book import Wants
from tawatur.store.writer import Change
from tawatur.web import readiness
from tawatur.web.house import House
from tests.ground.postgres import Postgres
from tests.ground.server import Server
from tests.ground.small_disk import NoSmallDisk, SmallDisk
from tests.survival.world import picture, register
from tests.web.place import Place, opened, problem


@pytest.fixture
def alone(database_url: str, tmp_path: Path) -> Iterator[Place]:
    """A server that no other test uses."""
    with opened(database_url, tmp_path / "data", seal_seconds=600) as place:
        yield place


def house(place: Place) -> House:
    found: House = place.client.app.state.house  # type: ignore[attr-defined]
    return found


def said(answer: httpx.Response) -> dict[str, str]:
    """What does not work, by its part."""
    if answer.status_code == 200:
        return {}
    told: dict[str, Any] = problem(answer, 503)
    return {one["place"]: one["detail"] for one in told["errors"]}


def test_a_server_that_works_is_ready(alone: Place) -> None:
    alone.report(alone.image(), "anna")
    assert said(alone.client.get("/readyz")) == {}


def test_tables_of_another_release(alone: Place) -> None:
    database = Database(alone.database_url)
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    database.close()
    wrong = said(alone.client.get("/readyz"))
    assert "tawatur migrate" in wrong["database"]


def test_a_database_that_hangs_holds_no_answer_up_and_no_more_threads_than_parts(
    alone: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs = threading.Event()
    monkeypatch.setattr(readiness, "PATIENCE_S", 0.2)
    monkeypatch.setattr(Database, "check_migrated", lambda self: hangs.wait(60))
    begun = time.monotonic()
    for _ in range(5):
        wrong = said(alone.client.get("/readyz"))
        assert "has not answered" in wrong["database"]
    assert time.monotonic() - begun < 5
    assert sum(thread.name == "tawatur-look" for thread in threading.enumerate()) == 1
    hangs.set()
    until = time.monotonic() + 10
    while said(alone.client.get("/readyz")) and time.monotonic() < until:
        time.sleep(0.05)
    assert said(alone.client.get("/readyz")) == {}


def test_a_writer_that_hangs(alone: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    image, goes_on = alone.image(), threading.Event()
    monkeypatch.setattr(readiness, "WRITER_S", 0.1)
    hang = Change(Wants(alone.keys.site, images=(image,)), lambda book, now: goes_on.wait(30))
    waits = threading.Thread(target=house(alone).writer.make_now, args=(hang,))
    waits.start()
    until = time.monotonic() + 10
    while "writer" not in (wrong := said(alone.client.get("/readyz"))) and time.monotonic() < until:
        time.sleep(0.05)
    assert "at one group" in wrong["writer"]
    assert alone.client.get("/healthz").status_code == 200
    goes_on.set()
    waits.join()
    assert said(alone.client.get("/readyz")) == {}


def test_a_reader_of_the_log_that_is_late_or_has_ended(alone: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    alone.image()
    monkeypatch.setattr(readiness, "STALE_S", -600.0)  # nothing may be left unread at all
    until = time.monotonic() + 10
    while "seals has left" not in said(alone.client.get("/readyz")).get("readers", "") and time.monotonic() < until:
        time.sleep(0.05)  # on PostgreSQL the events get their positions after the answer
    assert "seals has left" in said(alone.client.get("/readyz"))["readers"]
    monkeypatch.undo()
    assert said(alone.client.get("/readyz")) == {}
    house(alone).tallier.stop()
    assert said(alone.client.get("/readyz")) == {"readers": "tallier has ended. Restart the server."}


def test_an_index_that_is_being_read_or_not_kept(alone: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for thread in threading.enumerate():
        if thread.name == "tawatur-hashes":  # it reads them at start, and there are none
            thread.join()
    monkeypatch.setattr(house(alone).copies, "reading", True)
    assert "being read" in said(alone.client.get("/readyz"))["index"]
    monkeypatch.undo()
    monkeypatch.setattr(readiness, "SWEEP_S", -1.0)
    assert "altered copies" in said(alone.client.get("/readyz"))["index"]


def test_a_disk_that_is_full(new_server: Callable[..., Server], tmp_path: Path) -> None:
    try:
        disk = SmallDisk(tmp_path / "small", size="96m")
    except NoSmallDisk as reason:
        pytest.skip(str(reason))
    with disk:
        server = new_server(f"sqlite:///{tmp_path / 'tawatur.db'}")
        server.within, server.data_dir = disk.within, disk.path / "data"
        server.init().start()
        with server.client() as client:
            assert client.get("/readyz").status_code == 200
            disk.fill()
            wrong = said(client.get("/readyz"))
            assert wrong == {"disk": "The disk of the data directory has 0 MB free, and 64 must be. Make room."}
            disk.free()
            assert client.get("/readyz").status_code == 200


@pytest.mark.postgresql
def test_a_postgresql_that_hangs_and_comes_back(new_server: Callable[..., Server], own_postgres: Postgres) -> None:
    server = new_server(own_postgres.url)
    site = server.init().site()
    server.start()
    with server.client(site, timeout=60) as client:
        register(client, picture(1))
        backends = children(own_postgres.pid)
        for pid in backends:
            os.kill(pid, signal.SIGSTOP)
        try:
            for path, status in (("/readyz", 503), ("/metrics", 200), ("/healthz", 200)):
                begun = time.monotonic()
                answer = client.get(path)
                assert answer.status_code == status
                assert time.monotonic() - begun < 2 * readiness.PATIENCE_S
                if path == "/metrics":
                    assert "tawatur_database_up 0.0" in answer.text
        finally:
            for pid in backends:
                os.kill(pid, signal.SIGCONT)
        until = time.monotonic() + 30
        while client.get("/readyz").status_code != 200 and time.monotonic() < until:
            time.sleep(0.1)
        assert client.get("/readyz").status_code == 200


def children(pid: int) -> list[int]:
    """PostgreSQL's processes, the one that lets others in first."""
    return [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]
