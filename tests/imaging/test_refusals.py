"""What is not an accepted picture is refused, in words that help."""

import io
import pickle
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from tawatur.imaging import refusals
from tawatur.imaging.decode import (
    BrokenImage,
    EmptyFile,
    FormatNotAllowed,
    ImageRefused,
    Limits,
    NotAnImage,
    TooManyBytes,
    TooManyPixels,
    TruncatedImage,
    blurred,
    examine,
)
from tests.imaging.pictures import png_of_size, saved, scenery

HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(64)
MP4 = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp41" + bytes(64)


def test_an_empty_file() -> None:
    with pytest.raises(EmptyFile, match="no bytes"):
        examine(b"")


@pytest.mark.parametrize("data", [b"hello, I am a letter\n", b"<!doctype html><p>hi", bytes(5000), b"\xff", b"RIFF"])
def test_what_is_no_picture(data: bytes, tmp_path: Path) -> None:
    named_as_one = tmp_path / "holiday.jpg"
    named_as_one.write_bytes(data)
    with pytest.raises(NotAnImage, match="JPEG, PNG, WebP, GIF or AVIF"):
        examine(named_as_one)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (saved(scenery(), "BMP"), "BMP"),
        (saved(scenery(), "TIFF"), "TIFF"),
        (saved(scenery(), "ICO"), "ICO"),
        (saved(scenery(), "JPEG2000"), "JPEG 2000"),
        (HEIC, "HEIC"),
        (MP4, "video"),
        (b"%PDF-1.7\n", "PDF"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
    ],
)
def test_a_format_that_is_not_taken_is_named(data: bytes, name: str) -> None:
    with pytest.raises(FormatNotAllowed, match=name):
        examine(data)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_file_that_was_cut_off(kind: str, share: float) -> None:
    data = saved(scenery(), kind)
    with pytest.raises(TruncatedImage, match="whole file again"):
        examine(data[: int(len(data) * share)])


@pytest.mark.parametrize("side", [320, 1600])
def test_a_damaged_file(side: int) -> None:
    data = bytearray(saved(scenery(side, side), "PNG"))
    at = data.index(b"IDAT") + 4
    data[at : at + 6] = b"\xff" * 6
    with pytest.raises(BrokenImage, match="Save the picture anew") as caught:
        examine(bytes(data))
    assert not isinstance(caught.value, TruncatedImage)
    assert caught.value.__cause__ is not None, "the decoder's own words stay for the log"


def test_a_png_that_refers_to_a_palette_it_does_not_have() -> None:
    data = saved(scenery().convert("P"), "PNG")
    at = data.index(b"PLTE") - 4
    size = int.from_bytes(data[at : at + 4], "big") + 12
    with pytest.raises(BrokenImage):
        examine(data[:at] + data[at + size :])


@pytest.mark.parametrize("side", [6400, 9500, 60_000])
def test_too_many_pixels_are_refused_before_they_are_decoded(side: int) -> None:
    """Above 40 megapixels, above where Pillow warns, and above where it raises by itself."""
    with pytest.raises(TooManyPixels, match="at most 40 megapixels"):
        examine(png_of_size(side, side))


def test_forty_megapixels_are_accepted_and_one_row_more_is_not() -> None:
    sheet = Image.new("1", (8000, 5000), 1)
    assert examine(saved(sheet, "PNG")).height == 5000
    with pytest.raises(TooManyPixels, match="8,000 x 5,001"):
        examine(png_of_size(8000, 5001))


def test_limits_can_be_set(tmp_path: Path) -> None:
    data = saved(scenery(), "JPEG")
    path = tmp_path / "a"
    path.write_bytes(data)
    assert examine(data, limits=Limits(max_bytes=len(data), max_pixels=320 * 240)).width == 320
    with pytest.raises(TooManyPixels):
        examine(data, limits=Limits(max_pixels=320 * 240 - 1))
    for source in (data, path):
        with pytest.raises(TooManyBytes, match=f"{len(data):,} bytes"):
            examine(source, limits=Limits(max_bytes=len(data) - 1))


def test_more_than_twenty_megabytes_are_refused() -> None:
    with pytest.raises(TooManyBytes, match="20,000,000"):
        examine(bytes(20_000_001))


def test_a_file_of_two_kinds_is_the_picture_that_it_begins_as() -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as into:
        into.writestr("payload.txt", "hidden")
    data = saved(scenery(), "JPEG") + archive.getvalue()
    assert zipfile.is_zipfile(io.BytesIO(data))
    assert examine(data).media_type == "image/jpeg"
    script = saved(scenery(), "PNG") + b"<script>alert(1)</script>"
    assert examine(script).media_type == "image/png"
    assert b"<script>" not in blurred(script)


def test_a_script_that_begins_as_a_gif_is_refused() -> None:
    with pytest.raises(BrokenImage):
        examine(b"GIF89a/*" + b"\x00" * 16 + b"*/=1;alert(1)//;")


def test_a_missing_file_is_not_an_image_problem(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        examine(tmp_path / "nowhere.jpg")


@pytest.mark.parametrize("kind", [value for value in vars(refusals).values() if isinstance(value, type)])
def test_every_refusal_has_a_title_and_survives_another_process(kind: type[ImageRefused]) -> None:
    refusal = kind("what to do")
    assert refusal.title
    assert not refusal.title.endswith(".")
    again = pickle.loads(pickle.dumps(refusal))
    assert (type(again), str(again)) == (kind, "what to do")
