"""The whole way on a real server: three readers without accounts report in their browsers, and a fourth sees the block.

They come from three networks, as the policy wants people who have nothing in common. By the default policy readers
whom nobody knows only join others; this one lets three of them block a picture by themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from itertools import count

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tawatur.demo.backend import Backend
from tawatur.demo.server import running_server
from tests.ground.browser import PHONE, Readers
from tests.web.place import picture
from tests.web.widget.fake import Site, serving
from tests.web.widget.test_browser_page import NOTICE
from tests.web.widget.test_browser_report import SEND, THANKS, VIOLENCE, choose, dialog_of, opened

POLICY = """
anonymous_weight = 1
anonymous_counts = 1
floor_block = 2.9  # what three people are when none is linked to another, and a little less
[reasons.violence]
harm = 1000
guard = false
"""
WITHIN_MS = 2000
ABOUT_HER = re.compile(r"/widget/(challenge|tokens|views)|/v1/images/")
WITHHELD = {
    "ar": "صورة محجوبة، والسبب المذكور: عنف أو إرهاب",
    "en": "Withheld image; the reason given: violence or terrorism",
}
_pictures = count(1)


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    with (
        running_server(tmp_path_factory.mktemp("server"), 0) as server,
        closing(Backend(server.address, server.keys.api_key)) as made,
    ):
        said = {"Authorization": f"Bearer {server.keys.api_key}", "Content-Type": "application/toml", "If-Match": "*"}
        httpx.put(f"{server.address}/v1/policy", content=POLICY, headers=said, trust_env=False).raise_for_status()
        yield made


@pytest.fixture
def site(backend: Backend) -> Iterator[Site]:
    """A page with one picture of its own on the real server."""
    number = next(_pictures)
    placed = backend.register(f"{number}.png", picture(number), uploader="desk", page_url="http://x/", caption="")
    gate = placed.gate_url.split("/i/")[0]
    made = Site(gate, (placed.id,))
    with serving(made.app()) as own:
        made.address = own.replace("127.0.0.1", "localhost")
        yield made


def phone(readers: Readers, network: int | None = None) -> Page:
    """A window on a phone. With `network` it comes from there, as a web server in front of Tawatur would tell."""
    page = readers.another(**PHONE, locale="fr")
    if network is not None:
        told = {"x-forwarded-for": f"2001:db8:{network}::7"}
        page.route(ABOUT_HER, lambda route: route.continue_(headers={**route.request.headers, **told}))
    return page


def element(page: Page) -> Locator:
    return page.locator("tawatur-image")


def report(page: Page, lang: str) -> None:
    dialog_of(page, lang)
    choose(page, VIOLENCE[lang])
    page.get_by_role("button", name=SEND[lang]).click()
    expect(page.get_by_role("heading", name=THANKS[lang])).to_be_visible()


@pytest.mark.parametrize("lang", ["ar", "en"])
def test_three_readers_report_and_a_fourth_sees_the_placeholder(readers: Readers, site: Site, lang: str) -> None:
    fourth, *three = [opened(phone(readers, network), site, lang) for network in (None, 1, 2, 3)]
    expect(element(fourth)).to_have_attribute("status", "visible")
    report(three[0], lang)
    expect(element(fourth)).to_have_attribute("status", "visible")
    report(three[1], lang)
    expect(element(fourth)).to_have_attribute("status", "blurred", timeout=WITHIN_MS)
    fourth.locator(".veil").click()
    expect(element(fourth).locator("img")).to_have_attribute("src", re.compile("reveal=1"))
    report(three[2], lang)
    expect(element(fourth)).to_have_attribute("status", "blocked", timeout=WITHIN_MS)
    expect(element(fourth).locator("img")).to_have_attribute("alt", WITHHELD[lang])
    assert readers.errors == []


def test_a_reader_takes_her_report_back_and_makes_it_again(readers: Readers, site: Site, backend: Backend) -> None:
    page = opened(phone(readers), site)
    for _ in range(2):
        report(page, "en")
        page.get_by_role("button", name="Withdraw my report").click()
        expect(page.get_by_role("heading", name="Your report is withdrawn")).to_be_visible()
        assert backend.verdict(site.images[0])["verdict"]["reports"] == 0
        page.keyboard.press("Escape")
    report(page, "en")
    assert backend.verdict(site.images[0])["verdict"]["reports"] == 1
    assert readers.errors == []


def test_without_javascript_the_gate_decides_and_the_notice_is_there(
    readers: Readers, site: Site, backend: Backend
) -> None:
    page = readers.another(**PHONE, java_script_enabled=False)
    for kind in ("image/png", "image/svg+xml"):
        with page.expect_response(re.compile("/i/")) as given:
            page.goto(f"{site.address}/?lang=ar")
        assert given.value.headers["content-type"].startswith(kind)
        expect(page.get_by_text(NOTICE["ar"])).to_be_visible()
        backend.review(site.images[0], "upheld", reviewer="editor")


def test_what_was_on_screen_is_counted(readers: Readers, site: Site, backend: Backend) -> None:
    page = opened(phone(readers), site)
    for _ in range(300):
        if views := backend.verdict(site.images[0])["verdict"]["views"]:
            break
        page.wait_for_timeout(100)
    assert views == 1
