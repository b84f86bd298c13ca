"""Pictures for the tests: generated ones, those that the package ships, the shared collection where present."""

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
SHIPPED = sorted((ROOT / "src/tawatur/demo/photographs").glob("*.jpg"))
SHARED = ROOT.parent / "shared/data"


def shared(part: str) -> Path:
    """A file or folder of the shared data; skips the test where it is absent."""
    path = SHARED / part
    if not path.exists():
        pytest.skip(f"needs ../shared/data/{part}, which is not here")
    return path


def scenery(width: int = 320, height: int = 240, seed: int = 3) -> Image.Image:
    """A picture with as much in it as a photograph, large and small, and nothing symmetric."""
    coarse = np.random.default_rng(seed).integers(0, 255, (31, 41, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def png_of_size(width: int, height: int) -> bytes:
    """A PNG that claims to be so large and holds next to nothing."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
