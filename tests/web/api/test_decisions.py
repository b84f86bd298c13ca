"""Verdicts and reviews over HTTP."""

from __future__ import annotations

import pytest

from tests.web.place import Place, problem

EXPLAINED = {  # decision.md, section 7
    *("stories", "reports", "voices", "discounted", "newcomers", "with_record", "on_probation", "views"),
    *("expected_if_violating", "expected_if_fine", "reason", "threshold", "gates", "what_would_change_it", "review_by"),
}


def test_a_verdict_explains_itself(place: Place) -> None:
    image = place.image()
    place.client.post(f"/v1/images/{image}/views", json={"count": 40})
    place.crowd(image)
    told = place.client.get(f"/v1/images/{image}/verdict").json()
    assert (told["image"], told["status"], told["provisional"], told["outcome"]) == (image, "blocked", True, None)
    assert set(told["verdict"]) >= EXPLAINED
    assert told["verdict"]["action"] == "block"
    assert told["verdict"]["views"] == 40
    assert all(gate["holds"] for gate in told["verdict"]["gates"])


def test_a_verdict_names_nobody(place: Place) -> None:
    image = place.image(uploader="ulla")
    place.crowd(image)
    told = place.client.get(f"/v1/images/{image}/verdict").text
    reporters = {event["reporter"] for event in place.events(limit=1000) if event["type"] == "report.received"}
    assert not [reporter for reporter in reporters if reporter in told]
    assert "r11" not in told


def test_the_verdict_on_an_image_that_nobody_reported(place: Place) -> None:
    told = place.client.get(f"/v1/images/{place.image()}/verdict").json()
    assert (told["status"], told["verdict"]["action"], told["verdict"]["voices"]) == ("visible", "allow", 0)


def test_asking_for_a_verdict_changes_nothing(place: Place) -> None:
    image = place.image()
    place.report(image, "anna")
    before = place.types()
    place.client.get(f"/v1/images/{image}/verdict")
    assert place.types() == before


@pytest.mark.parametrize(
    ("outcome", "status"), [("upheld", "blocked"), ("rejected", "visible"), ("undecided", "blocked")]
)
def test_a_person_decides(place: Place, outcome: str, status: str) -> None:
    image = place.image()
    place.crowd(image)
    answer = place.review(image, outcome, note="looked twice")
    assert (answer.status_code, answer.json()["status"]) == (201, status)
    (event,) = [one for one in place.events(limit=1000) if one["type"] == "image.reviewed"]
    assert (event["outcome"], event["id"]) == (outcome, answer.json()["id"])
    assert "looked twice" not in str(event)


def test_a_rejected_block_is_served_again_from_the_answer_on(place: Place) -> None:
    image = place.image()
    before = place.client.get(f"/i/{image}").content
    place.crowd(image)
    assert place.client.get(f"/i/{image}").content != before
    place.review(image, "rejected")
    assert place.client.get(f"/i/{image}").content == before


def test_an_uploader_cannot_review_their_own_image(place: Place) -> None:
    image = place.image(uploader="ulla")
    told = problem(place.review(image, "rejected", "ulla"), 403)
    assert told["title"] == "A person cannot review their own image"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"outcome": "upheld"}, "reviewer"),
        ({"reviewer": "mod"}, "outcome"),
        ({"outcome": "maybe", "reviewer": "mod"}, "'maybe' is not an outcome"),
        ({"outcome": "upheld", "reviewer": "mod", "reason": "ugly"}, "'ugly' is not a reason"),
        ({"outcome": "upheld", "reviewer": "m" * 256}, "reviewer"),
        ({"outcome": "upheld", "reviewer": "m\x00d"}, "U+0000"),
    ],
)
def test_what_is_wrong_with_a_review_is_told(place: Place, body: dict[str, str], told: str) -> None:
    image = place.image()
    assert told in problem(place.client.post(f"/v1/images/{image}/reviews", json=body), 422)["detail"]
    assert "image.reviewed" not in place.types()


def test_a_person_blurs_or_blocks_this_use_alone(place: Place) -> None:
    first, second = place.image(1), place.image(1)
    blurred = place.review(first, "upheld", measure="blur", reason="violence").json()
    assert blurred["status"] == "blurred"
    blocked = place.review(second, "upheld", scope="this_use").json()
    assert blocked["status"] == "blocked"
    assert place.client.get(f"/v1/images/{first}").json()["status"] == "blurred"
    assert "image.cut" in place.types()


@pytest.mark.parametrize(("key", "title"), [("measure", "No such measure"), ("scope", "No such scope")])
def test_a_measure_or_scope_that_is_none_is_refused(place: Place, key: str, title: str) -> None:
    assert problem(place.review(place.image(), "upheld", **{key: "burn"}), 422)["title"] == title
