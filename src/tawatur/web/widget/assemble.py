"""`/widget/v1.js`, put together from its parts: one file, so that one hash vouches for all of it.

Each part is a module of its own that a person can read. Put together, their imports fall away, and so do indentation
and the lines that hold nothing but a comment; nothing else is changed.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from tawatur.web.colours import declared
from tawatur.web.languages import LANGUAGES

HERE = Path(__file__).parent
PARTS = ("page", "ask", "proof", "tokens", "views", "changes", "dialog", "element")
"""In an order in which nothing is used before it is made."""
LARGEST = 8 * 1024
"""Bytes that the script may take when it travels with gzip."""

_ABOUT = "// Tawatur's widget, version 1. Apache-2.0. Its readable parts: src/tawatur/web/widget/\n"
_COLOURS = ("paper", "ink", "quiet", "line", "accent", "stop")
_IMPORT = re.compile(r'^import [^;]*? from "\./[\w.]+";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=const|let|class|function|async)", re.MULTILINE)
_COMMENT = re.compile(r"^//.*\n", re.MULTILINE)
_CSS_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


@cache
def assembled() -> bytes:
    """The module that a page loads."""
    parts = [_EXPORT.sub("", _IMPORT.sub("", _text(f"{name}.js"))) for name in PARTS]
    return (_ABOUT + _COMMENT.sub("", _closed_up("\n".join([_sheet(), *parts])))).encode()


@cache
def vocabulary(lang: str) -> bytes:
    """All words of the widget in one language, as JSON. Raises FileNotFoundError where there are none."""
    if lang not in LANGUAGES:
        raise FileNotFoundError(f"There are no words in {lang!r}.")
    return (HERE / "words" / f"{lang}.json").read_bytes()


def _sheet() -> str:
    css = re.sub(r"\s*([{};:,])\s+|\s+(?=\{)", r"\1", _CSS_COMMENT.sub("", _text("sheet.css")))
    return f"const SHEET = `{declared(':host', _COLOURS)}{css.strip()}`;\n"


def _closed_up(text: str) -> str:
    """Without indentation and empty lines. No text of the parts runs over several lines, so none is changed."""
    return "".join(f"{line.strip()}\n" for line in text.splitlines() if line.strip())


def _text(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")
