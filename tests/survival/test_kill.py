"""`kill -9` in the middle of a load: what was acknowledged is there, nothing is half done, the server comes back."""

import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ground.server import Server, Site
from tests.survival.books import Books
from tests.survival.crowd import Acknowledged, Crowd, pseudonyms_of, wait_until
from tests.survival.world import picture, register

ROUNDS = 10  # on each database: twenty in one run
IMAGES_A_ROUND = 4


@pytest.mark.timeout(240)
def test_nothing_acknowledged_is_lost_over_ten_kills(
    new_server: Callable[..., Server], database_url: str, record_property: Callable[[str, object], None]
) -> None:
    server = new_server(database_url).init()
    site = server.site()
    server.start()
    pseudonyms = pseudonyms_of(server, site)
    chance = random.Random(9)
    began = time.monotonic()
    with server.client(site) as client:
        images = [register(client, picture(n)) for n in range(IMAGES_A_ROUND)]
    said = Acknowledged()
    with Crowd([server], site, images, said=said) as crowd:
        crowd.wait_for_answers(1)  # all is warm before the first kill
    for round_ in range(ROUNDS):
        with server.client(site) as client:
            images = [register(client, picture(100 + 10 * round_ + n)) for n in range(IMAGES_A_ROUND)]
        with Crowd([server], site, images, said=said) as crowd:
            crowd.wait_for_answers(chance.randint(1, 40))
            kill_worker(server) if round_ % 2 == 0 else kill_group(server)
            crowd.wait_for_answers(3)  # it works again
        assert said.refused == []
        books = Books(database_url)
        books.assert_sound()
        books.assert_files_are_whole(server.data_dir)
        said.assert_kept(books, pseudonyms)
        assert_gate_agrees(server, site, books, images)
    record_property("reports", len(said.reports))
    record_property("seconds", round(time.monotonic() - began, 1))
    assert len(Books(database_url).of_type("image.blocked")) >= ROUNDS  # the load was one that blocks


def test_a_server_whose_parent_is_killed_can_be_started_again_at_once(
    new_server: Callable[..., Server], sqlite_url: str
) -> None:
    server = new_server(sqlite_url).init()
    site = server.site()
    server.start()
    with server.client(site) as client:
        image = register(client, picture(1))
        (orphan,) = server.workers
        os.kill(server.pid, signal.SIGKILL)
        wait_until(lambda: not is_alive(orphan), 20, "the worker ended with its parent")
        server.kill9()
        server.start()
        assert client.get(f"/v1/images/{image}").status_code == 200


def test_a_worker_ends_with_its_parent_while_it_still_loads(new_server: Callable[..., Server], sqlite_url: str) -> None:
    server = new_server(sqlite_url).init().start(wait=False)
    wait_until(lambda: bool(server.workers), 60, "the worker is started")
    (orphan,) = server.workers
    wait_until(lambda: "numpy" in Path(f"/proc/{orphan}/maps").read_text(), 60, "it has begun to load")
    os.kill(server.pid, signal.SIGKILL)
    wait_until(lambda: not is_alive(orphan), 30, "the worker ended with its parent")


def kill_worker(server: Server) -> None:
    """The parent must start another by itself."""
    (before,) = server.workers
    parent = server.pid
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: before not in server.workers, 30, "the worker is gone")
    assert server.pid == parent
    assert server.running


def kill_group(server: Server) -> None:
    server.kill9()
    server.start()


def assert_gate_agrees(server: Server, site: Site, books: Books, images: list[str]) -> None:
    with server.client() as reader, server.client(site) as client:
        for image in images:
            status = books.families[books.images[image]["family"]]["status"]
            shown = reader.get(f"/i/{image}")
            assert shown.headers["tawatur-status"] == status
            assert (shown.headers["content-type"] == "image/png") == (status == "visible")
            assert client.get(f"/v1/images/{image}").json()["status"] == status


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
