"""Which format bytes are in, judged by their content and never by a name.

The signatures are those of the WHATWG MIME Sniffing Standard and, for HEIF containers, the brands of ISO/IEC 23000-22.
"""

from __future__ import annotations

import struct
from enum import StrEnum

from tawatur.imaging.refusals import EmptyFile, FormatNotAllowed, NotAnImage


class Format(StrEnum):
    """A format that is accepted; the value is its media type."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    WEBP = "image/webp"
    GIF = "image/gif"
    AVIF = "image/avif"


ACCEPTED = "JPEG, PNG, WebP, GIF or AVIF"

_AVIF_BRANDS = {b"avif", b"avis"}
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}

# Files that people do try to post: naming the format tells them what to change.
_OTHERS = (
    (b"BM", "BMP"),
    (b"II*\x00", "TIFF or camera raw"),
    (b"MM\x00*", "TIFF or camera raw"),
    (b"8BPS", "Photoshop"),
    (b"\x00\x00\x01\x00", "ICO"),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "JPEG XL"),
    (b"\xff\x0a", "JPEG XL"),
    (b"%PDF-", "PDF"),
    (b"%!PS", "PostScript"),
    (b"\x1aE\xdf\xa3", "Matroska or WebM video"),
)


def recognise(data: bytes) -> Format:
    """The accepted format that `data` begins like; raises `EmptyFile`, `FormatNotAllowed` or `NotAnImage`."""
    if not data:
        raise EmptyFile("The file holds no bytes at all; the upload may have been cut off. Send it again.")
    if data.startswith(b"\xff\xd8\xff"):
        return Format.JPEG
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return Format.PNG
    if data.startswith((b"GIF87a", b"GIF89a")):
        return Format.GIF
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return Format.WEBP
    if data[4:8] == b"ftyp" and _brands(data) & _AVIF_BRANDS:
        return Format.AVIF
    raise _refusal(data)


def ends_early(data: bytes, kind: Format) -> bool:
    """Whether a file that could not be decoded stops before its format's own end, as far as its structure tells."""
    if kind is Format.JPEG:
        return data.rfind(b"\xff\xd9") < data.rfind(b"\xff\xda") or b"\xff\xda" not in data
    if kind is Format.PNG:
        return b"IEND" not in data
    if kind is Format.GIF:
        return not data.rstrip(b"\x00").endswith(b";")
    if kind is Format.WEBP:
        return len(data) < 12 or struct.unpack_from("<I", data, 4)[0] + 8 > len(data)
    return _last_box_end(data) != len(data)


def _brands(data: bytes) -> set[bytes]:
    """The major and the compatible brands of an ISO base media file's first box."""
    size = min(struct.unpack_from(">I", data)[0], len(data), 256)
    return {data[8:12]} | {data[at : at + 4] for at in range(16, size - 3, 4)}


def _refusal(data: bytes) -> NotAnImage | FormatNotAllowed:
    name = _other_format(data)
    if name is None:
        return NotAnImage(f"The file's content is no image format that is known here. Send a {ACCEPTED} file.")
    return FormatNotAllowed(f"This is a {name} file. Save it as {ACCEPTED} and send that.")


def _other_format(data: bytes) -> str | None:
    for signature, name in _OTHERS:
        if data.startswith(signature):
            return name
    if data[4:8] == b"ftyp":
        return "HEIC" if _brands(data) & _HEIC_BRANDS else "video"
    if b"<svg" in data[:1024].lower():
        return "SVG"
    return None


def _last_box_end(data: bytes) -> int:
    """Where the last top-level box of an ISO base media file says that it ends, in bytes."""
    at = 0
    while at + 8 <= len(data):
        size = struct.unpack_from(">I", data, at)[0]
        if size == 0:  # "to the end of the file"
            return len(data)
        if size == 1:
            if at + 16 > len(data):
                break
            size = struct.unpack_from(">Q", data, at + 8)[0]
        at += max(size, 8)
    return at
