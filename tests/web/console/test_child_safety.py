"""A case of child safety: no page shows its picture, whoever must look says so twice, and one click withholds it."""

from __future__ import annotations

from tests.web.console.desks import person, texts
from tests.web.place import Place


def reported(place: Place) -> str:
    image = place.image(1, uploader="ulla")
    place.report(image, "anna", reason="child_safety")
    return image


def test_no_page_of_the_console_shows_it_from_the_first_report_on(place: Place) -> None:
    image = reported(place)
    copy, other = place.image(1, uploader="ulla"), place.image(2, uploader="ulla")
    place.report(other, "anna")
    browser = person(place, "moderator")
    house = place.client.app.state.house  # type: ignore[attr-defined]
    ulla = house.pseudonyms(place.keys.site).person("ulla")
    paths = [f"/console/cases/{one}" for one in (image, copy, other)]
    paths += ["/console", f"/console?find={ulla}", f"/console?find={image}", "/console/attacks"]
    for path in paths:
        page = browser.get(path)
        assert page.status_code == 200
        assert f"/console/pictures/{image}" not in page.text, path
        assert f"/console/pictures/{copy}" not in page.text, path
    for one in (image, copy):
        for query in ("", "?sharp=1"):
            assert browser.get(f"/console/pictures/{one}{query}").status_code == 403


def test_one_click_withholds_it_everywhere_without_looking(place: Place) -> None:
    image = reported(place)
    browser = person(place, "moderator")
    page = texts(browser.get(f"/console/cases/{image}"))
    assert "Withhold it now, without looking" in page
    assert "CyberTipline" in page
    assert "no legal advice" in page
    assert "this use alone" not in page
    browser.send(f"/console/cases/{image}/review", outcome="upheld", reason="child_safety")
    assert place.client.get(f"/v1/images/{image}").json()["status"] == "blocked"
    assert place.client.get(f"/i/{image}").headers["content-type"].startswith("image/svg")
    assert "Withhold it now" not in texts(browser.get(f"/console/cases/{image}"))
    assert browser.get(f"/console/pictures/{image}").status_code == 403


def test_an_opening_holds_for_one_picture_and_not_for_its_copies(place: Place) -> None:
    image = reported(place)
    copy = place.image(1)
    browser = person(place, "moderator")
    browser.send(f"/console/cases/{image}/open", sure="yes")
    assert browser.get(f"/console/pictures/{image}").status_code == 200
    assert browser.get(f"/console/pictures/{copy}").status_code == 403


def test_a_rejected_case_is_looked_at_like_any_other(place: Place) -> None:
    image = reported(place)
    browser = person(place, "moderator")
    browser.send(f"/console/cases/{image}/review", outcome="rejected")
    assert browser.get(f"/console/pictures/{image}").status_code == 200
    assert f"/console/pictures/{image}" in browser.get(f"/console/cases/{image}").text
