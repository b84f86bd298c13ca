"""A moderator's way in a real browser: from the link to a decision, in two languages, on a screen and a phone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pyotp
import pytest
from playwright.sync_api import Browser, expect

from tests.ground.browser import PHONE, Readers, chromium
from tests.ground.server import Server
from tests.web.console.at_screen import SCREEN, link_of, no_barriers, signed_in
from tests.web.console.desks import WORDS
from tests.web.place import picture


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as made:
        yield made


@pytest.fixture
def readers(browser: Browser) -> Iterator[Readers]:
    made = Readers(browser)
    yield made
    made.close()


@pytest.fixture
def newspaper(new_server: Callable[[str], Server], sqlite_url: str) -> Iterator[tuple[Server, httpx.Client]]:
    """A server whose site has one picture that is blocked by reports and one that is in doubt."""
    server = new_server(sqlite_url).init().start()
    with server.client(server.site()) as client:
        for seed, people in ((1, 12), (2, 3)):
            files = {"file": ("p.png", picture(seed))}
            image = client.post("/v1/images", files=files, data={"caption": "رصيف الميناء"}).json()["id"]
            client.post(f"/v1/images/{image}/views", json={"count": 100})
            for n in range(people):
                signals = {"account_created_at": "2020-01-01T00:00:00Z"}
                body = {"reporter": f"r{n}", "reason": "violence", "signals": signals}
                client.post(f"/v1/images/{image}/reports", json=body)
        yield server, client


def statuses(client: httpx.Client) -> list[str]:
    events = client.get("/v1/events", params={"limit": 1000}).json()["events"]
    ids = [event["image"] for event in events if event["type"] == "image.registered"]
    return [str(client.get(f"/v1/images/{image}").json()["status"]) for image in ids]


@pytest.mark.parametrize(("lang", "device"), [("ar", SCREEN), ("en", PHONE)])
def test_from_the_link_to_a_decision(
    newspaper: tuple[Server, httpx.Client], readers: Readers, lang: str, device: dict[str, Any]
) -> None:
    server, client = newspaper
    page = readers.another(locale=lang, **device)
    page.goto(server.base_url + "/console")
    no_barriers(page)
    page.goto(link_of(server, "layla", "admin"))
    no_barriers(page)
    page.fill("#password", WORDS)
    page.press("#password", "Enter")

    expect(page.locator("[data-case]")).to_have_count(2)
    assert page.evaluate("document.documentElement.dir") == ("rtl" if lang == "ar" else "ltr")
    no_barriers(page)
    page.keyboard.press("j")
    expect(page.locator("[data-case]").first).not_to_be_focused()  # until somebody wants keys
    page.eval_on_selector("#keys button", "one => one.click()")
    page.wait_for_url("**/console#keys")
    page.keyboard.press("j")
    expect(page.locator("[data-case]").first).to_be_focused()
    page.keyboard.press("Enter")

    image = page.locator("#look img")
    expect(image).to_have_attribute("src", re.compile("/console/pictures/"))
    no_barriers(page)
    page.click("[data-switch=blur]")
    expect(image).to_have_attribute("src", re.compile("sharp=1"))
    page.reload()
    expect(image).to_have_attribute("src", re.compile("sharp=1"))  # as this person left it
    page.click("[data-switch=blur]")

    page.fill("#note", "u and r in a note decide nothing")
    page.locator("h1").click()
    before = page.url
    page.keyboard.press("u")
    page.wait_for_url(lambda url: url != before)
    expect(page.locator(".undo .outcome.upheld")).to_be_visible()
    expect(page.locator(".plot canvas")).to_be_visible()
    no_barriers(page)
    page.keyboard.press("z")
    page.wait_for_url(before)
    assert sorted(statuses(client)) == ["blocked", "visible"]  # as it was
    expect(page.locator(".case .state").first).to_be_visible()
    page.keyboard.press("u")
    page.wait_for_url(lambda url: url != before)
    page.keyboard.press("r")
    page.wait_for_url("**/console?after=*")
    expect(page.locator(".empty")).to_be_visible()
    assert sorted(statuses(client)) == ["blocked", "visible"]
    assert readers.errors == []
    assert page.context.cookies()[0]["httpOnly"]


def test_the_queue_learns_of_new_cases_by_itself(newspaper: tuple[Server, httpx.Client], readers: Readers) -> None:
    server, client = newspaper
    page = signed_in(server, readers, "layla", "moderator", locale="en", **SCREEN)
    expect(page.locator("[data-case]")).to_have_count(2)
    image = client.post("/v1/images", files={"file": ("p.png", picture(3))}).json()["id"]
    for n in range(3):
        client.post(f"/v1/images/{image}/reports", json={"reporter": f"s{n}", "reason": "hate"})
    expect(page.locator("[data-case]")).to_have_count(3)
    assert readers.errors == []


def test_a_second_factor_from_the_drawing_to_the_next_sign_in(
    newspaper: tuple[Server, httpx.Client], readers: Readers
) -> None:
    server, _ = newspaper
    page = signed_in(server, readers, "layla", "moderator", locale="ar", **PHONE)
    page.click(".bar .me")
    no_barriers(page)
    page.click("#second-factor button")
    expect(page.locator(".drawing svg")).to_be_visible()
    no_barriers(page)
    secret = page.locator(".secret").inner_text().replace(" ", "")
    page.fill("#code", pyotp.TOTP(secret).now())
    page.press("#code", "Enter")
    expect(page.locator(".codes li")).to_have_count(10)
    no_barriers(page)
    recovery = page.locator(".codes .id").first.inner_text()
    page.click(".bar .aside form:last-of-type button")
    page.fill("#email", "layla@town.example")
    page.fill("#password", WORDS)
    page.press("#password", "Enter")
    expect(page.locator("#code")).to_be_focused()
    no_barriers(page)
    page.fill("#code", recovery)
    page.press("#code", "Enter")
    expect(page.locator("[data-case]")).to_have_count(2)
    assert readers.errors == []
    assert server.tawatur("user", "list").count("second factor") == 1
    server.tawatur("user", "reset-totp", "layla@town.example")
    assert "second factor" not in server.tawatur("user", "list")
