"""How reporters stand, and muting and voiding them, over HTTP."""

from __future__ import annotations

import pytest

from tests.web.place import Place, problem

ASK = {"by": "mod", "why": "reports everything"}


def test_the_site_finds_its_reader_by_its_own_id_and_by_the_events(place: Place) -> None:
    image = place.image()
    place.report(image, "anna")
    (event,) = [one for one in place.events(limit=1000) if one["type"] == "report.received"]
    told = place.client.get("/v1/reporters/anna").json()
    assert told == place.client.get(f"/v1/reporters/{event['reporter']}").json()
    assert told["reporter"] == event["reporter"]
    assert (told["muted"], told["reported"], told["reviewed"], told["live"]) == (False, 1, 0, 1)


def test_muting_shows_the_picture_again_and_hearing_withholds_it(place: Place) -> None:
    image = place.image()
    place.crowd(image, 12)
    for n in range(12):
        answer = place.client.post(f"/v1/reporters/r{n}/mute", json=ASK)
        assert (answer.status_code, answer.json()["muted"]) == (200, True)
    assert place.client.get(f"/v1/images/{image}").json()["status"] == "visible"
    for n in range(12):
        assert place.client.post(f"/v1/reporters/r{n}/unmute", json=ASK).json()["muted"] is False
    assert place.client.get(f"/v1/images/{image}").json()["status"] == "blocked"
    muted = [one for one in place.events(limit=1000) if one["type"] == "reporter.muted"]
    assert len(muted) == 12
    assert (muted[0]["why"], muted[0]["images"]) == ("reports everything", [image])
    assert "mod" not in muted[0]["by"]


def test_voiding_says_how_many_reports_it_took(place: Place) -> None:
    for seed in range(3):
        place.report(place.image(seed), "anna")
    told = place.client.post("/v1/reporters/anna/void", json=ASK).json()
    assert (told["voided"], told["live"]) == (3, 0)
    assert place.client.post("/v1/reporters/anna/void", json=ASK).json()["voided"] == 0


def test_the_same_request_is_done_once(place: Place) -> None:
    place.report(place.image(), "anna")
    first, again = (
        place.client.post("/v1/reporters/anna/void", json=ASK, headers={"Idempotency-Key": "k"}) for _ in range(2)
    )
    assert first.json() == again.json()
    assert first.json()["voided"] == 1


@pytest.mark.parametrize("path", ["mute", "unmute", "void"])
def test_nobody_who_never_reported_is_muted(place: Place, path: str) -> None:
    told = problem(place.client.post(f"/v1/reporters/nobody/{path}", json=ASK), 404)
    assert "nobody" in told["detail"]
    problem(place.client.get("/v1/reporters/nobody"), 404)


def test_another_sites_reader_is_nobody_here(place: Place) -> None:
    place.report(place.image(), "anna")
    other = place.another_site(f"other than {place.keys.site}")
    headers = {"Authorization": f"Bearer {other.api_key}"}
    problem(place.client.get("/v1/reporters/anna", headers=headers), 404)
    problem(place.client.post("/v1/reporters/anna/mute", json=ASK, headers=headers), 404)


@pytest.mark.parametrize(
    "body", [{}, {"by": ""}, {"by": "mod", "why": "x" * 501}, {"by": "mod", "why": "\x00"}, {"by": 5}, []]
)
def test_what_cannot_be_asked_is_told(place: Place, body: object) -> None:
    place.report(place.image(), "anna")
    problem(place.client.post("/v1/reporters/anna/mute", json=body), 422)


def test_only_the_site_may(place: Place) -> None:
    place.report(place.image(), "anna")
    problem(place.client.post("/v1/reporters/anna/mute", json=ASK, headers={"Authorization": ""}), 401)
