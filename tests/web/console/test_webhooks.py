"""An admin sees what has not arrived, and has it sent again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tawatur.store import deliveries
from tawatur.store.database import Database
from tawatur.store.deliveries import Delivery
from tests.web.console.desks import person
from tests.web.place import Place


def lost(place: Place, webhook: str) -> int:
    """The endpoint's first event, given up; its position."""
    database = Database(place.database_url)
    (position,) = [event["position"] for event in place.events() if event["type"] == "image.registered"]
    now = datetime.now(UTC)
    dead = Delivery(webhook, position, "", now - timedelta(days=1), 33, dead_at=now, why="it answered 500")
    with database.write() as connection:
        deliveries.save(connection, [dead])
    database.close()
    return int(position)


def test_dead_letters_are_shown_and_sent_again(place: Place) -> None:
    admin = person(place, "admin")
    assert "has no webhooks yet" in admin.get("/console/webhooks").text
    place.image(1)
    made = place.client.post("/v1/webhooks", json={"url": "https://paper.invalid/hook?a=<b>"}).json()
    position = lost(place, made["id"])
    shown = admin.get("/console/webhooks").text
    assert "https://paper.invalid/hook?a=&lt;b&gt;" in shown
    assert "one dead letter" in shown
    assert "it answered 500" in shown
    assert f'value="{position}"' in shown
    answer = admin.send(f"/console/webhooks/{made['id']}/replay", position=position)
    assert answer.headers["location"] == "/console/webhooks?replayed=1"
    assert "One dead letter is sent again." in admin.get(answer.headers["location"]).text
    assert place.client.get(f"/v1/webhooks/{made['id']}/dead-letters").json()["dead_letters"] == []
    assert admin.send(f"/console/webhooks/{made['id']}/replay").headers["location"].endswith("replayed=0")


def test_a_test_event_tells_what_came_of_it(place: Place) -> None:
    admin = person(place, "admin")
    made = place.client.post("/v1/webhooks", json={"url": "http://localhost:9/hook"}).json()
    answer = admin.send(f"/console/webhooks/{made['id']}/test")
    assert "could not be reached" in admin.get(answer.headers["location"]).text


def test_another_sites_webhooks_are_not_to_be_had(place: Place) -> None:
    made = place.client.post("/v1/webhooks", json={"url": "https://paper.invalid/"}).json()
    other = Place(place.client, place.another_site(f"other {place.keys.site}"), place.database_url, place.data_dir)
    admin = person(other, "admin")
    assert "paper.invalid" not in admin.get("/console/webhooks").text
    for act in ("test", "replay"):
        assert admin.send(f"/console/webhooks/{made['id']}/{act}").headers["location"].endswith("refused=1")
