"""PDQ, a picture's perceptual hash of 256 bits, as products with small fixed matrices.

Source: Facebook, "The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm" (2019) and the reference
implementation, facebook/ThreatExchange. The reference filters luma with two box passes, samples a 64 x 64 plane and
takes 16 x 16 DCT coefficients. All of that is linear and separable, so the plane is `P(h) @ Y @ P(w).T` with one cached
matrix a size, and the coefficients are `D @ plane @ D.T`; a bit is set where a coefficient lies above the median.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

Floats = np.ndarray[Any, np.dtype[np.float32]]
Pixels = np.ndarray[Any, np.dtype[np.uint8]]
Hash = np.ndarray[tuple[int], np.dtype[np.uint64]]
Hashes = np.ndarray[Any, np.dtype[np.uint64]]

BITS = 256
WORST_MATCHABLE_QUALITY = 50
SMALLEST_SIDE = 5  # below this many pixels the reference gives no hash

_PLANE = 64
_BAND = 16  # samples: the 64 of a side see a quarter of it at a time
_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)

ORIENTATIONS = (
    "as_is",
    "rotate90",
    "rotate180",
    "rotate270",
    "mirror",
    "flip",
    "transpose",
    "transverse",
)


def hash_array(rgb: Pixels) -> tuple[Hash, int]:
    """The PDQ hash and quality (0 to 100) of an 8-bit RGB picture of shape (height, width, 3).

    The hash is uint64[4], most significant word first, in the reference's bit order. Below `WORST_MATCHABLE_QUALITY`
    a hash says too little to match by. Raises `ValueError` where a side has fewer than `SMALLEST_SIDE` pixels.
    """
    _check(rgb)
    plane = _product(_bands(rgb.shape[0]), rgb, _bands(rgb.shape[1]))
    return _hash_plane(plane), _quality(plane)


def orientations(rgb: Pixels) -> tuple[Hash, ...]:
    """The hashes of a picture (height, width, 3) in the eight orientations, in the order of `ORIENTATIONS`.

    Each is the hash of the picture turned or mirrored so, not the reference's shortcut by sign flips, which is 10 to
    20 bits off on photographs. The filter's window is not symmetric, so mirroring is done on the picture's side of the
    product, by sampling matrices with their columns reversed; turning by 90 degrees is then a transposed plane.
    """
    _check(rgb)
    both = _product(_bands_both_ways(rgb.shape[0]), rgb, _bands_both_ways(rgb.shape[1]))
    as_is, mirror = both[:_PLANE, :_PLANE], both[:_PLANE, _PLANE:]
    flip, rotate180 = both[_PLANE:, :_PLANE], both[_PLANE:, _PLANE:]
    planes = (as_is, mirror.T, rotate180, flip.T, mirror, flip, as_is.T, rotate180.T)
    return tuple(_hash_plane(plane) for plane in planes)


def hamming(a: Hash, b: Hash) -> int:
    """How many of the 256 bits differ."""
    return int(np.bitwise_count(a ^ b).sum())


def to_hex(bits: Hash) -> str:
    """64 hexadecimal digits in the reference's order."""
    return bits.astype(">u8").tobytes().hex()


def from_hex(text: str) -> Hash:
    """The hash that 64 hexadecimal digits spell; raises `ValueError` for anything else."""
    raw = bytes.fromhex(text)
    if len(raw) * 8 != BITS or len(text) != BITS // 4:
        raise ValueError(f"a PDQ hash has 64 hexadecimal digits, this has {len(text)}: {text[:80]!r}")
    return np.frombuffer(raw, dtype=">u8").astype(np.uint64)


