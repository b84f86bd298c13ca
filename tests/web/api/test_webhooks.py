"""A site says where its events are sent."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.delivery.receivers import Receiver, status
from tests.ground.postgres import Postgres
from tests.web.place import Place, make_site, opened, problem


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A server that may send to this machine."""
    folder = tmp_path_factory.mktemp("server")
    url, postgres = f"sqlite:///{folder / 'tawatur.db'}", None
    if request.param == "postgresql":
        postgres = request.getfixturevalue("postgres_server")
        assert isinstance(postgres, Postgres)
        url = postgres.create_database(folder.name.replace("-", "_"), tables=True)
    with opened(url, Path(folder), fetch_allow="127.0.0.0/8") as made:
        yield made
    if postgres is not None:
        postgres.drop_database(folder.name.replace("-", "_"))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as made:
        yield made


def create(place: Place, url: str, key: str | None = None, **said: Any) -> dict[str, Any]:
    headers = {} if key is None else {"Idempotency-Key": key}
    answer = place.client.post("/v1/webhooks", json={"url": url, **said}, headers=headers)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_from_making_one_to_what_it_is_told(place: Place, receiver: Receiver) -> None:
    place.image(1)
    made = create(place, receiver.url, events=["image.registered"], description="the paper's own")
    second = place.image(2)
    receiver.wait_for(len)
    (event,) = [one for one in place.events() if one.get("image") == second]
    assert receiver.asked[0].verify(made["secret"]) == event
    assert receiver.asked[0].id == event["id"]

    (shown,) = place.client.get("/v1/webhooks").json()["webhooks"]
    assert "secret" not in shown
    assert shown["description"] == "the paper's own"
    assert (shown["status"], shown["dead_letters"], shown["failing"]) == ("on", 0, 0)
    one = place.client.get(f"/v1/webhooks/{made['id']}").json()
    assert one["url"] == receiver.url

    turned = place.client.post(f"/v1/webhooks/{made['id']}/rotate", json={"keep_hours": 1}).json()
    assert turned["secret"] != made["secret"]
    assert turned["earlier_secret_until"]
    tried = place.client.post(f"/v1/webhooks/{made['id']}/test").json()
    assert (tried["delivered"], tried["status"]) == (True, 204)
    test = receiver.asked[-1]
    assert (test.said["type"], test.id) == ("webhook.test", tried["event"])
    for secret in (made["secret"], turned["secret"]):
        test.verify(secret)
    assert tried["event"] not in [event["id"] for event in place.events(limit=1000)]

    assert place.client.delete(f"/v1/webhooks/{made['id']}").status_code == 204
    problem(place.client.get(f"/v1/webhooks/{made['id']}"), 404)


def test_from_the_beginning_of_the_log(place: Place, receiver: Receiver) -> None:
    place.image(1)
    create(place, receiver.url, after=0)
    receiver.wait_for(lambda came: len(came) == 2)
    mine = place.events()
    came = sorted((told.said for told in receiver.asked), key=lambda said: int(said["position"]))
    assert came == mine  # different images come side by side


def test_a_switch_and_a_change_of_what_is_sent(place: Place, receiver: Receiver) -> None:
    made = create(place, receiver.url, events=["image.blocked"])
    path = f"/v1/webhooks/{made['id']}"
    off = place.client.patch(path, json={"enabled": False, "events": ["image.registered"]}).json()
    assert (off["status"], off["events"]) == ("off", ["image.registered"])
    image = place.image(1)
    assert place.client.get(path).json()["waiting"] == 1
    problem(place.client.post(f"{path}/replay", json={}), 422)
    place.client.patch(path, json={"enabled": True})
    receiver.wait_for(lambda came: [told.image for told in came] == [image])


