"""Notices, uploader tokens and appeals over HTTP."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.web.place import Place, problem

TEXT = "It shows the rescue, not the attack."
WHY = {"text": TEXT}


def blocked(place: Place, seed: int = 1, **said: str) -> str:
    image = place.image(seed, **{"uploader": "amal", "caption": "رصيف الميناء", **said})
    place.client.post(f"/v1/images/{image}/views", json={"count": 100})
    assert place.crowd(image, 12) == "blocked"
    return image


def token(place: Place, image: str, **said: str) -> dict[str, str]:
    """Headers of whoever posted the image."""
    made = place.client.post("/v1/uploader-tokens", json={"image": image, **said})
    assert made.status_code == 201, made.text
    return {"Authorization": f"Bearer {made.json()['token']}"}


def appeal(place: Place, image: str, **more: Any) -> httpx.Response:
    return place.client.post(f"/v1/images/{image}/appeals", json=WHY, **more)


def answer(place: Place, made: str, outcome: str = "reversed", reviewer: str = "other", **more: Any) -> httpx.Response:
    body = {"outcome": outcome, "reviewer": reviewer, "answer": "You are right.", **more}
    return place.client.post(f"/v1/appeals/{made}/answer", json=body)


@pytest.mark.parametrize(
    ("lang", "title", "said"),
    [
        ("ar", "صورتك محجوبة مؤقتًا", "أبلغ عنها نحو 5 أشخاص"),
        ("en", "Your picture is withheld for now", "About 5 people reported it, independently of each other."),
        ("fr", "Votre image est masquée pour le moment", "Environ 5 personnes l’ont signalée"),
    ],
)
def test_the_notice_says_what_why_and_until_when_and_never_who(place: Place, lang: str, title: str, said: str) -> None:
    image = blocked(place)
    told = place.client.get(f"/v1/images/{image}/notice", params={"lang": lang}).json()
    assert (told["title"], told["by"], told["people"], told["reason"]) == (title, "reports", 5, "violence")
    assert (told["provisional"], told["may_appeal"]) == (True, True)
    for form in ("text", "html"):
        assert said in told[form]
        assert "رصيف الميناء" in told[form]
        assert told["link"] in told[form]
        assert not [one for one in place.events(limit=1000) if "reporter" in one and one["reporter"] in told[form]]
    assert told["html"].startswith("<!doctype html>")
    assert "<" not in told["text"]


def test_a_caption_cannot_bring_markup_into_a_notice(place: Place) -> None:
    image = blocked(place, caption="<script>alert(1)</script>")
    told = place.client.get(f"/v1/images/{image}/notice?lang=en").json()
    assert "<script>" not in told["html"]
    assert "&lt;script&gt;" in told["html"]
    assert "«<script>alert(1)</script>»" in told["text"]


def test_the_notice_tells_a_machine_from_a_person_and_knows_what_is_shown(place: Place) -> None:
    image, shown = blocked(place), place.image(2)
    copy = place.image(1, uploader="badr")
    notices = [place.client.get(f"/v1/images/{one}/notice?lang=en").json() for one in (image, copy, shown)]
    assert [one["by"] for one in notices] == ["reports", "copy", None]
    assert "No person has decided yet." in notices[0]["text"]
    assert (notices[2]["status"], notices[2]["may_appeal"]) == ("visible", False)
    place.review(image, "upheld", reason="hate")
    told = place.client.get(f"/v1/images/{image}/notice?lang=en").json()
    assert (told["by"], told["provisional"], told["people"], told["reason"]) == ("person", False, 5, "hate")
    assert "A person who keeps this site clean looked at it" in told["text"]
    place.review(image, "rejected")
    place.review(image, "upheld", reason="spam")
    told = place.client.get(f"/v1/images/{image}/notice?lang=en").json()
    assert (told["people"], told["by"]) == (None, "person")


def test_the_uploader_appeals_with_their_token_and_another_person_answers(place: Place) -> None:
    image = blocked(place)
    place.review(image, "upheld")
    mine = token(place, image, uploader="amal")
    made = appeal(place, image, headers=mine)
    assert made.status_code == 201, made.text
    told = made.json()
    assert (told["status"], told["against"], told["text"], told["image"]) == ("open", "person", TEXT, image)
    assert [one["id"] for one in place.client.get("/v1/appeals").json()["appeals"]] == [told["id"]]
    problem(answer(place, told["id"], reviewer="mod"), 403)
    problem(answer(place, told["id"], reviewer="amal"), 403)
    problem(answer(place, told["id"], reviewer="r3"), 403)
    assert place.client.get(f"/v1/images/{image}").json()["status"] == "blocked"
    assert answer(place, told["id"]).json()["status"] == "reversed"
    assert place.client.get(f"/i/{image}").headers["tawatur-status"] == "visible"
    problem(answer(place, told["id"]), 409)
    assert place.client.get("/v1/appeals").json()["appeals"] == []
    (read,) = place.client.get(f"/v1/images/{image}/appeals", headers=mine).json()["appeals"]
    assert (read["status"], read["answer"]) == ("reversed", "You are right.")
    assert "You are right." in place.client.get(f"/v1/images/{image}/notice?lang=en").json()["text"]
    assert [one for one in place.types() if one.startswith("appeal.")] == ["appeal.received", "appeal.decided"]


def test_the_site_appeals_for_its_uploader_once_for_each_key(place: Place) -> None:
    image = blocked(place)
    problem(place.client.post(f"/v1/images/{image}/appeals", json={**WHY, "uploader": "badr"}), 403)
    first, again = (appeal(place, image, headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert (first.status_code, again.json()) == (201, first.json())
    problem(appeal(place, image), 409)
    made = first.json()["id"]
    assert place.client.delete(f"/v1/appeals/{made}").json()["status"] == "withdrawn"
    assert place.client.delete(f"/v1/appeals/{made}").status_code == 200
    problem(appeal(place, image), 409)
    problem(appeal(place, place.image(2)), 409)


def test_a_token_is_good_for_its_image_alone(place: Place) -> None:
    image, other = blocked(place), place.image(2, uploader="amal")
    mine = token(place, image)
    problem(appeal(place, other, headers=mine), 401)
    problem(place.client.get(f"/v1/images/{image}/verdict", headers=mine), 401)
    problem(place.client.get("/v1/appeals", headers=mine), 401)
    made = appeal(place, image).json()["id"]
    problem(place.client.delete(f"/v1/appeals/{made}", headers=token(place, other)), 404)
    assert place.client.delete(f"/v1/appeals/{made}", headers=mine).status_code == 200
    problem(place.client.post("/v1/uploader-tokens", json={"image": image, "uploader": "badr"}), 403)
    for wrong in (
        mine["Authorization"][:-2],
        mine["Authorization"].replace("twu_", "twr_"),
        "Bearer twu_",
        "Bearer twu_a.b",
    ):
        problem(appeal(place, image, headers={"Authorization": wrong}), 401)
    reader = place.client.post("/v1/reporter-tokens", json={"reporter": "amal"}).json()["token"]
    problem(appeal(place, image, headers={"Authorization": f"Bearer {reader}"}), 401)


def test_nobody_floods_with_a_token(place: Place) -> None:
    image = blocked(place)
    mine = token(place, image)
    tries = [appeal(place, image, headers=mine) for _ in range(21)]
    assert [one.status_code for one in tries] == [201] + 19 * [409] + [429]
    assert int(tries[-1].headers["retry-after"]) > 0


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": ""},
        {"text": " \n"},
        {"text": "x" * 2001},
        {"text": "a\x00"},
        {"text": 5},
        {"text": "a", "uploader": ""},
    ],
)
def test_what_is_no_appeal_is_told(place: Place, body: object) -> None:
    image = blocked(place)
    problem(place.client.post(f"/v1/images/{image}/appeals", json=body), 422)


def test_what_is_no_answer_is_told(place: Place) -> None:
    made = appeal(place, blocked(place)).json()["id"]
    for more in (
        {"outcome": "upheld"},
        {"answer": ""},
        {"answer": "  "},
        {"reviewer": ""},
        {"nobody_else": "yes"},
        {"scope": "x"},
    ):
        problem(answer(place, made, **more), 422)
    for unknown in ("no-id", "0" * 8 + "-0000-7000-8000-" + "0" * 12):
        problem(answer(place, unknown), 404)
        problem(place.client.delete(f"/v1/appeals/{unknown}"), 404)


def test_where_nobody_else_is_a_day_must_pass(place: Place) -> None:
    image = blocked(place)
    place.review(image, "upheld")
    made = appeal(place, image).json()["id"]
    told = problem(answer(place, made, reviewer="mod", nobody_else=True), 403)
    assert "a day after" in told["detail"]


def test_appeals_are_listed_by_pages(place: Place) -> None:
    ids = []
    for seed in range(3):
        image = place.image(seed, uploader="amal")
        place.review(image, "upheld", reason="spam")
        ids.append(appeal(place, image).json()["id"])
    answer(place, ids[1], "stands")
    assert [one["id"] for one in place.client.get("/v1/appeals").json()["appeals"]] == [ids[0], ids[2]]
    first = place.client.get("/v1/appeals?status=all&limit=2").json()
    second = place.client.get("/v1/appeals", params={"status": "all", "limit": 2, "after": first["next"]}).json()
    assert [one["id"] for one in first["appeals"] + second["appeals"]] == ids
    assert second["next"] is None


def test_another_sites_appeals_are_not_there(place: Place) -> None:
    image = blocked(place)
    made = appeal(place, image).json()["id"]
    headers = {"Authorization": f"Bearer {place.another_site(f'other than {place.keys.site}').api_key}"}
    problem(place.client.get(f"/v1/images/{image}/notice", headers=headers), 404)
    problem(place.client.get(f"/v1/images/{image}/appeals", headers=headers), 404)
    problem(place.client.post("/v1/uploader-tokens", json={"image": image}, headers=headers), 404)
    problem(place.client.delete(f"/v1/appeals/{made}", headers=headers), 404)
    assert place.client.get("/v1/appeals", headers=headers).json()["appeals"] == []


def suspended(place: Place) -> dict[str, str]:
    """A reader whose reports are suspended: the headers of their token."""
    for seed in range(10):
        image = place.image(seed)
        place.report(image, "anna")
        place.review(image, "rejected")
    made = place.client.post("/v1/reporter-tokens", json={"reporter": "anna"}).json()["token"]
    return {"Authorization": f"Bearer {made}"}


def test_a_suspended_reader_objects_with_their_own_token_and_is_heard(place: Place) -> None:
    anna = suspended(place)
    assert place.client.get("/v1/reporters/anna").json()["suspended_until"] is not None
    made = place.client.post("/v1/reporters/me/appeals", json=WHY, headers=anna)
    assert made.status_code == 201, made.text
    told = made.json()
    assert (told["about"], told["image"], told["against"]) == ("reporter", None, "machine")
    problem(place.client.post("/v1/reporters/me/appeals", json=WHY, headers=anna), 409)
    problem(place.client.post("/v1/reporters/anna/appeals", json=WHY, headers=anna), 401)
    problem(answer(place, told["id"], reviewer="anna"), 403)
    assert answer(place, told["id"]).json()["answer"] == "You are right."
    assert place.client.get("/v1/reporters/anna").json()["suspended_until"] is None
    (read,) = place.client.get("/v1/reporters/me/appeals", headers=anna).json()["appeals"]
    assert read["status"] == "reversed"
    assert place.client.get("/v1/reporters/anna/appeals").json()["appeals"] == [read]


def test_who_is_not_suspended_has_nothing_to_object_to(place: Place) -> None:
    place.report(place.image(), "anna")
    problem(place.client.post("/v1/reporters/anna/appeals", json=WHY), 409)
    problem(place.client.post("/v1/reporters/nobody/appeals", json=WHY), 404)
    stranger = place.client.post("/v1/reporter-tokens", json={"reporter": "bilal"}).json()["token"]
    problem(
        place.client.post("/v1/reporters/me/appeals", json=WHY, headers={"Authorization": f"Bearer {stranger}"}), 404
    )


def test_a_page_elsewhere_may_object_with_a_token_and_do_nothing_else(place: Place) -> None:
    asked = {"Origin": "https://reader.example", "Access-Control-Request-Method": "POST"}
    for path, may in (
        ("/v1/reporters/me/appeals", True),
        ("/v1/images/x/appeals", True),
        ("/v1/appeals/x/answer", False),
        ("/v1/images/x/notice", False),
    ):
        told = place.client.options(path, headers=asked).headers
        assert ("access-control-allow-origin" in told) == may, path
