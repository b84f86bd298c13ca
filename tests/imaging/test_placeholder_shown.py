"""The plate as Chromium draws it: every line within it, and Arabic joined and from right to left."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tawatur.imaging.placeholder import placeholder
from tawatur.imaging.words import LANGUAGES, Language, Situation
from tests.ground.browser import Readers, chromium

SIZES = [(120, 90), (320, 240), (640, 427), (300, 60), (1280, 720)]
LINES = """
() => [...document.querySelectorAll('text')].map(line => {
    const box = line.getBBox(), letters = line.getNumberOfChars()
    const first = line.getExtentOfChar(0), last = line.getExtentOfChar(letters - 1)
    const joined = line.getComputedTextLength()
    // The same letters with something between them that keeps them from joining (U+200C), and takes no room.
    line.textContent = [...line.textContent].join('\\u200c')
    return {left: box.x, right: box.x + box.width, top: box.y, bottom: box.y + box.height, joined,
            first: first.x, last: last.x, apart: line.getComputedTextLength()}
})
"""


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    if shutil.which("fc-list") is None or not subprocess.run(["fc-list", ":lang=ar"], capture_output=True).stdout:
        pytest.skip("needs a font with Arabic, such as Debian's package fonts-noto-core")
    with chromium() as browser:
        readers = Readers(browser)
        yield readers.another()
        readers.close()


def lines(page: Page, width: int, height: int, language: Language, situation: Situation) -> list[dict[str, float]]:
    page.set_content(placeholder(width, height, language, situation, "violence").decode())
    found: list[dict[str, float]] = page.evaluate(LINES)
    return found


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("situation", Situation)
def test_every_line_is_drawn_within_the_plate(page: Page, situation: Situation, language: Language) -> None:
    for width, height in SIZES:
        for line in lines(page, width, height, language, situation):
            assert 0 <= line["left"] < line["right"] <= width
            assert 0 <= line["top"] < line["bottom"] <= height


@pytest.mark.parametrize("situation", Situation)
def test_arabic_is_joined_and_reads_from_the_right(page: Page, situation: Situation) -> None:
    found = lines(page, 640, 427, "ar", situation)
    assert found
    for line in found:
        assert line["first"] > line["last"]
        assert line["joined"] < 0.95 * line["apart"]


def test_other_languages_read_from_the_left(page: Page) -> None:
    for language in ("en", "fr"):
        for line in lines(page, 640, 427, language, Situation.REPORTED):
            assert line["first"] < line["last"]
            assert line["joined"] == pytest.approx(line["apart"], rel=0.05)  # kerning at most
