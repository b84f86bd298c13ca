"""From a blocked picture to the answer in a real browser: the uploader on a phone, the moderators at a screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from tests.ground.browser import PHONE, Readers, chromium
from tests.ground.server import Server
from tests.web.console.at_screen import SCREEN, no_barriers, signed_in
from tests.web.place import picture


@pytest.fixture
def readers() -> Iterator[Readers]:
    with chromium() as browser:
        made = Readers(browser)
        yield made
        made.close()


@pytest.fixture
def newspaper(new_server: Callable[[str], Server], sqlite_url: str) -> Server:
    return new_server(sqlite_url).init().start()


def blocked(client: httpx.Client) -> tuple[str, str]:
    """A picture that is blocked by reports, and the link that its uploader is sent."""
    told = {"caption": "رصيف الميناء بعد العاصفة", "uploader": "amal"}
    image = client.post("/v1/images", files={"file": ("p.png", picture(1))}, data=told).json()["id"]
    client.post(f"/v1/images/{image}/views", json={"count": 100})
    for n in range(12):
        signals = {"account_created_at": "2020-01-01T00:00:00Z"}
        body = {"reporter": f"r{n}", "reason": "violence", "signals": signals}
        client.post(f"/v1/images/{image}/reports", json=body)
    return image, client.get(f"/v1/images/{image}/notice").json()["link"].partition("?")[0]


@pytest.mark.parametrize(
    ("lang", "device", "scripts", "shown"),
    [
        ("ar", PHONE, False, "صورتك ظاهرة للقراء"),
        ("en", SCREEN, True, "Your picture is shown"),
    ],
)
def test_from_the_notice_to_another_persons_answer(
    newspaper: Server, readers: Readers, lang: str, device: dict[str, Any], scripts: bool, shown: str
) -> None:
    server = newspaper
    with server.client(server.site()) as client:
        image, link = blocked(client)
        layla = signed_in(server, readers, f"layla-{lang}", "moderator", locale=lang, **SCREEN)
        layla.goto(f"{server.base_url}/console/cases/{image}")
        layla.click(".decide button.stop")
        layla.wait_for_url("**/console?after=*")

        amal = readers.another(locale=lang, java_script_enabled=scripts, **device)
        amal.goto(link)
        expect(amal.locator("h1.blocked")).to_be_visible()
        expect(amal.locator("html")).to_have_attribute("dir", "rtl" if lang == "ar" else "ltr")
        if scripts:
            no_barriers(amal)
        amal.fill("#text", "هذه صورة خبر")
        amal.click("button[value=appeal]")
        expect(amal.locator("#appeal .wait")).to_be_visible()
        expect(amal.locator("#text")).to_have_count(0)

        layla.goto(f"{server.base_url}/console/cases/{image}")
        expect(layla.locator(".appeal blockquote")).to_have_text("هذه صورة خبر")
        expect(layla.locator(".appeal button")).to_have_count(0)  # she decided before

        omar = signed_in(server, readers, f"omar-{lang}", "moderator", locale=lang, **SCREEN)
        omar.click(".tabs a[href*=appeals]")
        no_barriers(omar)
        omar.click("[data-case]")
        no_barriers(omar)
        omar.fill(".appeal textarea", "معك حق، أعدنا الصورة.")
        omar.click(".appeal button.clear")
        omar.wait_for_url("**/console?state=appeals&after=*")
        expect(omar.locator(".undo")).to_be_visible()

        amal.reload()
        expect(amal.locator("h1.visible")).to_contain_text(shown)
        expect(amal.locator(".answer")).to_have_text("معك حق، أعدنا الصورة.")
        gate = client.get(f"/i/{image}")
        assert (gate.headers["tawatur-status"], gate.headers["content-type"]) == ("visible", "image/png")
    assert readers.errors == []
