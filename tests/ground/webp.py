"""Pictures for the documents, as small WebP."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

IMAGES = Path(__file__).parents[2] / "docs" / "images"


def webp(png: bytes, quality: int = 80) -> bytes:
    out = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGB").save(out, "WEBP", quality=quality, method=6)
    return out.getvalue()


def small_webp(png: bytes, most: int) -> bytes:
    """The best of some ways that has at most so many bytes: as it is, with a loss that nobody sees, in 256 colours.
    Raises ValueError where none has."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    few = picture.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).convert("RGB")
    ways = [_lossless(picture), webp(png, 80), _lossless(few), webp(png, 50)]
    for content in ways:
        if len(content) <= most:
            return content
    raise ValueError(f"It has {min(map(len, ways))} bytes at the least, more than {most}.")


def _lossless(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "WEBP", lossless=True, quality=100, method=6)
    return out.getvalue()
