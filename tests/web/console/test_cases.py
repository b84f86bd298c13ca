"""What waits, why, and what a person decides."""

from __future__ import annotations

import pytest

from tests.web.console.desks import person, texts
from tests.web.place import Place


def status(place: Place, image: str) -> str:
    return str(place.client.get(f"/v1/images/{image}").json()["status"])


def test_the_queue_has_one_row_for_each_case_with_what_is_said_of_it(place: Place) -> None:
    image, quiet = place.image(1), place.image(2)
    place.client.post(f"/v1/images/{image}/views", json={"count": 100})
    assert place.crowd(image, 3) == "visible"
    page = person(place, "moderator").get("/console")
    told = texts(page)
    assert page.text.count("data-case=") == 1
    assert f"/console/cases/{image}" in page.text
    assert f"/console/cases/{quiet}" not in page.text
    assert "violence · 3 reports, about 3 voices" in told
    assert "rule-breaking" in told
    assert "waiting 1" in told


def test_a_state_shows_its_cases_alone_and_the_part_is_the_list_alone(place: Place) -> None:
    blocked, doubtful = place.image(1), place.image(2)
    assert place.crowd(blocked) == "blocked"
    place.client.post(f"/v1/images/{doubtful}/views", json={"count": 100})
    place.crowd(doubtful, 3)
    browser = person(place, "reader")
    page = browser.get("/console?state=blocked")
    assert blocked in page.text
    assert doubtful not in page.text
    part = browser.get("/console?part=1")
    assert "<html" not in part.text
    assert part.text.count("data-case=") == 2
    assert browser.get("/console?state=nonsense").text.count("data-case=") == 2


def test_an_upheld_case_stays_blocked_and_the_next_one_comes(place: Place) -> None:
    first, second = place.image(1), place.image(2)
    for image in (first, second):
        assert place.crowd(image) == "blocked"
    browser = person(place, "moderator", email=f"{first}@town.example")
    done = browser.send(f"/console/cases/{first}/review", outcome="upheld", reason="hate", note="تحريض صريح")
    assert done.headers["location"] == f"/console/cases/{second}?after={first}"
    told = texts(browser.get(f"/console/cases/{first}"))
    assert "hate" in told
    assert "by a person" in told
    assert "تحريض صريح" in told
    assert f'title="{first}@town.example"' in browser.get(f"/console/cases/{first}").text
    event = [one for one in place.events(limit=1000) if one["type"] == "image.reviewed"][-1]
    assert (event["outcome"], event["reason"]) == ("upheld", "hate")
    assert first not in event["reviewer"]
    done = browser.send(f"/console/cases/{second}/review", outcome="rejected", reason="hate")
    assert done.headers["location"] == f"/console?after={second}"
    assert status(place, second) == "visible"


def test_a_case_explains_itself_in_words_gates_and_people(place: Place) -> None:
    image = place.image(caption="The quay at dawn", page_url="https://town.example/1", uploader="u1")
    place.report(image, "anna", comment="<script>alert(1)</script> look")
    for n in range(40):
        signals = {"account_created_at": "2020-01-01T00:00:00Z", "device": "one"}
        place.report(image, f"linked{n}", signals=signals)
    page = person(place, "reader").get(f"/console/cases/{image}")
    told = texts(page)
    assert "The quay at dawn" in told
    assert "41 reports" in told
    assert "enough voices" in told
    assert "<script>alert" not in page.text
    assert "anna" not in told
    assert "Uphold" not in told  # a reader looks and does not decide


@pytest.mark.parametrize("part", ["reporter", "uploader"])
def test_nobody_decides_what_they_reported_or_uploaded(place: Place, part: str) -> None:
    pseudonym = place.client.app.state.house.pseudonyms(place.keys.site).person("layla-on-the-site")  # type: ignore[attr-defined]
    browser = person(place, "admin", known_as=pseudonym)
    image = place.image(**({"uploader": "layla-on-the-site"} if part == "uploader" else {}))
    place.report(image, "layla-on-the-site" if part == "reporter" else "anna")
    refused = browser.send(f"/console/cases/{image}/review", outcome="upheld")
    assert refused.status_code == 409
    assert "somebody else must" in texts(refused)
    assert status(place, image) == "visible"
    assert person(place, "moderator").send(f"/console/cases/{image}/review", outcome="upheld").status_code == 303
    assert status(place, image) == "blocked"


def test_a_moderator_does_not_overrule_an_admin(place: Place) -> None:
    image = place.image()
    person(place, "admin").send(f"/console/cases/{image}/review", outcome="upheld")
    refused = person(place, "moderator").send(f"/console/cases/{image}/review", outcome="rejected")
    assert refused.status_code == 409
    assert status(place, image) == "blocked"


@pytest.mark.parametrize("outcome", ["", "nonsense", "burn"])
def test_an_outcome_that_is_none_decides_nothing(place: Place, outcome: str) -> None:
    image = place.image()
    assert person(place, "admin").send(f"/console/cases/{image}/review", outcome=outcome).status_code == 409
    assert status(place, image) == "visible"


def test_pictures_come_blurred_until_asked_and_a_block_hides_nothing_from_who_must_judge(place: Place) -> None:
    image = place.image()
    assert place.crowd(image) == "blocked"
    browser = person(place, "moderator")
    veiled = browser.get(f"/console/pictures/{image}")
    sharp = browser.get(f"/console/pictures/{image}?sharp=1")
    assert (veiled.headers["content-type"], sharp.headers["content-type"]) == ("image/jpeg", "image/png")
    assert veiled.content != sharp.content
    assert sharp.headers["cache-control"] == "no-store"


def test_a_picture_reported_for_child_safety_is_shown_to_nobody(place: Place) -> None:
    image = place.image()
    place.report(image, "anna")
    place.report(image, "ben", reason="child_safety")
    browser = person(place, "admin")
    for path in (f"/console/pictures/{image}", f"/console/pictures/{image}?sharp=1"):
        answer = browser.get(path)
        assert answer.status_code == 403
        assert answer.headers["content-type"].startswith("text/html")
    page = browser.get(f"/console/cases/{image}")
    assert "/console/pictures/" not in page.text
    assert "hotline" in page.text
    assert "/console/pictures/" not in browser.get("/console").text


def test_this_use_is_cut_out_of_its_family(place: Place) -> None:
    first, copy = place.image(1), place.image(1)
    person(place, "moderator").send(f"/console/cases/{first}/review", outcome="upheld")
    assert status(place, copy) == "blocked"
    cut = person(place, "moderator").send(f"/console/cases/{copy}/cut")
    assert (cut.status_code, cut.headers["location"]) == (303, f"/console/cases/{copy}")
    assert status(place, copy) == "visible"
    assert status(place, first) == "blocked"
