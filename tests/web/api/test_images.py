"""Looking at images, one or many, and counting who saw them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.place import Place, problem


def test_an_image_shows_what_the_site_said_of_it_and_not_who_posted_it(place: Place) -> None:
    made = place.register(external_id="post 7", uploader="ulla", page_url="https://news.example/7", caption="ميدان")
    shown = place.client.get(f"/v1/images/{made['id']}").json()
    assert (shown["external_id"], shown["status"], shown["views"]) == ("post 7", "visible", None)
    assert shown["gate_url"] == made["gate_url"] == f"http://testserver/i/{made['id']}"
    assert "ulla" not in str(shown)


def test_a_thousand_statuses_at_once(place: Place) -> None:
    images = [place.image(seed) for seed in (1, 2)]
    place.crowd(images[0])
    strangers = [f"00000000-0000-7000-8000-{n:012d}" for n in range(998)]
    answer = place.client.post("/v1/images/status", json={"ids": [*images, *strangers]})
    assert answer.json() == {"images": {images[0]: "blocked", images[1]: "visible"}}
    problem(place.client.post("/v1/images/status", json={"ids": [*images, *strangers, "one more"]}), 422)


@pytest.mark.parametrize(
    "ids", [[], ["x"], ["a\x00b"], ["' OR 1=1 --"], ["\ud800"], ["صورة"], [""], ["i" * 255], ["i" * 256], [7], None]
)
def test_ids_that_are_none_are_nobodys(place: Place, ids: Any) -> None:
    import json

    answer = place.client.post(
        "/v1/images/status", content=json.dumps({"ids": ids}), headers={"Content-Type": "application/json"}
    )
    if answer.status_code == 200:
        assert answer.json() == {"images": {}}
    else:
        problem(answer, 422)


def test_another_sites_statuses_are_left_out(place: Place) -> None:
    image = place.image()
    key = place.another_site(f"not of {image}").api_key
    answer = place.client.post("/v1/images/status", json={"ids": [image]}, headers={"Authorization": f"Bearer {key}"})
    assert answer.json() == {"images": {}}


def test_views_are_added_up(place: Place) -> None:
    image = place.image()
    totals = [place.client.post(f"/v1/images/{image}/views", json={"count": n}).json() for n in (3, 4)]
    assert totals == [{"id": image, "status": "visible", "views": n} for n in (3, 7)]
    assert [event["count"] for event in place.events() if event["type"] == "image.viewed"] == [3, 4]


def test_viewers_are_only_counted_unless_the_policy_has_them_kept(place: Place) -> None:
    image = place.image()
    views = f"/v1/images/{image}/views"
    assert place.client.post(views, json={"viewers": ["a", "b", "a"]}).json()["views"] == 2
    assert place.client.post(views, json={"viewers": ["a"]}).json()["views"] == 3
    changed = place.client.put("/v1/policy", content="viewers_days = 30", headers={"Content-Type": "application/toml"})
    assert changed.status_code == 200, changed.text
    assert place.client.post(views, json={"viewers": ["a", "c"]}).json()["views"] == 5
    assert place.client.post(views, json={"viewers": ["c", "a", "d"]}).json()["views"] == 6
    told = [event for event in place.events(limit=1000) if event["type"] == "image.viewed"]
    assert [event["count"] for event in told] == [2, 1, 2, 1]
    assert [len(event.get("viewers", ())) for event in told] == [0, 0, 2, 1]


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"count": 3, "viewers": ["a"]},
        {"viewers": []},
        {"viewers": [""]},
        {"viewers": ["v"] * 1001},
        {"viewers": "a"},
    ],
)
def test_viewers_that_cannot_be_are_told(place: Place, said: dict[str, Any]) -> None:
    image = place.image()
    problem(place.client.post(f"/v1/images/{image}/views", json=said), 422)
    assert "image.viewed" not in place.types()


def test_the_same_viewers_with_the_same_key_are_counted_once(place: Place) -> None:
    image = place.image()
    for viewers, status in ((["a"], 200), (["a"], 200), (["b"], 422)):
        answer = place.client.post(
            f"/v1/images/{image}/views", json={"viewers": viewers}, headers={"Idempotency-Key": "k"}
        )
        assert answer.status_code == status
    assert place.client.get(f"/v1/images/{image}").json()["views"] == 1


@pytest.mark.parametrize("count", [0, -1, 1_000_001, "3", 1.5, True])
def test_a_number_of_views_that_cannot_be_is_told(place: Place, count: Any) -> None:
    image = place.image()
    told = problem(place.client.post(f"/v1/images/{image}/views", json={"count": count}), 422)
    assert told["errors"][0]["place"] == "body/count"
    assert "image.viewed" not in place.types()


def test_addresses_in_answers_are_those_that_readers_use(tmp_path: Any) -> None:
    from tests.web.place import opened

    with opened(f"sqlite:///{tmp_path}/t.db", tmp_path, public_url="https://pictures.example/") as place:
        made = place.register()
    assert made["gate_url"] == f"https://pictures.example/i/{made['id']}"
