"""Whether one picture is an altered copy of another: the corners that both have must lie in both alike.

Pairs of corners that look alike each propose a shift, a scale and a small turn; the proposal that most other pairs
agree with counts. All are tried: a random sample of them, as is usual, could decide otherwise the next time. Corners
alone are not enough, as pictures in the same frame, or with the same caption, share those. So the middle of what both
show must look the same as well. Or the operator's own model says so, at the operator's threshold.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
import numpy as np

from tawatur.imaging.features import GLANCE, Features
from tawatur.imaging.seen import same

ENOUGH: Final = 14
"""Corners that must agree. Of all pairs of 524 photographs none reaches more than 8, of their altered copies 99 in 100
have at least 18 (docs/altered-copies.md)."""
SAME_MIDDLE: Final = 0.8
"""The correlation that the middle must have, at most 1."""

_NEAR = 48  # bits of 256 in which the surroundings of two corners may differ to propose anything
_NEAR_WHERE_EXPECTED = 56  # and to agree, where the proposal says that they are the same
_MOST_PAIRS = 64
_TOLERANCE = 4.0  # px
_APART = 15.0  # px; two pairs nearer than this say little of scale and turn
_SCALES = (0.4, 2.5)
_TURN = 0.2  # radians: 11 degrees
_SPOT = 6.0  # px; corners of several scales at one spot count once
_EDGE = 0.2  # of the common part's width and height, on each side of its middle
_LEAST_MIDDLE = 24  # samples

_Array = np.ndarray[Any, Any]


class Likeness(msgspec.Struct, frozen=True):
    """How much two pictures agree: corners, the middle's correlation, and the scale and turn (radians) from the one to
    the other; and whether the operator's model takes one for a copy of the other."""

    corners: int
    middle: float
    scale: float
    turn: float
    model: bool = False

    @property
    def altered_copy(self) -> bool:
        """Whether one is taken for an altered copy of the other."""
        return self.model or (self.corners >= ENOUGH and self.middle >= SAME_MIDDLE)


NONE: Final = Likeness(0, 0.0, 1.0, 0.0)


def alike(query: Features, other: Features) -> Likeness:
    """How much a picture agrees with another. The same for the same two, whenever it is asked."""
    model = same(query.seen, other.seen)
    if not (len(query) and len(other)):
        return msgspec.structs.replace(NONE, model=model)
    distances = np.bitwise_count(query.words[:, None, :] ^ other.words[None, :, :]).sum(2, dtype=np.int16)
    nearest = distances.argmin(1)
    least = distances[np.arange(len(query)), nearest]
    mine = np.argsort(least, kind="stable")[:_MOST_PAIRS]
    mine = mine[least[mine] < _NEAR]
    found = _proposal(query.places[mine], other.places[nearest[mine]])
    if found is None:
        return msgspec.structs.replace(NONE, model=model)
    factor, shift = found
    expected = query.places * factor + shift
    off = np.abs(expected[:, None] - other.places[None, :])
    agree = (off < _TOLERANCE * max(1.0, abs(factor))) & (distances < _NEAR_WHERE_EXPECTED)
    corners = min(_spots(query.places[agree.any(1)]), _spots(other.places[agree.any(0)]))
    middle = _middle(query, other, factor, shift) if corners >= ENOUGH else 0.0
    return Likeness(corners, middle, float(abs(factor)), float(np.angle(factor)), model)


def _proposal(mine: _Array, theirs: _Array) -> tuple[complex, complex] | None:
    """The similarity, as factor and shift of complex numbers, that most of these pairs of places agree with."""
    first, second = np.triu_indices(len(mine), 1)
    span = mine[second] - mine[first]
    apart = np.abs(span) > _APART
    first, second, span = first[apart], second[apart], span[apart]
    factor = (theirs[second] - theirs[first]) / span
    scale = np.abs(factor)
    sane = (scale > _SCALES[0]) & (scale < _SCALES[1]) & (np.abs(np.angle(factor)) < _TURN)
    first, factor = first[sane], factor[sane]
    if len(factor) == 0:
        return None
    shift = theirs[first] - factor * mine[first]
    tolerance = _TOLERANCE * np.maximum(1.0, np.abs(factor))[:, None]
    fits = np.abs(factor[:, None] * mine + shift[:, None] - theirs) < tolerance
    best = int(fits.sum(1).argmax())
    return _fitted(mine[fits[best]], theirs[fits[best]])


def _fitted(mine: _Array, theirs: _Array) -> tuple[complex, complex] | None:
    """The similarity of the least squares."""
    centre, goal = mine.mean(), theirs.mean()
    around = mine - centre
    factor = complex((np.conj(around) * (theirs - goal)).sum() / (np.abs(around) ** 2).sum())
    return None if factor == 0 else (factor, complex(goal - factor * centre))


def _spots(places: _Array) -> int:
    return len(np.unique(np.rint(places / _SPOT)))


def _middle(query: Features, other: Features, factor: complex, shift: complex) -> float:
    """The correlation of the middle of what both show, laid over each other."""
    across = (np.arange(GLANCE) + 0.5) / GLANCE
    there = across[None, :] * other.width + 1j * across[:, None] * other.height
    here = (there - shift) / factor
    x, y = here.real / query.width * GLANCE - 0.5, here.imag / query.height * GLANCE - 0.5
    common = (x > 0) & (x < GLANCE - 1) & (y > 0) & (y < GLANCE - 1)
    rows, columns = np.nonzero(common)
    if len(rows) == 0:
        return 0.0
    keep = _inner(rows) & _inner(columns)
    rows, columns = rows[keep], columns[keep]
    if len(rows) < _LEAST_MIDDLE:
        return 0.0
    x, y = x[rows, columns], y[rows, columns]
    left, top = np.floor(x).astype(np.intp), np.floor(y).astype(np.intp)
    right, bottom = x - left, y - top
    glance = query.glance.astype(np.float64)
    upper = glance[top, left] * (1 - right) + glance[top, left + 1] * right
    lower = glance[top + 1, left] * (1 - right) + glance[top + 1, left + 1] * right
    seen = upper * (1 - bottom) + lower * bottom
    known = other.glance[rows, columns].astype(np.float64)
    seen, known = seen - seen.mean(), known - known.mean()
    size = float(np.sqrt((seen @ seen) * (known @ known)))
    return float(seen @ known) / size if size > 0 else 0.0


def _inner(places: _Array) -> _Array:
    """Which of these lie in the middle of the range that they span."""
    first, last = int(places.min()), int(places.max())
    edge = _EDGE * (last - first)
    return (places >= first + edge) & (places <= last - edge)
