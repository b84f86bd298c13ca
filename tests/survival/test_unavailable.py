"""Database gone, disk full: 503 with Retry-After, nothing lost that was acknowledged, and no restart needed after."""

import json
import shutil
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy.exc import OperationalError

from tawatur.store.database import Database, DatabaseUnavailable
from tests.ground.postgres import Postgres
from tests.ground.server import Server, Site
from tests.ground.small_disk import NoSmallDisk, SmallDisk
from tests.survival.books import Books, unfinished_files
from tests.survival.crowd import Crowd, pseudonyms_of, wait_until
from tests.survival.world import assert_problem, noise, picture, register, report, statement, upload


def assert_try_again(answer: httpx.Response) -> None:
    assert_problem(answer, 503)
    assert int(answer.headers["retry-after"]) >= 1


@pytest.mark.postgresql
@pytest.mark.parametrize("end", ["stop", "kill9"])
def test_a_database_that_goes_and_comes_back(
    new_server: Callable[..., Server], own_postgres: Postgres, end: str
) -> None:
    server = new_server(own_postgres.url).init()
    site = server.site()
    server.start()
    workers = server.workers
    with server.client(site) as client:
        images = [register(client, picture(n)) for n in range(4)]
        with Crowd([server], site, images) as crowd:
            for _ in range(2):
                crowd.wait_for_answers(20)
                getattr(own_postgres, end)()
                waited = crowd.said.postponed
                for answer in (
                    report(client, images[0], statement(uuid.uuid4().hex)),
                    client.post(f"/v1/images/{images[0]}/views", json={"count": 1}),
                    upload(client, picture(9)),
                    client.delete(f"/v1/reports/{next(iter(crowd.said.reports))}"),
                    client.get(f"/v1/images/{images[0]}"),
                    client.get(f"/v1/images/{images[0]}/verdict"),
                    client.get("/v1/events"),
                    client.post("/v1/images/status", json={"ids": images}),
                    client.get("/readyz"),
                    client.get(f"/i/{images[0]}"),
                    client.get("/v1/events", headers={"Authorization": "Bearer tws_unheard_of"}),
                ):
                    assert_try_again(answer)
                assert client.get("/healthz").status_code == 200
                wait_until(lambda seen=waited: crowd.said.postponed > seen, 20, "the crowd is told")  # type: ignore[misc]
                own_postgres.start()
                crowd.wait_for_answers(10)
                assert client.get("/readyz").status_code == 200
    assert server.workers == workers  # nobody started anything anew
    assert crowd.said.refused == []
    books = Books(own_postgres.url)
    books.assert_sound()
    crowd.said.assert_kept(books, pseudonyms_of(server, site))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[SmallDisk]:
    try:
        disk = SmallDisk(tmp_path / "small")
    except NoSmallDisk as reason:
        pytest.skip(str(reason))
    with disk:
        yield disk


def test_a_full_disk_under_sqlite(new_server: Callable[..., Server], small_disk: SmallDisk, tmp_path: Path) -> None:
    server = new_server(f"sqlite:///{small_disk.path / 'tawatur.db'}")
    server.within, server.data_dir = small_disk.within, small_disk.path / "data"
    server.tawatur("init")  # this process does not see that disk
    site = Site(**json.loads(server.tawatur("site", "create", "test", "--json")))
    server.start()
    workers = server.workers
    with server.client(site) as client:
        images = [register(client, picture(n, size=(32, 24))) for n in range(4)]
        with Crowd([server], site, images) as crowd:
            crowd.wait_for_answers(20)
            small_disk.fill()
            wait_until(lambda: crowd.said.postponed > 10, 60, "the disk is full")
            assert_try_again(report(client, images[0], statement(uuid.uuid4().hex)))
            for path in (f"/v1/images/{images[0]}", f"/i/{images[0]}", "/v1/events"):
                assert client.get(path).status_code == 200  # reading goes on
            small_disk.free()
            crowd.wait_for_answers(20)
        assert server.workers == workers
        assert crowd.said.refused == []
        small_disk.fill()
        server.kill9()  # and on top of it the power fails
        small_disk.free()
        server.start()
        assert report(client, images[0], statement(uuid.uuid4().hex)).status_code == 201
    server.stop()
    kept = tmp_path / "kept"  # SQLite would look for the folder in this process's own view of the disks
    shutil.copytree(small_disk.outside, kept)
    books = Books(f"sqlite:///{kept / 'tawatur.db'}")
    books.assert_sound()
    books.assert_files_are_whole(kept / "data")
    assert unfinished_files(kept / "data") == []
    server.data_dir = kept / "data"
    crowd.said.assert_kept(books, pseudonyms_of(server, site))


