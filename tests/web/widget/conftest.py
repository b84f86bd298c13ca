"""A gate that answers as a test wishes, a site under a strict policy, and readers with browsers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.ground.browser import Readers, chromium
from tests.web.widget.fake import Gate, Site, serving


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


@pytest.fixture
def site(gate: Gate) -> Iterator[Site]:
    """Its `address` has another host name than the gate's, so that for a browser they are two sites."""
    with serving(gate.app()) as origin:
        made = Site(origin)
        with serving(made.app()) as own:
            made.address = own.replace("127.0.0.1", "localhost")
            yield made
            gate.streams = False  # a server waits for its streams to end
