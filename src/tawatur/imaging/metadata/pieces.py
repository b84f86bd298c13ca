"""What the formats have in common: an EXIF that says how to turn the picture, and a failure."""

from __future__ import annotations

import struct

_ORIENTATION = 274  # CIPA DC-008
_SHORT = 3
_MOST_ENTRIES = 1000


class Malformed(Exception):
    """The parts of a file do not fit together."""


def orientation(exif: bytes) -> int:
    """How EXIF (with or without the six bytes before its TIFF header) says that the picture is stored: 1 to 8."""
    tiff = exif.removeprefix(b"Exif\x00\x00")
    order = {b"II*\x00": "<", b"MM\x00*": ">"}.get(tiff[:4])
    if order is None or len(tiff) < 10:
        return 1
    at = struct.unpack_from(order + "I", tiff, 4)[0]
    if at + 2 > len(tiff):
        return 1
    count = struct.unpack_from(order + "H", tiff, at)[0]
    for entry in range(at + 2, at + 2 + 12 * min(count, _MOST_ENTRIES), 12):
        if entry + 12 > len(tiff):
            break
        tag, kind, values, value = struct.unpack_from(order + "HHIH", tiff, entry)
        if (tag, kind, values) == (_ORIENTATION, _SHORT, 1):
            return value if 1 <= value <= 8 else 1
    return 1


def minimal_exif(turned: int) -> bytes:
    """EXIF, from its TIFF header on, that says the orientation and nothing else."""
    return b"MM\x00*" + struct.pack(">IHHHIHHI", 8, 1, _ORIENTATION, _SHORT, 1, turned, 0, 0)
