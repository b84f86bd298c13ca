"""The whole way, on real servers: readers report in browsers of their own until another sees the placeholder."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tawatur.demo import crowd, paper
from tests.ground.browser import PHONE, Readers, barriers, chromium
from tests.ground.newsroom import Newsroom, newsroom

WORDS = {
    "ar": ("أبلغ عن هذه الصورة", "عنف", "أرسل البلاغ", "شكرًا، وصل بلاغك", "صورة محجوبة، والسبب المذكور: عنف أو إرهاب"),
    "en": (
        "Report this image",
        "Violence",
        "Send report",
        "Thank you, your report has arrived",
        "Withheld image; the reason given: violence or terrorism",
    ),
}
WITHIN_MS = 2000
EARLIER = crowd.unconnected("earlier", datetime.now(UTC))[:3]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as made:
        yield made


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    with newsroom(tmp_path_factory.mktemp("newsroom")) as made:
        yield made


@pytest.fixture
def readers(browser: Browser) -> Iterator[Readers]:
    made = Readers(browser)
    yield made
    made.close()


def element(page: Page, room: Newsroom, name: str) -> Locator:
    return page.locator(f'tawatur-image[image="{room.pictures[name].id}"]')


def open_page(readers: Readers, room: Newsroom, lang: str, path: str = "/") -> Page:
    page = readers.another(**PHONE, locale="fr")  # the page's language counts, not the browser's
    page.goto(f"{room.home}{path}{'?lang=en' if lang == 'en' else ''}")
    page.locator("tawatur-image[status]").first.wait_for()
    return page


def reports_of(room: Newsroom, name: str) -> int:
    return int(room.backend.verdict(room.pictures[name].id)["verdict"]["reports"])


def report(page: Page, picture: Locator, lang: str) -> None:
    flag, reason, send, thanks, _ = WORDS[lang]
    picture.get_by_role("button", name=flag).click()
    page.get_by_role("radio", name=reason).first.check()
    page.get_by_role("button", name=send).click()
    expect(page.get_by_role("heading", name=thanks)).to_be_visible()


@pytest.mark.parametrize(("lang", "name", "slug"), [("ar", "coffee", "marsa"), ("en", "moose", "moose")])
def test_three_more_readers_report_on_their_phones_and_a_fourth_sees_the_placeholder(
    readers: Readers, room: Newsroom, lang: str, name: str, slug: str
) -> None:
    """By the default policy and among 56 readers it takes six people: three have reported before these come."""
    image = room.pictures[name].id
    room.backend.count_views(image, 56)
    before = [room.backend.report(image, person, "violence") for person in EARLIER]
    assert before == ["visible", "visible", "blurred"]
    fourth, *three = [open_page(readers, room, lang, f"/articles/{slug}") for _ in range(4)]
    expect(element(fourth, room, name)).to_have_attribute("status", "blurred")
    for page in three:
        assert room.status(name) == "blurred"
        report(page, element(page, room, name), lang)
    expect(element(fourth, room, name)).to_have_attribute("status", "blocked", timeout=WITHIN_MS)
    expect(element(fourth, room, name).locator("img")).to_have_attribute("alt", WORDS[lang][4])
    width = element(fourth, room, name).locator("img").evaluate("one => one.decode().then(() => one.naturalWidth)")
    assert width, "the placeholder is there"
    expect(fourth.locator(".credit")).to_be_hidden()
    assert readers.errors == []


def test_one_reader_remains_one_and_what_is_withdrawn_counts_no_more(readers: Readers, room: Newsroom) -> None:
    page = open_page(readers, room, "en", "/articles/collins")
    for _ in range(2):
        report(page, element(page, room, "astronaut"), "en")
        page.reload()
    report(page, element(page, room, "astronaut"), "en")
    assert reports_of(room, "astronaut") == 1
    page.get_by_role("button", name="Withdraw my report").click()
    expect(page.get_by_role("heading", name="Your report is withdrawn")).to_be_visible()
    assert reports_of(room, "astronaut") == 0
    assert readers.errors == []


def test_the_button_at_the_foot_makes_one_browser_several_readers(readers: Readers, room: Newsroom) -> None:
    page = open_page(readers, room, "en", "/articles/collins")
    for number in (1, 2):
        report(page, element(page, room, "astronaut"), "en")
        assert reports_of(room, "astronaut") == number
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Read as somebody else").click()
        page.locator("tawatur-image[status]").wait_for()
    assert page.url.endswith("/articles/collins?lang=en")


def test_a_reader_sends_a_picture_and_it_stands_in_the_list_under_the_same_rule(
    readers: Readers, room: Newsroom, tmp_path: Path
) -> None:
    page = open_page(readers, room, "ar")
    page.get_by_role("link", name="أرسل صورة").click()
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    page.get_by_label("الصورة").set_input_files(broken)
    page.get_by_label("ماذا نرى فيها؟").fill("بذور في الريح")
    page.get_by_role("button", name="انشرها").click()
    expect(page.get_by_role("alert")).to_contain_text("لم نقبل هذا الملف")
    assert all("422" in error for error in readers.errors)
    page.get_by_label("الصورة").set_input_files(paper.photograph("dandelions"))
    page.get_by_label("ماذا نرى فيها؟").fill("بذور في الريح")
    page.get_by_role("button", name="انشرها").click()
    sent = page.locator("figure", has_text="بذور في الريح")
    expect(sent.locator("tawatur-image")).to_have_attribute("status", "visible")
    expect(sent.get_by_role("button", name=WORDS["ar"][0])).to_be_visible()


@pytest.mark.parametrize(("lang", "scheme"), [("ar", "light"), ("en", "dark")])
def test_axe_finds_no_barrier_in_the_newsroom(readers: Readers, room: Newsroom, lang: str, scheme: str) -> None:
    page = readers.another(**PHONE, color_scheme=scheme, bypass_csp=True)
    for path in ("/", "/articles/marsa", "/pictures", "/send", "/none"):
        page.goto(f"{room.home}{path}{'?lang=en' if lang == 'en' else ''}")
        if page.locator("tawatur-image").count():
            page.locator("tawatur-image[status]").first.wait_for()
        assert barriers(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["viewport"]["width"]
