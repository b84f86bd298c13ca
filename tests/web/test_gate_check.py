"""`GET /gate/check`: what a web server may serve of the site's own files, however the request is spelled."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.web.place import Place, problem


def check(place: Place, target: str | bytes, site: str | None = None, **query: str) -> httpx.Response:
    answer: httpx.Response = place.client.get(
        "/gate/check",
        params={"site": site or place.keys.public_key, **query},
        headers={"X-Original-URI": target, "Authorization": ""},
    )
    return answer


def addressed(place: Place, *addresses: str, seed: int = 1) -> str:
    answer = place.client.post("/v1/images", json={"pdq": f"{seed:02x}" * 32, "quality": 90, "address": addresses})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def test_visible_and_unknown_are_204_and_blocked_is_403_with_the_image(place: Place) -> None:
    image = addressed(place, "/photos/1.jpg")
    assert (check(place, "/photos/1.jpg").status_code, check(place, "/photos/2.jpg").status_code) == (204, 204)
    assert place.crowd(image) == "blocked"
    told = check(place, "/photos/1.jpg")
    problem(told, 403)
    assert (told.headers["tawatur-image"], told.headers["tawatur-status"]) == (image, "blocked")
    assert told.headers["cache-control"] == "no-store"
    assert check(place, "/photos/2.jpg").status_code == 204


def test_a_blur_is_403_unless_the_reader_lifts_it(place: Place) -> None:
    image = addressed(place, "/photos/1.jpg")
    for n in range(12):
        if place.report(image, f"r{n}", "deception").json()["status"] == "blurred":
            break
    assert check(place, "/photos/1.jpg").headers["tawatur-status"] == "blurred"
    assert check(place, "/photos/1.jpg?reveal=0").status_code == 403
    assert check(place, "/photos/1.jpg?a=b&reveal=1").status_code == 204
    assert check(place, "/photos/1.jpg", reveal="1").status_code == 403  # the operator's query is not the reader's


@pytest.mark.parametrize(
    "address", ["/ph otos/صورة.jpg", "/ph%20otos/%D8%B5%D9%88%D8%B1%D8%A9.jpg", "https://n.example/ph%20otos/صورة.jpg"]
)
@pytest.mark.parametrize(
    "target",
    [
        b"/ph%20otos/%D8%B5%D9%88%D8%B1%D8%A9.jpg",
        b"/ph%20otos/%d8%b5%d9%88%d8%b1%d8%a9.jpg?x=1",
        "/ph otos/صورة.jpg".encode(),
        b"//ph%20otos/./%D8%B5%D9%88%D8%B1%D8%A9%2ejpg",
        b"/a/../ph%20otos%2f%D8%B5%D9%88%D8%B1%D8%A9.jpg/",
    ],
)
def test_an_address_is_found_however_it_is_spelled(place: Place, address: str, target: bytes) -> None:
    image = addressed(place, address)
    place.crowd(image)
    assert check(place, target).headers["tawatur-image"] == image


@pytest.mark.parametrize("target", ["/../1.jpg", "/%2e%2e/1.jpg", "/1.jpg%00", "/%zz", "/1%", "1.jpg", "*", "?x"])
def test_what_no_web_server_would_serve_is_refused(place: Place, target: str) -> None:
    problem(check(place, target), 403)


def test_the_newest_registration_of_an_address_wins(place: Place) -> None:
    first = addressed(place, "/avatars/7.jpg")
    place.crowd(first)
    assert check(place, "/avatars/7.jpg").status_code == 403
    second = addressed(place, "/avatars/7.jpg", seed=200)
    assert check(place, "/avatars/7.jpg").status_code == 204
    moved = place.client.post(f"/v1/images/{first}/addresses", json={"address": ["/old/7.jpg", "/avatars/7.jpg"]})
    assert moved.json() == {"id": first, "status": "blocked"}
    assert check(place, "/avatars/7.jpg").headers["tawatur-image"] == first
    assert check(place, "/old/7.jpg").headers["tawatur-image"] == first
    assert second != first


def test_a_host_counts_only_where_the_operator_says_which_it_is(place: Place) -> None:
    withheld = addressed(place, "https://one.example:8443/1.jpg")
    shown = addressed(place, "https://two.example/1.jpg", seed=200)
    place.crowd(withheld)
    assert check(place, "/1.jpg").headers["tawatur-image"] == withheld  # a reader may name any host
    assert check(place, "/1.jpg", host="ONE.example").status_code == 403
    assert check(place, "/1.jpg", host="two.example").status_code == 204
    assert shown != withheld


def test_a_form_takes_several_addresses_and_the_log_tells_them(place: Place) -> None:
    made = place.register(address=["/a.png", "https://N.example/b/../c.png"])  # type: ignore[arg-type]
    place.crowd(made["id"])
    assert {check(place, target).status_code for target in ("/a.png", "/c.png")} == {403}
    told = next(event for event in place.events() if event["type"] == "image.addressed")
    assert told["addresses"] == ["/a.png", "//n.example/c.png"]


def test_another_sites_addresses_are_not_asked(place: Place) -> None:
    place.crowd(addressed(place, "/photos/1.jpg"))
    other = place.another_site(f"not {place.keys.site}")
    assert check(place, "/photos/1.jpg", site=other.public_key).status_code == 204
    image = addressed(place, "/x.jpg", seed=9)
    answer = place.client.post(
        f"/v1/images/{image}/addresses",
        json={"address": ["/y.jpg"]},
        headers={"Authorization": f"Bearer {other.api_key}"},
    )
    problem(answer, 404)


@pytest.mark.parametrize("key", ["twp_none", "", "api"])
def test_an_unknown_public_key_is_a_mistake_and_not_a_yes(place: Place, key: str) -> None:
    site = place.keys.api_key if key == "api" else key
    problem(place.client.get("/gate/check", params={"site": site}, headers={"X-Original-URI": "/1.jpg"}), 422)


def test_the_header_must_be_there_once(place: Place) -> None:
    query = {"site": place.keys.public_key}
    problem(place.client.get("/gate/check", params=query), 422)
    twice = [("X-Original-URI", "/1.jpg"), ("x-original-uri", "/2.jpg")]
    problem(place.client.get("/gate/check", params=query, headers=twice), 422)
    problem(check(place, "/1.jpg", host="[::"), 422)


@pytest.mark.parametrize(
    "address",
    [
        *("", "photo.jpg", "ftp://x/y", "/a?id=1", "/a#b", "https://x/a?id=1", "/%zz", "/a%00", "/../a", "https:///a"),
        *("/" + "x" * 3000, "https://[::/a", "/\ud800", 7, {}, None),
    ],
)
def test_an_address_that_cannot_be_guarded_is_told(place: Place, address: Any) -> None:
    for body in ({"pdq": "01" * 32, "quality": 90, "address": [address]}, {"address": [address]}):
        path = "/v1/images" if "pdq" in body else f"/v1/images/{addressed(place)}/addresses"
        answer = place.client.post(path, content=json.dumps(body), headers={"Content-Type": "application/json"})
        problem(answer, 422)


def test_a_long_path_is_no_trouble_for_an_index(place: Place) -> None:
    address = "/" + "".join(chr(0x627 + n % 20) for n in range(2000))
    image = addressed(place, address)
    place.crowd(image)
    assert check(place, address.encode()).status_code == 403


def test_too_many_addresses_at_once_are_told(place: Place) -> None:
    body = {"pdq": "01" * 32, "quality": 90, "address": [f"/{n}" for n in range(21)]}
    problem(place.client.post("/v1/images", json=body), 422)
