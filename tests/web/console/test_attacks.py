"""A storm of reports as people see it: an attack, a busy day, and neither."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.web.console.desks import Browser, person, texts
from tests.web.place import Place

YOUNG = (datetime.now(UTC) - timedelta(hours=30)).isoformat()


def raid(place: Place, images: list[str], accounts: int = 30, **signals: Any) -> None:
    """So many accounts of one person report all of these."""
    means = {"account_created_at": YOUNG, "device": "one phone", **signals}
    for image in images:
        for n in range(accounts):
            assert place.report(image, f"raider {n}", signals=means).status_code in (200, 201)


def busy_day(place: Place, images: list[str], readers: int) -> None:
    """So many readers report one picture each, and have nothing in common."""
    for n in range(readers):
        means = {"account_created_at": "2020-01-01T00:00:00Z", "device": f"device {n}", "network": f"net {n}"}
        place.report(images[n % len(images)], f"reader {n}", signals=means)


@pytest.fixture
def browser(place: Place) -> Browser:
    return person(place, "moderator")


def test_a_raid_is_found_told_and_answered(place: Place, browser: Browser) -> None:
    images = [place.image(seed, uploader="the photographer") for seed in (1, 2, 3)]
    hidden = place.image(4)
    earlier = place.image(5)
    for n in range(12):
        place.report(earlier, f"raider {n}", signals={"device": "one phone", "account_created_at": YOUNG})
    place.report(earlier, "an honest reader")
    raid(place, [*images, hidden])
    place.report(hidden, "somebody else", reason="child_safety")
    page = browser.get("/console/attacks")
    said = texts(page)
    assert "Attack since" in said
    assert "A count of three would have blocked 5 images; 0 were blocked." in said
    assert "30 people of 32 are linked with others and together make about" in said
    assert "same device" in said
    assert "newcomers: 100" in said
    for image in images:
        assert f"/console/pictures/{image}" in page.text
    assert f"/console/cases/{hidden}" in page.text
    assert f"/console/pictures/{hidden}" not in page.text
    assert "Attacks 1" in texts(browser.get("/console"))

    place.review(images[0], "rejected")
    place.review(images[1], "upheld")
    said = texts(browser.get("/console/attacks"))
    assert "People have looked since: one image may stay, one image broke a rule." in said

    done = browser.send("/console/attacks/shields", over="site")
    assert (done.status_code, done.headers["location"][:20]) == (303, "/console/attacks?at=")
    said = texts(browser.get(done.headers["location"]))
    assert "Shields are up over the site until" in said
    assert "Shields up over the site" not in said
    where = done.headers["location"]
    down = browser.send("/console/attacks/shields", over="site", do="down", at=where.rpartition("=")[2])
    assert "Shields are up" not in texts(browser.get(down.headers["location"]))
    types = place.types()
    assert types.count("shields.raised") == types.count("shields.lowered") == 1


def test_shields_go_up_over_the_targets_or_who_posted_them(place: Place, browser: Browser) -> None:
    images = [place.image(seed, uploader="the photographer") for seed in (1, 2, 3)]
    raid(place, images)
    page = browser.get("/console/attacks")
    assert "only over the pictures they report" in texts(page)
    assert "only over who posted them" in texts(page)
    browser.send("/console/attacks/shields", over="targets")
    raised = [event for event in place.events(limit=1000) if event["type"] == "shields.raised"]
    assert sorted(event["image"] for event in raised) == sorted(images)
    assert "Shields are up over these pictures until" in texts(browser.get("/console/attacks"))
    browser.send("/console/attacks/shields", over="targets", do="down")
    browser.send("/console/attacks/shields", over="uploader")
    said = texts(browser.get("/console/attacks"))
    assert "Shields are up over this uploader until" in said
    assert "Shields are up over these pictures" not in said


def test_a_busy_day_is_a_surge_and_no_attack(place: Place, browser: Browser) -> None:
    images = [place.image(seed) for seed in range(1, 7)]
    busy_day(place, images, 60)
    said = texts(browser.get("/console/attacks"))
    assert "Many reports since" in said
    assert "It looks like a busy day, not like an attack." in said
    assert "Attack since" not in said
    assert "Who acts together" not in said
    assert "only over who posted them" not in said
    nav = texts(browser.get("/console"))
    assert "Attacks surge" in nav
    assert "Attacks 1" not in nav


def test_a_few_reports_are_no_news(place: Place, browser: Browser) -> None:
    busy_day(place, [place.image(1)], 5)
    page = browser.get("/console/attacks")
    assert "All is calm" in texts(page)
    assert "Attacks and surges so far" not in texts(page)
    assert "Shields up over the site, 6 hours" in texts(page)
    browser.send("/console/attacks/shields", over="site")
    assert "Shields are up over the site until" in texts(browser.get("/console/attacks"))


def test_an_address_that_names_no_surge_leads_to_what_is_now(place: Place, browser: Browser) -> None:
    for at in ("20200101T00", "nonsense", "20269999T99", "%00", "2026-01-01"):
        answer = browser.get(f"/console/attacks?at={at}")
        assert (answer.status_code, answer.headers["location"]) == (303, "/console/attacks")
    assert browser.send("/console/attacks/shields", over="nonsense", at="nonsense").status_code == 303


def test_a_reader_sees_it_and_raises_nothing(place: Place) -> None:
    raid(place, [place.image(1)])
    page = person(place, "reader").get("/console/attacks")
    assert "Attack since" in texts(page)
    assert "Shields up" not in texts(page)
