"""What a page of another site may ask of its pictures."""

from __future__ import annotations

import pytest

from tests.web.place import Place, problem

NOBODYS = "00000000-0000-7000-8000-000000000000"


def test_a_page_asks_how_its_pictures_stand_without_a_key(place: Place) -> None:
    visible, blocked = place.image(1), place.image(2)
    assert place.crowd(blocked) == "blocked"
    answer = place.client.get(
        "/widget/state", params={"image": [visible, blocked, NOBODYS, "x"]}, headers={"Authorization": ""}
    )
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    told = answer.json()
    assert told["images"] == {
        visible: {"status": "visible", "reason": None},
        blocked: {"status": "blocked", "reason": "violence"},
    }
    assert "spam" in told["reasons"]


@pytest.mark.parametrize("query", ["", "?image=", "?image=" + "&image=".join(["x"] * 101), "?image=" + "x" * 256])
@pytest.mark.parametrize("path", ["/widget/state", "/widget/changes"])
def test_none_and_too_many_are_refused(place: Place, path: str, query: str) -> None:
    if query == "?image=" and path.endswith("changes"):
        pytest.skip("an empty id is an unknown one, and a stream has no end")
    answer = place.client.get(path + query)
    if query == "?image=":
        assert answer.json()["images"] == {}
    else:
        assert problem(answer, 422)["errors"]


def test_another_origin_may_read_what_is_for_pages_and_nothing_else(place: Place) -> None:
    image = place.image()
    origin = {"Origin": "https://news.example"}
    opened = [
        place.client.get("/widget/v1.js", headers=origin),
        place.client.get("/widget/state", params={"image": image}, headers=origin),
        place.client.post(f"/v1/images/{image}/reports", json={}, headers=origin),
        place.client.delete(f"/v1/reports/{NOBODYS}", headers=origin),
    ]
    closed = [
        place.client.get(f"/v1/images/{image}", headers=origin),
        place.client.get("/v1/events", headers=origin),
        place.client.post("/v1/reporter-tokens", json={"reporter": "r"}, headers=origin),
        place.client.get(f"/i/{image}", headers=origin),
        place.client.get("/healthz", headers=origin),
    ]
    assert {answer.headers.get("access-control-allow-origin") for answer in opened} == {"*"}
    assert {answer.headers.get("access-control-allow-origin") for answer in closed} == {None}
    assert not [answer for answer in opened if "access-control-allow-credentials" in answer.headers]


@pytest.mark.parametrize(
    ("path", "method"),
    [(f"/v1/images/{NOBODYS}/reports", "POST"), (f"/v1/reports/{NOBODYS}", "DELETE"), ("/widget/views", "POST")],
)
def test_a_browser_that_asks_first_is_told_yes(place: Place, path: str, method: str) -> None:
    asked = {
        "Origin": "https://news.example",
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    told = place.client.options(path, headers={**asked, "Authorization": ""})
    assert told.status_code == 200
    assert told.headers["access-control-allow-origin"] == "*"
    assert method in told.headers["access-control-allow-methods"]
    assert "authorization" in told.headers["access-control-allow-headers"].lower()


def test_and_no_for_the_rest(place: Place) -> None:
    asked = {"Origin": "https://news.example", "Access-Control-Request-Method": "POST"}
    told = place.client.options("/v1/images", headers=asked)
    assert "access-control-allow-origin" not in told.headers


def test_the_script_is_kept_and_asked_for_again(place: Place) -> None:
    first = place.client.get("/widget/v1.js")
    assert first.status_code == 200
    assert first.headers["content-type"] == "text/javascript; charset=utf-8"
    assert first.headers["access-control-allow-origin"] == "*"  # also without an Origin: a cache may have asked
    etag = first.headers["etag"]
    assert etag.startswith('"')
    again = place.client.get("/widget/v1.js", headers={"If-None-Match": f'"other", W/{etag}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == etag
    assert place.client.get("/widget/v1.js", headers={"If-None-Match": '"other"'}).content == first.content
    assert place.client.head("/widget/v1.js").headers["etag"] == etag


def test_its_words_come_in_each_language_and_no_other(place: Place) -> None:
    for lang in ("ar", "en", "fr"):
        told = place.client.get(f"/widget/v1.{lang}.json")
        assert told.headers["content-type"] == "application/json"
        assert told.headers["access-control-allow-origin"] == "*"
        assert told.json()
    for odd in ("de", "..", "%2e%2e%2fen", "en.json"):
        problem(place.client.get(f"/widget/v1.{odd}.json"), 404)
