"""What goes between the server and a decoding child: MessagePack after eight bytes that say how long it is."""

from __future__ import annotations

import struct
from typing import Final

import msgspec

from tawatur.imaging.canvas import Canvas, Limits

HEADER: Final = struct.Struct(">Q")


class DrawRequest(msgspec.Struct, frozen=True, tag="draw"):
    """Asks for `canvas.draw`."""

    data: bytes
    limits: Limits
    patience_s: float


class StripRequest(msgspec.Struct, frozen=True, tag="strip"):
    """Asks for `metadata.stripped`."""

    data: bytes
    limits: Limits
    patience_s: float


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """A child's first word: it is confined and takes requests."""


class Drawn(msgspec.Struct, frozen=True, tag="drawn"):
    canvas: Canvas


class Stripped(msgspec.Struct, frozen=True, tag="stripped"):
    data: bytes


class Refusal(msgspec.Struct, frozen=True, tag="refused"):
    """One of `refusals`, by its class's name, with its message."""

    kind: str
    message: str


Request = DrawRequest | StripRequest
Answer = Ready | Drawn | Stripped | Refusal

_encoder = msgspec.msgpack.Encoder()
decode_request = msgspec.msgpack.Decoder(Request).decode
decode_answer = msgspec.msgpack.Decoder(Answer).decode


def framed(message: Request | Answer) -> bytearray:
    """The message with its length before it."""
    frame = bytearray(HEADER.size)
    _encoder.encode_into(message, frame, HEADER.size)
    HEADER.pack_into(frame, 0, len(frame) - HEADER.size)
    return frame
