"""The newspaper's pages, with a backend that only says what it is told."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp

from tawatur.demo import crowd, paper
from tawatur.demo.backend import Registered
from tawatur.demo.crowd import Person
from tawatur.demo.readership import Readership
from tawatur.demo.site import MOST_FROM_READERS, Website

GATE = "http://gate.example"
NOTICE = {
    "ar": "تُحجَب هذه الصورة تلقائيًا متى أبلغ عنها عدة أشخاص",
    "en": "This image is blocked automatically when several people report it",
}
EDITIONS = paper.editions()
NAMES = sorted(path.stem for path in paper.PHOTOGRAPHS.glob("*.jpg"))
ADDRESSES = ["/", "/pictures", *(f"/articles/{story.slug}" for story in EDITIONS["ar"].stories)]


HOME = "http://paper.example"
PEOPLE = crowd.unconnected("window", datetime(2026, 3, 10, tzinfo=UTC))


class Reader:
    """One browser: opens pages of an application without a network, and keeps its cookie."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._cookies = httpx.Cookies()

    def get(self, address: str) -> httpx.Response:
        return self.ask("GET", address)

    def ask(self, method: str, address: str, **more: Any) -> httpx.Response:
        return asyncio.run(self._ask(method, address, more))

    async def _ask(self, method: str, address: str, more: dict[str, Any]) -> httpx.Response:
        transport = httpx.ASGITransport(app=self._app)
        async with httpx.AsyncClient(transport=transport, base_url=HOME, cookies=self._cookies) as client:
            answer = await client.request(method, address, **more)
            self._cookies = client.cookies
            return answer


class Desk:
    """A backend that takes every picture, unless it is away."""

    def __init__(self) -> None:
        self.away = False
        self.registered: list[tuple[str, bytes, str, str]] = []

    def register(self, name: str, picture: bytes, *, uploader: str, page_url: str, caption: str) -> Registered:
        if self.away:
            raise httpx.ConnectError("refused")
        self.registered.append((name, picture, uploader, caption))
        return Registered(id=name, status="visible", gate_url=f"{GATE}/i/{name}")

    def reporter_token(self, person: Person) -> str:
        if self.away:
            raise httpx.ConnectError("refused")
        return f"token of {person.id}"


def website(desk: Desk) -> ASGIApp:
    placed = {name: Registered(id=name, status="visible", gate_url=f"{GATE}/i/{name}") for name in NAMES}
    return Website(placed, desk, GATE, HOME, Readership(PEOPLE), lambda: date(2026, 3, 10)).app()


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def app(desk: Desk) -> ASGIApp:
    return website(desk)


@pytest.fixture
def site(app: ASGIApp) -> Reader:
    return Reader(app)


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize(("lang", "direction"), [("ar", "rtl"), ("en", "ltr")])
def test_every_photograph_comes_from_the_gate_with_credit_notice_and_words(
    site: Reader, address: str, lang: str, direction: str
) -> None:
    page = site.get(address if lang == "ar" else f"{address}?lang={lang}")
    assert page.status_code == 200
    assert f'<html lang="{lang}" dir="{direction}">' in page.text
    figures = re.findall(r"<figure.*?</figure>", page.text, re.DOTALL)
    assert len(figures) == len(re.findall("<img", page.text)) == (1 if "articles" in address else 8)
    for figure in figures:
        assert re.search(rf'src="{GATE}/i/\w+\?lang={lang}" alt="[^"]+" width="\d+" height="\d+"', figure)
        assert NOTICE[lang] in figure
        assert re.search(r'<tawatur-image image="\w+" token-src="/token">', figure)
        assert 'class="credit"' in figure
    elsewhere = f'href="{address}?lang=en" lang="en"' if lang == "ar" else f'href="{address}" lang="ar"'
    assert page.text.count(elsewhere) == 1


@pytest.mark.parametrize("address", [*ADDRESSES, "/send", "/articles/none", "/none"])
def test_pages_are_strict(site: Reader, address: str) -> None:
    page = site.get(address)
    policy = page.headers["content-security-policy"]
    assert policy.startswith(f"default-src 'none'; img-src 'self' {GATE}; script-src {GATE};")
    assert "unsafe" not in policy
    assert page.headers["cache-control"] == "no-store"
    assert not re.search(r"<style|style=|\son\w+=", page.text)
    assert re.findall("<script.*?</script>", page.text) == [
        f'<script type="module" src="{GATE}/widget/v1.js"></script>'
    ]
    loaded = re.findall(r'(?: src|<link[^>]* href)="([^"]+)"', page.text)
    assert all(one.startswith(("/static/", f"{GATE}/i/", f"{GATE}/widget/")) for one in loaded)
    assert all(site.get(one).status_code == 200 for one in loaded if one.startswith("/static/"))


