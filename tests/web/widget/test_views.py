"""What browsers say was on screen is counted, once each, together, and not without bounds."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.web.place import Place, problem

BROWSER = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36"


def beacon(
    place: Place, images: list[str], address: str = "203.0.113.7", browser: str = BROWSER, **more: Any
) -> httpx.Response:
    return place.client.post(
        "/widget/views",
        content=json.dumps({"images": images, **more}),
        headers={
            "Content-Type": "text/plain;charset=UTF-8",
            "User-Agent": browser,
            "X-Forwarded-For": address,
            "Authorization": "",
        },
    )


def counted(place: Place, image: str) -> int | None:
    """The image's views, once all that was said is counted."""
    portal = place.client.portal
    assert portal is not None
    portal.call(place.client.app.state.house.audience.count)
    found: int | None = place.client.get(f"/v1/images/{image}").json()["views"]
    return found


def test_a_reader_counts_once_for_each_picture(place: Place) -> None:
    one, two = place.image(1), place.image(2)
    for _ in range(3):
        assert beacon(place, [one, two, one, "x"]).status_code == 204
    beacon(place, [one], browser=BROWSER + " other")
    beacon(place, [one], address="198.51.100.9")
    assert (counted(place, one), counted(place, two)) == (3, 1)
    assert place.types().count("image.viewed") == 2  # together, not one by one


def test_a_beacon_from_any_origin_is_taken_without_asking_first(place: Place) -> None:
    image = place.image()
    told = place.client.post(
        "/widget/views",
        content=json.dumps({"images": [image, *("x" * 9 for _ in range(99))]}),
        headers={"Origin": "https://news.example", "Content-Type": "text/plain", "User-Agent": BROWSER},
    )
    assert (told.status_code, told.content) == (204, b"")
    assert told.headers["access-control-allow-origin"] == "*"
    assert counted(place, image) == 1


def test_one_network_counts_so_far_and_bots_not_at_all(place: Place) -> None:
    image = place.image()
    for n in range(50):
        beacon(place, [image], address=f"192.0.2.{n}", browser=f"{BROWSER} {n}")
    for browser in ("Googlebot/2.1", "curl/8.0", "", "facebookexternalhit/1.1 (preview)", "AhrefsBot/7.0"):
        assert beacon(place, [image], address="198.51.100.1", browser=browser).status_code == 204
    assert counted(place, image) == 30


def test_a_member_counts_once_wherever_they_look_from(place: Place) -> None:
    image = place.image()
    token = place.client.post("/v1/reporter-tokens", json={"reporter": "r"}).json()["token"]
    beacon(place, [image], token=token)
    beacon(place, [image], address="198.51.100.1", token=token)
    beacon(place, [image], address="198.51.100.2", token="twr_forged.x")  # as good as none
    assert counted(place, image) == 2


@pytest.mark.parametrize(
    "body",
    [
        *[b"", b"x", b"[]", b"{}", b'{"images": "x"}', b'{"images": [1]}', b'{"images": [], "token": 1}', b"\xff"],
        json.dumps({"images": ["x"] * 101}).encode(),
        json.dumps({"images": ["x" * 256]}).encode(),
    ],
)
def test_what_is_not_well_formed_is_told(place: Place, body: bytes) -> None:
    problem(place.client.post("/widget/views", content=body, headers={"User-Agent": BROWSER}), 422)
