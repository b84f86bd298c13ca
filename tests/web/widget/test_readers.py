"""An anonymous reader's way: a challenge, a token, a report, and back."""

from __future__ import annotations

from typing import Any

import altcha
import httpx
import pytest
from msgspec.structs import replace

from tawatur.moderation import anonymous
from tawatur.moderation.tokens import read_expired, sign
from tests.web.place import Place, problem

NOBODYS = "00000000-0000-7000-8000-000000000000"


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anonymous, "COST", 1)


def headers(address: str, token: str | None = None) -> dict[str, str]:
    return {"X-Forwarded-For": address, "Authorization": "" if token is None else f"Bearer {token}"}


def solve(asked: dict[str, Any]) -> str:
    found = altcha.Challenge.from_dict(asked)
    solution = altcha.solve_challenge(found)
    assert solution is not None
    return altcha.Payload(found, solution).to_base64()


def ask(place: Place, image: str, address: str = "203.0.113.7") -> httpx.Response:
    return place.client.get("/widget/challenge", params={"image": image}, headers=headers(address))


def hand_in(place: Place, image: str, payload: str, address: str = "203.0.113.7", **more: str) -> httpx.Response:
    return place.client.post(
        "/widget/tokens", json={"image": image, "payload": payload, **more}, headers=headers(address)
    )


def token(place: Place, image: str, address: str = "203.0.113.7", **more: str) -> str:
    answer = hand_in(place, image, solve(ask(place, image, address).json()), address, **more)
    assert answer.status_code == 201, answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["expires_in"] == 3600
    made: str = answer.json()["token"]
    return made


def report(place: Place, image: str, shown: str, address: str = "203.0.113.7") -> httpx.Response:
    return place.client.post(
        f"/v1/images/{image}/reports", json={"reason": "violence"}, headers=headers(address, shown)
    )


def policy(place: Place, toml: str) -> None:
    answer = place.client.put("/v1/policy", content=toml, headers={"Content-Type": "application/toml", "If-Match": "*"})
    assert answer.status_code == 200, answer.text


def test_a_reader_without_an_account_reports_and_takes_it_back(place: Place) -> None:
    image = place.image()
    shown = token(place, image)
    made = report(place, image, shown)
    assert made.status_code == 201
    assert report(place, image, shown).status_code == 200
    (received,) = [event for event in place.events() if event["type"] == "report.received"]
    assert received["signals"]["anonymous"] is True
    gone = place.client.delete(f"/v1/reports/{made.json()['id']}", headers=headers("203.0.113.7", shown))
    assert gone.status_code == 200
    assert place.types()[-1] == "report.withdrawn"


def test_two_of_one_network_are_two_who_are_linked(place: Place) -> None:
    image = place.image()
    for _ in range(2):
        assert report(place, image, token(place, image, "203.0.113.9"), "198.51.100.1").status_code == 201
    one, other = [event for event in place.events() if event["type"] == "report.received"]
    assert one["reporter"] != other["reporter"]
    assert one["signals"]["network"] == other["signals"]["network"]  # that of the token, wherever it is used


def test_going_on_with_a_token_adds_no_voice(place: Place) -> None:
    image = place.image()
    first = token(place, image)
    assert report(place, image, first).status_code == 201
    second = token(place, image, "198.51.100.1", token=first)
    assert second != first
    assert report(place, image, second).status_code == 200


def test_each_challenge_is_good_once_and_from_its_network(place: Place) -> None:
    image = place.image()
    payload = solve(ask(place, image).json())
    problem(hand_in(place, image, payload, "198.51.100.1"), 422)
    assert hand_in(place, image, payload, "203.0.113.99").status_code == 201  # the network is what counts
    assert problem(hand_in(place, image, payload), 409)["title"] == "The proof of work was used before"


def test_the_work_is_of_use_on_its_site_alone(place: Place) -> None:
    image = place.image()
    payload = solve(ask(place, image).json())
    elsewhere = Place(place.client, place.another_site(f"beyond {place.keys.site}"), place.database_url, place.data_dir)
    problem(hand_in(place, elsewhere.image(), payload), 422)


