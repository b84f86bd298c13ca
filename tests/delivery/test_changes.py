"""Open pages are told of a block at once, whichever process it was made in. On real servers."""

from __future__ import annotations

import socket
import time
import uuid
from collections.abc import Iterator

import pytest

from tests.delivery.streams import Stream
from tests.ground.server import Server, Site
from tests.survival.world import picture, register, report, statement
from tests.web.place import problem


class Two:
    """Two servers on one database, and a site."""

    def __init__(self, here: Server, there: Server, site: Site) -> None:
        self.here, self.there, self.site = here, there, site

    def image(self, seed: int = 1) -> str:
        with self.here.client(self.site) as client:
            return register(client, picture(seed))

    def block(self, server: Server, image: str) -> None:
        with server.client(self.site) as client:
            answer = client.post(
                f"/v1/images/{image}/reviews", json={"outcome": "upheld", "reviewer": "mod", "reason": "violence"}
            )
            assert answer.status_code == 201, answer.text

    def restore(self, server: Server, image: str) -> None:
        with server.client(self.site) as client:
            answer = client.post(f"/v1/images/{image}/reviews", json={"outcome": "rejected", "reviewer": "mod"})
            assert answer.status_code == 201, answer.text


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Server]]:
    folder = tmp_path_factory.mktemp("changes")
    url = f"sqlite:///{folder / 'tawatur.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_server").create_database(f"changes_{uuid.uuid4().hex[:12]}")
    here, there = (Server(folder / name, url, TAWATUR_SECRET="s" * 40) for name in ("here", "there"))
    with here, there:
        yield here.init().start(), there.start()


@pytest.fixture
def two(pair: tuple[Server, Server]) -> Two:
    return Two(*pair, pair[0].site(uuid.uuid4().hex))


def changes(*images: str) -> str:
    return "/widget/changes?" + "&".join(f"image={image}" for image in images)


def test_both_processes_tell_of_a_block_and_of_its_end(two: Two) -> None:
    image, other = two.image(1), two.image(2)
    with Stream(two.here, changes(image, other)) as mine, Stream(two.there, changes(image, other)) as theirs:
        for stream in (mine, theirs):
            assert stream.answer is not None
            assert stream.answer.headers["content-type"].startswith("text/event-stream")
            assert stream.answer.headers["cache-control"] == "no-store"
            first = stream.next()
            visible = {"status": "visible", "reason": None}
            assert (first.event, first.data) == ("state", {"images": {image: visible, other: visible}})
        late = []
        for server, act, status, reason in [
            (two.here, two.block, "blocked", "violence"),
            (two.here, two.restore, "visible", None),
            (two.there, two.block, "blocked", "violence"),
        ]:
            act(server, image)
            made = time.monotonic()
            for stream in (mine, theirs):
                told = stream.next()
                assert told.data == {"images": {image: {"status": status, "reason": reason}}}
                late.append(told.at - made)
    print("told after", [round(one, 2) for one in late])


def test_a_crowds_reports_reach_the_page(two: Two) -> None:
    image = two.image()
    with Stream(two.there, changes(image)) as stream, two.here.client(two.site) as client:
        stream.next()
        for n in range(12):
            report(client, image, statement(f"r{n}"))
        seen = [stream.next().data["images"][image]["status"]]
        while seen[-1] != "blocked":
            seen.append(stream.next().data["images"][image]["status"])
        assert len(seen) <= 2  # a blur perhaps, never the same twice


def test_unknown_pictures_are_left_out_and_ones_of_two_sites_told(two: Two) -> None:
    image = two.image()
    with Stream(two.here, changes(image, "x", "00000000-0000-7000-8000-000000000000")) as stream:
        assert list(stream.next().data["images"]) == [image]
    with Stream(two.here, changes("x")) as stream:
        assert stream.next().data == {"images": {}}


def test_a_page_that_comes_back_sees_what_it_missed(two: Two) -> None:
    image = two.image()
    with Stream(two.here, changes(image)) as stream:
        stream.next()
    two.block(two.there, image)
    with Stream(two.here, changes(image)) as stream:
        assert stream.next().data["images"][image]["status"] == "blocked"


def test_streams_are_bounded_for_each_network_and_places_come_free(server: Server) -> None:
    site = server.site()
    with server.client(site) as client:
        image = register(client, picture(1))
    open_ones = []
    for _ in range(100):
        connection = socket.create_connection(("127.0.0.1", server.port), timeout=30)
        connection.sendall(f"GET {changes(image)} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        open_ones.append(connection)
    for connection in open_ones:
        assert connection.recv(15) == b"HTTP/1.1 200 OK"
    with server.client() as client:
        refused = client.get(changes(image))
        assert problem(refused, 503)["title"] == "No stream is free"
        assert int(refused.headers["retry-after"]) > 0
        assert client.get("/widget/state", params={"image": image}).status_code == 200
        elsewhere = {"X-Forwarded-For": "203.0.113.9"}
        with client.stream("GET", changes(image), headers=elsewhere) as answer:
            assert answer.status_code == 200
    for connection in open_ones:
        connection.close()
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with server.client() as client, client.stream("GET", changes(image)) as answer:
            if answer.status_code == 200:
                return
        time.sleep(0.1)
    pytest.fail("no place came free")


def test_a_stopping_server_ends_its_streams_at_once(server: Server) -> None:
    site = server.site()
    with server.client(site) as client:
        image = register(client, picture(1))
    with Stream(server, changes(image)) as page, Stream(server, "/v1/events/stream", site) as backend:
        page.next()
        began = time.monotonic()
        assert server.stop() == 0
        assert page.ended(within=5)
        assert backend.ended(within=5)
        assert time.monotonic() - began < 8  # uvicorn would wait 10 s for them
    log = server.log_text()
    assert "Traceback" not in log
    assert "_failed" not in log
    assert "without completing" not in log