def test_a_missing_page_says_so_in_the_readers_language(site: Reader) -> None:
    assert (site.get("/none").status_code, site.get("/none?lang=en").status_code) == (404, 404)
    assert "لا توجد هذه الصفحة" in site.get("/articles/none").text
    assert "There is no such page" in site.get("/articles/none?lang=en").text


def test_arabic_dates_have_arabic_digits(site: Reader) -> None:
    page = site.get("/").text
    assert "الثلاثاء، ١٠ مارس ٢٠٢٦" in page
    assert "Tuesday, 10 March 2026" in site.get("/?lang=en").text
    visible = re.sub(r"<bdi.*?</bdi>|<[^>]*>", "", page[page.index("<body") :])
    assert not re.search("[0-9]", visible)


def test_each_browser_is_another_reader_and_stays_the_same(app: ASGIApp, desk: Desk) -> None:
    first, second = Reader(app), Reader(app)
    assert EDITIONS["ar"].paper.readers[0] in first.get("/").text
    assert EDITIONS["en"].paper.readers[1] in second.get("/?lang=en").text
    assert first.get("/token").json() == {"token": "token of window-0"}
    assert second.get("/token").json() == {"token": "token of window-1"}
    assert first.get("/token").json() == {"token": "token of window-0"}
    desk.away = True
    assert first.get("/token").status_code == 503


@pytest.mark.parametrize(
    ("address", "back"),
    [("/another/articles/moose?lang=en", "/articles/moose?lang=en"), ("/another//gate.example/x", "/gate.example/x")],
)
def test_one_browser_may_become_another_reader_and_stays_on_its_page(site: Reader, address: str, back: str) -> None:
    page = site.get("/articles/moose?lang=en").text
    assert '<form method="post" action="/another/articles/moose?lang=en">' in page
    assert EDITIONS["en"].paper.readers[0] in page
    answer = site.ask("POST", address)
    assert (answer.status_code, answer.headers["location"]) == (303, back)
    assert EDITIONS["en"].paper.readers[1] in site.get("/?lang=en").text
    assert site.get("/token").json() == {"token": "token of window-1"}


@pytest.mark.parametrize("said", ["9", "-1", "x", "٣", "99999999999999999999999"])
def test_a_cookie_that_names_nobody_gets_a_reader_all_the_same(app: ASGIApp, said: str) -> None:
    reader = Reader(app)
    assert reader.ask("GET", "/token", headers={"cookie": f"reader={said}".encode()}).status_code == 200


def test_what_a_reader_sends_is_registered_in_her_name_and_stands_in_the_list(site: Reader, desk: Desk) -> None:
    sent = site.ask("POST", "/send", files={"file": ("x.jpg", b"bytes")}, data={"caption": " <b>Seeds</b> "})
    assert (sent.status_code, sent.headers["location"]) == (303, "/pictures")
    assert desk.registered == [("from-readers-1", b"bytes", "window-0", "<b>Seeds</b>")]
    page = site.get("/pictures").text
    assert '<tawatur-image image="from-readers-1"' in page
    assert "&lt;b&gt;Seeds&lt;/b&gt;" in page


@pytest.mark.parametrize(
    "said",
    [
        {"files": {"file": ("x.jpg", b"")}, "data": {"caption": "empty"}},
        {"files": {"file": ("x.jpg", b"bytes")}, "data": {"caption": "  "}},
        {"files": {"file": ("x.jpg", b"bytes")}},
        {"data": {"caption": "no file", "file": "text"}},
        {},
    ],
)
def test_what_cannot_be_taken_is_refused_in_words(site: Reader, desk: Desk, said: dict[str, Any]) -> None:
    answer = site.ask("POST", "/send?lang=en", **said)
    assert answer.status_code == 422
    assert "was not taken" in answer.text
    assert desk.registered == []


def test_no_picture_is_taken_while_tawatur_is_away_nor_more_than_a_demo_needs(site: Reader, desk: Desk) -> None:
    said: dict[str, Any] = {"files": {"file": ("x.jpg", b"bytes")}, "data": {"caption": "seeds"}}
    desk.away = True
    assert site.ask("POST", "/send", **said).status_code == 422
    desk.away = False
    answers = [site.ask("POST", "/send", **said).status_code for _ in range(MOST_FROM_READERS + 1)]
    assert answers == [303] * MOST_FROM_READERS + [422]


def test_both_editions_have_the_same_stories_and_photographs() -> None:
    shape = {
        lang: (
            [(story.slug, story.photograph, story.days_ago, len(story.body)) for story in edition.stories],
            [picture.photograph for picture in edition.pictures],
        )
        for lang, edition in EDITIONS.items()
    }
    assert shape["ar"] == shape["en"]
    stories, pictures = shape["ar"]
    assert sorted([name for _, name, *_ in stories] + pictures) == NAMES


def test_every_photograph_has_its_source_and_a_free_licence() -> None:
    known = paper.credits_by_photograph()
    assert sorted(known) == NAMES
    for credit in known.values():
        assert credit.author
        assert credit.licence.startswith(("CC0", "public domain"))
