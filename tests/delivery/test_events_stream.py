"""A site's backend follows its log as it is written. On real servers."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from tawatur.log.events import ImageRegistered, ImageViewed, row
from tawatur.store.database import Database
from tawatur.store.database_book import DatabaseBook
from tawatur.store.ids import new_id
from tawatur.web.streams import SEND_S
from tests.delivery.streams import Stream
from tests.ground.server import Server
from tests.survival.world import picture, register, report, statement
from tests.web.place import problem

LONG = 400


def test_what_happens_comes_with_its_position(server: Server) -> None:
    site, other = server.site("one"), server.site("other")
    with server.client(site) as client, server.client(other) as stranger:
        register(client, picture(1))
        with Stream(server, "/v1/events/stream", site) as stream:
            time.sleep(0.3)  # what was before is not told
            register(stranger, picture(2))
            image = register(client, picture(3))
            told = stream.next()
            assert (told.event, told.data["image"]) == ("image.registered", image)
            assert told.id == str(told.data["position"])
            report(client, image, statement("r1"))
            assert stream.next().event == "report.received"


def test_whoever_comes_back_misses_nothing_and_gets_nothing_twice(server: Server) -> None:
    site = server.site()
    with server.client(site) as client:
        image = register(client, picture(1))
        with Stream(server, "/v1/events/stream?after=0", site) as stream:
            seen = [stream.next() for _ in range(2)]
        for n in range(5):
            report(client, image, statement(f"r{n}"))
        everything = client.get("/v1/events", params={"limit": 1000}).json()["events"]
        with Stream(server, "/v1/events/stream?after=0", site, **{"Last-Event-ID": seen[-1].id or ""}) as stream:
            rest = [stream.next() for _ in everything[2:]]
        assert [told.data for told in [*seen, *rest]] == everything


def test_another_process_is_heard_too(new_server: Callable[..., Server], database_url: str) -> None:
    secret = {"TAWATUR_SECRET": "s" * 40}
    here = new_server(database_url, **secret).init().start()
    there = new_server(database_url, **secret).start()
    site = here.site()
    with Stream(there, "/v1/events/stream?after=0", site) as stream, here.client(site) as client:
        stream.next()
        register(client, picture(1))
        made = time.monotonic()
        told = stream.next()
        assert told.event == "image.registered"
        print("told after", round(told.at - made, 2))


def test_who_may_not_and_what_is_no_position(server: Server) -> None:
    site = server.site()
    with server.client() as client:
        problem(client.get("/v1/events/stream"), 401)
    with server.client(site) as client:
        for query in ("after=-1", "after=x", f"after={2**63}"):
            problem(client.get(f"/v1/events/stream?{query}"), 422)
        for odd in ("x", "-1", "1.5", str(2**63)):
            problem(client.get("/v1/events/stream", headers={"Last-Event-ID": odd}), 422)


def test_a_reader_who_takes_nothing_is_cut_off_and_others_are_served(
    new_server: Callable[..., Server], sqlite_url: str
) -> None:
    server = new_server(sqlite_url).init().start()
    site = server.site()
    fill(server.database_url, site.site)
    slow = socket.socket()
    slow.settimeout(30)
    slow.connect(("127.0.0.1", server.port))
    head = f"GET /v1/events/stream?after=0 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {site.api_key}\r\n\r\n"
    slow.sendall(head.encode())
    with Stream(server, "/v1/events/stream?after=0", site) as stream, server.client(site) as client:
        while stream.next().event != "image.viewed":
            pass
        register(client, picture(5))
        assert stream.next().event == "image.registered"
    time.sleep(SEND_S + 5)
    taken = 0
    with suppress(ConnectionResetError):
        while piece := slow.recv(1 << 20):
            taken += len(piece)
    slow.close()
    assert 0 < taken < LONG * 40_000  # what was on its way, and not the rest
    log = server.log_text()
    assert "Traceback" not in log
    assert "without completing" not in log


def fill(database_url: str, site: str) -> None:
    """More events than all the buffers on the way hold, and one to know the end by."""
    database = Database(database_url)
    with database.write() as connection:
        book = DatabaseBook(connection, new_id)
        now = datetime.now(UTC)
        for _ in range(LONG):
            long = ImageRegistered(family="f", sha256="", page="p" * 40_000)
            book.append(row(new_id(), site, new_id(), now, long))
        book.append(row(new_id(), site, new_id(), now + timedelta(seconds=1), ImageViewed(count=1)))
        book.flush()
    database.close()
