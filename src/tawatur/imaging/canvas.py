"""From an unknown file's bytes to plain pixels: the one place where foreign bytes meet a decoder.

`draw` takes bytes and gives back a plain struct of plain values, or raises one of `refusals`. The server runs it in the
children of `sandbox`, which is why nothing but Pillow and msgspec is imported here: a child starts the sooner.
"""

from __future__ import annotations

import io
import math
import struct
import warnings

import msgspec
from PIL import (
    AvifImagePlugin,
    ExifTags,
    GifImagePlugin,
    Image,
    JpegImagePlugin,
    PngImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from tawatur.imaging.formats import Format, ends_early, recognise
from tawatur.imaging.refusals import BrokenImage, TooManyBytes, TooManyPixels, TruncatedImage

# The canonical pre-scale, in order: the first frame; a JPEG decoded at the smallest scale of its DCT at which neither
# side falls short of the thumbnail's; grey, palette and 16-bit modes to 8-bit RGB or RGBA; Pillow's thumbnail
# (bilinear, reducing gap 2) so that the longer side is at most 512 px; alpha flattened onto white; RGB; turned as EXIF
# says. A hash compares only with hashes of the same version: raise it with any change to these steps.
PRESCALE_VERSION = 2
PRESCALE_SIDE = 512

# Pillow's plug-ins for the accepted formats, imported here so that no thread meets a half-filled registry.
_PLUGINS = {
    Format.JPEG: JpegImagePlugin.JpegImageFile.format,
    Format.PNG: PngImagePlugin.PngImageFile.format,
    Format.WEBP: WebPImagePlugin.WebPImageFile.format,
    Format.GIF: GifImagePlugin.GifImageFile.format,
    Format.AVIF: AvifImagePlugin.AvifImageFile.format,
}

# What Pillow raises for malformed files; OSError alone misses one refusal in twenty (stack.md, images). Three more were
# found with 5,254 hostile and 300,000 mutated files: TypeError for a PNG header that names an impossible mode,
# RuntimeError for AVIF without a picture or with damaged planes, ZeroDivisionError for AVIF of time scale 0.
_DECODER_FAILURES = (
    UnidentifiedImageError,
    OSError,
    ValueError,
    IndexError,
    SyntaxError,
    TypeError,
    RuntimeError,
    ZeroDivisionError,
    struct.error,
    MemoryError,
)

# How to turn a picture that EXIF says was stored so (CIPA DC-008, tag 274).
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS = {5, 6, 7, 8}

# A process-wide filter, set once: switching filters per call would race between threads.
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)


class Limits(msgspec.Struct, frozen=True):
    """The most that a file may hold, in bytes and in pixels (width times height)."""

    max_bytes: int = 20_000_000
    max_pixels: int = 40_000_000


STANDARD_LIMITS = Limits()


class Canvas(msgspec.Struct, frozen=True):
    """A decoded picture: what it is, and its pixels after the canonical pre-scale.

    `width` and `height` are the picture's own, upright. `pixels` are `canvas_height * canvas_width * 3` bytes of RGB.
    """

    media_type: str
    width: int
    height: int
    canvas_width: int
    canvas_height: int
    pixels: bytes


def draw(data: bytes, limits: Limits) -> Canvas:
    """Decode a whole file, first frame only. Pure: needs nothing but its arguments. Raises `ImageRefused`."""
    if len(data) > limits.max_bytes:
        raise too_many_bytes(len(data), limits)
    kind = recognise(data)
    try:
        with Image.open(io.BytesIO(data), formats=(_PLUGINS[kind],)) as image:
            return _draw_opened(image, kind, limits)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise TooManyPixels(_too_many_pixels("far too many", limits)) from error
    except _DECODER_FAILURES as error:
        raise _damage(data, kind) from error


def too_many_bytes(size: int, limits: Limits) -> TooManyBytes:
    return TooManyBytes(
        f"The file has {size:,} bytes; at most {limits.max_bytes:,} are accepted. Save it smaller and send that."
    )


def _draw_opened(image: Image.Image, kind: Format, limits: Limits) -> Canvas:
    width, height = image.size
    if width * height > limits.max_pixels:
        raise TooManyPixels(_too_many_pixels(f"{width:,} x {height:,}", limits))
    scale = PRESCALE_SIDE / max(width, height)
    if scale < 1:
        # Does something for JPEG alone. The hash is at most 8 bits, on average 1.7, from that of the whole picture.
        image.draft(None, (math.ceil(width * scale), math.ceil(height * scale)))
    # Palettes cannot be averaged and thumbnail() would pick nearest pixels: convert those before scaling.
    small = image if image.mode in {"L", "RGB", "RGBA", "CMYK"} else _eight_bits(image)
    # Bilinear: copies are found as well as with bicubic, in two thirds of the time.
    small.thumbnail((PRESCALE_SIDE, PRESCALE_SIDE), Image.Resampling.BILINEAR)
    # Whatever is wrong with the pixels must come out here: thumbnail() leaves small pictures undecoded, and as a PNG's
    # EXIF may lie behind them, reading it decodes them, and would take their failure for its own.
    image.load()
    orientation = _orientation(image)
    upright = _turned(_flattened(small), orientation)
    if orientation in _SIDEWAYS:
        width, height = height, width
    return Canvas(
        media_type=kind.value,
        width=width,
        height=height,
        canvas_width=upright.width,
        canvas_height=upright.height,
        pixels=upright.tobytes(),
    )


def _eight_bits(image: Image.Image) -> Image.Image:
    """Any mode as RGB or RGBA of 8 bits a channel, or L."""
    image.load()
    if image.mode == "P" and image.palette is None:
        raise ValueError("the file refers to a palette that it does not have")
    if image.mode == "I;16":
        # 16-bit grey, lower byte first: keep the upper byte. Pillow's own conversion clips or shifts, by version.
        return Image.frombytes("L", image.size, image.tobytes()[1::2])
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _flattened(image: Image.Image) -> Image.Image:
    """RGB, with whatever is transparent shown on white, as on a page."""
    if not image.has_transparency_data:
        return image.convert("RGB")
    layer = image.convert("RGBA")
    page = Image.new("RGBA", layer.size, "white")
    return Image.alpha_composite(page, layer).convert("RGB")


def _orientation(image: Image.Image) -> int:
    """EXIF's orientation, 1 to 8. Where EXIF cannot be read the picture stays as stored, as browsers do."""
    try:
        found = image.getexif().get(ExifTags.Base.Orientation)
    except _DECODER_FAILURES:
        return 1
    return found if isinstance(found, int) and found in _UPRIGHT else 1


def _turned(image: Image.Image, orientation: int) -> Image.Image:
    return image.transpose(_UPRIGHT[orientation]) if orientation in _UPRIGHT else image


def _too_many_pixels(size: str, limits: Limits) -> str:
    return (
        f"The image has {size} pixels; at most {limits.max_pixels / 1e6:g} megapixels are accepted. "
        "Scale it down and send that."
    )


def _damage(data: bytes, kind: Format) -> BrokenImage:
    name = kind.name
    if ends_early(data, kind):
        return TruncatedImage(f"The {name} file stops before the picture is complete. Send the whole file again.")
    return BrokenImage(f"The file begins as {name} but cannot be decoded. Save the picture anew and send that.")