@pytest.mark.parametrize("kind", ["forged", "expired", "of another site"])
def test_a_token_that_is_not_good_reports_nothing(place: Place, kind: str) -> None:
    image = place.image()
    secret = (place.data_dir / "secret").read_bytes().strip()
    claims = read_expired(secret, token(place, image))
    shown = {
        "forged": sign(b"x" * 32, claims),
        "expired": sign(secret, replace(claims, expires=claims.expires - 3601)),
        "of another site": sign(secret, replace(claims, site=place.another_site(f"off {place.keys.site}").site)),
    }[kind]
    assert problem(report(place, image, shown), 401)["title"] == "No valid reporter token"
    assert "report.received" not in place.types()


def test_nobody_takes_back_what_another_reader_reported(place: Place) -> None:
    image = place.image()
    made = report(place, image, token(place, image)).json()["id"]
    problem(place.client.delete(f"/v1/reports/{made}", headers=headers("203.0.113.7", token(place, image))), 404)


def test_pages_of_any_origin_may_do_all_this_and_read_how_long_to_wait(place: Place) -> None:
    image = place.image()
    origin = {"Origin": "https://news.example", "X-Forwarded-For": "192.0.5.1", "Authorization": ""}
    answers = [
        place.client.post("/widget/tokens", json={"image": image, "payload": "x"}, headers=origin),
        *(place.client.get("/widget/challenge", params={"image": image}, headers=origin) for _ in range(60)),
    ]
    assert (answers[0].status_code, answers[1].status_code, answers[-1].status_code) == (422, 200, 429)
    assert {answer.headers["access-control-allow-origin"] for answer in answers} == {"*"}
    assert "Retry-After" in answers[-1].headers["access-control-expose-headers"]


def test_without_an_image_or_with_nonsense(place: Place) -> None:
    for odd in (NOBODYS, "x", "", "\x00"):
        problem(ask(place, odd), 404)
        problem(hand_in(place, odd, "x"), 404)
    problem(ask(place, "x" * 256), 422)
    image = place.image()
    for payload in ("", "x", "e30=", "bnVsbA==", "\x00", "é" * 100):
        assert problem(hand_in(place, image, payload), 422)["title"] == "The proof of work is not valid"
    problem(hand_in(place, image, "x" * 4097), 422)
    problem(hand_in(place, image, solve(ask(place, image).json()), token="twr_x.y"), 401)


def test_a_policy_that_hears_members_only(place: Place) -> None:
    image = place.image()
    shown = token(place, image)
    payload = solve(ask(place, image).json())
    state = place.client.get("/widget/state", params={"image": image}).json()
    assert state["anonymous"] is True
    policy(place, "anonymous = false")
    assert place.client.get("/widget/state", params={"image": image}).json()["anonymous"] is False
    for answer in (ask(place, image), hand_in(place, image, payload), report(place, image, shown)):
        assert problem(answer, 403)["title"] == "Only members of the site may report"
    member = place.client.post("/v1/reporter-tokens", json={"reporter": "r"}).json()["token"]
    assert report(place, image, member).status_code == 201


def test_a_network_that_asks_very_often_waits_and_others_do_not(place: Place) -> None:
    image = place.image()
    answers = [ask(place, image, "192.0.2.1") for _ in range(61)]
    assert {answer.status_code for answer in answers[:60]} == {200}
    problem(answers[60], 429)
    assert 1 <= int(answers[60].headers["retry-after"]) <= 60
    assert ask(place, image, "192.0.3.1").status_code == 200


def test_the_work_grows_as_a_network_uses_it(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    attempts = anonymous.attempts
    monkeypatch.setattr(anonymous, "attempts", lambda pace: asked.append(attempts(pace)) or asked[-1])
    image = place.image()
    for _ in range(9):
        token(place, image, "192.0.4.1")
    assert asked[0] == anonymous.EASIEST
    assert asked[-1] == 4 * anonymous.EASIEST


def test_a_token_holds_no_address(place: Place) -> None:
    claims = read_expired((place.data_dir / "secret").read_bytes().strip(), token(place, place.image()))
    assert claims.anonymous
    assert "203.0.113" not in repr(claims)
    assert "cb0071" not in repr(claims)
