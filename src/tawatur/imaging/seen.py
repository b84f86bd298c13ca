"""What a copy-detection model saw in a picture (copy_model.py), as it is kept in the picture's description."""

from __future__ import annotations

from typing import Any, Final

import msgspec
import numpy as np

MOST_NUMBERS: Final = 4096
"""That a model may say of a picture."""
MODEL_BYTES: Final = 8
_HEAD = MODEL_BYTES + 4  # bytes: which model, and its threshold

_Array = np.ndarray[Any, Any]


class Seen(msgspec.Struct, frozen=True, eq=False):
    """`model` tells models apart, in `MODEL_BYTES` bytes. `threshold` is the cosine from which on it takes two pictures
    for copies. `vector` (n,) of float32 has length 1, or is zero where it saw nothing."""

    model: bytes
    threshold: float
    vector: _Array

    def body(self) -> bytes:
        """As it is kept: with half the precision, 2 bytes a number."""
        return self.model + np.array([self.threshold], dtype="<f4").tobytes() + self.vector.astype("<f2").tobytes()


def read(body: bytes) -> Seen | None:
    """What was seen, as `Seen.body` made it; None where nothing was, or it is damaged."""
    rest = len(body) - _HEAD
    if rest <= 0 or rest % 2 or rest // 2 > MOST_NUMBERS:
        return None
    vector = np.frombuffer(body, "<f2", offset=_HEAD).astype(np.float32)
    threshold = float(np.frombuffer(body, "<f4", 1, offset=MODEL_BYTES)[0])
    if not (0 < threshold <= 1 and np.isfinite(vector).all()):
        return None
    return Seen(body[:MODEL_BYTES], threshold, vector)


def cosine(one: Seen | None, other: Seen | None) -> float:
    """How alike two pictures are to the model, at most 1; 0 where the same model has not seen both."""
    if one is None or other is None or one.model != other.model or len(one.vector) != len(other.vector):
        return 0.0
    return float(one.vector @ other.vector)


def same(query: Seen | None, other: Seen | None) -> bool:
    """Whether the query's model takes it for a copy of the other."""
    return query is not None and cosine(query, other) >= query.threshold
