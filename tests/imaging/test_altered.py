"""A picture is known again when it is cropped, framed, captioned, photographed off a screen or turned a little, and no
other picture is taken for it."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tawatur.imaging import features
from tawatur.imaging.alike import ENOUGH, alike
from tawatur.imaging.altered import AlteredIndex
from tawatur.imaging.decode import examine
from tawatur.imaging.features import Features
from tests.imaging.alterations import ALTERATIONS, caption
from tests.imaging.pictures import SHIPPED, saved, shared

RECALL = 0.9


@cache
def known(data: bytes | Path) -> Features:
    found = features.read(examine(data, describe=features.describe).description)
    assert found is not None
    return found


def opened(path: Path) -> Image.Image:
    return Image.open(path).convert("RGB")


def photographs() -> list[Path]:
    """All of Kodak's, and a quarter of the flowers, which look much alike; benchmarks/altered.py takes all."""
    return [*sorted(shared("photos/kodak").rglob("*.png")), *sorted(shared("photos/flowers").rglob("*.jpg"))[::4]]


def index_of(paths: list[Path]) -> AlteredIndex:
    index = AlteredIndex()
    for path in paths:
        index.add(path.name, known(path))
    return index


@pytest.mark.parametrize("alteration", ALTERATIONS)
def test_an_altered_copy_is_found_and_nothing_else(alteration: str) -> None:
    index = index_of(SHIPPED)
    for path in SHIPPED:
        found = index.search(known(ALTERATIONS[alteration](opened(path))))
        assert [name for name, _ in found] == [path.name]


@pytest.mark.parametrize("alteration", ALTERATIONS)
def test_so_it_is_among_many_photographs(alteration: str) -> None:
    paths = photographs()
    index = index_of(paths)
    altered = paths[::12]
    hits = 0
    for path in altered:
        found = {name for name, _ in index.search(known(ALTERATIONS[alteration](opened(path))))}
        assert found <= {path.name}
        hits += len(found)
    assert hits >= RECALL * len(altered)


def test_no_two_of_many_photographs_are_taken_for_each_other() -> None:
    paths = photographs()
    index = index_of(paths)
    for path in paths:
        assert [name for name, _ in index.search(known(path))] == [path.name]


def test_pictures_that_share_a_caption_are_not_copies_of_each_other() -> None:
    captioned = [known(saved(caption(opened(path), top=False), "PNG")) for path in SHIPPED]
    for n, one in enumerate(captioned):
        for other in captioned[n + 1 :]:
            assert not alike(one, other).altered_copy


def test_pictures_in_the_same_frame_are_not_copies_of_each_other() -> None:
    def framed(path: Path) -> bytes:
        frame = opened(SHIPPED[0]).resize((400, 320))
        frame.paste(opened(path).resize((320, 240)), (40, 40))
        return saved(frame, "PNG")

    one, other = known(framed(SHIPPED[1])), known(framed(SHIPPED[2]))
    assert alike(one, other).corners > ENOUGH
    assert not alike(one, other).altered_copy


def test_the_scale_and_the_turn_are_found() -> None:
    picture = opened(SHIPPED[0])
    turned = known(saved(picture.rotate(3, Image.Resampling.BICUBIC), "PNG"))
    likeness = alike(turned, known(SHIPPED[0]))
    assert np.degrees(likeness.turn) == pytest.approx(3, abs=0.5)
    assert likeness.scale == pytest.approx(1, abs=0.02)


def test_a_description_comes_back_as_it_was_made() -> None:
    body = examine(SHIPPED[0], describe=features.describe).description
    found = features.read(body)
    assert found is not None
    assert len(found) == features.MOST
    assert len(body) < 5700
    assert found.words.dtype == np.uint64
    assert 0 < found.places.real.min() < found.places.real.max() < found.width <= features.SIDE
    assert 0 < found.places.imag.min() < found.places.imag.max() < found.height <= features.SIDE


def test_only_who_asks_gets_a_description() -> None:
    assert examine(SHIPPED[0]).description == b""


@pytest.mark.parametrize("size", [(1, 1), (5, 5), (40, 20), (4000, 3), (512, 512)])
def test_what_has_no_corners_has_no_description(size: tuple[int, int]) -> None:
    out = io.BytesIO()
    Image.new("RGB", size, "teal").save(out, "PNG")
    assert examine(out.getvalue(), describe=features.describe).description == b""


@given(st.binary(max_size=6000), st.integers(0, 5700))
def test_a_damaged_description_is_none(noise: bytes, length: int) -> None:
    body = _description()[:length]
    for one in (noise, body):
        found = features.read(one)
        assert found is None or len(found) > 0


@cache
def _description() -> bytes:
    return examine(SHIPPED[0], describe=features.describe).description


@given(st.integers(30, 200), st.integers(30, 200), st.integers(0, 2**32))
def test_any_picture_can_be_described_and_compared(width: int, height: int, seed: int) -> None:
    noise = np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8)
    found = features.read(features.describe(noise))
    if found is not None:
        assert alike(found, found).corners > 0 or len(found) < 3
        assert not alike(found, known(SHIPPED[0])).altered_copy


@pytest.mark.parametrize("size", [0, 1, 2, 20, 60])
def test_an_index_of_any_size_finds_what_is_in_it(size: int) -> None:
    rng = np.random.default_rng(size)
    pictures = {}
    for n in range(size):
        coarse = rng.integers(0, 255, (24, 32, 3), dtype=np.uint8)
        large = np.asarray(Image.fromarray(coarse).resize((256, 192), Image.Resampling.BICUBIC))
        made = features.read(features.describe(large))
        assert made is not None
        pictures[f"p{n}"] = made
    index = AlteredIndex()
    assert index.search(known(SHIPPED[0])) == []
    for name, one in pictures.items():
        index.add(name, one)
        assert [found for found, _ in index.search(one)] == [name]
    assert len(index) == size
    for name, one in pictures.items():
        index.remove(name)
        assert index.search(one) == []
    index.remove("never there")
    for name, one in pictures.items():
        index.add(name, one)
        assert [found for found, _ in index.search(one)] == [name]
