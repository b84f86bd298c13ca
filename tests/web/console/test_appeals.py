"""Appeals at the console: the tab, who may answer, and what an answer does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tawatur.store import appeals
from tawatur.store.book import replace
from tawatur.store.database import Database
from tests.web.api.test_appeals import TEXT, answer, appeal, blocked, suspended
from tests.web.console.desks import Browser, person, texts
from tests.web.place import Place

WORDS = "You are right, and we are sorry."


def appealed(place: Place, seed: int = 1, **more: Any) -> tuple[str, str]:
    """A blocked picture with an appeal that waits: both ids."""
    image = blocked(place, seed, **more)
    return image, str(appeal(place, image).json()["id"])


def days_pass(place: Place, made: str, days: float) -> None:
    """The appeal came so long ago."""
    database = Database(place.database_url)
    with database.write() as connection:
        found = appeals.by_id(connection, place.keys.site, made)
        assert found is not None
        earlier = replace(found, at=found.at - timedelta(days=days), answer_by=found.answer_by - timedelta(days=days))
        appeals.save(connection, [earlier])
    database.close()


def send(browser: Browser, made: str, outcome: str = "reversed", **more: str) -> Any:
    return browser.send(f"/console/appeals/{made}", outcome=outcome, answer=more.pop("answer", WORDS), **more)


def test_appeals_have_a_tab_with_their_count_oldest_first(place: Place) -> None:
    browser = person(place, "reader")
    assert "No appeal waits." in texts(browser.get("/console?state=appeals"))
    first, _ = appealed(place, 1)
    second, late = appealed(place, 2, caption="The square")
    days_pass(place, late, 15)
    page = browser.get("/console?state=appeals")
    assert "appeals 2" in texts(page)
    assert TEXT in texts(page)
    assert page.text.index(first) < page.text.index(second)
    assert page.text.count('class="stop">answer by') == 1
    assert "appeals 2" in texts(browser.get("/console"))
    assert browser.get("/console?state=appeals&part=1").text.count("data-case") == 2


def test_whoever_took_no_part_answers_in_one_click_and_the_picture_is_shown(place: Place) -> None:
    image, made = appealed(place)
    page = person(place, "moderator").get(f"/console/cases/{image}")
    assert TEXT in texts(page)
    assert 'value="upheld"' not in page.text  # what waits is the answer
    browser = person(place, "moderator")
    done = send(browser, made)
    assert done.headers["location"] == f"/console?state=appeals&after={image}"
    assert place.client.get(f"/i/{image}").headers["tawatur-status"] == "visible"
    told = [one for one in place.events(limit=1000) if one["type"] == "appeal.decided"]
    assert (told[0]["outcome"], told[0]["answer"]) == ("reversed", WORDS)
    page = browser.get(f"/console/cases/{image}?after={image}")
    assert "reversed" in texts(page)
    assert WORDS in texts(page)
    assert browser.send("/console/undo", image=image).status_code == 303
    assert place.client.get(f"/v1/images/{image}").json()["status"] == "blocked"
    assert [one["id"] for one in place.client.get("/v1/appeals").json()["appeals"]] == [made]


def test_the_same_moderator_cannot_decide_and_is_told_who_can(place: Place) -> None:
    image = blocked(place)
    layla = person(place, "moderator", "layla@town.example")
    assert layla.send(f"/console/cases/{image}/review", outcome="upheld", reason="violence").status_code == 303
    made = str(appeal(place, image).json()["id"])
    omar = person(place, "moderator", f"omar-{made[-6:]}@town.example")
    page = layla.get(f"/console/cases/{image}")
    assert "You took part, so somebody else answers:" in texts(page)
    assert f"omar-{made[-6:]}" in texts(page)
    assert "somebody else answers" in texts(layla.get("/console?state=appeals"))
    refused = send(layla, made)
    assert refused.status_code == 409
    assert "somebody else must answer the appeal" in texts(refused)
    assert place.client.get(f"/v1/images/{image}").json()["status"] == "blocked"
    assert send(omar, made).status_code == 303
    late = send(omar, made)
    assert late.status_code == 409
    assert "The appeal is closed" in texts(late)


def test_a_site_with_one_moderator_waits_a_day_and_says_so(place: Place) -> None:
    image = blocked(place)
    layla = person(place, "moderator")
    layla.send(f"/console/cases/{image}/review", outcome="upheld", reason="violence")
    made = str(appeal(place, image).json()["id"])
    assert "nobody else on this site could answer. You may from" in texts(layla.get(f"/console/cases/{image}"))
    assert send(layla, made).status_code == 409
    days_pass(place, made, 1.01)
    assert "whoever objected is told so" in texts(layla.get(f"/console/cases/{image}"))
    assert send(layla, made, "stands").status_code == 303
    told = place.client.get(f"/v1/images/{image}/notice?lang=en").json()["text"]
    assert "It was the person who had decided before" in told


def test_an_answer_needs_words_and_keeps_what_was_written(place: Place) -> None:
    image, made = appealed(place)
    browser = person(place, "moderator")
    refused = send(browser, made, answer="  ")
    assert refused.status_code == 409
    assert "Say why" in texts(refused)
    refused = send(browser, made, "blocked", answer="Well thought out.")
    assert "Well thought out." in refused.text
    assert place.client.get(f"/v1/images/{image}").json()["status"] == "blocked"


def test_two_uploaders_of_one_picture_have_an_appeal_each(place: Place) -> None:
    image, made = appealed(place)
    copy = place.image(1, uploader="badr")
    theirs = str(appeal(place, copy).json()["id"])
    browser = person(place, "moderator")
    page = browser.get(f"/console/cases/{copy}")
    assert page.text.count('id="appeal"') == 1
    assert page.text.count("An appeal waits") == 2
    send(browser, theirs, scope="this_use")
    states = [place.client.get(f"/v1/images/{one}").json()["status"] for one in (image, copy)]
    assert states == ["blocked", "visible"]
    assert [one["id"] for one in place.client.get("/v1/appeals").json()["appeals"]] == [made]


def test_who_posted_or_reported_it_may_not_and_an_admins_word_needs_an_admin(place: Place) -> None:
    image, made = appealed(place)
    events = place.events(limit=1000)
    reporter = next(one["reporter"] for one in events if one["type"] == "report.received")
    for known_as in (reporter, next(one["uploader"] for one in events if one["type"] == "image.registered")):
        assert send(person(place, "moderator", known_as=known_as), made).status_code == 409
    person(place, "admin").send(f"/console/cases/{image}/review", outcome="upheld", reason="violence")
    assert send(person(place, "moderator"), made).status_code == 409
    assert "Nobody here may answer" not in texts(person(place, "admin").get(f"/console/cases/{image}"))
    assert send(person(place, "admin"), made).status_code == 303


def test_a_reporters_appeal_has_a_page_with_what_they_were_suspended_for(place: Place) -> None:
    anna = suspended(place)
    made = place.client.post("/v1/reporters/me/appeals", json={"text": TEXT}, headers=anna).json()["id"]
    browser = person(place, "moderator")
    assert f"/console/appeals/{made}" in browser.get("/console?state=appeals").text
    page = browser.get(f"/console/appeals/{made}")
    assert "right before: 0 of 10" in texts(page)
    assert page.text.count(">Case</a>") == 10
    assert send(browser, made, answer="").status_code == 409
    assert send(browser, made).headers["location"] == "/console?state=appeals"
    assert place.client.get("/v1/reporters/anna").json()["suspended_until"] is None
    assert WORDS in texts(browser.get(f"/console/appeals/{made}"))


def test_an_images_appeal_leads_to_its_case_and_another_sites_nowhere(place: Place) -> None:
    image, made = appealed(place)
    browser = person(place, "reader")
    assert browser.get(f"/console/appeals/{made}").headers["location"] == f"/console/cases/{image}#appeal"
    for unknown in ("x", "0" * 8 + "-0000-7000-8000-" + "0" * 12):
        assert browser.get(f"/console/appeals/{unknown}").status_code == 404
    other = Place(place.client, place.another_site(f"other {place.keys.site}"), place.database_url, place.data_dir)
    stranger = person(other, "admin")
    place.client.headers["Authorization"] = f"Bearer {place.keys.api_key}"
    assert stranger.get(f"/console/appeals/{made}").status_code == 404
    assert send(stranger, made).status_code == 404


@pytest.mark.parametrize("outcome", ["reversed", "stands"])
def test_what_was_answered_elsewhere_is_in_the_cases_history(place: Place, outcome: str) -> None:
    image, made = appealed(place)
    answer(place, made, outcome)
    said = texts(person(place, "reader").get(f"/console/cases/{image}"))
    assert {"reversed": "reversed", "stands": "it stands"}[outcome] in said
    assert datetime.now(UTC).strftime("%b") in said
