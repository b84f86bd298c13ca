"""One place for the house's colours, and all of them legible."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tawatur.imaging import placeholder
from tawatur.web.colours import COLOURS, declared

SOURCES = Path(__file__).parents[2] / "src" / "tawatur"
TEXT = ("ink", "quiet", "accent", "wait", "stop", "clear")
AA = 4.5


def contrast(one: str, other: str) -> float:
    """WCAG 2.2's contrast of two colours, 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_contrast_is_measured_as_wcag_does() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("name", TEXT)
def test_what_is_written_on_paper_can_be_read(name: str, theme: int) -> None:
    assert contrast(COLOURS[name][theme], COLOURS["paper"][theme]) >= AA


def test_the_placeholder_has_the_same_colours() -> None:
    """It is an image of its own, and made where nothing of the web is known."""
    names = ("paper", "ink", "quiet", "line")
    light = (placeholder._PAPER, placeholder._INK, placeholder._QUIET, placeholder._LINE)
    dark = (placeholder._DARK_PAPER, placeholder._DARK_INK, placeholder._DARK_QUIET, placeholder._DARK_LINE)
    assert [*zip(light, dark, strict=True)] == [COLOURS[name] for name in names]


def test_no_sheet_has_colours_of_its_own() -> None:
    found = [path for kind in ("css", "html", "js") for path in SOURCES.rglob(f"*.{kind}")]
    sheets = [path for path in found if "vendor" not in path.parts]  # what others wrote
    assert len(sheets) > 3
    assert [path.name for path in sheets if re.search(r"#[0-9a-f]{6}\b", path.read_text(encoding="utf-8"))] == []


def test_a_selector_gets_what_it_asks_for() -> None:
    assert declared("b", ["ink"]) == (
        "b{--ink:#1d2126;}@supports (color:light-dark(red,red)){b{--ink:light-dark(#1d2126,#e8e6e1);}}"
    )
