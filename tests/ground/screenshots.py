"""Takes pictures of the newsroom, the widget and the console: those of the documents, or all there are, to look at.

Run by `script/screenshots`.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

from playwright.sync_api import Page

from tawatur.demo import crowd
from tests.ground import console_screenshots
from tests.ground.browser import Readers, chromium
from tests.ground.newsroom import Newsroom, newsroom
from tests.ground.webp import IMAGES, webp

MOST_BYTES = 150_000
"""Of a picture in the README."""

FRONT_HIGH = 1380
"""Of the front page, as far as the pictures that are blocked and blurred."""
SIZES = {"phone": {"width": 375, "height": 740}, "wide": {"width": 1280, "height": 900}}
PAGES = {
    "front": "/",
    "article": "/articles/marsa",
    "pictures": "/pictures",
    "send": "/send",
    "missing": "/none",
    "placeholder": "/articles/moose",
    "blurred": "/articles/collins",
    "dialog": "/articles/marsa",
    "thanks": "/articles/marsa",
    "withdrawn": "/articles/marsa",  # or the next readers' thanks would block it
}
BLOCKED, BLURRED = "moose", "astronaut"
README = (
    ("newsroom", "front", "ar", "wide", "light"),
    ("dialog", "dialog", "ar", "phone", "light"),
    ("blurred", "blurred", "ar", "phone", "dark"),
    ("placeholder", "placeholder", "en", "phone", "light"),
)


def for_the_readme() -> None:
    """Writes the README's pictures where it looks for them. Raises ValueError when one is too large."""
    with _opened() as (room, readers):
        for name, what, lang, size, scheme in README:
            page = _page(readers, lang, size, scheme, 1 if size == "wide" else 1.5)
            _go(page, room, what, lang)
            if what == "front":
                clip = {"x": 0, "y": 0, "width": SIZES[size]["width"], "height": FRONT_HIGH}
                content = webp(page.screenshot(full_page=True, clip=clip))
            else:
                page.locator("figure").evaluate("one => one.scrollIntoView({ block: 'center' })")
                content = webp(page.screenshot())
            if len(content) > MOST_BYTES:
                raise ValueError(f"{name}.webp has {len(content)} bytes, more than {MOST_BYTES}.")
            (IMAGES / f"{name}.webp").write_bytes(content)
            page.context.close()


def all_there_are(folder: Path) -> None:
    """Every page and state in both languages, sizes and themes: `front-ar-phone-light.png` and so on."""
    folder.mkdir(parents=True, exist_ok=True)
    with _opened() as (room, readers):
        for lang, size, scheme in product(("ar", "en"), SIZES, ("light", "dark")):
            page = _page(readers, lang, size, scheme, 1)
            for what in PAGES:
                _go(page, room, what, lang)
                page.screenshot(path=folder / f"{what}-{lang}-{size}-{scheme}.png", full_page=what == "front")
            page.context.close()


@contextmanager
def _opened() -> Iterator[tuple[Newsroom, Readers]]:
    """A newsroom in which one picture is blocked and one blurred, by people who have nothing in common."""
    with tempfile.TemporaryDirectory() as place, newsroom(Path(place)) as room, chromium() as browser:
        for name, until in ((BLOCKED, "blocked"), (BLURRED, "blurred")):
            image = room.pictures[name].id
            room.backend.count_views(image, 56)
            for person in crowd.unconnected(name, datetime.now(UTC)):
                if room.backend.report(image, person, "violence") == until:
                    break
        readers = Readers(browser)
        yield room, readers
        readers.close()
        if wrong := [error for error in readers.errors if "404" not in error]:  # the page that is missing
            raise ValueError(f"The browsers said: {wrong}")


def _page(readers: Readers, lang: str, size: str, scheme: str, scale: float) -> Page:
    return readers.another(viewport=SIZES[size], color_scheme=scheme, device_scale_factor=scale, locale=lang)


def _go(page: Page, room: Newsroom, what: str, lang: str) -> None:
    """Opens the page, all of it loaded, and brings it into the state that is to be seen."""
    page.goto(f"{room.home}{PAGES[what]}{'?lang=en' if lang == 'en' else ''}")
    if page.locator("tawatur-image").count():
        page.locator("tawatur-image[status]").last.wait_for()
    page.evaluate("document.querySelectorAll('img').forEach(one => (one.loading = 'eager'))")
    page.evaluate(
        "Promise.all([document.fonts.ready, ...[...document.images].map(one => one.decode().catch(() => 0))])"
    )
    if what in ("dialog", "thanks", "withdrawn"):
        page.locator("tawatur-image .flag").click()
        page.get_by_role("radio").first.check()
    if what in ("thanks", "withdrawn"):
        page.locator("dialog .main").click()
        page.locator("dialog .told > p").wait_for()
    if what == "withdrawn":
        page.locator("dialog .foot button").first.click()
        page.locator("dialog .foot button:only-of-type").wait_for()
    page.wait_for_timeout(300)  # until the dialog has risen


if __name__ == "__main__":
    if len(sys.argv) > 1:
        all_there_are(Path(sys.argv[1]))
        console_screenshots.all_there_are(Path(sys.argv[1]))
    else:
        for_the_readme()
        console_screenshots.for_the_documents()
