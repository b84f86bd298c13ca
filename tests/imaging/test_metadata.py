"""What a file tells about people does not leave; the picture stays as it is, pixel for pixel."""

import io
import random
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngInfo

from tawatur.imaging.canvas import STANDARD_LIMITS, draw
from tawatur.imaging.decode import ImageRefused, NotAnImage, TruncatedImage, examine
from tawatur.imaging.metadata import stripped
from tests.imaging.pictures import SHIPPED, saved, scenery, shared

SECRETS = [b"taken at my home", b"my name", b"my words", b"my-xmp", b"33.89"]
PROFILE = b"a colour profile, kept as it is"
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/">my-xmp</x:xmpmeta>'


def telling(orientation: int = 1) -> Image.Exif:
    exif = Image.Exif()
    exif[270] = "taken at my home"
    exif[315] = "my name"
    exif[274] = orientation
    exif[0x8825] = {1: "N", 2: (33.0, 53.0, 0.0), 29: "33.89"}
    return exif


def told(kind: str, orientation: int = 1) -> bytes:
    """A file of this kind with all the metadata that Pillow can put into it."""
    more: dict[str, Any] = {"exif": telling(orientation), "icc_profile": PROFILE, "xmp": XMP}
    match kind:
        case "JPEG":
            more["comment"] = b"my words"
        case "PNG":
            del more["xmp"]
            more["pnginfo"] = PngInfo()
            more["pnginfo"].add_text("Comment", "my words")
            more["pnginfo"].add_itxt("XML:com.adobe.xmp", XMP.decode(), zip=False)
        case "GIF":
            more = {"comment": b"my words"}
    return saved(scenery(), kind, **more)


def pixels(data: bytes) -> list[np.ndarray[Any, Any]]:
    """Every frame as readers see it."""
    with Image.open(io.BytesIO(data)) as image:
        frames = []
        for place in range(getattr(image, "n_frames", 1)):
            image.seek(place)
            frames.append(np.asarray(ImageOps.exif_transpose(image).convert("RGBA")))
        return frames


def look_the_same(data: bytes, other: bytes) -> bool:
    return all(np.array_equal(one, two) for one, two in zip(pixels(data), pixels(other), strict=True))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
def test_what_is_told_goes_and_the_picture_stays(kind: str) -> None:
    data = told(kind)
    assert any(secret in data for secret in SECRETS)
    clean = stripped(data)
    assert not [secret for secret in SECRETS if secret in clean]
    assert look_the_same(data, clean)
    assert draw(clean, STANDARD_LIMITS) == draw(data, STANDARD_LIMITS)
    assert (PROFILE in clean) == (kind not in {"GIF", "PNG"})
    with Image.open(io.BytesIO(clean)) as image:
        assert image.info.get("icc_profile") == (None if kind == "GIF" else PROFILE)
        assert set(image.getexif()) <= {274}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_a_turned_picture_stays_turned(kind: str, orientation: int) -> None:
    data = told(kind, orientation)
    clean = stripped(data)
    assert look_the_same(data, clean)
    assert not [secret for secret in SECRETS if secret in clean]
    with Image.open(io.BytesIO(clean)) as image:
        assert image.getexif().get(274, 1) == orientation
        assert set(image.getexif()) <= {274}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
@pytest.mark.parametrize("make", [saved, lambda picture, kind: told(kind, 6)])
def test_once_is_enough(kind: str, make: Callable[[Image.Image, str], bytes]) -> None:
    clean = stripped(make(scenery(), kind))
    assert stripped(clean) == clean


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF", "AVIF"])
def test_animations_move_on(kind: str) -> None:
    frames = [scenery(80, 60, seed) for seed in range(3)]
    more = {} if kind == "GIF" else {"exif": telling()}
    data = saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=70, loop=2, **more)
    clean = stripped(data)
    assert len(pixels(clean)) == 3
    assert look_the_same(data, clean)
    assert b"my home" not in clean
    with Image.open(io.BytesIO(clean)) as image, Image.open(io.BytesIO(data)) as before:
        assert (image.info.get("duration"), image.info.get("loop")) == (
            before.info.get("duration"),
            before.info.get("loop"),
        )


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
def test_what_hangs_behind_the_picture_goes(kind: str) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as into:
        into.writestr("payload.txt", "my words")
    data = saved(scenery(), kind)
    assert stripped(data + archive.getvalue()) == stripped(data)


