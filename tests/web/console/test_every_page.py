"""Every page and state that the pictures show, in each language: nothing bars anybody, and nothing is wider than the
window."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.ground.browser import Readers, barriers
from tests.ground.console_screenshots import STATES, Desk, go, opened, window

SLOW = {"policy-tried"}  # test_policy_browser.py looks at it, with a short log


@pytest.fixture(scope="module")
def newspaper() -> Iterator[tuple[Desk, Readers]]:
    with opened(weeks=2) as made:
        yield made


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("lang", "size", "scheme"), [("ar", "phone", "light"), ("en", "laptop", "dark"), ("fr", "phone", "dark")]
)
def test_nothing_bars_anybody(newspaper: tuple[Desk, Readers], lang: str, size: str, scheme: str) -> None:
    desk, readers = newspaper
    found = []
    for what, state in STATES.items():
        if what in SLOW:
            continue
        page = window(readers, desk, state.who, lang, size, scheme)
        go(page, desk, state)
        found += [f"{what}: {one}" for one in barriers(page)]
        if not page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
            found.append(f"{what}: wider than the window")
        if page.locator("html").get_attribute("lang") != lang:
            found.append(f"{what}: not in {lang}")
        state.leave(page)
        page.context.close()
    assert found == []
