"""Where the marks of the report's plots stand, in parts of a hundred of the room that a plot has.

The plots are small pieces of SVG without text between HTML that says what they are, so that words keep their size on a
phone and the whole turns round with the direction of writing.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log10

from tawatur.web.transparency.tables import LEFT_OUT, SMALL, Cell

_SHORTEST_S, _LONGEST_S = 1.0, 100 * 86400.0
TICKS = (60.0, 3600.0, 86400.0, 30 * 86400.0)
"""Times that the plot of times has lines for: a minute, an hour, a day, thirty days."""


def size(value: Cell) -> float:
    """How much a number counts in a plot; one that is not told, as the least it may be drawn as."""
    if value == SMALL:
        return 2.0
    return 0.0 if value is None or value == LEFT_OUT else float(value)


def most(values: Sequence[Cell]) -> float:
    """The greatest of them, at least 1, so that nothing is divided by nothing."""
    return max([1.0, *map(size, values)])


def part(value: Cell, whole: float) -> str:
    """A length: `value` of `whole`."""
    return f"{100 * size(value) / whole:.2f}"


def scale(shares: Sequence[float]) -> float:
    """The greatest share that the plot of errors shows: 5, 10, 25, 50 or 100 %."""
    highest = max([0.0, *shares])
    return next(end for end in (0.05, 0.1, 0.25, 0.5, 1.0) if highest <= end)


def time_place(seconds: float) -> str:
    """Where a time stands, each power of ten as wide as the next."""
    inside = min(max(seconds, _SHORTEST_S), _LONGEST_S)
    return f"{100 * log10(inside / _SHORTEST_S) / log10(_LONGEST_S / _SHORTEST_S):.2f}"
