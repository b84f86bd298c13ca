"""An admin sees what has not arrived, and has it sent again."""

from __future__ import annotations

import re
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


def test_an_admin_makes_one_and_sees_its_secret_once(place: Place) -> None:
    admin = person(place, "admin")
    form = {"url": "https://paper.invalid/hook", "description": "the archive", "events": "image.blocked", "once": "a"}
    made = admin.send("/console/webhooks", **form)
    assert made.text.count("whsec_") == 1
    assert admin.send("/console/webhooks", **form).status_code == 200  # the answer, loaded again
    (hook,) = place.client.get("/v1/webhooks").json()["webhooks"]
    assert (hook["url"], hook["events"], hook["description"]) == (form["url"], ["image.blocked"], "the archive")
    shown = admin.get("/console/webhooks").text
    assert "whsec_" not in shown
    assert "the archive" in shown
    secrets = {admin.send(f"/console/webhooks/{hook['id']}/rotate", once=once).text for once in ("b", "c")}
    assert len({re.search("whsec_[^<]+", text)[0] for text in [made.text, *secrets]}) == 3  # type: ignore[index]


def test_an_address_that_cannot_be_is_refused_in_words_and_kept_in_the_form(place: Place) -> None:
    admin = person(place, "admin")
    for url in ("paper", "http://10.0.0.1/", "https://anna@paper.invalid/"):
        answer = admin.send("/console/webhooks", url=url, description="the archive", once="a")
        assert answer.status_code == 422
        assert "This cannot be used." in answer.text
        assert f'value="{url}"' in answer.text
    assert place.client.get("/v1/webhooks").json()["webhooks"] == []


def test_it_is_switched_off_and_on_and_removed(place: Place) -> None:
    admin = person(place, "admin")
    made = place.client.post("/v1/webhooks", json={"url": "https://paper.invalid/"}).json()
    for to in ("off", "on"):
        answer = admin.send(f"/console/webhooks/{made['id']}/switch", to=to)
        assert answer.headers["location"] == f"/console/webhooks?done={to}"
        assert f"The webhook is switched {to}" in admin.get(answer.headers["location"]).text
        assert place.client.get(f"/v1/webhooks/{made['id']}").json()["status"] == to
    answer = admin.send(f"/console/webhooks/{made['id']}/remove")
    assert "The webhook is removed." in admin.get(answer.headers["location"]).text
    assert place.client.get("/v1/webhooks").json()["webhooks"] == []
    assert "The webhook is" not in admin.get("/console/webhooks?done=nonsense").text


def test_another_sites_webhooks_are_not_to_be_had(place: Place) -> None:
    made = place.client.post("/v1/webhooks", json={"url": "https://paper.invalid/"}).json()
    other = Place(place.client, place.another_site(f"other {place.keys.site}"), place.database_url, place.data_dir)
    admin = person(other, "admin")
    assert "paper.invalid" not in admin.get("/console/webhooks").text
    for act in ("test", "replay", "rotate", "switch", "remove"):
        assert admin.send(f"/console/webhooks/{made['id']}/{act}").headers["location"].endswith("refused=1")
