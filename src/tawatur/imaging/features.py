"""What stays of a picture when it is cropped, framed, captioned, scaled or turned a little: its corners.

A description holds up to `MOST` corners of a picture with what surrounds each, on four scales. Corners are where the
gradients of a small window have two directions (Harris and Stephens 1988); what surrounds one is a histogram of
gradient directions in 4 x 4 cells of 5 px (after Lowe 2004), of which only comparisons of two entries are kept, as 256
bits that a change of light or contrast leaves alone. They are not turned upright: altered copies are rarely turned by
more than a few degrees, and upright corners are told apart better. Beside them stands a small grey rendering, and
what the operator's own model saw, where there is one (copy_model.py).
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
import numpy as np
from PIL import Image

from tawatur.imaging import seen as vision
from tawatur.imaging.seen import Seen

VERSION: Final = 2
"""Of the description. Raise it with any change of what is described: only equal versions compare."""

SIDE: Final = 256
"""px of the longer side that a picture is scaled to. Positions are in px of this scale."""
MOST: Final = 128
"""Corners of one picture, 36 bytes each."""
GLANCE: Final = 32
"""px of either side of the small rendering."""

_LEVELS = 4
_STEP = 2 ** (1 / 3)
_CELLS, _CELL, _BINS = 4, 5, 8
_PATCH = _CELLS * _CELL
_MARGIN = _PATCH // 2
_GRID = 6  # corners are spread over 6 x 6 fields of the picture, or a caption's letters would take them all
_LEAST_SIDE = 3 * _MARGIN
_FLAT = 0.5  # a weaker response is noise of an even surface
_PER_PX = 16  # positions are kept in sixteenths
_HEAD = 8 + GLANCE * GLANCE  # bytes: version, width, height, number of corners and the small rendering
_CORNER = 4 + 32

_Array = np.ndarray[Any, Any]


class Features(msgspec.Struct, frozen=True, eq=False):
    """A description, read. `places` (n) are complex numbers x + iy in px of the scale at which the longer side has
    `SIDE` px; `words` (n, 4) are the 256 bits of each as uint64; `width` and `height` are the picture's at that scale.
    `glance` is the whole of it in (GLANCE, GLANCE) greys, whatever its shape. `seen` is what the operator's model saw.
    """

    width: float
    height: float
    places: _Array
    words: _Array
    glance: _Array
    seen: Seen | None = None

    def __len__(self) -> int:
        return len(self.places)


def describe(pixels: _Array, seen: bytes = b"") -> bytes:
    """The description of a picture, from its (height, width, 3) or (height, width) array of uint8, with what a model
    saw (`Seen.body`).

    An empty text where the picture is too small or too even to be known again.
    """
    grey = Image.fromarray(pixels).convert("L")
    scale = SIDE / max(grey.size)
    levels = [_level(grey, scale / _STEP**n) for n in range(_LEVELS)]
    corners = [np.column_stack([np.full(len(level.strength), n), level.x, level.y]) for n, level in enumerate(levels)]
    which = np.concatenate(corners).astype(np.intp)
    strength = np.concatenate([level.strength for level in levels])
    places = np.concatenate([level.places(grey.size, scale) for level in levels])
    chosen = _spread(places, strength, grey.width * scale, grey.height * scale)
    if len(chosen) == 0 and not seen:
        return b""
    which, places = which[chosen], places[chosen]
    words = np.zeros((len(chosen), 4), dtype="<u8")
    for n, level in enumerate(levels):
        mine = which[:, 0] == n
        if mine.any():
            words[mine] = _surroundings(level, which[mine, 1], which[mine, 2])
    size = round(grey.width * scale * _PER_PX), round(grey.height * scale * _PER_PX)
    head = np.array([VERSION, *size, len(chosen)], dtype="<u2")
    spots = np.rint(np.column_stack([places.real, places.imag]) * _PER_PX).astype("<u2")
    glance = grey.resize((GLANCE, GLANCE), Image.Resampling.BOX)
    return b"".join((head.tobytes(), glance.tobytes(), spots.tobytes(), words.tobytes(), seen))


def read(description: bytes) -> Features | None:
    """A description as `describe` made it; None where it is empty, of another version, or damaged."""
    if len(description) < _HEAD:
        return None
    version, width, height, count = np.frombuffer(description, "<u2", 4).tolist()
    end = _HEAD + _CORNER * count
    seen = vision.read(description[end:])
    if version != VERSION or len(description) < end or not (count or seen) or not (width and height):
        return None
    glance = np.frombuffer(description, np.uint8, GLANCE * GLANCE, offset=8).reshape(GLANCE, GLANCE)
    spots = np.frombuffer(description, "<u2", 2 * count, offset=_HEAD).reshape(count, 2) / _PER_PX
    words = np.frombuffer(description, "<u8", 4 * count, offset=_HEAD + 4 * count).reshape(count, 4)
    return Features(width / _PER_PX, height / _PER_PX, spots[:, 0] + 1j * spots[:, 1], words, glance, seen)


class _Level(msgspec.Struct, frozen=True, eq=False):
    """A picture at one scale: its gradients, and its corners with their strengths."""

    across: _Array
    down: _Array
    x: _Array
    y: _Array
    strength: _Array

    def places(self, size: tuple[int, int], scale: float) -> _Array:
        """Where the corners lie in the picture scaled by `scale`."""
        height, width = self.across.shape
        x = (self.x + 0.5) * (size[0] * scale / max(1, width))
        y = (self.y + 0.5) * (size[1] * scale / max(1, height))
        return np.asarray(x + 1j * y)


def _level(grey: Image.Image, scale: float) -> _Level:
    width, height = round(grey.width * scale), round(grey.height * scale)
    if min(width, height) < _LEAST_SIDE:
        nothing = np.zeros(0, dtype=np.intp)
        return _Level(np.zeros((0, 0)), np.zeros((0, 0)), nothing, nothing, np.zeros(0))
    plane: _Array = np.asarray(grey.resize((width, height), Image.Resampling.BILINEAR), dtype=np.float32)
    plane = _summed(plane, 1) / np.float32(9)
    across, down = np.zeros_like(plane), np.zeros_like(plane)
    across[:, 1:-1] = plane[:, 2:] - plane[:, :-2]
    down[1:-1] = plane[2:] - plane[:-2]
    xx, yy, xy = (_summed(product, 2) / np.float32(25) for product in (across * across, down * down, across * down))
    strength = (xx * yy - xy * xy) / (xx + yy + 1)
    inner = strength[_MARGIN:-_MARGIN, _MARGIN:-_MARGIN]
    y, x = np.nonzero((inner >= _greatest(strength, 2)[_MARGIN:-_MARGIN, _MARGIN:-_MARGIN]) & (inner > _FLAT))
    return _Level(across, down, x + _MARGIN, y + _MARGIN, inner[y, x])


def _summed(plane: _Array, reach: int) -> _Array:
    """The sum over a square that reaches so far to all sides; meaningless at the very edge, where no corner is."""
    rows = plane.copy()
    for n in range(1, reach + 1):
        rows[:, n:] += plane[:, :-n]
        rows[:, :-n] += plane[:, n:]
    total = rows.copy()
    for n in range(1, reach + 1):
        total[n:] += rows[:-n]
        total[:-n] += rows[n:]
    return total


def _greatest(plane: _Array, reach: int) -> _Array:
    """The greatest value of the same square."""
    rows = plane.copy()
    for n in range(1, reach + 1):
        np.maximum(rows[:, n:], plane[:, :-n], out=rows[:, n:])
        np.maximum(rows[:, :-n], plane[:, n:], out=rows[:, :-n])
    most = rows.copy()
    for n in range(1, reach + 1):
        np.maximum(most[n:], rows[:-n], out=most[n:])
        np.maximum(most[:-n], rows[n:], out=most[:-n])
    return most


def _spread(places: _Array, strength: _Array, width: float, height: float) -> _Array:
    """The corners to keep: the strongest of each field of the picture first, then the second of each, and so on."""
    column = np.minimum((places.real * _GRID / width).astype(np.intp), _GRID - 1)
    row = np.minimum((places.imag * _GRID / height).astype(np.intp), _GRID - 1)
    field = row * _GRID + column
    order = np.lexsort((-strength, field))
    first = np.searchsorted(field[order], np.arange(_GRID * _GRID))
    rank = np.arange(len(order)) - first[field[order]]
    return order[np.lexsort((-strength[order], rank))[:MOST]]


_BY_ROW, _BY_COLUMN = np.divmod(np.arange(_PATCH * _PATCH), _PATCH)
_CELL_OF = (_BY_ROW // _CELL) * _CELLS + _BY_COLUMN // _CELL
_ENTRIES = _CELLS * _CELLS * _BINS


def _compared() -> tuple[_Array, _Array]:
    """Which entries of a histogram the bits compare: each with the same direction in a cell further on, and with
    another direction in another cell."""
    cell, direction = np.divmod(np.arange(_ENTRIES), _BINS)
    same = ((cell + 5) % 16) * _BINS + direction
    other = ((cell + 9 + direction % 3) % 16) * _BINS + (direction + 3) % _BINS
    here = np.arange(_ENTRIES)
    return np.concatenate([here, here]), np.concatenate([same, other])


_LEFT, _RIGHT = _compared()


def _surroundings(level: _Level, x: _Array, y: _Array) -> _Array:
    """The 256 bits of each corner, (n, 4)."""
    rows = y[:, None] - _MARGIN + _BY_ROW
    columns = x[:, None] - _MARGIN + _BY_COLUMN
    across, down = level.across[rows, columns], level.down[rows, columns]
    weight = np.sqrt(np.hypot(across, down))
    direction = np.arctan2(down, across) * (_BINS / (2 * np.pi)) % _BINS
    lower = direction.astype(np.intp)
    share = direction - lower
    base = np.arange(len(x))[:, None] * _ENTRIES + _CELL_OF * _BINS
    size = len(x) * _ENTRIES
    histogram = np.bincount((base + lower % _BINS).ravel(), (weight * (1 - share)).ravel(), size)
    histogram += np.bincount((base + (lower + 1) % _BINS).ravel(), (weight * share).ravel(), size)
    entries = histogram.reshape(len(x), _ENTRIES)
    bits = entries[:, _LEFT] > entries[:, _RIGHT]
    return np.ascontiguousarray(np.packbits(bits, axis=1)).view("<u8")
