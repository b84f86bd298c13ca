"""The operator's own copy-detection model, in ONNX: what it sees in a picture, beside the picture's corners.

None is shipped. SSCD (Pizzi et al. 2022) and models like it fit: one input (1, 3, height, width) of float32, RGB with
ImageNet's mean and deviation; one output (1, n), in which copies have a high cosine. How high is the operator's to
measure, on pictures of their own: `python -m benchmarks.altered --model`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import structlog
from PIL import Image

from tawatur.imaging import features
from tawatur.imaging.seen import MODEL_BYTES, MOST_NUMBERS, Seen

_SIDE = 288  # px, where a model takes any size: what SSCD was trained at
_SIDES = (16, 1024)
_MEAN = np.array([0.485, 0.456, 0.406], dtype=np.float32)
_DEVIATION = np.array([0.229, 0.224, 0.225], dtype=np.float32)

_Array = np.ndarray[Any, Any]

log = structlog.get_logger(__name__)


class ModelUnusable(ValueError):
    """The copy-detection model cannot be used."""


class CopyModel:
    """A model that was loaded. Thread-safe."""

    def __init__(self, path: Path, threshold: float) -> None:
        """Raises ModelUnusable when the runtime is not installed, or the file is no model of this kind."""
        try:
            runtime: Any = import_module("onnxruntime")
        except ImportError as error:
            raise ModelUnusable(
                "A copy-detection model needs onnxruntime: pip install 'tawatur[onnxruntime]', "
                "or unset TAWATUR_COPY_MODEL."
            ) from error
        self._path = path
        self._threshold = threshold
        try:
            self._model = hashlib.sha256(path.read_bytes()).digest()[:MODEL_BYTES]
        except OSError as error:
            raise ModelUnusable(f"The model {path} cannot be read: {error.strerror}.") from error
        options = runtime.SessionOptions()
        options.intra_op_num_threads = 1  # pictures come in parallel already
        options.log_severity_level = 4
        try:
            self._session = runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # the runtime's own have no other class in common
            raise ModelUnusable(f"{path} is no ONNX model: {error}") from error
        self._input, self._height, self._width = _taken(path, self._session.get_inputs())
        if len(self._session.get_outputs()) != 1:
            raise ModelUnusable(f"{path} has {len(self._session.get_outputs())} outputs; one is taken, of (1, n).")
        self.see(np.full((64, 64, 3), 128, dtype=np.uint8))

    def see(self, pixels: _Array) -> Seen:
        """What the model sees in a picture, from its (height, width, 3) array of uint8. Raises ModelUnusable where the
        model fails."""
        scaled = Image.fromarray(pixels).resize((self._width, self._height), Image.Resampling.BILINEAR)
        plane = (np.asarray(scaled, dtype=np.float32) / 255 - _MEAN) / _DEVIATION
        try:
            (made,) = self._session.run(None, {self._input: np.ascontiguousarray(plane.transpose(2, 0, 1)[None])})
        except Exception as error:
            raise ModelUnusable(f"The model {self._path} fails: {error}") from error
        vector = np.asarray(made)
        if vector.dtype.kind != "f" or vector.ndim != 2 or len(vector) != 1 or not 0 < vector.shape[1] <= MOST_NUMBERS:
            raise ModelUnusable(
                f"The model {self._path} gives {vector.dtype} of {vector.shape}; numbers of (1, n) are taken, "
                f"n at most {MOST_NUMBERS:,}."
            )
        one = vector[0].astype(np.float64)
        length = float(np.linalg.norm(one))
        vector = one / length if np.isfinite(length) and length > 0 else np.zeros(len(one))
        return Seen(self._model, self._threshold, vector.astype(np.float32))


def describer(path: Path | None, threshold: float | None) -> Callable[[_Array], bytes]:
    """What makes a picture's description: `features.describe`, with what the model at `path` sees where there is one.
    Raises ModelUnusable."""
    if path is None:
        return features.describe
    if threshold is None:
        raise ModelUnusable(
            "TAWATUR_COPY_MODEL needs TAWATUR_COPY_MODEL_THRESHOLD as well. Measure it: "
            f"python -m benchmarks.altered --model {path}"
        )
    model = CopyModel(path, threshold)

    def describe(pixels: _Array) -> bytes:
        try:
            seen = model.see(pixels).body()
        except ModelUnusable as error:  # corners find most without it
            log.warning("picture_not_seen_by_model", reason=str(error))
            seen = b""
        return features.describe(pixels, seen)

    return describe


def _taken(path: Path, inputs: list[Any]) -> tuple[str, int, int]:
    """The input's name, and the height and width that it takes, in px."""
    if len(inputs) != 1 or inputs[0].type != "tensor(float)" or len(inputs[0].shape) != 4:
        said = ", ".join(f"{one.type} of {one.shape}" for one in inputs)
        raise ModelUnusable(f"{path} takes {said or 'nothing'}; one float32 input of (1, 3, height, width) is needed.")
    batch, channels, *sides = inputs[0].shape
    height, width = (side if isinstance(side, int) else _SIDE for side in sides)
    least, most = _SIDES
    wrong = (isinstance(batch, int) and batch != 1) or (isinstance(channels, int) and channels != 3)
    if wrong or not (least <= height <= most and least <= width <= most):
        raise ModelUnusable(
            f"{path} takes pictures of {inputs[0].shape}; (1, 3, height, width) of {least} to {most} px is needed."
        )
    return inputs[0].name, height, width