@pytest.fixture
def narrow(new_server: Callable[..., Server], database_url: str, small_disk: SmallDisk) -> Server:
    """A server whose pictures, and what it holds of uploads, lie on the small disk; its database does not."""
    server = new_server(database_url, TMPDIR=str(small_disk.path))
    server.within, server.data_dir = small_disk.within, small_disk.path / "data"
    return server


@pytest.mark.parametrize("side", [400, 1000], ids=["in memory while it comes", "on disk while it comes"])
def test_a_full_disk_while_a_picture_is_uploaded(narrow: Server, small_disk: SmallDisk, side: int) -> None:
    site = narrow.init().site()
    narrow.start()
    data_dir = small_disk.outside / "data"
    data = noise(1, (side, side))
    with narrow.client(site) as client:
        image = register(client, picture(2))
        before = Books(narrow.database_url)
        small_disk.fill(leave=100_000)
        key = {"Idempotency-Key": uuid.uuid4().hex}
        for _ in range(3):
            assert_try_again(client.post("/v1/images", files={"file": ("a.png", data)}, headers=key))
        assert unfinished_files(data_dir) == []
        assert len([path for path in (data_dir / "images").rglob("*") if path.is_file()]) == 1
        after = Books(narrow.database_url)
        assert (after.images, after.events) == (before.images, before.events)
        assert client.get(f"/i/{image}").status_code == 200
        assert report(client, image, statement("x")).status_code == 201  # the database has room
        small_disk.free()
        answer = client.post("/v1/images", files={"file": ("a.png", data)}, headers=key)
        assert answer.status_code == 201, answer.text
        same = client.get(f"/i/{answer.json()['id']}").content == data
        assert same
    books = Books(narrow.database_url)
    books.assert_sound()
    books.assert_files_are_whole(data_dir)


def test_a_full_disk_does_not_lift_a_blur(narrow: Server, small_disk: SmallDisk) -> None:
    site = narrow.init().site()
    narrow.start()
    with narrow.client(site) as client:
        image = register(client, picture(2))
        small_disk.fill()
        while report(client, image, statement(uuid.uuid4().hex, "deception")).json()["status"] == "visible":
            pass
        for _ in range(2):
            shown = client.get(f"/i/{image}")  # made anew each time, for it cannot be kept
            assert (shown.status_code, shown.headers["content-type"]) == (200, "image/jpeg")
            assert shown.headers["tawatur-status"] == "blurred"
        assert unfinished_files(small_disk.outside / "data") == []
        small_disk.free()
        assert client.get(f"/i/{image}").content == shown.content
    assert [path for path in (small_disk.outside / "data" / "blurred").rglob("*.jpg") if path.is_file()]


def test_a_reader_that_finds_the_database_locked_is_told_to_try_again(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    with pytest.raises(DatabaseUnavailable, match="locked"), database.read():
        raise OperationalError("SELECT 1", {}, sqlite3.OperationalError("database is locked"))
    database.close()


def test_a_picture_whose_file_is_gone_is_a_problem_and_not_a_failure(server: Server) -> None:
    site = server.site()
    with server.client(site) as client:
        image = register(client, picture(1))
        (file,) = [path for path in (server.data_dir / "images").rglob("*") if path.is_file()]
        away = file.rename(file.with_name("away"))
        assert_try_again(client.get(f"/i/{image}"))
        while report(client, image, statement(uuid.uuid4().hex, "deception")).json()["status"] == "visible":
            pass
        assert_try_again(client.get(f"/i/{image}"))
        away.rename(file)
        assert client.get(f"/i/{image}").headers["content-type"] == "image/jpeg"
