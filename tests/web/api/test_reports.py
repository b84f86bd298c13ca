"""Reporting and withdrawing over HTTP."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.web.place import Place, problem


def test_a_new_report_is_201_and_a_repeat_200_with_the_same_id(place: Place) -> None:
    image = place.image()
    first, again = place.report(image, "anna"), place.report(image, "anna", "spam")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json() == {"id": first.json()["id"], "status": "visible"}
    assert place.types().count("report.received") == 1


def test_several_people_block_and_every_answer_says_the_status(place: Place) -> None:
    image = place.image()
    assert place.crowd(image) == "blocked"
    shown = place.client.get(f"/v1/images/{image}").json()
    assert (shown["status"], shown["provisional"], shown["reason"]) == ("blocked", True, "violence")
    assert shown["review_by"] is not None
    gate = place.client.get(f"/i/{image}")
    assert gate.headers["cache-control"] == "no-store"
    assert gate.headers["content-type"].startswith("image/svg+xml")


def test_a_report_can_be_withdrawn_and_made_again(place: Place) -> None:
    image = place.image()
    made = place.report(image, "anna").json()["id"]
    for _ in range(2):
        answer = place.client.delete(f"/v1/reports/{made}")
        assert (answer.status_code, answer.json()) == (200, {"id": made, "status": "visible"})
    again = place.report(image, "anna")
    assert (again.status_code, again.json()["id"]) == (201, made)
    assert place.types()[2:] == ["report.received", "image.queued", "report.withdrawn", "report.received"]


def test_a_judged_report_cannot_be_withdrawn(place: Place) -> None:
    image = place.image()
    made = place.report(image, "anna").json()["id"]
    place.review(image, "rejected")
    told = problem(place.client.delete(f"/v1/reports/{made}"), 409)
    assert told["title"] == "The report was already judged"


@pytest.mark.parametrize("how", ["report", "withdraw", "views", "review", "verdict", "show"])
def test_what_belongs_to_another_site_does_not_exist(place: Place, how: str) -> None:
    image = place.image()
    report = place.report(image, "anna").json()["id"]
    other = {"Authorization": f"Bearer {place.another_site(f'other than {image}').api_key}"}
    ask = place.client
    answer = {
        "report": lambda: ask.post(
            f"/v1/images/{image}/reports", json={"reporter": "eve", "reason": "spam"}, headers=other
        ),
        "withdraw": lambda: ask.delete(f"/v1/reports/{report}", headers=other),
        "views": lambda: ask.post(f"/v1/images/{image}/views", json={"count": 1}, headers=other),
        "review": lambda: ask.post(
            f"/v1/images/{image}/reviews", json={"outcome": "upheld", "reviewer": "eve"}, headers=other
        ),
        "verdict": lambda: ask.get(f"/v1/images/{image}/verdict", headers=other),
        "show": lambda: ask.get(f"/v1/images/{image}", headers=other),
    }[how]()
    told = problem(answer, 404)
    assert told["detail"].startswith("This site has no ")
    assert ask.get(f"/v1/images/{image}").json()["status"] == "visible"
    assert "image.reviewed" not in place.types()


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"reason": "spam"}, "reporter"),
        ({"reporter": "", "reason": "spam"}, "length"),
        ({"reporter": "r" * 256, "reason": "spam"}, "length"),
        ({"reporter": "r\x00", "reason": "spam"}, "regex"),
        ({"reporter": "r", "reason": "ugly"}, "'ugly' is not a reason"),
        ({"reporter": "r", "reason": "spam", "colour": "red"}, "colour"),
        ({"reporter": 7, "reason": "spam"}, "`$.reporter`"),
        ({"reporter": "r", "reason": "spam", "signals": {"account_created_at": "2020-01-01T00:00:00"}}, "timezone"),
        ({"reporter": "r", "reason": "spam", "signals": {"account_created_at": "soon"}}, "account_created_at"),
        ({"reporter": "r", "reason": "spam", "comment": "c" * 4001}, "length"),
        ([], "Expected `object`"),
    ],
)
def test_what_is_wrong_with_a_report_is_told(place: Place, body: object, told: str) -> None:
    image = place.image()
    answer = place.client.post(f"/v1/images/{image}/reports", json=body)
    assert told in problem(answer, 422)["detail"]
    assert place.types() == ["site.created", "image.registered"]


@pytest.mark.parametrize(
    "moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"]
)
def test_a_moment_at_the_end_of_the_calendar_harms_no_later_report(place: Place, moment: str) -> None:
    """In UTC the first two are no moments that the calendar knows."""
    image = place.image()
    assert place.report(image, "eve", signals={"account_created_at": moment}).status_code in (201, 422)
    assert place.report(image, "anna").status_code == 201
    assert place.report(image, "eve", "spam").status_code in (200, 201)
    assert place.client.get(f"/v1/images/{image}/verdict").status_code == 200
    assert place.client.get("/v1/events").status_code == 200


def test_the_same_key_and_request_get_the_same_bytes(place: Place) -> None:
    image = place.image()
    first = place.report(image, "anna", key="k1")
    place.crowd(image)
    again = place.report(image, "anna", key="k1")
    assert (again.status_code, again.content) == (first.status_code, first.content) == (201, first.content)
    assert again.headers["content-type"] == first.headers["content-type"]
    assert place.report(image, "anna").status_code == 200


def test_the_same_key_with_another_request_is_refused(place: Place) -> None:
    image = place.image()
    place.report(image, "anna", key="k1")
    told = problem(place.report(image, "bilal", key="k1"), 422)
    assert told["title"] == "The idempotency key was used for another request"
    told = problem(
        place.client.post(f"/v1/images/{image}/views", json={"count": 1}, headers={"Idempotency-Key": "k1"}), 422
    )
    assert told["title"] == "The idempotency key was used for another request"
    assert place.types().count("report.received") == 1
    assert "image.viewed" not in place.types()


def test_a_key_is_the_sites_own(place: Place) -> None:
    other = place.another_site("with the same key")
    mine, headers = place.image(), {"Authorization": f"Bearer {other.api_key}", "Idempotency-Key": "k1"}
    assert place.report(mine, "anna", key="k1").status_code == 201
    asked = place.client.post(f"/v1/images/{mine}/views", json={"count": 1}, headers=headers)
    problem(asked, 404)


def test_a_refusal_is_not_kept_under_the_key(place: Place) -> None:
    image = place.image()
    problem(place.report(image, "anna", "ugly", key="k1"), 422)
    assert place.report(image, "anna", "spam", key="k1").status_code == 201


def test_the_same_key_at_once_is_done_once(place: Place) -> None:
    image = place.image()
    with ThreadPoolExecutor(8) as pool:
        views = f"/v1/images/{image}/views"
        asked = [
            pool.submit(place.client.post, views, json={"count": 5}, headers={"Idempotency-Key": "k"})
            for _ in range(16)
        ]
        answers = {(one.result().status_code, one.result().content) for one in asked}
    assert len(answers) == 1
    assert place.client.get(f"/v1/images/{image}").json()["views"] == 5


@pytest.mark.parametrize("key", ["", " ", "with space", "k" * 256, "ключ".encode().decode("latin-1")])
def test_a_key_that_is_none_is_told(place: Place, key: str) -> None:
    answer = place.client.post(
        f"/v1/images/{place.image()}/reports",
        json={"reporter": "r", "reason": "spam"},
        headers={"Idempotency-Key": key.encode("latin-1")},
    )
    assert "Idempotency-Key" in problem(answer, 422)["title"]
