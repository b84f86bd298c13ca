"""People at the console of a site in a real browser."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Page

from tests.ground.browser import Readers, barriers
from tests.ground.server import Server
from tests.web.console.desks import WORDS

SCREEN: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}}


def no_barriers(page: Page) -> None:
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert barriers(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def link_of(server: Server, name: str, role: str) -> str:
    """The link that lets somebody new choose a password."""
    made = json.loads(server.tawatur("user", "create", f"{name}@town.example", "--role", role, "--json"))
    return f"{server.base_url}/console/welcome/{made['link'].rpartition('/')[2]}"


def signed_in(server: Server, readers: Readers, name: str, role: str, **options: Any) -> Page:
    """The queue, before somebody who has just chosen a password; `options` are the browser's."""
    page = readers.another(**options)
    page.goto(link_of(server, name, role))
    page.fill("#password", WORDS)
    page.press("#password", "Enter")
    page.wait_for_url("**/console")
    return page
