"""A storm of reports in a real browser, in two languages, on a screen and a phone: from the menu to the shields."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.ground.browser import PHONE, Readers, chromium
from tests.ground.server import Server
from tests.web.console.at_screen import SCREEN, no_barriers, signed_in
from tests.web.place import picture


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as made:
        yield made


@pytest.fixture
def stormed(new_server: Callable[[str], Server], sqlite_url: str) -> Server:
    """A server on whose site accounts of one device report everything, and two readers one picture."""
    server = new_server(sqlite_url).init().start()
    with server.client(server.site()) as client:
        for seed in (1, 2):
            image = client.post("/v1/images", files={"file": ("p.png", picture(seed))}).json()["id"]
            for n in range(15):
                body = {"reporter": f"raider {n}", "reason": "violence", "signals": {"device": "one phone"}}
                client.post(f"/v1/images/{image}/reports", json=body)
        for n in range(2):
            client.post(f"/v1/images/{image}/reports", json={"reporter": f"reader {n}", "reason": "violence"})
    return server


@pytest.mark.parametrize(("lang", "device", "storm"), [("ar", SCREEN, "هجوم منذ"), ("en", PHONE, "Attack since")])
def test_from_the_menu_to_the_shields_and_the_numbers(
    stormed: Server, browser: Browser, lang: str, device: dict[str, Any], storm: str
) -> None:
    readers = Readers(browser)
    page = signed_in(stormed, readers, "layla", "admin", locale=lang, **device)
    expect(page.locator(".cases")).to_be_visible()

    page.click("nav a[href='/console/attacks']")
    expect(page.locator("h1")).to_contain_text(storm)
    expect(page.locator(".bar nav b.stop")).to_have_text("1")
    expect(page.locator(".plot canvas")).to_be_visible()
    expect(page.locator(".groups li")).to_have_count(1)
    expect(page.locator(".strip img")).to_have_count(2)
    no_barriers(page)
    page.click("details.numbers summary")
    expect(page.locator("details.numbers table")).to_be_visible()
    no_barriers(page)
    page.click("button[name=over][value=site]")
    expect(page.locator(".shield .wait")).to_be_visible()
    no_barriers(page)
    page.click(".shield button")
    expect(page.locator("button[name=over][value=site].main")).to_be_visible()

    page.click("nav a[href='/console/numbers']")
    expect(page.locator(".chart")).to_have_count(6)
    expect(page.locator(".plot canvas")).to_have_count(5)
    expect(page.locator(".chart .total").first).to_have_text("32")
    no_barriers(page)
    page.click(".chart details.numbers summary >> nth=0")
    expect(page.locator(".chart details.numbers table").first).to_be_visible()
    page.click(".tabs a[href*='days=7']")
    expect(page.locator(".tabs a[aria-current]")).to_contain_text("7")
    with page.expect_download() as download:
        page.click(".chart .file a >> nth=0")
    assert download.value.suggested_filename == "tawatur-reports-7.csv"
    assert download.value.path().read_text().splitlines()[-1].endswith(",32")
    no_barriers(page)
    assert readers.errors == []
    readers.close()
