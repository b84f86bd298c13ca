"""PNG (W3C PNG, third edition): a run of chunks, of which the critical ones and those that change pixels stay."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from tawatur.imaging.metadata.pieces import Malformed, minimal_exif, orientation

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_SHOWN = {
    *(b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"mDCV", b"mDCv", b"cLLI", b"cLLi"),
    *(b"bKGD", b"pHYs", b"acTL", b"fcTL", b"fdAT"),
}


def strip(data: bytes) -> bytes:
    """Without texts, times, EXIF, private chunks and what follows the end."""
    kept: list[tuple[bytes, bytes]] = []
    turned = 1
    for name, whole in _chunks(data):
        if name == b"eXIf":
            turned = orientation(whole[8:-4])
        elif name in _SHOWN or name[:1].isupper():
            kept.append((name, whole))
    if turned > 1:
        body = b"eXIf" + minimal_exif(turned)
        chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
        pixels = next((place for place, (name, _) in enumerate(kept) if name == b"IDAT"), len(kept))
        kept.insert(pixels, (b"eXIf", chunk))
    return _SIGNATURE + b"".join(whole for _, whole in kept)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Each chunk's name and all of it, to the end chunk."""
    at = len(_SIGNATURE)
    name = b""
    while name != b"IEND":
        size, name = struct.unpack_from(">I4s", data, at)
        whole = data[at : at + 12 + size]
        if len(whole) != 12 + size:
            raise Malformed("a chunk is cut off")
        yield name, whole
        at += len(whole)