def test_the_other_pictures_of_a_jpeg_go() -> None:
    first, second = scenery(seed=1), scenery(seed=2)
    data = saved(first, "MPO", save_all=True, append_images=[second])
    clean = stripped(data)
    assert len(clean) < 0.7 * len(data)
    assert look_the_same(clean, saved(first, "JPEG"))


@pytest.mark.parametrize("options", [{"progressive": True}, {"restart_marker_rows": 1}, {"quality": 100}])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_jpegs_of_every_sort(mode: str, options: dict[str, Any]) -> None:
    data = saved(scenery(900, 700).convert(mode), "JPEG", comment=b"my words", **options)
    clean = stripped(data)
    assert b"my words" not in clean
    assert look_the_same(data, clean)


def test_previews_and_comments_between_the_scans_of_a_jpeg() -> None:
    data = saved(scenery(), "JPEG", progressive=True)
    second_scan = data.index(b"\xff\xda", data.index(b"\xff\xda") + 2)
    comment = b"\xff\xfe\x00\x0amy words"
    assert b"my words" not in stripped(data[:second_scan] + comment + data[second_scan:])
    jfif = data.index(b"JFIF\x00")
    preview = data[: jfif - 2] + struct.pack(">H", 16 + 3) + data[jfif : jfif + 12] + b"\x01\x01sec" + data[jfif + 14 :]
    assert stripped(preview) == stripped(data)


def test_gif_blocks_of_other_applications_go() -> None:
    data = saved(scenery(), "GIF")
    at = data.index(b",\x00\x00\x00\x00")
    block = b"\x21\xff\x0bXMP DataXMP\x08my words\x00"
    text = b"\x21\xf9\x04\x00\x00\x00\x00\x00\x21\x01\x0c" + bytes(12) + b"\x08my words\x00"
    assert stripped(data[:at] + block + data[at:]) == data
    assert stripped(data[:-1] + text + b";") == data


def test_private_boxes_of_an_avif_are_emptied() -> None:
    data = saved(scenery(), "AVIF")
    private = struct.pack(">I4s", 24, b"uuid") + b"16 bytes of name" + b""
    clean = stripped(data + private.replace(b"16 bytes of name", b"my words        "))
    assert b"my words" not in clean
    assert look_the_same(clean, data)


@pytest.mark.parametrize("photograph", SHIPPED, ids=lambda path: path.stem)
def test_photographs_keep_their_pixels_and_their_hash(photograph: Path) -> None:
    data = photograph.read_bytes()
    assert look_the_same(data, stripped(data))
    assert examine(data) == examine(stripped(data))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
def test_a_file_that_was_cut_off_is_refused(kind: str) -> None:
    data = saved(scenery(), kind)
    for share in (0.3, 0.7, 0.95):
        with pytest.raises(TruncatedImage, match="whole file again"):
            stripped(data[: int(len(data) * share)])


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(NotAnImage):
        stripped(b"hello")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
def test_files_with_bytes_changed_are_cleaned_or_refused(kind: str) -> None:
    chance = random.Random(kind)
    good = told(kind, 6)
    for _ in range(400):
        data = bytearray(good)
        for _ in range(chance.choice((1, 4, 32))):
            data[chance.randrange(len(data))] = chance.randrange(256)
        try:
            clean = stripped(bytes(data))
        except ImageRefused:
            continue
        assert stripped(clean) == clean


def test_malformed_files_are_cleaned_or_refused_and_look_as_before() -> None:
    with zipfile.ZipFile(shared("hostile/malformed-images.zip")) as collection:
        names = [name for name in collection.namelist() if not name.endswith("/")]
        files = [collection.read(name) for name in random.Random(7).sample(names, 600)]
    same = 0
    for data in files:
        try:
            clean, seen = stripped(data), draw(data, STANDARD_LIMITS)
        except ImageRefused:
            continue
        assert draw(clean, STANDARD_LIMITS) == seen
        same += 1
    assert same > 30
