"""WebP (RFC 9649): RIFF chunks, frames of animations being chunks that hold chunks."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from tawatur.imaging.metadata.pieces import Malformed, minimal_exif, orientation

_SHOWN = {b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"}
_EXIF_FLAG, _XMP_FLAG = 0x08, 0x04
_FRAME_HEADER = 16


def strip(data: bytes) -> bytes:
    """Without EXIF, XMP, unknown chunks and what follows the end."""
    size = struct.unpack_from("<I", data, 4)[0]
    if size + 8 > len(data):
        raise Malformed("the file is cut off")
    kept: list[tuple[bytes, bytes]] = []
    turned = 1
    for name, body in _chunks(data[12 : size + 8]):
        if name == b"EXIF":
            turned = orientation(body)
        elif name == b"ANMF":
            parts = [_chunk(*part) for part in _chunks(body[_FRAME_HEADER:]) if part[0] in _SHOWN]
            kept.append((name, body[:_FRAME_HEADER] + b"".join(parts)))
        elif name in _SHOWN:
            kept.append((name, body))
    extended = bool(kept) and kept[0][0] == b"VP8X"
    if extended:
        body = kept[0][1]
        flags = body[0] & ~(_EXIF_FLAG | _XMP_FLAG) | (_EXIF_FLAG if turned > 1 else 0)
        kept[0] = (b"VP8X", bytes([flags]) + body[1:])
        if turned > 1:
            kept.append((b"EXIF", minimal_exif(turned)))
    content = b"WEBP" + b"".join(_chunk(name, body) for name, body in kept)
    return b"RIFF" + struct.pack("<I", len(content)) + content


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        body = data[at + 8 : at + 8 + size]
        if len(body) != size:
            raise Malformed("a chunk is cut off")
        yield name, body
        at += 8 + size + size % 2


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\x00" * (len(body) % 2)
