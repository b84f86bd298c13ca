"""Real servers send to real endpoints: nothing is left out whatever dies, and nobody waits for anybody."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.delivery.receivers import Receiver, Told, status
from tests.ground.server import Server, Site
from tests.web.place import picture

LOOPBACK = {"TAWATUR_FETCH_ALLOW": "127.0.0.0/8"}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as made:
        yield made


def hook(client: httpx.Client, url: str, **said: Any) -> dict[str, Any]:
    answer = client.post("/v1/webhooks", json={"url": url, **said})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def register(client: httpx.Client, seed: int) -> str:
    return str(client.post("/v1/images", files={"file": ("p.png", picture(seed))}).json()["id"])


def stored(client: httpx.Client) -> dict[str, dict[str, Any]]:
    page = client.get("/v1/events", params={"limit": 1000}).json()["events"]
    return {event["id"]: event for event in page}


def in_order(came: list[Told]) -> bool:
    """Whether what came first of each event came in the log's order for each image."""
    first = list({told.id: told for told in came}.values())
    images = {told.image for told in first}
    by_image = [[told.said["position"] for told in first if told.image == image] for image in images]
    return all(mine == sorted(mine) for mine in by_image)


def test_a_block_is_told_within_moments_and_its_receiver_can_check_it(
    new_server: Callable[..., Server], database_url: str, receiver: Receiver
) -> None:
    server = new_server(database_url, **LOOPBACK).init().start()
    with server.client(server.site()) as client:
        made = hook(client, receiver.url, events=["image.blocked"])
        image = register(client, 1)
        for n in range(12):
            signals = {"account_created_at": "2020-01-01T00:00:00Z"}
            said = {"reporter": f"r{n}", "reason": "violence", "signals": signals}
            client.post(f"/v1/images/{image}/reports", json=said)
        receiver.wait_for(len)
        assert receiver.asked[0].verify(made["secret"]) == stored(client)[receiver.asked[0].id]
        assert receiver.asked[0].image == image


def test_endpoints_that_hang_slow_nobody(
    new_server: Callable[..., Server], sqlite_url: str, receiver: Receiver
) -> None:
    server = new_server(sqlite_url, **LOOPBACK).init().start()
    let_go = threading.Event()
    with (
        Receiver(lambda request, told: (let_go.wait(60), status(200)(request, told))[1]) as hanging,
        server.client(server.site("one")) as one,
        server.client(server.site("two")) as two,
    ):
        for _ in range(10):
            hook(one, hanging.url)
        hook(one, receiver.url, description="of the same site")
        images = [register(one, n) for n in range(12)]
        hanging.wait_for(lambda came: len(came) >= 20)
        hook(two, receiver.url, events=["image.registered"])
        theirs, began, slowest = register(two, 99), time.monotonic(), 0.0
        receiver.wait_for(lambda came: {told.image for told in came} >= {*images, theirs}, within=8)
        print("told after", round(time.monotonic() - began, 2))
        for n in range(30):
            asked = time.monotonic()
            register(two, 200 + n)
            slowest = max(slowest, time.monotonic() - asked)
        assert slowest < 5
        let_go.set()


def test_a_server_that_is_killed_goes_on_where_it_was(
    new_server: Callable[..., Server], database_url: str, receiver: Receiver
) -> None:
    server = new_server(database_url, **LOOPBACK).init().start()
    site = server.site()
    flaky: Counter[str] = Counter()

    def every_third_fails(request: Any, told: Told) -> None:
        flaky[told.id] += 1
        status(500 if told.said["position"] % 3 == 0 and flaky[told.id] == 1 else 200)(request, told)
        time.sleep(0.02)

    receiver.answer = every_third_fails
    with server.client(site) as client:
        made = hook(client, receiver.url)
        images = [register(client, n) for n in range(6)]
        for n in range(3):
            for image in images:
                client.post(f"/v1/images/{image}/views", json={"count": n + 1})
    receiver.wait_for(lambda came: len(came) >= 5)
    server.kill9()
    server.start()
    with server.client(site) as client:
        register(client, 50)
        expected = {key for key, event in stored(client).items() if event["type"] != "site.created"}
        assert len(expected) == 25
        receiver.wait_for(lambda came: {told.id for told in came} >= expected, within=120)
        said = stored(client)
    for told in receiver.asked:
        assert told.verify(made["secret"]) == said[told.id]
    taken = [told for told in receiver.asked if told.said["position"] % 3 or flaky[told.id] > 1]
    assert in_order([told for told in taken if told.said["position"] % 3])
    assert sum(flaky.values()) <= 3 * len(expected)


def test_several_servers_on_one_database_send_each_event_once(
    new_server: Callable[..., Server], postgres_url: str, receiver: Receiver
) -> None:
    secret = {"TAWATUR_SECRET": "x" * 40, **LOOPBACK}
    servers = [new_server(postgres_url, **secret).init(), new_server(postgres_url, **secret)]
    for server in servers:
        server.data_dir = servers[0].data_dir
        server.start()
    site = servers[0].site()

    def one_at_a_time(request: Any, told: Told) -> None:
        time.sleep(0.05)
        status(200)(request, told)

    receiver.answer = one_at_a_time
    with servers[0].client(site) as here, servers[1].client(site) as there:
        hook(here, receiver.url)
        for n in range(20):
            image = register((here, there)[n % 2], n)
            (there, here)[n % 2].post(f"/v1/images/{image}/views", json={"count": 5})
        receiver.wait_for(lambda came: len({told.id for told in came}) == 40)
        time.sleep(2)
    assert len(receiver.asked) == 40
    assert in_order(receiver.asked)
    assert receiver.most_here <= 8


def test_what_an_endpoint_missed_while_it_was_down_arrives_when_it_is_back(
    new_server: Callable[..., Server], sqlite_url: str, receiver: Receiver
) -> None:
    server = new_server(sqlite_url, **LOOPBACK).init().start()
    site: Site = server.site()
    port = receiver.port
    with server.client(site) as client:
        hook(client, receiver.url)
        receiver.close()
        images = [register(client, n) for n in range(5)]
        for _ in range(100):
            found = client.get("/v1/webhooks").json()["webhooks"][0]
            if found["failing"] == 5:
                break
            time.sleep(0.1)
        assert found["waiting"] == 5
        with Receiver(port=port) as back:
            back.wait_for(lambda came: {told.image for told in came} == {*images})
