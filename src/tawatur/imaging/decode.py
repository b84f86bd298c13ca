"""What is in a file, and what of it may be shown while nobody has looked.

    examine   what the file is, its size and its PDQ hash
    blurred   a rendering in which nothing can be recognised

Both decode through `canvas.draw`, the one seam, and raise `ImageRefused` for whatever is not an accepted picture. A
server hands them a sandbox's `draw` instead, so that no foreign byte meets a decoder in its own process.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from PIL import Image, ImageFilter

from tawatur.imaging import pdq
from tawatur.imaging.canvas import PRESCALE_VERSION, STANDARD_LIMITS, Canvas, Limits, draw, too_many_bytes
from tawatur.imaging.refusals import (
    BrokenImage,
    DecoderFailed,
    EmptyFile,
    FormatNotAllowed,
    ImageRefused,
    NotAnImage,
    TooManyBytes,
    TooManyPixels,
    TruncatedImage,
)

__all__ = [
    "BLUR_MEDIA_TYPE",
    "BrokenImage",
    "DecoderFailed",
    "Describe",
    "Draw",
    "EmptyFile",
    "Examined",
    "FormatNotAllowed",
    "ImageRefused",
    "Limits",
    "NotAnImage",
    "TooManyBytes",
    "TooManyPixels",
    "TruncatedImage",
    "blurred",
    "examine",
]

Draw = Callable[[bytes, Limits], Canvas]
"""`canvas.draw`, or what does the same elsewhere: `Sandbox.draw`."""
Describe = Callable[[np.ndarray[Any, np.dtype[np.uint8]]], bytes]
"""`features.describe`, or what does the same with a model's help."""

BLUR_MEDIA_TYPE = "image/jpeg"
_BLUR_DETAIL = 24  # px on the longer side: what survives of a picture behind the blur
_BLUR_LONGEST = 1280


class Examined(msgspec.Struct, frozen=True):
    """What a file turned out to be.

    `width` and `height` are in px, upright. `pdq` is 64 hexadecimal digits, `None` for pictures that are too small or
    too thin to hash; `quality` (0 to 100) says how much the hash can tell. Compare only hashes of the same `prescale`
    version. `orientations` are the hashes of the picture turned and mirrored in all eight ways: copies are searched by
    these, and found by their `pdq`. `description` is what it can be known by when it comes back altered
    (features.py), where that was asked for.
    """

    media_type: str
    width: int
    height: int
    pdq: str | None
    quality: int
    prescale: int = PRESCALE_VERSION
    orientations: tuple[str, ...] = ()
    description: bytes = b""


def examine(
    source: Path | bytes, *, limits: Limits = STANDARD_LIMITS, draw: Draw = draw, describe: Describe | None = None
) -> Examined:
    """What `source` is; raises `ImageRefused`, and `OSError` where a path cannot be read. Thread-safe.

    Like the hash, the description is made of the canvas's plain pixels, so it needs no sandbox of its own.
    """
    canvas = draw(_read(source, limits), limits)
    if min(canvas.canvas_width, canvas.canvas_height) < pdq.SMALLEST_SIDE:
        return Examined(canvas.media_type, canvas.width, canvas.height, None, 0)
    pixels = _array(canvas)
    bits, quality = pdq.hash_array(pixels)
    turned = tuple(pdq.to_hex(one) for one in pdq.orientations(pixels))
    return Examined(
        canvas.media_type,
        canvas.width,
        canvas.height,
        pdq.to_hex(bits),
        quality,
        orientations=turned,
        description=b"" if describe is None else describe(pixels),
    )


def blurred(
    source: Path | bytes, *, longest: int = _BLUR_LONGEST, limits: Limits = STANDARD_LIMITS, draw: Draw = draw
) -> bytes:
    """The picture as a JPEG in which nothing can be recognised, without metadata; raises as `examine`.

    It has the picture's own size, or is scaled so that the longer side has `longest` px.
    """
    canvas = draw(_read(source, limits), limits)
    pixels = Image.frombytes("RGB", (canvas.canvas_width, canvas.canvas_height), canvas.pixels)
    pixels.thumbnail((_BLUR_DETAIL, _BLUR_DETAIL), Image.Resampling.BOX)
    soft = pixels.filter(ImageFilter.GaussianBlur(2))
    size = _capped(canvas.width, canvas.height, longest)
    # Scaling up leaves a faint lattice of the small picture's pixels; a second blur, half of one wide, takes it out.
    half_a_pixel = max(size) / _BLUR_DETAIL / 2
    large = soft.resize(size, Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(half_a_pixel))
    out = io.BytesIO()
    large.save(out, "JPEG", quality=70)
    return out.getvalue()


def _read(source: Path | bytes, limits: Limits) -> bytes:
    if isinstance(source, bytes):
        return source
    with source.open("rb") as file:
        data = file.read(limits.max_bytes + 1)
    if len(data) > limits.max_bytes:
        raise too_many_bytes(source.stat().st_size, limits)
    return data


def _array(canvas: Canvas) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The pixels as (canvas_height, canvas_width, 3), read-only."""
    flat = np.frombuffer(canvas.pixels, dtype=np.uint8)
    return flat.reshape(canvas.canvas_height, canvas.canvas_width, 3)


def _capped(width: int, height: int, longest: int) -> tuple[int, int]:
    scale = min(1.0, longest / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))
