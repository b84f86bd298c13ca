"""Reporter tokens: with one a page reports as one reader of one site, and can do nothing else."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest

from tawatur.moderation import tokens
from tawatur.moderation.pseudonyms import Pseudonyms
from tawatur.moderation.refusals import TokenRefused
from tawatur.moderation.signed import seal
from tawatur.moderation.tokens import Claims
from tests.web.place import Place, problem

SECRET = b"s" * 32
NOW = datetime(2026, 1, 1, tzinfo=UTC)
CLAIMS = Claims("site-1", "f" * 32, tokens.seconds(NOW) + 60, tokens.seconds(NOW) - 1000, "d" * 32, "e" * 32)


def made(place: Place, reporter: str = "reader-1", **more: Any) -> str:
    answer = place.client.post("/v1/reporter-tokens", json={"reporter": reporter, **more})
    assert answer.status_code == 201, answer.text
    token: str = answer.json()["token"]
    return token


def send(place: Place, image: str, token: str, **said: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}", "X-Forwarded-For": said.pop("address", "203.0.113.7")}
    return place.client.post(f"/v1/images/{image}/reports", json={"reason": "violence", **said}, headers=headers)


def test_a_token_says_again_what_was_signed() -> None:
    assert tokens.read(SECRET, tokens.sign(SECRET, CLAIMS), NOW) == CLAIMS
    assert CLAIMS.account_made == NOW - timedelta(seconds=1000)


def test_one_from_before_anonymous_readers_is_a_members() -> None:
    body = msgspec.json.encode(msgspec.structs.astuple(CLAIMS)[:6])
    before = tokens.PREFIX + seal(SECRET, "reporter-tokens", CLAIMS.site, body)
    assert tokens.read(SECRET, before, NOW) == CLAIMS
    assert not CLAIMS.anonymous


def test_it_ends_to_the_second() -> None:
    token = tokens.sign(SECRET, CLAIMS)
    tokens.read(SECRET, token, NOW + timedelta(seconds=59))
    with pytest.raises(TokenRefused, match="time is over"):
        tokens.read(SECRET, token, NOW + timedelta(seconds=60))


def test_another_secret_or_another_site_does_not_read_it() -> None:
    token = tokens.sign(SECRET, CLAIMS)
    with pytest.raises(TokenRefused):
        tokens.read(b"t" * 32, token, NOW)
    body, seal = token.split(".")
    said = base64.urlsafe_b64decode(body.removeprefix("twr_") + "==").replace(b"site-1", b"site-2")
    moved = "twr_" + base64.urlsafe_b64encode(said).rstrip(b"=").decode() + "." + seal
    with pytest.raises(TokenRefused):
        tokens.read(SECRET, moved, NOW)


def test_no_character_of_it_can_be_changed() -> None:
    token = tokens.sign(SECRET, CLAIMS)
    for place in range(len(token) - 1):  # the last one has bits that say nothing
        for other in "Ax-_.=é\x00":
            if token[place] != other:
                with pytest.raises(TokenRefused):
                    tokens.read(SECRET, token[:place] + other + token[place + 1 :], NOW)


@pytest.mark.parametrize(
    "odd", ["", "twr_", "twr_.", "twr_a.b", "twr_W10.AAAA", "twr_" + "A" * 2000 + ".AA", "tws_x", "twr_\ud800.\ud800"]
)
def test_what_is_no_token_is_refused(odd: str) -> None:
    with pytest.raises(TokenRefused):
        tokens.read(SECRET, odd, NOW)


def test_a_token_names_nobody(place: Place) -> None:
    token = made(place, "reader-fatima", device="device-7f3a", network="198.51.100.77")
    said = base64.urlsafe_b64decode(token.removeprefix("twr_").split(".")[0] + "==").decode()
    assert [word for word in ("fatima", "7f3a", "198.51", "c633") if word in said] == []


def test_a_page_reports_with_it_as_that_reader(place: Place) -> None:
    image = place.image()
    token = made(place, "reader-1")
    answer = send(place, image, token)
    assert answer.status_code == 201
    assert answer.json()["status"] == "visible"
    again = place.report(image, "reader-1")  # the site itself says the same of the same reader
    assert (again.status_code, again.json()["id"]) == (200, answer.json()["id"])


def test_a_token_sent_again_changes_nothing(place: Place) -> None:
    image = place.image()
    token = made(place)
    first, *more = [send(place, image, token) for _ in range(3)]
    assert [first.status_code, *(one.status_code for one in more)] == [201, 200, 200]
    assert place.types().count("report.received") == 1
    assert send(place, image, made(place)).status_code == 200  # nor does another token for the same reader


def test_several_members_block_an_image_with_tokens(place: Place) -> None:
    image = place.image()
    for n in range(12):
        token = made(place, f"reader-{n}", account_created_at="2020-01-01T00:00:00Z")
        status = send(place, image, token, address=f"203.{n}.113.7").json()["status"]
    assert status == "blocked"


def test_what_the_backend_said_of_the_reader_is_what_counts(place: Place) -> None:
    image = place.image()
    mine = Pseudonyms((place.data_dir / "secret").read_bytes().strip(), place.keys.site)
    send(place, image, made(place, "a", device="d1", account_created_at="2024-05-01T02:00:00+02:00"))
    send(place, image, made(place, "b", network="198.51.100.9"))
    received = [event for event in place.events() if event["type"] == "report.received"]
    assert [event["signals"] for event in received] == [
        {
            "network": mine.network("203.0.113.250"),
            "device": mine.device("d1"),
            "account_created_at": "2024-05-01T00:00:00Z",
        },
        {"network": mine.network("198.51.100.1")},
    ]


def test_a_token_takes_back_ones_own_report_and_no_other(place: Place) -> None:
    image = place.image()
    mine = send(place, image, made(place, "me")).json()["id"]
    others = send(place, image, made(place, "other")).json()["id"]
    bearer = {"Authorization": f"Bearer {made(place, 'me')}"}
    problem(place.client.delete(f"/v1/reports/{others}", headers=bearer), 404)
    assert place.client.delete(f"/v1/reports/{mine}", headers=bearer).status_code == 200
    assert place.client.delete(f"/v1/reports/{mine}", headers=bearer).status_code == 200
    assert place.types().count("report.withdrawn") == 1
    assert place.client.delete(f"/v1/reports/{others}").status_code == 200  # the site may


def test_it_is_of_no_use_on_another_site(place: Place) -> None:
    token = made(place)
    other = place.another_site(f"beside {place.keys.site}")
    elsewhere = Place(place.client, other, place.database_url, place.data_dir)
    image = elsewhere.image()
    assert problem(send(elsewhere, image, token), 401)["title"] == "No valid reporter token"
    report = elsewhere.report(image, "reader-1").json()["id"]
    problem(place.client.delete(f"/v1/reports/{report}", headers={"Authorization": f"Bearer {token}"}), 404)


@pytest.mark.parametrize("kind", ["forged", "expired", "of another server"])
def test_others_are_refused_with_what_to_do(place: Place, kind: str) -> None:
    image = place.image()
    secret = (place.data_dir / "secret").read_bytes().strip()
    claims = Claims(place.keys.site, "f" * 32, tokens.seconds(datetime.now(UTC)) + 60)
    token = {
        "forged": tokens.sign(secret, claims)[:-5] + "AAAAA",
        "expired": tokens.sign(secret, Claims(place.keys.site, "f" * 32, tokens.seconds(datetime.now(UTC)) - 1)),
        "of another server": tokens.sign(b"x" * 32, claims),
    }[kind]
    told = problem(send(place, image, token), 401)
    assert told["title"] == "No valid reporter token"
    assert "Get a new one" in told["detail"]
    assert place.types().count("report.received") == 0


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/images/status"),
        ("GET", "/v1/events"),
        ("GET", "/v1/images/{image}"),
        ("GET", "/v1/images/{image}/verdict"),
        ("POST", "/v1/images/{image}/views"),
        ("POST", "/v1/images/{image}/reviews"),
        ("POST", "/v1/reporter-tokens"),
    ],
)
def test_it_opens_nothing_else(place: Place, method: str, path: str) -> None:
    image = place.image()
    bearer = {"Authorization": f"Bearer {made(place)}"}
    told = problem(place.client.request(method, path.format(image=image), headers=bearer, json={}), 401)
    assert told["title"] == "No valid key"


@pytest.mark.parametrize("more", [{"reporter": "somebody else"}, {"signals": {"network": "x"}}, {"reason": None}])
def test_the_page_cannot_say_who_it_is(place: Place, more: dict[str, Any]) -> None:
    problem(send(place, place.image(), made(place), **more), 422)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"reporter": ""},
        {"reporter": "r" * 256},
        {"reporter": "r\x00"},
        {"reporter": "r", "ttl": 9},
        {"reporter": "r", "ttl": 86_401},
        {"reporter": "r", "ttl": "60"},
        {"reporter": "r", "account_created_at": "2024-05-01T00:00:00"},
        {"reporter": "r", "network": ""},
    ],
)
def test_a_wrong_request_for_a_token_says_what_is_wrong(place: Place, body: dict[str, Any]) -> None:
    assert problem(place.client.post("/v1/reporter-tokens", json=body), 422)["errors"]


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_moment_beyond_the_calendar_is_refused(place: Place, moment: str) -> None:
    answer = place.client.post("/v1/reporter-tokens", json={"reporter": "r", "account_created_at": moment})
    assert "account_created_at" in problem(answer, 422)["detail"]


def test_whoever_reports_very_often_waits(place: Place) -> None:
    image = place.image()
    token = made(place, "hasty")
    answers = [send(place, image, token) for _ in range(31)]
    assert {answer.status_code for answer in answers[:30]} == {200, 201}
    told = problem(answers[30], 429)
    assert 1 <= int(answers[30].headers["retry-after"]) <= 60
    assert "seconds" in told["detail"]
    assert send(place, image, made(place, "calm")).status_code == 201
