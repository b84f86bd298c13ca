"""The case shows what the picture's page says: chips for who, where and what, each with its sentence."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tawatur.context.around import Around, CountryThere, EventThere, GroupThere, Quoted, RegionThere
from tawatur.moderation import context
from tawatur.store.database import Database
from tests.ground.browser import PHONE, Readers, chromium
from tests.ground.server import Server
from tests.web.console.at_screen import SCREEN, no_barriers, signed_in
from tests.web.console.desks import person, texts
from tests.web.place import Place, picture

PAGE = "قال مسؤول إن داعش شن هجوما في سرت يوم 5 ديسمبر 2016. Officials said Daesh fled to Chad."
HOSTILE = Around(
    sentences=(Quoted('<script>alert(1)</script> "x" قال', "ar"),),
    groups=(GroupThere(dict.fromkeys(("ar", "en", "fr"), "<b>Group</b>"), True, 0),),
    countries=(CountryThere("LY", 0),),
    regions=(RegionThere({"ar": "الساحل", "en": "the Sahel", "fr": "le Sahel"}, 0),),
    events=(EventThere("attack", "LY", "2016", 0), EventThere("arrest", None, None, 0)),
    about=("attack", "arrest"),
)


def keep(place: Place, image: str, state: str, found: Around | None = None) -> None:
    from datetime import UTC, datetime

    database = Database(place.database_url)
    context.keep(database, place.keys.site, image, state, found, datetime.now(UTC))
    database.close()


def test_chips_say_who_where_and_what_and_nothing_of_a_page_is_markup(place: Place) -> None:
    image = place.image(1)
    keep(place, image, context.READ, HOSTILE)
    page = person(place, "reader").get(f"/console/cases/{image}")
    told = texts(page)
    for said in ("designated group named", "Libya", "the Sahel", "an attack · Libya · 2016", "an arrest"):
        assert said in told
    assert "reads as a report about an attack, an arrest" in told
    assert "it took no part in the decision" in told
    assert "<script>alert" not in page.text
    assert "<b>Group" not in page.text
    assert unescape(page.text).count('<script>alert(1)</script> "x" قال') == 10  # each chip's title and sentence
    assert "an attack" in texts(person(place, "reader").get(f"/console/cases/{image}", **{"Accept-Language": "en"}))


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (None, "no context The site sent no text of the page."),
        (context.READ, "no context Its text names no group, place or event that we know."),
        (context.NOT_INSTALLED, "context is not installed on this server"),
        (context.NOT_FETCHED, "The page could not be fetched."),
        (context.UNREADABLE, "There was no text in what came of the page."),
    ],
)
def test_where_there_is_none_the_case_says_why(place: Place, state: str | None, said: str) -> None:
    image = place.image(1)
    if state is not None:
        keep(place, image, state)
    assert said in texts(person(place, "reader").get(f"/console/cases/{image}"))


def test_names_are_in_the_readers_language(place: Place) -> None:
    image = place.image(1)
    keep(place, image, context.READ, HOSTILE)
    browser = person(place, "reader")
    for lang, words in {"ar": ("ليبيا", "الساحل", "توقيف"), "fr": ("Libye", "le Sahel", "une arrestation")}.items():
        told = texts(browser.get(f"/console/cases/{image}", **{"Accept-Language": lang}))
        assert all(word in told for word in words)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as made:
        yield made


@pytest.fixture
def readers(browser: Browser) -> Iterator[Readers]:
    made = Readers(browser)
    yield made
    made.close()


@pytest.mark.parametrize(("lang", "device"), [("ar", PHONE), ("en", SCREEN)], ids=["ar", "en"])
def test_a_moderator_opens_a_sentence_by_keyboard_and_by_touch(
    new_server: Callable[[str], Server], sqlite_url: str, readers: Readers, lang: str, device: dict[str, Any]
) -> None:
    server = new_server(sqlite_url).init().start()
    with server.client(server.site()) as client:
        made = client.post("/v1/images", files={"file": ("p.png", picture(1))}, data={"page_text": PAGE}).json()
    page = signed_in(server, readers, "layla", "moderator", locale=lang, **device)
    at = f"{server.base_url}/console/cases/{made['id']}"
    page.goto(at)
    for _ in range(60):  # it is read in the background
        if page.locator("details.chip").count():
            break
        page.wait_for_timeout(500)
        page.goto(at)
    no_barriers(page)

    group = page.locator("details.chip.named")
    expect(group).to_have_count(1)
    expect(group.locator("summary bdi")).to_have_text("داعش" if lang == "ar" else re.compile("Daesh"))
    assert "سرت" in str(group.locator("summary").get_attribute("title"))
    sentence = group.locator("p")
    expect(sentence).not_to_be_visible()
    group.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(sentence).to_be_visible()
    assert sentence.evaluate("one => [one.lang, getComputedStyle(one).direction]") == ["ar", "rtl"]
    chad = page.locator("details.chip", has_text="تشاد" if lang == "ar" else "Chad").first
    if device is PHONE:
        chad.locator("summary").tap()
    else:
        chad.locator("summary").click()
    expect(chad.locator("p")).to_be_visible()
    assert chad.locator("p").evaluate("one => [one.lang, getComputedStyle(one).direction]") == ["en", "ltr"]
    no_barriers(page)
    assert readers.errors == []
