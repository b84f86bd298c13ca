"""A picture's file without what it tells about people: EXIF, GPS, XMP, IPTC, comments, previews, trailing bytes.

Done at the level of the container: the coded pixels, the colour profile and animations stay as they are, byte for byte.
An orientation is the one thing that EXIF says of the pixels, so it stays, in an EXIF that says nothing else.
"""

from __future__ import annotations

import struct

from tawatur.imaging.formats import Format, ends_early, recognise
from tawatur.imaging.metadata import avif, gif, jpeg, png, webp
from tawatur.imaging.metadata.pieces import Malformed
from tawatur.imaging.refusals import BrokenImage, TruncatedImage

_STRIP = {
    Format.JPEG: jpeg.strip,
    Format.PNG: png.strip,
    Format.WEBP: webp.strip,
    Format.GIF: gif.strip,
    Format.AVIF: avif.strip,
}


def stripped(data: bytes) -> bytes:
    """The same picture without metadata; stripping that again changes nothing. Raises `ImageRefused`.

    What is not a whole file of its format is refused: what cannot be read cannot be cleaned either.
    """
    kind = recognise(data)
    try:
        return _STRIP[kind](bytes(data))
    except (Malformed, struct.error, IndexError) as error:
        if ends_early(data, kind):
            raise TruncatedImage(
                f"The {kind.name} file stops before the picture is complete. Send the whole file again."
            ) from error
        raise BrokenImage(
            f"The file begins as {kind.name} but its parts do not fit together. Save the picture anew and send that."
        ) from error
