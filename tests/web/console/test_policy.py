"""The policy in the console: looked at, tried on the last days, saved as a version, and taken back."""

from __future__ import annotations

import re
from html import unescape

import httpx

from tawatur.decision.policy import DEFAULT_POLICY, policy_toml
from tawatur.web.console.policy_form import fields_of
from tests.web.console.desks import Browser, person, texts
from tests.web.place import Place


def form(**changed: str) -> dict[str, str]:
    """The default policy's form with these fields changed."""
    shown = {name.replace(".", "__"): field.shown for name, field in fields_of(DEFAULT_POLICY).items()}
    return {name.replace("__", "."): value for name, value in {**shown, **changed}.items()}


def save(browser: Browser, instead_of: int = 0, **changed: str) -> httpx.Response:
    return browser.send("/console/policy", do="save", instead_of=instead_of, **form(**changed))


def in_force(place: Place) -> dict[str, object]:
    found: dict[str, object] = place.client.get("/v1/policy").json()
    return found


def test_an_admin_changes_one_number_and_takes_it_back(place: Place) -> None:
    browser = person(place, "admin", "layla@town.example")
    answer = save(browser, floor_block="4")
    assert answer.headers["location"] == "/console/policy?saved=1"
    page = browser.get(answer.headers["location"])
    assert "Version 1 is in force now" in texts(page)
    assert "default: 3" in texts(page)
    assert "floor_block = 4.0" in str(in_force(place)["toml"])
    listed = texts(browser.get("/console/policy/versions"))
    assert "Voices that a block needs: 3 → becomes 4" in listed
    assert "layla" in listed
    assert "town.example" not in listed
    assert browser.send("/console/policy/versions/0").headers["location"] == "/console/policy?saved=2"
    assert in_force(place)["version"] == 2
    assert "floor_block = 3.0" in str(in_force(place)["toml"])


def test_a_wrong_number_is_told_where_it_stands_and_nothing_changes(place: Place) -> None:
    browser = person(place, "admin")
    answer = save(browser, floor_block="no number", reasons__spam__harm="-1", stakes="3")
    assert answer.status_code == 422
    said = texts(answer)
    assert "floor_block is 'no number'; it must be a number, 1 to 1,000" in said
    assert "reasons.spam.harm is -1.0" in said
    assert re.search(r'name="stakes" value="3"', answer.text)
    assert in_force(place)["version"] == 0


def test_who_comes_second_is_told_and_loses_nothing(place: Place) -> None:
    browser = person(place, "admin")
    assert save(browser, floor_block="4").status_code == 303
    answer = save(browser, floor_blur="3")
    assert answer.status_code == 409
    assert "Somebody changed the policy while you did" in texts(answer)
    assert re.search(r'name="floor_blur" value="3"', answer.text)
    assert in_force(place)["version"] == 1
    assert save(browser, instead_of=1, floor_blur="3").status_code == 303


def test_a_change_is_tried_on_the_last_days_before_it_is_saved(place: Place) -> None:
    browser = person(place, "admin")
    image = place.image()
    place.client.post(f"/v1/images/{image}/views", json={"count": 60})
    for n in range(12):
        signals = {"account_created_at": "2020-01-01T00:00:00Z"}
        body = {"reporter": f"r{n}", "reason": "violence", "signals": signals}
        place.client.post(f"/v1/images/{image}/reports", json=body)
    assert place.client.get(f"/v1/images/{image}").json()["status"] == "blocked"
    answer = browser.send("/console/policy?part=1", do="preview", days="7", **form(floor_block="50", floor_blur="60"))
    said = texts(answer)
    assert "<html" not in answer.text
    assert "Voices that a block needs: 3 → becomes 50" in said
    assert "blocked 1 0" in said
    assert "Would not have been blocked: 1" in said
    assert image[-8:] in said
    assert in_force(place)["version"] == 0
    assert "Nothing would have been different" in texts(browser.send("/console/policy", do="preview", **form()))


def test_the_document_itself_can_be_written(place: Place) -> None:
    browser = person(place, "admin")
    page = browser.send("/console/policy", **{**form(floor_block="5"), "as": "edit"})
    written = re.search(r"<textarea[^>]*>(.*?)</textarea>", page.text, re.DOTALL)
    assert written is not None
    toml = unescape(written[1])
    assert "floor_block = 5.0" in toml
    wrong = browser.send(
        "/console/policy",
        do="save",
        instead_of=0,
        toml=toml.replace("floor_block = 5.0", "floor_block = -5"),
        **{"as": "toml"},
    )
    assert wrong.status_code == 422
    assert "floor_block is -5; it must be a number" in texts(wrong)
    assert browser.send("/console/policy", do="save", instead_of=0, toml=toml, **{"as": "toml"}).status_code == 303
    assert browser.get("/console/policy.toml").text == in_force(place)["toml"]


def test_readers_look_and_change_nothing(place: Place) -> None:
    browser = person(place, "reader")
    page = browser.get("/console/policy")
    assert "Only admins change the policy" in texts(page)
    assert 'value="save"' not in page.text
    assert save(browser, floor_block="4").status_code == 403
    assert browser.get("/console/policy.toml").text == policy_toml(DEFAULT_POLICY)
    assert browser.get("/console/policy?version=77").headers["location"] == "/console/policy/versions"
    assert browser.send("/console/policy/versions/77").status_code == 403
