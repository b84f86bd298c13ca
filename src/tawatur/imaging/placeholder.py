"""The plate that stands in a withheld picture's place: of its size, a calm shape, and why in the reader's language."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple
from xml.sax.saxutils import escape

from tawatur.imaging.words import LANGUAGES, Language, Situation, note, reason_line, sentence

PLACEHOLDER_MEDIA_TYPE = "image/svg+xml"

# As in web/colours.py, which this must not import; a test compares them.
_PAPER, _INK, _QUIET, _LINE = "#fbfaf8", "#1d2126", "#6a7078", "#e3e0da"
_DARK_PAPER, _DARK_INK, _DARK_QUIET, _DARK_LINE = "#16181b", "#e8e6e1", "#9aa1a9", "#2b2f34"

_FONTS = "Vazirmatn, 'Noto Sans Arabic', system-ui, 'Segoe UI', Tahoma, 'Noto Sans', sans-serif"

# An SVG cannot wrap or measure text. A glyph is taken as this many em wide: enough for the widest of the usual fonts
# (DejaVu Sans bold is 0.65 in Latin; joined Arabic is about 0.5).
_GLYPH = 0.6
_SMALLEST_TEXT = 10.0  # px; a plate with no room for that shows the shape alone, the words are in its title
_LINE_HEIGHT = {"ar": 1.6, "en": 1.4, "fr": 1.4}  # em
_SHAPE_HEIGHT = 2.6  # em
_GAP = 0.6  # em


class _Line(NamedTuple):
    text: str
    centre: float  # px from the top
    size: float  # px
    quiet: bool


class _Layout(NamedTuple):
    lines: tuple[_Line, ...]
    shape_centre: float | None  # px from the top
    shape_size: float  # px high


@lru_cache(maxsize=512)
def placeholder(
    width: int, height: int, lang: str, situation: Situation = Situation.REPORTED, reason: str | None = None
) -> bytes:
    """An SVG document of `width` x `height` px (at least 1 x 1) in `lang`: "ar", "en" or "fr".

    `reason` is one of design.md's reasons and appears as its family only. Dark where the reader prefers dark. Raises
    `ValueError` for a language that there are no words in.
    """
    language = _language(lang)
    situation = Situation(situation)
    width, height = max(1, width), max(1, height)
    says = [sentence(situation, language), reason_line(situation, reason, language), note(situation, language)]
    layout = _fitted(width, height, language, says[0] or "", [line for line in says[1:] if line])
    return _svg(width, height, language, layout, ". ".join(line for line in says if line)).encode()


def _language(lang: str) -> Language:
    for known in LANGUAGES:
        if lang == known:
            return known
    raise ValueError(f"there are no words in {lang!r}; take one of {', '.join(LANGUAGES)}")


def _fitted(width: int, height: int, language: Language, main: str, more: list[str]) -> _Layout:
    """The fullest layout that fits: what is said least gives way first, then the size, then the shape."""
    # At 360 px, as on a phone, a picture of any size then shows its words at about 14 px.
    wished = max(_SMALLEST_TEXT + 1, min(width / 26, height / 8))
    for quiet, shape, smallest in _compositions(more, wished):
        size = wished
        while size >= smallest:
            layout = _layout(width, height, language, main, quiet, size, shape=shape)
            if layout is not None:
                return layout
            size *= 0.95
    return _Layout((), height / 2, min(width, height) * 0.5)


def _compositions(more: list[str], wished: float) -> Iterator[tuple[list[str], bool, float]]:
    """(what is said in small, with the shape or without, the smallest size worth keeping it for), best first."""
    comfortable = max(_SMALLEST_TEXT, wished * 0.8)
    for count in range(len(more), 0, -1):
        yield more[:count], True, comfortable
    for count in range(len(more), -1, -1):
        yield more[:count], False, _SMALLEST_TEXT


def _layout(
    width: int, height: int, language: Language, main: str, quiet: list[str], size: float, *, shape: bool
) -> _Layout | None:
    """Everything at one text size, centred; `None` where it does not fit."""
    margin = max(6.0, min(width, height) * 0.06)
    step = size * _LINE_HEIGHT[language]
    small = max(_SMALLEST_TEXT, size * 0.85)
    small_step = small * _LINE_HEIGHT[language]
    strong = _wrapped(main, (width - 2 * margin) / (size * _GLYPH))
    light = [_wrapped(text, (width - 2 * margin) / (small * _GLYPH)) for text in quiet]
    if strong is None or any(lines is None for lines in light):
        return None
    weak = [line for lines in light if lines is not None for line in lines]
    shape_part = size * (_SHAPE_HEIGHT + _GAP) if shape else 0.0
    weak_part = size * _GAP * 0.5 + small_step * len(weak) if weak else 0.0
    total = shape_part + step * len(strong) + weak_part
    if total > height - 2 * margin:
        return None
    top = (height - total) / 2
    first = top + shape_part
    after = first + step * len(strong) + size * _GAP * 0.5
    lines = [_Line(text, first + step * (row + 0.5), size, quiet=False) for row, text in enumerate(strong)]
    lines += [_Line(text, after + small_step * (row + 0.5), small, quiet=True) for row, text in enumerate(weak)]
    return _Layout(tuple(lines), top + size * _SHAPE_HEIGHT / 2 if shape else None, size * _SHAPE_HEIGHT)


def _wrapped(text: str, room: float) -> list[str] | None:
    """The text in the fewest lines of at most `room` glyphs, and even ones; `None` where a word is too long."""
    words = text.split(" ")  # not split(): French needs its no-break spaces kept
    if max(map(len, words)) > room:
        return None
    fewest = len(_filled(words, math.floor(room)))
    for narrower in range(max(map(len, words)), math.floor(room)):
        lines = _filled(words, narrower)
        if len(lines) == fewest:
            return lines
    return _filled(words, math.floor(room))


def _filled(words: list[str], room: int) -> list[str]:
    lines = [words[0]]
    for word in words[1:]:
        if len(lines[-1]) + 1 + len(word) <= room:
            lines[-1] += " " + word
        else:
            lines.append(word)
    return lines


def _svg(width: int, height: int, language: Language, layout: _Layout, title: str) -> str:
    direction = "rtl" if language == "ar" else "ltr"
    thin = max(1.0, min(width, height) / 400)
    texts = "".join(_text(line, width) for line in layout.lines)
    shape = "" if layout.shape_centre is None else _closed_eye(width / 2, layout.shape_centre, layout.shape_size)
    # Colours are attributes first, so that the plate is right where a policy forbids styles; the style adds the dark.
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img" aria-labelledby="says" lang="{language}" xml:lang="{language}" direction="{direction}">'
        f'<title id="says">{escape(title)}</title>'
        f"<style>@media (prefers-color-scheme:dark){{.paper{{fill:{_DARK_PAPER};stroke:{_DARK_LINE}}}"
        f".ink{{fill:{_DARK_INK}}}.quiet{{fill:{_DARK_QUIET}}}.shape{{stroke:{_DARK_QUIET}}}}}</style>"
        f'<rect class="paper" x="{thin / 2:g}" y="{thin / 2:g}" width="{max(0.0, width - thin):g}" '
        f'height="{max(0.0, height - thin):g}" fill="{_PAPER}" stroke="{_LINE}" stroke-width="{thin:g}"/>'
        f'{shape}<g font-family="{_FONTS}" text-anchor="middle" aria-hidden="true">{texts}</g></svg>'
    )


def _text(line: _Line, width: int) -> str:
    look = f'class="quiet" fill="{_QUIET}"' if line.quiet else f'class="ink" fill="{_INK}" font-weight="600"'
    # 0.35 em below the middle is where the baseline of most fonts belongs; dominant-baseline differs between browsers.
    baseline = line.centre + line.size * 0.35
    return f'<text x="{width / 2:g}" y="{baseline:.1f}" font-size="{line.size:.1f}" {look}>{escape(line.text)}</text>'


def _closed_eye(x: float, y: float, size: float) -> str:
    """A closed lid with its lashes, `size` px high and a little wider, about (x, y). The same in both directions."""
    unit = size / 20
    strokes = "M-12-5Q0 8 12-5M0 1.5V7M-6.5-1-9.5 4M6.5-1 9.5 4"
    return (
        f'<path class="shape" transform="translate({x:g} {y:.1f}) scale({unit:.4g})" d="{strokes}" fill="none" '
        f'stroke="{_QUIET}" stroke-width="1.6" stroke-linecap="round"/>'
    )
