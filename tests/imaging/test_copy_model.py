"""A model of the operator's own finds what corners do not, and whatever is wrong with it is said in a sentence."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tawatur.imaging import features, seen
from tawatur.imaging.alike import alike
from tawatur.imaging.altered import AlteredIndex
from tawatur.imaging.copy_model import CopyModel, ModelUnusable, describer
from tawatur.imaging.decode import examine
from tawatur.imaging.features import Features
from tawatur.imaging.seen import Seen
from tests.imaging.alterations import mosaic
from tests.imaging.models import coarse, constant, onnx
from tests.imaging.pictures import SHIPPED, saved

THRESHOLD = 0.9
Describe = Callable[[Any], bytes]


def known(data: bytes | Path, describe: Describe) -> Features:
    found = features.read(examine(data, describe=describe).description)
    assert found is not None
    return found


@pytest.fixture
def describe(tmp_path: Path) -> Describe:
    return describer(coarse(tmp_path / "coarse.onnx"), THRESHOLD)


@pytest.mark.parametrize("more", [0, 40])
def test_a_model_finds_what_corners_do_not(describe: Describe, more: int) -> None:
    index = AlteredIndex()
    for path in SHIPPED:
        index.add(path.name, known(path, describe))
    for n in range(more):  # so many that the index sorts them in
        picture = np.random.default_rng(n).integers(0, 255, (96, 128, 3), dtype=np.uint8)
        index.add(f"noise {n}", known(saved(Image.fromarray(picture), "PNG"), describe))
    for path in SHIPPED:
        assert [name for name, _ in index.search(known(mosaic(path), features.describe))] == []
        found = index.search(known(mosaic(path), describe))
        assert [(name, one.model) for name, one in found] == [(path.name, True)]


def test_the_threshold_decides(tmp_path: Path) -> None:
    path = coarse(tmp_path / "coarse.onnx")
    one, other = SHIPPED[0], SHIPPED[1]
    for threshold, same in ((0.999, False), (0.01, True)):
        describe = describer(path, threshold)
        assert alike(known(one, describe), known(one, describe)).model
        assert alike(known(mosaic(one), describe), known(one, describe)).model is same
        cosine = seen.cosine(known(one, describe).seen, known(other, describe).seen)
        assert alike(known(one, describe), known(other, describe)).model is (cosine >= threshold)


def test_what_different_models_saw_is_not_compared(tmp_path: Path, describe: Describe) -> None:
    another = describer(coarse(tmp_path / "another.onnx", name="another"), THRESHOLD)
    index = AlteredIndex()
    for path in SHIPPED:
        index.add(path.name, known(path, describe))
    assert index.search(known(mosaic(SHIPPED[0]), another)) == []
    assert [name for name, _ in index.search(known(SHIPPED[0], another))] == [SHIPPED[0].name]  # by its corners
    assert [name for name, _ in index.search(known(SHIPPED[0], features.describe))] == [SHIPPED[0].name]


def test_a_picture_without_corners_is_known_by_the_model_alone(describe: Describe) -> None:
    across = np.tile(np.linspace(0, 255, 300).astype(np.uint8), (200, 1))
    even = saved(Image.fromarray(np.dstack([across] * 3)), "PNG")
    assert examine(even, describe=features.describe).description == b""
    query = known(even, describe)
    assert len(query) == 0
    for others in (1, 40):
        index = AlteredIndex()
        for n in range(others):
            index.add(str(n), query)
        assert len(index.search(query)) >= 1
        assert index.search(known(SHIPPED[0], describe)) == []


def test_a_model_that_takes_any_size_gets_what_such_models_were_made_for(tmp_path: Path) -> None:
    model = CopyModel(coarse(tmp_path / "any.onnx", side="n", pool=36), 0.5)
    assert len(model.see(np.zeros((90, 70, 3), dtype=np.uint8)).vector) == 3 * (288 // 36) ** 2


@pytest.mark.parametrize("numbers", [(float("nan"), 1.0), (float("inf"), 1.0), (0.0, 0.0)])
def test_a_model_that_sees_nothing_finds_nothing(tmp_path: Path, numbers: tuple[float, ...]) -> None:
    describe = describer(constant(tmp_path / "nothing.onnx", *numbers), 0.1)
    assert not alike(known(SHIPPED[0], describe), known(SHIPPED[1], describe)).altered_copy
    assert alike(known(SHIPPED[0], describe), known(SHIPPED[0], describe)).altered_copy


def test_without_the_runtime_it_is_said_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ModelUnusable, match=r"pip install 'tawatur\[onnxruntime\]'"):
        describer(tmp_path / "model.onnx", 0.5)
    assert describer(None, None) is features.describe


def test_a_model_needs_its_threshold(tmp_path: Path) -> None:
    with pytest.raises(ModelUnusable, match="TAWATUR_COPY_MODEL_THRESHOLD"):
        describer(tmp_path / "model.onnx", None)


@pytest.mark.parametrize("data", [b"", b"no model at all, only text", bytes(5000)])
def test_a_file_that_is_no_model_is_refused(tmp_path: Path, data: bytes) -> None:
    onnx()
    path = tmp_path / "model.onnx"
    path.write_bytes(data)
    with pytest.raises(ModelUnusable, match=r"model\.onnx is no ONNX model"):
        describer(path, 0.5)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    onnx()
    for path in (tmp_path / "absent.onnx", tmp_path):
        with pytest.raises(ModelUnusable, match="cannot be read"):
            describer(path, 0.5)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"shape": [1, 1, 32, 32]}, r"\(1, 3, height, width\)"),
        ({"shape": [2, 3, 32, 32]}, r"\(1, 3, height, width\)"),
        ({"shape": [1, 3, 8, 8]}, "16 to 1024 px"),
        ({"shape": [1, 3, 4096, 4096]}, "16 to 1024 px"),
        ({"pool": 0, "shape": [1, 3, 32]}, "one float32 input"),
        ({"pool": 0, "type": 11}, "one float32 input"),
        ({"outputs": 2}, "has 2 outputs"),
        ({"into": "Identity"}, r"gives float32 of \(1, 3, 8, 8\)"),
        ({"into": "Shape", "gives": 7}, "gives int64"),
        ({"side": 288}, "at most 4,096"),
    ],
)
def test_a_model_of_another_kind_is_refused(tmp_path: Path, wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ModelUnusable, match=told):
        describer(coarse(tmp_path / "model.onnx", **wrong), 0.5)


def test_a_model_that_fails_on_a_picture_leaves_its_corners(
    describe: Describe, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> Seen:
        raise ModelUnusable("it fails")

    monkeypatch.setattr(CopyModel, "see", fails)
    found = known(SHIPPED[0], describe)
    assert (len(found), found.seen) == (features.MOST, None)


@given(st.binary(max_size=200))
def test_whatever_is_read_as_seen_is_sound(noise: bytes) -> None:
    found = seen.read(noise)
    if found is not None:
        assert 0 < found.threshold <= 1
        assert np.isfinite(found.vector).all()


def test_what_was_seen_comes_back() -> None:
    vector = np.array([0.6, -0.8, 0.0], dtype=np.float32)
    found = seen.read(Seen(b"model no", 0.75, vector).body())
    assert found is not None
    assert (found.model, found.threshold) == (b"model no", 0.75)
    assert np.abs(found.vector - vector).max() < 1e-3