def many_from_hex(text: str) -> Hashes:
    """The hashes of shape (n, 4) that n times 64 hexadecimal digits spell; raises `ValueError` for anything else."""
    raw = bytes.fromhex(text)
    if len(raw) * 2 != len(text) or len(text) % (BITS // 4):
        raise ValueError(f"PDQ hashes have {BITS // 4} hexadecimal digits each, these have {len(text):,} together")
    return np.frombuffer(raw, dtype=">u8").astype(np.uint64).reshape(-1, BITS // 64)


@lru_cache(maxsize=512)
def sampling(n: int) -> Floats:
    """P(n), of shape (64, n): two box filters, then the 64 samples. The pre-scale's sizes fill the cache with 33 MB.

    A box's window is `f = (n + 127) // 128`, its half `(f + 2) // 2`; row i averages `[i + half - f, i + half)` clipped
    to the picture, over the clipped count. Sample k lies at `int((k + 0.5) n / 64)` (the reference's Jarosz filter).
    """
    centres = ((np.arange(_PLANE) + 0.5) * n / _PLANE).astype(np.intp)
    # Only the rows that a sample sees are made: the whole box filter of a large picture would be n x n.
    rows = [_box(np.flatnonzero(seen), n).mean(axis=0) for seen in _box(centres, n)]
    product: Floats = np.stack(rows).astype(np.float32)
    product.flags.writeable = False
    return product


def _box(rows: np.ndarray[Any, np.dtype[np.intp]], n: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """These rows of the box filter of size n, of shape (len(rows), n)."""
    window = (n + 127) // 128
    first = rows[:, None] + (window + 2) // 2 - window
    columns = np.arange(n)[None, :]
    inside = (columns >= first) & (columns < first + window)
    averages: np.ndarray[Any, np.dtype[np.float64]] = inside / inside.sum(axis=1, keepdims=True)
    return averages


class _Band(NamedTuple):
    """A few rows of a sampling matrix without the columns that are zero in all of them: before `first`, from `last`."""

    first: int
    last: int
    weights: Floats


@lru_cache(maxsize=512)
def _bands(n: int) -> tuple[_Band, ...]:
    return tuple(_banded(sampling(n)))


@lru_cache(maxsize=256)
def _bands_both_ways(n: int) -> tuple[_Band, ...]:
    """Of P(n) over P(n) with its columns reversed, of shape (128, n)."""
    forward = sampling(n)
    return tuple(_banded(np.concatenate([forward, forward[:, ::-1]])))


def _banded(matrix: Floats) -> Iterator[_Band]:
    for top in range(0, len(matrix), _BAND):
        rows = matrix[top : top + _BAND]
        used = np.flatnonzero(rows.any(axis=0))
        first, last = int(used[0]), int(used[-1]) + 1
        weights: Floats = rows[:, first:last].copy()
        weights.flags.writeable = False
        yield _Band(first, last, weights)


def _product(down: tuple[_Band, ...], rgb: Pixels, across: tuple[_Band, ...]) -> Floats:
    """down @ luma @ across.T, a band at a time: a quarter of the products, and what is at hand stays in the cache."""
    product = np.empty((_BAND * len(down), _BAND * len(across)), dtype=np.float32)
    for place, band in enumerate(down):
        luma = rgb[band.first : band.last].astype(np.float32) @ _LUMA
        columns = [luma[:, side.first : side.last] @ side.weights.T for side in across]
        np.matmul(band.weights, np.concatenate(columns, axis=1), out=product[_BAND * place : _BAND * (place + 1)])
    return product


def _dct() -> Floats:
    """DCT16x64[i, j] = sqrt(2/64) cos(pi/128 (i+1)(2j+1)): the second to the seventeenth row of a DCT-II."""
    rows = np.arange(1, 17)[:, None]
    columns = 2 * np.arange(_PLANE)[None, :] + 1
    product: Floats = (np.sqrt(2 / _PLANE) * np.cos(np.pi / 128 * rows * columns)).astype(np.float32)
    return product


_DCT = _dct()


def _check(rgb: Pixels) -> None:
    if rgb.ndim != 3 or rgb.shape[2] != 3:
        raise ValueError(f"expected pixels of shape (height, width, 3), got {rgb.shape}")
    if min(rgb.shape[:2]) < SMALLEST_SIDE:
        raise ValueError(f"a picture of {rgb.shape[1]} x {rgb.shape[0]} px is too small for a hash")


def _hash_plane(plane: Floats) -> Hash:
    """The 256 bits of a (64, 64) plane: coefficients above the lower median, last coefficient first."""
    coefficients = (_DCT @ plane @ _DCT.T).ravel()
    # The reference's median of an even count is the lower of the two in the middle.
    median = np.partition(coefficients, BITS // 2 - 1)[BITS // 2 - 1]
    bits = np.packbits((coefficients > median)[::-1])
    return bits.view(">u8").astype(np.uint64)


def _quality(plane: Floats) -> int:
    """The reference's gradient sum: differences of neighbours in percent, cut to whole numbers, a 90th of their sum."""
    down = np.abs(np.trunc((plane[1:] - plane[:-1]) * 100 / 255)).sum()
    across = np.abs(np.trunc((plane[:, 1:] - plane[:, :-1]) * 100 / 255)).sum()
    return min(100, int(down + across) // 90)
