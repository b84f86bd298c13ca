"""What a reader gets while a picture is blurred."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tawatur.imaging.decode import BLUR_MEDIA_TYPE, NotAnImage, blurred, examine
from tests.imaging.pictures import SHIPPED, saved, scenery


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
def test_it_is_a_picture_of_the_same_size(kind: str) -> None:
    data = blurred(saved(scenery(), kind))
    assert examine(data).media_type == BLUR_MEDIA_TYPE
    assert opened(data).size == (320, 240)


@pytest.mark.parametrize(
    ("size", "shown"),
    [((2560, 1000), (1280, 500)), ((600, 2000), (384, 1280)), ((1, 1), (1, 1)), ((3000, 2), (1280, 1))],
)
def test_it_is_at_most_1280_px_long(size: tuple[int, int], shown: tuple[int, int]) -> None:
    assert opened(blurred(saved(scenery(*size), "PNG"))).size == shown


def test_it_is_upright() -> None:
    exif = Image.Exif()
    exif[274] = 6
    assert opened(blurred(saved(scenery(), "JPEG", exif=exif))).size == (240, 320)


def test_words_cannot_be_read_in_it() -> None:
    page = Image.new("L", (800, 600), "white")
    ImageDraw.Draw(page).text((40, 200), "READ ME IF YOU CAN", fill="black", font_size=64)
    shown = np.asarray(opened(blurred(saved(page, "PNG"))).convert("L")).astype(int)
    # Letters have edges of 255 steps from one pixel to the next.
    assert np.abs(np.diff(shown, axis=0)).max() <= 6
    assert np.abs(np.diff(shown, axis=1)).max() <= 6


@pytest.mark.parametrize("photograph", SHIPPED, ids=lambda path: path.stem)
def test_only_the_coarsest_colours_of_a_photograph_survive(photograph: Path) -> None:
    shown = opened(blurred(photograph))
    coarse = shown.resize((12, 12), Image.Resampling.BOX).resize(shown.size, Image.Resampling.BICUBIC)
    left = np.asarray(shown).astype(int) - np.asarray(coarse).astype(int)
    inner = left[shown.height // 8 : -shown.height // 8, shown.width // 8 : -shown.width // 8]
    assert np.abs(inner).mean() <= 6


def test_nothing_of_the_file_but_its_colours_is_in_it() -> None:
    exif = Image.Exif()
    exif[270] = "taken at my home"
    exif[0x8825] = {1: "N", 2: (33.0, 53.0, 0.0)}
    data = blurred(saved(scenery(), "JPEG", exif=exif, comment=b"my name", icc_profile=b"my screen"))
    assert not opened(data).getexif()
    assert set(opened(data).info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    for secret in (b"my home", b"my name", b"my screen", b"Exif"):
        assert secret not in data


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(NotAnImage):
        blurred(b"hello")
