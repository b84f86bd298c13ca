"""The door: who comes in, who does not, and what other sites' pages can send."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tawatur.moderation import people
from tawatur.store.database import Database
from tawatur.store.ids import new_id
from tests.web.console.desks import WORDS, Browser, person, texts
from tests.web.place import Place


def link(place: Place, email: str) -> str:
    database = Database(place.database_url)
    token = people.add_person(database, new_id, email, "moderator", place.keys.site, datetime.now(UTC))
    database.close()
    return token


def address(name: str) -> str:
    """Of somebody whom no other test knows: tries are counted by account."""
    return f"{name}.{new_id()}@town.example"


def test_a_link_leads_to_a_password_and_into_the_console(place: Place) -> None:
    email, browser = address("layla"), Browser(place)
    path = f"/console/welcome/{link(place, email)}"
    assert email in texts(browser.get(path))
    assert browser.post(path, password="short").status_code == 422
    came = browser.post(path, password=WORDS)
    assert (came.status_code, came.headers["location"]) == (303, "/console")
    cookie = came.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/console" in cookie
    assert browser.get("/console").status_code == 200
    assert browser.get(path).status_code == 404
    assert browser.post(path, password=WORDS).status_code == 404


def test_signing_in_goes_on_to_the_page_that_was_asked_for_and_never_elsewhere(place: Place) -> None:
    email = address("layla")
    database = Database(place.database_url)
    people.choose_password(database, link(place, email), WORDS, datetime.now(UTC))
    database.close()
    asked = Browser(place).get("/console?state=blurred")
    assert asked.status_code == 303
    assert asked.headers["location"] == "/console/sign-in?next=/console%3Fstate%3Dblurred"
    for wanted, goes in [
        ("/console?state=blurred", "/console?state=blurred"),
        ("", "/console"),
        ("https://elsewhere.example/console", "/console"),
        ("//elsewhere.example/console", "/console"),
        ("/console\\..\\x", "/console"),
    ]:
        came = Browser(place).post("/console/sign-in", email=email, password=WORDS, next=wanted)
        assert (came.status_code, came.headers["location"]) == (303, goes)


def test_a_wrong_password_says_the_same_whether_there_is_such_a_person_or_not(place: Place) -> None:
    email = address("layla")
    link(place, email)
    told = []
    for who in (email, address("nobody")):
        answer = Browser(place).post("/console/sign-in", email=who, password="wrong")
        assert answer.status_code == 401
        assert "set-cookie" not in answer.headers
        told.append(texts(answer).replace(who, ""))
    assert told[0] == told[1]


def test_guessing_ends_after_ten_tries_and_the_right_password_does_not_help_then(place: Place) -> None:
    email = address("layla")
    database = Database(place.database_url)
    people.choose_password(database, link(place, email), WORDS, datetime.now(UTC))
    database.close()
    place.client.app.state.house.guard._key = new_id().encode()  # type: ignore[attr-defined]  # counts begin anew
    codes = [Browser(place).post("/console/sign-in", email=email, password="wrong").status_code for _ in range(10)]
    assert codes == [401] * 10
    stopped = Browser(place).post("/console/sign-in", email=email.upper(), password=WORDS)
    assert stopped.status_code == 429
    assert 0 < int(stopped.headers["retry-after"]) <= 900
    assert "15 minutes are left" in texts(stopped)


def test_signing_out_ends_the_session(place: Place) -> None:
    browser = person(place, "moderator")
    assert browser.send("/console/sign-out").status_code == 303
    assert Browser(place, browser.cookie).get("/console").status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_what_another_sites_page_sends_is_refused(place: Place, headers: dict[str, str]) -> None:
    browser = person(place, "admin")
    image = place.image()
    token = browser.token()
    for path in ("/console/sign-out", f"/console/cases/{image}/review", "/console/language", "/console/sign-in"):
        answer = browser.post(
            path, headers=headers, token=token, outcome="upheld", email="x@y", password="z", lang="fr"
        )
        assert answer.status_code == 403
    assert place.client.get(f"/v1/images/{image}").json()["status"] == "visible"
    assert browser.get("/console").status_code == 200


@pytest.mark.parametrize("token", [None, "", "0" * 64, "another's"])
def test_a_form_without_our_token_does_nothing(place: Place, token: str | None) -> None:
    browser, image = person(place, "admin"), place.image()
    form = {"outcome": "upheld"}
    if token is not None:
        form["token"] = person(place, "admin").token() if token == "another's" else token
    assert browser.post(f"/console/cases/{image}/review", **form).status_code == 403
    assert place.client.get(f"/v1/images/{image}").json()["status"] == "visible"


@pytest.mark.parametrize(
    "path", ["/console", "/console/sign-in", "/console/account", "/console/cases/{image}", "/console/pictures/{image}"]
)
def test_every_page_is_kept_by_nobody_and_runs_nothing_foreign(place: Place, path: str) -> None:
    answer = person(place, "reader").get(path.format(image=place.image()))
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "<script>" not in answer.text
    assert "style=" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_language_is_kept_and_a_wrong_one_is_not(place: Place) -> None:
    browser = Browser(place)
    assert 'lang="en"' in browser.get("/console/sign-in").text
    browser.post("/console/language", lang="ar")
    assert '<html lang="ar" dir="rtl">' in browser.get("/console/sign-in").text
    browser.post("/console/language", lang="xx")
    assert '<html lang="ar" dir="rtl">' in browser.get("/console/sign-in").text
