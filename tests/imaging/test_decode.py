"""What examine says of pictures that it takes."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tawatur.imaging import pdq
from tawatur.imaging.canvas import PRESCALE_VERSION
from tawatur.imaging.decode import Examined, examine
from tests.imaging.pictures import SHIPPED, saved, scenery

FORMATS = [
    ("JPEG", "image/jpeg"),
    ("PNG", "image/png"),
    ("WEBP", "image/webp"),
    ("GIF", "image/gif"),
    ("AVIF", "image/avif"),
]
ANIMATED = [pair for pair in FORMATS if pair[0] != "JPEG"]


def distance(a: Examined, b: Examined) -> int:
    assert a.pdq is not None
    assert b.pdq is not None
    return pdq.hamming(pdq.from_hex(a.pdq), pdq.from_hex(b.pdq))


@pytest.mark.parametrize(("kind", "media_type"), FORMATS)
def test_an_accepted_format_is_known_by_its_content(kind: str, media_type: str, tmp_path: Path) -> None:
    misnamed = tmp_path / "picture.txt"
    misnamed.write_bytes(saved(scenery(), kind))
    found = examine(misnamed)
    assert (found.media_type, found.width, found.height) == (media_type, 320, 240)
    assert found == examine(misnamed.read_bytes())
    assert found.prescale == PRESCALE_VERSION
    assert found.quality == 100


@pytest.mark.parametrize(("kind", "_"), FORMATS)
def test_the_same_picture_has_nearly_the_same_hash_in_every_format(kind: str, _: str) -> None:
    picture = scenery(900, 700)
    assert distance(examine(saved(picture, kind)), examine(saved(picture, "PNG"))) <= 4


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_a_picture_stored_turned_is_seen_upright(kind: str, orientation: int) -> None:
    stored_as = {  # how a camera stores an upright picture for each orientation: the inverse of how it is shown
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    upright = scenery(640, 400)
    exif = Image.Exif()
    exif[274] = orientation
    stored = upright.transpose(stored_as) if stored_as is not None else upright
    found = examine(saved(stored, kind, exif=exif))
    assert (found.width, found.height) == (640, 400)
    assert distance(found, examine(saved(upright, "PNG"))) <= 6


def test_unreadable_exif_leaves_the_picture_as_stored() -> None:
    found = examine(saved(scenery(), "JPEG", exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff"))
    assert (found.width, found.height) == (320, 240)


@pytest.mark.parametrize(("kind", "media_type"), ANIMATED)
def test_of_an_animation_the_first_frame_counts(kind: str, media_type: str) -> None:
    first, later = scenery(seed=1), scenery(seed=2)
    found = examine(saved(first, kind, save_all=True, append_images=[later, later]))
    assert found.media_type == media_type
    assert distance(found, examine(saved(first, kind))) <= 4


def test_a_jpeg_of_several_pictures_is_a_jpeg() -> None:
    found = examine(saved(scenery(seed=1), "MPO", save_all=True, append_images=[scenery(seed=2)]))
    assert found.media_type == "image/jpeg"
    assert distance(found, examine(saved(scenery(seed=1), "JPEG"))) <= 2


def test_what_is_transparent_is_seen_on_white() -> None:
    picture = scenery().convert("RGBA")
    mask = Image.new("L", picture.size, 255)
    mask.paste(0, (160, 0, 320, 240))
    picture.putalpha(mask)
    white = scenery()
    white.paste((255, 255, 255), (160, 0, 320, 240))
    for kind in ("PNG", "WEBP"):
        assert distance(examine(saved(picture, kind, lossless=True)), examine(saved(white, "PNG"))) <= 2


def test_a_transparent_palette_is_seen_on_white() -> None:
    plate = Image.new("P", (64, 64), 1)
    plate.putpalette([0, 0, 0, 200, 30, 30])
    plate.paste(0, (0, 0, 64, 32))
    shown = Image.new("RGB", (64, 64), (200, 30, 30))
    shown.paste((255, 255, 255), (0, 0, 64, 32))
    assert distance(examine(saved(plate, "PNG", transparency=0)), examine(saved(shown, "PNG"))) == 0


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGBA"])
def test_every_mode_of_png_is_taken(mode: str) -> None:
    found = examine(saved(scenery().convert("RGB").convert(mode), "PNG"))
    assert distance(found, examine(saved(scenery().convert("L"), "PNG"))) <= 40


def test_sixteen_bits_lose_only_the_lower_eight() -> None:
    grey = scenery().convert("L")
    deep = Image.fromarray(np.asarray(grey).astype(np.uint16) * 256 + 77)
    assert distance(examine(saved(deep, "PNG")), examine(saved(grey, "PNG"))) == 0


def test_a_jpeg_for_print_is_taken() -> None:
    found = examine(saved(scenery().convert("CMYK"), "JPEG"))
    assert found.media_type == "image/jpeg"
    assert distance(found, examine(saved(scenery(), "JPEG"))) <= 8


@pytest.mark.parametrize(("width", "height"), [(1, 1), (4, 300), (4000, 20)])
def test_too_small_or_too_thin_to_hash_is_still_a_picture(width: int, height: int) -> None:
    found = examine(saved(Image.new("RGB", (width, height), "teal"), "PNG"))
    assert (found.width, found.height) == (width, height)
    assert (found.pdq, found.quality) == (None, 0)


def test_a_plain_sheet_has_no_quality() -> None:
    assert examine(saved(Image.new("RGB", (300, 300), "teal"), "PNG")).quality == 0


@pytest.mark.parametrize("photograph", SHIPPED, ids=lambda path: path.stem)
def test_a_smaller_and_worse_copy_stays_within_the_radius_of_matching(photograph: Path) -> None:
    picture = Image.open(photograph).convert("RGB")
    worse = picture.resize((picture.width * 4 // 5, picture.height * 4 // 5))
    found = examine(photograph)
    assert found.quality >= pdq.WORST_MATCHABLE_QUALITY
    assert distance(found, examine(saved(worse, "JPEG", quality=60))) <= 31


GOLDEN = {
    "PNG": "0d077753437e140146f6c42af6ea05b6d07a882a90dea9b2c5f722dbe99e78ad",
    "JPEG": "0d077753437e140146f6c42af6ea05b6d07a882a90dea9b2c5f722dbe99e78ad",
}


@pytest.mark.parametrize("kind", GOLDEN)
def test_the_prescale_is_what_its_version_says(kind: str) -> None:
    """When this fails, old hashes no longer compare with new ones: raise `PRESCALE_VERSION`, and this with it."""
    assert PRESCALE_VERSION == 2
    found = examine(saved(scenery(1500, 1100), kind))
    assert found.pdq is not None
    assert pdq.hamming(pdq.from_hex(found.pdq), pdq.from_hex(GOLDEN[kind])) <= 2


@pytest.mark.parametrize(
    "size", [(511, 400), (513, 400), (1023, 700), (1024, 700), (1500, 1100), (3000, 2000), (4100, 1300)]
)
def test_a_jpeg_that_is_decoded_at_a_smaller_scale_is_seen_alike(size: tuple[int, int]) -> None:
    picture = scenery(*size)
    coarse, whole = examine(saved(picture, "JPEG", quality=90)), examine(saved(picture, "PNG"))
    assert (coarse.width, coarse.height) == size
    assert distance(coarse, whole) <= 8


def test_threads_do_not_disturb_one_another() -> None:
    files = [saved(scenery(400, 300, seed), kind) for seed in range(6) for kind, _ in FORMATS]
    alone = [examine(data) for data in files]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(examine, files)) == alone
