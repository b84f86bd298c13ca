"""The policy over HTTP: read, changed, refused, and put back."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tawatur.decision.numbers import RULE_NUMBERS, SECTIONS
from tawatur.decision.policy import DEFAULT_POLICY, parse_policy
from tests.web.place import Place, problem

NEVER = "floor_block = 1000\nfloor_blur = 1000\n"


def put(place: Place, toml: str, *, etag: str | None = None, **query: str) -> httpx.Response:
    headers = {"Content-Type": "application/toml"} | ({} if etag is None else {"If-Match": etag})
    return place.client.put("/v1/policy", content=toml.encode(), headers=headers, params=query)


def show(place: Place, path: str = "") -> dict[str, Any]:
    answer = place.client.get(f"/v1/policy{path}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_site_begins_with_the_default_policy(place: Place) -> None:
    found = show(place)
    assert (found["version"], found["name"]) == (0, "default-1")
    assert found["changed_at"] is found["changed_by"] is None
    assert parse_policy(found["toml"]) == DEFAULT_POLICY


def test_every_number_stands_with_its_reason_as_json_and_as_toml(place: Place) -> None:
    plain = place.client.get("/v1/policy", headers={"Accept": "application/toml"})
    assert plain.headers["content-type"].startswith("application/toml")
    assert plain.text == show(place)["toml"]
    for number in (*(number for section in SECTIONS for number in section.numbers), *RULE_NUMBERS):
        assert number.field in plain.text
        assert number.why in plain.text


def test_a_change_holds_at_once(place: Place) -> None:
    changed = put(place, NEVER, changed_by="anna")
    assert changed.status_code == 200, changed.text
    assert changed.headers["etag"] == '"1"'
    assert changed.json() == show(place)
    assert parse_policy(show(place)["toml"]).floor_block == 1000
    image = place.image()
    assert place.crowd(image) == "visible"
    assert place.client.get(f"/v1/images/{image}/verdict").json()["verdict"]["policy"] == "policy-1"
    assert put(place, "").json()["version"] == 2
    assert place.report(image, "one more").json()["status"] == "blocked"


def test_a_change_is_told_in_the_log_and_names_nobody(place: Place) -> None:
    put(place, NEVER, changed_by="anna@example.org")
    (told,) = [event for event in place.events() if event["type"] == "policy.changed"]
    assert (told["version"], told["toml"]) == (1, NEVER)
    assert told["changed_by"] == show(place)["changed_by"]
    assert len(told["changed_by"]) == 32
    assert "anna" not in place.client.get("/v1/events").text


def test_json_does_as_well(place: Place) -> None:
    answer = place.client.put("/v1/policy", json={"toml": NEVER, "changed_by": "anna"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["changed_by"] is not None
    assert put(place, NEVER).json()["version"] == 1, "the same document"


@pytest.mark.parametrize(
    ("toml", "line", "words"),
    [
        ("stakes = 2\nfloor_blok = 3", 2, "did you mean floor_block?"),
        ("[reasons.spam]\nharm = 0", 2, "0.001 to 1,000"),
        ("stakes = 2\n[reasons.spam]\nharm = = 3", 3, "this is not TOML"),
        ("x = '\x00'", 1, "this is not TOML"),
    ],
)
def test_a_wrong_policy_is_told_by_its_line(place: Place, toml: str, line: int, words: str) -> None:
    told = problem(put(place, toml), 422)
    assert told["title"] == "The policy cannot be used"
    assert told["line"] == line
    assert told["errors"][0]["place"] == f"line {line}"
    assert words in told["detail"]
    assert show(place)["version"] == 0


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/toml", b"\xff\xfe"),
        ("application/json", b"{}"),
        ("application/json", b"[1]"),
        ("application/json", b'{"toml": 3}'),
        ("application/json", b'{"toml": "", "changed_by": ""}'),
        ("application/json", b'{"toml": "", "changed_by": "a\\u0000"}'),
        ("application/json", b'{"toml": "", "more": 1}'),
        ("application/json; charset=utf-8", b"{"),
    ],
)
def test_a_body_that_is_no_policy_is_told(place: Place, kind: str, body: bytes) -> None:
    problem(place.client.put("/v1/policy", content=body, headers={"Content-Type": kind}), 422)
    assert show(place)["version"] == 0


def test_of_two_who_change_the_same_version_the_second_is_told(place: Place) -> None:
    etag = place.client.get("/v1/policy").headers["etag"]
    assert put(place, NEVER, etag=etag).status_code == 200
    told = problem(put(place, "stakes = 3", etag=etag), 412)
    assert "Version 1 is in force" in told["detail"]
    assert put(place, "stakes = 3", etag='"7", "1"').status_code == 200
    assert put(place, "stakes = 4", etag="*").status_code == 200
    problem(put(place, "stakes = 5", etag="nonsense"), 412)


def test_all_versions_are_kept_and_an_earlier_one_can_be_put_back(place: Place) -> None:
    for stakes in (3, 4, 5):
        put(place, f"stakes = {stakes}", changed_by="anna")
    first = show(place, "/versions?limit=2")
    assert [one["version"] for one in first["versions"]] == [3, 2]
    rest = show(place, f"/versions?before={first['next']}")
    assert [one["version"] for one in rest["versions"]] == [1, 0]
    assert rest["next"] is None
    assert all(one["changed_by"] for one in first["versions"])
    earlier = show(place, "/versions/1")
    assert put(place, earlier["toml"]).json()["version"] == 4
    assert parse_policy(show(place)["toml"]).stakes == 3
    assert show(place, "/versions/0")["toml"] == show(place, "/versions/0")["toml"]


def test_a_version_that_is_not_there_is_told(place: Place) -> None:
    problem(place.client.get("/v1/policy/versions/9"), 404)
    for wrong in ("-1", "x", str(2**40)):
        problem(place.client.get(f"/v1/policy/versions/{wrong}"), 422)
        problem(place.client.get("/v1/policy/versions", params={"before": wrong}), 422)


def test_in_shadow_the_gate_serves_and_the_verdict_says_what_would_be(place: Place) -> None:
    put(place, "shadow = true")
    image = place.image()
    assert place.crowd(image) == "visible"
    assert place.client.get(f"/i/{image}").headers["tawatur-status"] == "visible"
    assert place.client.get(f"/v1/images/{image}").json()["status"] == "visible"
    told = place.client.get(f"/v1/images/{image}/verdict", headers={"Accept-Language": "en"}).json()
    assert (told["status"], told["would_be"], told["verdict"]["action"]) == ("visible", "blocked", "block")
    assert "in shadow" in told["words"]
    assert {"image.blurred", "image.blocked"}.isdisjoint(place.types())
    assert place.review(image, "upheld").json()["status"] == "blocked"
    put(place, "")
    assert place.client.get(f"/v1/images/{image}/verdict").json()["would_be"] is None


def test_a_site_changes_only_its_own_policy(place: Place) -> None:
    put(place, NEVER)
    key = place.another_site(f"beside {place.keys.site}").api_key
    found = place.client.get("/v1/policy", headers={"Authorization": f"Bearer {key}"})
    assert found.json()["version"] == 0
    for call in ("GET", "PUT"):
        problem(place.client.request(call, "/v1/policy", headers={"Authorization": "Bearer tws_wrong"}), 401)
