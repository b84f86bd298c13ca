"""Reports of other servers: signed by them, counted as one person's each, and switched off unless a site wants them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from tawatur.moderation.flags import switch
from tawatur.store.database import Database
from tests.ground.postgres import Postgres
from tests.web.fediverse.network import COVERED, Instance, new_key
from tests.web.place import Place, make_site, opened, problem


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A server that may fetch from this machine."""
    folder = tmp_path_factory.mktemp("server")
    url, name = f"sqlite:///{folder / 'tawatur.db'}", f"fediverse_{folder.name.replace('-', '_')}"
    postgres: Postgres | None = None
    if request.param == "postgresql":
        postgres = request.getfixturevalue("postgres_server")
        assert postgres is not None
        url = postgres.create_database(name, tables=True)
    with opened(url, folder, fetch_allow="127.0.0.0/8", public_url="http://testserver") as made:
        yield made
    if postgres is not None:
        postgres.drop_database(name)


@pytest.fixture
def place(server: Place) -> Place:
    made = Place(server.client, make_site(server.database_url, new_name()), server.database_url, server.data_dir)
    turn(made, on=True)
    return made


_names = iter(range(10_000))


def new_name() -> str:
    return f"fediverse {next(_names)}"


def turn(place: Place, *, on: bool) -> None:
    database = Database(place.database_url)
    switch(database, place.keys.site, datetime.now(UTC), on=on)
    database.close()


@pytest.fixture(scope="module")
def key() -> RSAPrivateKey:
    return new_key()


@pytest.fixture(scope="module")
def other_key() -> RSAPrivateKey:
    return new_key()


@pytest.fixture
def instance(key: RSAPrivateKey) -> Iterator[Instance]:
    with Instance(key) as made:
        yield made


def reports(place: Place) -> list[dict[str, Any]]:
    return [event for event in place.events(limit=1000) if event["type"] == "report.received"]


def test_a_report_of_a_server_counts_as_one_persons(place: Place, instance: Instance) -> None:
    image = place.image(1)
    body = instance.flag("https://town.example/users/layla", f"http://testserver/i/{image}")
    assert instance.deliver(place, body).status_code == 202
    (report,) = reports(place)
    assert (report["image"], report["reason"]) == (image, "other")
    assert set(report["signals"]) == {"network", "referrer"}
    assert instance.base not in json.dumps(report)
    assert instance.deliver(place, body).status_code == 202  # as after a lost answer
    again = instance.flag(f"http://testserver/i/{image}", content="somebody else of that server", id="https://x/2")
    assert instance.deliver(place, again).status_code == 202
    assert len(reports(place)) == 1


def test_actors_of_one_server_are_linked(place: Place, instance: Instance, key: RSAPrivateKey) -> None:
    image = place.image(1)
    place.client.post(f"/v1/images/{image}/views", json={"count": 60})
    for n in range(8):
        actor = instance.add(f"/users/{n}", key)
        body = instance.flag(f"http://testserver/i/{image}", actor=actor)
        assert instance.deliver(place, body, actor).status_code == 202
    assert len({report["reporter"] for report in reports(place)}) == 8
    assert len({report["signals"]["network"] for report in reports(place)}) == 1
    verdict = place.client.get(f"/v1/images/{image}/verdict").json()
    assert verdict["status"] == "visible"
    assert verdict["verdict"]["voices"] < 2
    assert {one["why"] for one in verdict["verdict"]["discounted"]} <= {"network", "referrer"}


def test_pictures_are_known_by_the_addresses_that_a_site_gave(place: Place, instance: Instance) -> None:
    by_address = place.image(1, address="https://media.town.example/1/original.png")
    by_post = place.image(2, external_id="https://town.example/@layla/2")
    by_page = place.image(3, page_url="https://town.example/@layla/3")
    place.image(4)
    attached = {"type": "Image", "url": "https://media.town.example/1/original.png"}
    note = {"type": "Note", "id": "https://town.example/@layla/1", "attachment": [attached]}
    body = instance.flag(
        "https://town.example/@layla/2", note, {"type": "Link", "href": "https://town.example/@layla/3"}
    )
    assert instance.deliver(place, body).status_code == 202
    assert {report["image"] for report in reports(place)} == {by_address, by_post, by_page}


def test_what_names_no_picture_is_told_so(place: Place, instance: Instance) -> None:
    theirs = Place(place.client, place.another_site(new_name()), place.database_url, place.data_dir)
    image = theirs.image(1)
    for named in (f"http://testserver/i/{image}", "https://town.example/@layla/9", "::::", {"id": 5}):
        problem(instance.deliver(place, instance.flag(named)), 404)
    place.client.headers["Authorization"] = f"Bearer {place.keys.api_key}"
    assert reports(place) == []