def test_dead_letters_are_listed_and_sent_again(place: Place, receiver: Receiver) -> None:
    receiver.answer = status(500)
    made = create(place, receiver.url, events=["image.registered"])
    path = f"/v1/webhooks/{made['id']}"
    image = place.image(1)
    receiver.wait_for(len)
    for _ in range(200):
        if place.client.get(path).json()["failing"]:
            break
        time.sleep(0.05)
    give_up(place, made["id"])
    (letter,) = place.client.get(f"{path}/dead-letters").json()["dead_letters"]
    assert (letter["image"], letter["type"], letter["why"]) == (image, "image.registered", "it answered 500")
    assert place.client.get(path).json()["dead_letters"] == 1
    receiver.answer = status(200)
    before = len(receiver.asked)
    again = place.client.post(f"{path}/replay", json={"positions": [letter["position"]]}).json()
    assert again == {"replayed": 1}
    receiver.wait_for(lambda came: len(came) > before)
    assert receiver.asked[-1].id == letter["event"]
    assert place.client.post(f"{path}/replay", json={}).json() == {"replayed": 0}


def give_up(place: Place, webhook: str) -> None:
    """As after a day."""
    from tawatur.store.database import Database

    database = Database(place.database_url)
    with database.write() as connection:
        connection.exec_driver_sql(
            f"UPDATE webhook_deliveries SET dead_at = since, next_at = NULL WHERE webhook = '{webhook}'"
        )
    database.close()


def test_asked_twice_with_one_key_it_is_done_once(place: Place, receiver: Receiver) -> None:
    first = create(place, receiver.url, "key-1")
    assert create(place, receiver.url, "key-1") == first
    assert create(place, receiver.url, "key-2")["id"] != first["id"]
    other = {"Idempotency-Key": "key-1"}
    problem(place.client.post("/v1/webhooks", json={"url": receiver.url + "/other"}, headers=other), 422)
    rotate = f"/v1/webhooks/{first['id']}/rotate"
    turned = place.client.post(rotate, json={}, headers=other).json()
    assert place.client.post(rotate, json={}, headers=other).json() == turned
    assert place.client.post(rotate, json={}).json()["secret"] != turned["secret"]


@pytest.mark.parametrize(
    "said",
    [
        {"url": "ftp://x.example/"},
        {"url": "https://u:p@x.example/"},
        {"url": "https://x.example/#part"},
        {"url": "https://"},
        {"url": "https://192.168.0.1/hook"},
        {"url": "https://[::1]/hook"},
        {"url": "https://x.example:99999/"},
        {"url": "https://x.example/", "events": ["image.eaten"]},
        {"url": "https://x.example/", "after": 10**15},
        {"url": "https://x.example/", "after": "soon"},
        {"url": "https://x.example/", "description": "a\u0000b"},
        {"url": "https://x\u0000.example/"},
        {},
    ],
)
def test_what_cannot_be_a_webhook(place: Place, said: dict[str, Any]) -> None:
    problem(place.client.post("/v1/webhooks", json=said), 422)
    assert place.client.get("/v1/webhooks").json() == {"webhooks": []}


def test_there_is_an_end_to_how_many(place: Place) -> None:
    for n in range(20):
        create(place, f"https://x.example/{n}")
    assert "at most 20" in problem(place.client.post("/v1/webhooks", json={"url": "https://x.example/"}), 422)["detail"]


def test_nobody_touches_another_sites_webhooks(place: Place, receiver: Receiver) -> None:
    path = f"/v1/webhooks/{create(place, receiver.url)['id']}"
    keys = make_site(place.database_url, f"other than {place.keys.site}")
    place.client.headers["Authorization"] = f"Bearer {keys.api_key}"
    problem(place.client.get(path), 404)
    problem(place.client.patch(path, json={"enabled": False}), 404)
    problem(place.client.delete(path), 404)
    problem(place.client.get(f"{path}/dead-letters"), 404)
    for act in ("rotate", "test", "replay"):
        problem(place.client.post(f"{path}/{act}", json={}), 404)
    assert place.client.get("/v1/webhooks").json() == {"webhooks": []}
    place.client.headers.pop("Authorization")
    problem(place.client.get("/v1/webhooks"), 401)
