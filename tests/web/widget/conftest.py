"""A gate that answers as a test wishes, a site under a strict policy, and readers with browsers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.ground.browser import Readers, chromium
from tests.web.widget.fake import Gate, Site, Stand, serving


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as made:
        yield made


@pytest.fixture
def readers(browser: Browser) -> Iterator[Readers]:
    made = Readers(browser)
    yield made
    made.close()


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture(scope="module")
def stands() -> Iterator[tuple[Stand, Stand]]:
    """Where each test's gate and site stand in turn: two real servers for all of a module."""
    gate, site = Stand(), Stand()
    with serving(gate) as gate.origin, serving(site) as site.origin:
        yield gate, site


@pytest.fixture
def site(stands: tuple[Stand, Stand], gate: Gate) -> Iterator[Site]:
    """Its `address` has another host name than the gate's, so that for a browser they are two sites."""
    at_gate, at_site = stands
    made = Site(at_gate.origin)
    made.address = at_site.origin.replace("127.0.0.1", "localhost")
    at_gate.app, at_site.app = gate.app(), made.app()
    yield made
    gate.streams = False  # nothing of this test goes on into the next
