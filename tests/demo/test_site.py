"""The newspaper's pages, with a backend that only says what it is told."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from datetime import date

import httpx
import pytest
from starlette.types import ASGIApp

from tawatur.demo import paper
from tawatur.demo.site import Placed, Statuses, Website

GATE = "http://gate.example"
NOTICE = {
    "ar": "تُحجَب هذه الصورة تلقائيًا متى أبلغ عنها عدة أشخاص",
    "en": "This image is blocked automatically when several people report it",
}
EDITIONS = paper.editions()
NAMES = sorted(path.stem for path in paper.PHOTOGRAPHS.glob("*.jpg"))
ADDRESSES = ["/", *(f"/articles/{story.slug}" for story in EDITIONS["ar"].stories)]


class Reader:
    """Opens pages of an application without a network."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def get(self, address: str) -> httpx.Response:
        return asyncio.run(self._get(address))

    async def _get(self, address: str) -> httpx.Response:
        transport = httpx.ASGITransport(app=self._app)
        async with httpx.AsyncClient(transport=transport, base_url="http://paper.example") as client:
            return await client.get(address)


def website(statuses: Statuses) -> Reader:
    placed = {name: Placed(id=name, gate_url=f"{GATE}/i/{name}") for name in NAMES}
    return Reader(Website(placed, statuses, GATE, lambda: date(2026, 3, 10)).app())


@pytest.fixture(scope="module")
def site() -> Reader:
    return website(lambda ids: dict.fromkeys(ids, "visible"))


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize(("lang", "direction"), [("ar", "rtl"), ("en", "ltr")])
def test_every_photograph_comes_from_the_gate_with_credit_notice_and_words(
    site: Reader, address: str, lang: str, direction: str
) -> None:
    page = site.get(address if lang == "ar" else f"{address}?lang={lang}")
    assert page.status_code == 200
    assert f'<html lang="{lang}" dir="{direction}">' in page.text
    figures = re.findall(r"<figure.*?</figure>", page.text, re.DOTALL)
    assert len(figures) == len(re.findall("<img", page.text)) == (8 if address == "/" else 1)
    for figure in figures:
        assert re.search(rf'src="{GATE}/i/\w+\?lang={lang}" alt="[^"]+" width="\d+" height="\d+"', figure)
        assert NOTICE[lang] in figure
        assert 'class="credit"' in figure
    elsewhere = f'href="{address}?lang=en" lang="en"' if lang == "ar" else f'href="{address}" lang="ar"'
    assert page.text.count(elsewhere) == len(figures) + 1


@pytest.mark.parametrize("address", [*ADDRESSES, "/articles/none", "/none"])
def test_pages_are_strict(site: Reader, address: str) -> None:
    page = site.get(address)
    policy = page.headers["content-security-policy"]
    assert policy.startswith(f"default-src 'none'; img-src 'self' {GATE}; style-src 'self';")
    assert "unsafe" not in policy
    assert page.headers["cache-control"] == "no-store"
    assert not re.search(r"<script|<style|style=|\son\w+=", page.text)
    loaded = re.findall(r'(?:src|<link[^>]* href)="([^"]+)"', page.text)
    assert all(one.startswith(("/static/", f"{GATE}/i/")) for one in loaded)
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


def test_a_withheld_picture_is_told_in_words_and_accuses_nobody() -> None:
    def statuses(ids: Iterable[str]) -> dict[str, str]:
        return dict.fromkeys(ids, "visible") | {"moose": "blocked", "coffee": "blurred"}

    page = website(statuses).get("/").text
    figures = {found[1]: found[0] for found in re.findall(r"(<figure.*?/i/(\w+)\?.*?</figure>)", page, re.DOTALL)}
    assert 'alt="صورة محجوبة: أبلغ عنها عدة أشخاص"' in figures["moose"]
    assert NOTICE["ar"] in figures["moose"]
    assert "Ryan Hagerty" not in figures["moose"]
    assert f'href="{GATE}/i/coffee?lang=ar&amp;reveal=1"' in figures["coffee"]
    assert "reveal" not in figures["raccoon"]


def test_the_paper_comes_out_when_tawatur_is_away() -> None:
    def away(_: Iterable[str]) -> dict[str, str]:
        raise httpx.ConnectError("refused")

    page = website(away).get("/")
    assert page.status_code == 200
    assert page.text.count(f"{GATE}/i/") == 8


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
