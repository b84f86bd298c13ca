"""GIF (GIF89a): blocks, of which frames, their controls and an animation's repetition stay."""

from __future__ import annotations

from tawatur.imaging.metadata.pieces import Malformed

_EXTENSION, _FRAME, _END = 0x21, 0x2C, 0x3B
_PLAIN_TEXT, _CONTROL, _APPLICATION = 0x01, 0xF9, 0xFF
_SHOWN_APPLICATIONS = {b"NETSCAPE2.0", b"ANIMEXTS1.0", b"ICCRGBG1012"}


def strip(data: bytes) -> bytes:
    """Without comments, plain texts, other applications' blocks and what follows the end."""
    at = 13 + _table(data[10])
    if at > len(data):
        raise Malformed("the header is cut off")
    kept = [data[:at]]
    control = b""  # belongs to whatever is shown next
    while at < len(data) and data[at] != _END:
        begin = at
        if data[at] == _FRAME:
            at = _after_blocks(data, at + 10 + _table(data[at + 9]) + 1)
            kept += [control, data[begin:at]]
            control = b""
        elif data[at] == _EXTENSION:
            kind = data[at + 1]
            at = _after_blocks(data, at + 2)
            if kind == _CONTROL:
                control = data[begin:at]
            elif kind == _PLAIN_TEXT:
                control = b""
            elif kind == _APPLICATION and data[begin + 3 : begin + 14] in _SHOWN_APPLICATIONS:
                kept.append(data[begin:at])
        else:
            at += 1  # decoders skip what is no block
    if at > len(data):
        raise Malformed("a block is cut off")
    return b"".join(kept) + bytes([_END])


def _table(flags: int) -> int:
    """The size in bytes of the colour table that these flags announce."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _after_blocks(data: bytes, at: int) -> int:
    """Where a run of data blocks ends."""
    while data[at]:
        at += data[at] + 1
    return at + 1
