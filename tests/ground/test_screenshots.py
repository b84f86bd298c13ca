"""The pictures in the documents: of every page that people use, each small, used and described."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.ground.console_screenshots import DOCUMENTED, MOST_BYTES, SHOWN_BY, STATES
from tests.ground.webp import IMAGES

ROOT = IMAGES.parents[1]
WEB = ROOT / "src" / "tawatur" / "web"
USED = re.compile(r"!\[([^\]]*)\]\(([^)]+)\)")


def pages() -> set[str]:
    """The templates that are whole pages, as `console/queue.html`."""
    return {
        f"{room}/{path.name}"
        for room in ("console", "notice")
        for path in (WEB / room / "templates").glob("*.html")
        if '{% extends "layout.html" %}' in path.read_text()
    }


def used() -> list[tuple[Path, str]]:
    """The pictures that the documents show, each with what is said of it."""
    documents = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    return [
        ((document.parent / address).resolve(), said)
        for document in documents
        for said, address in USED.findall(document.read_text())
        if "://" not in address
    ]


def test_every_page_has_a_picture_in_the_documents() -> None:
    assert set(SHOWN_BY) == pages()
    assert set(SHOWN_BY.values()) <= {what for _, what, *_ in DOCUMENTED} <= set(STATES)


def test_every_picture_is_used_and_there_and_described() -> None:
    shown = used()
    assert {path for path, _ in shown} == set(IMAGES.iterdir())
    assert [path.name for path, said in shown if len(said) < 10] == []
    assert len({said for _, said in shown}) == len(shown)


@pytest.mark.parametrize("name", [name for name, *_ in DOCUMENTED])
def test_a_picture_of_the_console_is_small(name: str) -> None:
    content = (IMAGES / f"{name}.webp").read_bytes()
    assert content[8:12] == b"WEBP"
    assert len(content) <= MOST_BYTES