def test_what_is_not_signed_by_the_actor_now_and_for_us_is_refused(
    place: Place, instance: Instance, other_key: RSAPrivateKey
) -> None:
    image = place.image(1)
    body = instance.flag(f"http://testserver/i/{image}")
    other = instance.add("/users/other", other_key)
    refused: list[dict[str, Any]] = [
        {"signature": ""},
        {"signature": "nonsense"},
        {"signature": 'keyId="x"' * 2000},
        {"date": ""},
        {"date": "yesterday"},
        {"signed_ago": timedelta(hours=2)},
        {"signed_ago": -timedelta(hours=2)},
        {"digest": "SHA-256=AAAA"},
        {"digest": ""},
        {"covered": COVERED[:3]},
        {"covered": COVERED[1:]},
        {"algorithm": "hmac-sha256"},
        {"host": "elsewhere.example"},
        {"content_type": "application/json"},
        {"actor": other},
        {"key_id": "ftp://x.example/key"},
        {"key_id": instance.base + "/none#main-key"},
        {"key_id": other + "#main-key"},
        {"key_id": "http://localhost.invalid/actor"},
    ]
    for how in refused:
        problem(instance.deliver(place, body, **how), 401)
    problem(instance.deliver(place, instance.flag("x", actor=other)), 401)
    assert reports(place) == []
    assert instance.deliver(place, body, algorithm="hs2019").status_code == 202


@pytest.mark.parametrize("said", [{"owner": "http://other.example/actor"}, {"publicKeyPem": "no key"}, {"id": "x"}])
def test_a_key_whose_document_does_not_fit_is_no_key(
    place: Place, instance: Instance, other_key: RSAPrivateKey, said: dict[str, str]
) -> None:
    image = place.image(1)
    actor = instance.add("/users/odd", other_key, **said)
    problem(instance.deliver(place, instance.flag(f"http://testserver/i/{image}", actor=actor), actor), 401)


def test_a_weak_key_is_no_key(place: Place, instance: Instance) -> None:
    actor = instance.add("/users/weak", new_key(1024))
    problem(instance.deliver(place, instance.flag("x", actor=actor), actor), 401)


def test_a_key_is_remembered_and_a_new_one_found(place: Place, instance: Instance, other_key: RSAPrivateKey) -> None:
    first, second = place.image(1), place.image(2)
    for n in (first, first, first):
        instance.deliver(place, instance.flag(f"http://testserver/i/{n}"))
    assert instance.asked == ["/actor"]
    instance.add("/actor", other_key)
    assert instance.deliver(place, instance.flag(f"http://testserver/i/{second}")).status_code == 202
    assert len(reports(place)) == 2


def test_the_same_request_again_is_no_new_report(place: Place, instance: Instance) -> None:
    image = place.image(1)
    first = instance.deliver(place, instance.flag(f"http://testserver/i/{image}"))
    assert place.review(image, "rejected").status_code == 201
    sent = first.request
    again = place.client.post(sent.url.path, content=sent.content, headers={**sent.headers, "Authorization": ""})
    assert again.status_code == 202
    assert len(reports(place)) == 1
    later = instance.flag(f"http://testserver/i/{image}", content="it is still there")
    assert instance.deliver(place, later, signed_ago=timedelta(seconds=3)).status_code == 202
    assert len(reports(place)) == 2


def test_other_activities_are_left_alone(place: Place, instance: Instance) -> None:
    path = f"/fediverse/{place.keys.site}/inbox"
    assert place.client.post(path, content=b'{"type": "Delete", "actor": "https://x.example/a"}').status_code == 202
    for odd in (
        b"",
        b"[]",
        b'{"type": 5}',
        b'{"type": "Flag"}',
        b'{"type": "Flag", "id": "x", "actor": 1, "object": 2}',
    ):
        problem(place.client.post(path, content=odd), 400)
    assert instance.asked == []


def test_a_site_takes_none_unless_it_is_switched_on(place: Place, instance: Instance) -> None:
    turn(place, on=False)
    image = place.image(1)
    problem(instance.deliver(place, instance.flag(f"http://testserver/i/{image}")), 404)
    site = place.keys.site
    problem(place.client.get(f"/fediverse/{site}"), 404)
    problem(place.client.get("/.well-known/webfinger", params={"resource": f"acct:{site}@testserver"}), 404)
    assert instance.asked == []
    turn(place, on=True)
    assert instance.deliver(place, instance.flag(f"http://testserver/i/{image}")).status_code == 202


def test_a_server_finds_the_inbox(place: Place) -> None:
    site = place.keys.site
    for resource in (f"acct:{site}@testserver", f"http://testserver/fediverse/{site}"):
        found = place.client.get("/.well-known/webfinger", params={"resource": resource})
        assert found.headers["content-type"] == "application/jrd+json"
        (link,) = found.json()["links"]
    actor = place.client.get(link["href"])
    assert actor.headers["content-type"] == "application/activity+json"
    assert actor.json()["id"] == link["href"]
    assert actor.json()["inbox"] == f"http://testserver/fediverse/{site}/inbox"
    assert place.client.get(actor.json()["outbox"]).json()["totalItems"] == 0
    for odd in ("acct:x@testserver", f"acct:{site}@elsewhere.example", "", "acct:"):
        problem(place.client.get("/.well-known/webfinger", params={"resource": odd}), 404)
