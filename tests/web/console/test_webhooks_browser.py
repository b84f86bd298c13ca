"""Webhooks in a real browser, in each language: from the first to none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.delivery.receivers import Receiver
from tests.ground.browser import PHONE, Readers, chromium
from tests.ground.server import Server
from tests.web.console.at_screen import SCREEN, no_barriers, signed_in


@pytest.mark.parametrize(("lang", "device"), [("ar", PHONE), ("en", SCREEN), ("fr", PHONE)])
def test_a_webhook_from_its_secret_to_its_end(
    new_server: Callable[..., Server], sqlite_url: str, lang: str, device: dict[str, Any]
) -> None:
    server = new_server(sqlite_url, TAWATUR_FETCH_ALLOW="127.0.0.0/8").init().start()
    site = server.site()
    with chromium() as browser, server.client(site) as client, Receiver() as receiver:
        readers = Readers(browser)
        page = signed_in(server, readers, "layla", "admin", locale=lang, **device)
        page.click("a[href='/console/webhooks']")
        expect(page.locator(".empty")).to_be_visible()
        no_barriers(page)

        page.fill("#url", "https://10.0.0.1/hook")
        page.click(".new > form > button")
        expect(page.locator(".new [role=alert]")).to_be_visible()
        no_barriers(page)
        page.fill("#url", receiver.url)
        page.fill("#description", "أرشيف الصحيفة")
        page.click(".new summary")
        page.check("[value='image.blocked']")
        no_barriers(page)
        page.click(".new > form > button")
        secret = page.locator(".fresh .secret").inner_text()
        expect(page.locator(".hook .types")).to_have_text("image.blocked")
        no_barriers(page)
        page.reload()
        assert page.locator(".hook").count() == 1  # the form that was sent again made no second one
        page.goto(server.base_url + "/console/webhooks")
        assert secret not in page.content()

        page.click(".hook [action$='/test'] button")
        expect(page.locator(".hook [role=status]")).to_contain_text("204")
        (told,) = receiver.asked
        told.verify(secret)
        no_barriers(page)

        page.click(".hook [action$='/rotate'] button")
        newer = page.locator(".fresh .secret").inner_text()
        assert newer != secret
        expect(page.locator(".fresh")).to_contain_text(":")  # until when both sign
        no_barriers(page)

        page.click("[name=to][value=off]")
        expect(page.locator(".hook .state.wait")).to_be_visible()
        no_barriers(page)
        page.click("[name=to][value=on]")
        expect(page.locator(".hook .state.clear")).to_be_visible()
        page.click(".hook .gone summary")
        no_barriers(page)
        page.click(".hook .gone button")
        expect(page.locator(".empty")).to_be_visible()
        no_barriers(page)
        assert client.get("/v1/webhooks").json()["webhooks"] == []
        assert [error for error in readers.errors if "422" not in error] == []
        readers.close()
