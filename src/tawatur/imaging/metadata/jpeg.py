"""JPEG (ITU T.81): a run of marked segments, coded pixels between them, whatever one likes after the end."""

from __future__ import annotations

import re
import struct

from tawatur.imaging.metadata.pieces import Malformed, minimal_exif, orientation

_END, _SCAN, _COMMENT = 0xD9, 0xDA, 0xFE
_ALONE = {0x01, *range(0xD0, 0xD9)}  # markers without a length
_APP0, _EXIF, _PROFILE, _ADOBE = 0xE0, 0xE1, 0xE2, 0xEE
_APPLICATION = range(0xE0, 0xF0)

# In coded pixels 0xFF is followed by 0 or by a restart marker; anything else but fill begins the next segment.
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")


def strip(data: bytes) -> bytes:
    """Without comments, application segments (but JFIF, the colour profile, Adobe's transform) and what follows."""
    kept, turned = [], 0
    at = 2
    while True:
        found = _NEXT_MARKER.search(data, at)
        if found is None:
            raise Malformed("the file has no end")
        marker, at = data[found.start() + 1], found.end()
        if marker == _END:
            break
        if marker in _ALONE:
            continue
        size = struct.unpack_from(">H", data, at)[0]
        body = data[at + 2 : at + size]
        if size < 2 or len(body) != size - 2:
            raise Malformed("a segment is cut off")
        if marker == _EXIF and not turned and body.startswith(b"Exif\x00"):
            turned = orientation(body)
        at += size
        if marker == _SCAN:
            coded = at
            following = _NEXT_MARKER.search(data, at)
            at = following.start() if following else len(data)
            kept.append(_segment(marker, body) + data[coded:at])
        elif (wanted := _wanted(marker, body)) is not None:
            kept.append(_segment(marker, wanted))
    if turned > 1:
        # After JFIF, which must come first.
        first = 1 if kept and kept[0][1] == _APP0 else 0
        kept.insert(first, _segment(_EXIF, b"Exif\x00\x00" + minimal_exif(turned)))
    return b"\xff\xd8" + b"".join(kept) + b"\xff\xd9"


def _wanted(marker: int, body: bytes) -> bytes | None:
    """What to keep of a segment; `None` for nothing."""
    if marker == _COMMENT:
        return None
    if marker not in _APPLICATION:
        return body
    if marker == _APP0 and body.startswith(b"JFIF\x00") and len(body) >= 12:
        return body[:12] + b"\x00\x00"  # its preview is of no pixels
    if marker == _PROFILE and body.startswith(b"ICC_PROFILE\x00"):
        return body
    if marker == _ADOBE and body.startswith(b"Adobe") and len(body) >= 12:
        return body[:12]
    return None


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body
