"""An admin changes the policy in a real browser: a wrong number, a trial, a new version, and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.ground.browser import PHONE, Readers, barriers, chromium
from tests.ground.server import Server
from tests.web.console.at_screen import SCREEN, signed_in


@pytest.mark.parametrize(("lang", "device"), [("ar", PHONE), ("en", SCREEN)])
def test_a_number_is_tried_saved_and_taken_back(
    new_server: Callable[[str], Server], sqlite_url: str, lang: str, device: dict[str, Any]
) -> None:
    server = new_server(sqlite_url).init().start()
    site = server.site()
    with chromium() as browser, server.client(site) as client:
        readers = Readers(browser)
        page = signed_in(server, readers, "layla", "admin", locale=lang, **device)
        page.click("a[href='/console/policy']")
        assert barriers(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

        floor = page.locator("#f-floor_block")
        page.locator("details:has(#f-floor_block) > summary").click()
        floor.fill("none")
        page.click("#try")
        expect(page.locator(".field.wrong")).to_have_count(1)
        assert barriers(page) == []
        floor.fill("٤" if lang == "ar" else "4")
        page.click("#try")
        expect(page.locator("#preview table")).to_be_visible()
        expect(page.locator("#preview .changes li")).to_have_count(1)
        assert client.get("/v1/policy").json()["version"] == 0
        page.click("button.save")
        expect(page.locator(".told-saved")).to_be_visible()
        assert "floor_block = 4.0" in client.get("/v1/policy").json()["toml"]
        page.click(".told-saved button")
        page.wait_for_url("**/console/policy?saved=2")
        assert "floor_block = 3.0" in client.get("/v1/policy").json()["toml"]
        page.goto(server.base_url + "/console/policy/versions")
        expect(page.locator(".versions > li")).to_have_count(3)
        assert barriers(page) == []
        assert [error for error in readers.errors if "422" not in error] == []
        readers.close()
