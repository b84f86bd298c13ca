"""AVIF (ISO/IEC 14496-12 and 23008-12): boxes that point at each other by position, so nothing may move.

What is metadata is overwritten where it lies. How the picture is turned stands in properties of the item, not in EXIF.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from tawatur.imaging.metadata.pieces import Malformed

Span = tuple[int, int]

_EMPTY_EXIF = bytes(4) + b"MM\x00*" + struct.pack(">IHI", 8, 0, 0)  # the offset of its header, then no entries
_HOLDERS = {b"moov", b"trak", b"mdia", b"minf", b"stbl"}
_NEEDED = {b"meta", b"mdat", b"moov"}
_FORGOTTEN = {b"uuid", b"udta", b"free", b"skip"}
_METADATA_ITEMS = {b"Exif", b"mime", b"uri "}


def strip(data: bytes) -> bytes:
    """The same bytes with the contents of metadata items and of private boxes erased, to the end of the last box."""
    out = bytearray(data)
    end = 0
    try:
        for _, body in _boxes(out, (0, len(out))):
            end = body[1]
    except Malformed:
        if bytes(out[end + 4 : end + 8]) in _NEEDED:
            raise
    _strip_boxes(out, (0, end))
    return bytes(out[:end])


def _strip_boxes(out: bytearray, span: Span) -> None:
    for name, (begin, end) in _boxes(out, span):
        if name in _FORGOTTEN:
            out[begin:end] = bytes(end - begin)
        elif name in _HOLDERS:
            _strip_boxes(out, (begin, end))
        elif name == b"meta":
            _strip_items(out, (begin, end))


def _strip_items(out: bytearray, meta: Span) -> None:
    inside = dict(_boxes(out, (meta[0] + 4, meta[1])))
    if b"iinf" not in inside or b"iloc" not in inside:
        return
    metadata = dict(_metadata_items(out, inside[b"iinf"]))
    data_box = inside.get(b"idat", (0, 0))
    pixels: list[Span] = []
    erased: list[tuple[bytes, list[Span]]] = []
    for item, spans in _places(out, inside[b"iloc"], data_box[0]):
        for begin, end in spans:
            if not 0 <= begin <= end <= len(out):
                raise Malformed("an item lies outside of the file")
        if item in metadata:
            erased.append((metadata[item], spans))
        else:
            pixels += spans
    for kind, spans in erased:
        for begin, end in spans:
            if any(begin < other_end and other_begin < end for other_begin, other_end in pixels):
                raise Malformed("metadata and pixels lie in the same place")
            out[begin:end] = bytes(end - begin)
        if kind == b"Exif" and spans and spans[0][1] - spans[0][0] >= len(_EMPTY_EXIF):
            out[spans[0][0] : spans[0][0] + len(_EMPTY_EXIF)] = _EMPTY_EXIF


def _metadata_items(out: bytearray, iinf: Span) -> Iterator[tuple[int, bytes]]:
    """The ids of items that hold metadata, and of which kind."""
    entries = iinf[0] + (6 if out[iinf[0]] == 0 else 8)
    for name, body in _boxes(out, (entries, iinf[1])):
        if name != b"infe" or out[body[0]] < 2:
            continue
        layout = ">H2x4s" if out[body[0]] == 2 else ">I2x4s"
        item, kind = struct.unpack_from(layout, out, body[0] + 4)
        if kind in _METADATA_ITEMS:
            yield item, bytes(kind)


def _places(out: bytearray, iloc: Span, data_box: int) -> Iterator[tuple[int, list[Span]]]:
    """Each item's id and where in the file its bytes lie."""
    at = iloc[0]
    version = out[at]
    sizes = struct.unpack_from(">H", out, at + 4)[0]
    offset_size, length_size, base_size, index_size = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    if version == 0:
        index_size = 0
    wide = 4 if version == 2 else 2
    count, at = _number(out, at + 6, wide)
    for _ in range(count):
        item, at = _number(out, at, wide)
        method = 0
        if version:
            method, at = _number(out, at, 2)
            method &= 15
        base, at = _number(out, at + 2, base_size)
        extents, at = _number(out, at, 2)
        spans = []
        for _ in range(extents):
            at += index_size
            offset, at = _number(out, at, offset_size)
            length, at = _number(out, at, length_size)
            begin = base + offset + (data_box if method == 1 else 0)
            spans.append((begin, begin + length if length else len(out)))
        if method < 2:
            yield item, spans


def _number(out: bytearray, at: int, size: int) -> tuple[int, int]:
    """A number of so many bytes, and where it ends."""
    if at + size > len(out):
        raise Malformed("a box is cut off")
    return int.from_bytes(out[at : at + size], "big"), at + size


def _boxes(out: bytearray, span: Span) -> Iterator[tuple[bytes, Span]]:
    """The boxes that lie in a span, each by its name and where its body lies."""
    at, end = span
    while at + 8 <= end:
        size, name = struct.unpack_from(">I4s", out, at)
        header = 8
        if size == 1:
            size, header = struct.unpack_from(">Q", out, at + 8)[0], 16
        elif size == 0:
            size = end - at
        if size < header or at + size > end:
            raise Malformed("a box is cut off")
        yield bytes(name), (at + header, at + size)
        at += size
