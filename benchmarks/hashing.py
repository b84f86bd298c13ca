"""How fast pictures become PDQ hashes, against the reference library `pdqhash`, on one core, side by side.

    python -m benchmarks.hashing [--rounds 9]

Photographs are the shipped ones, scaled to one megapixel and saved as JPEG of quality 85 and as PNG. Each round hashes
every photograph in every way, one way after another; a way's time is its CPU time a picture, all threads counted. The
medians over the rounds are printed, those of a round's two times and of their ratio. The reference is measured as its
own documentation uses it (decode in full, hash at full size) and as favourably as one can (scale to 512 px first).
Goals: >= 4 times as fast from a one-megapixel JPEG, >= 7 times on arrays.

From a JPEG nearly all of our time is decoding, which is at half the size already (canvas.py; libjpeg's next step, a
quarter, would leave less than the 512 px that are hashed). The last lines say what a hash that cost nothing would gain.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import argparse
import io
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table

from tawatur.imaging import pdq
from tawatur.imaging.canvas import STANDARD_LIMITS, draw
from tawatur.imaging.sandbox import Sandbox

try:
    import pdqhash
except ImportError:
    pdqhash = None

PHOTOGRAPHS = Path(__file__).parents[1] / "src/tawatur/demo/photographs"
MEGAPIXEL = 1_000_000
_LONG_ENOUGH_S = 0.1

Work = Callable[[Any], object]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=9)
    rounds = arguments.parse_args().rounds
    if pdqhash is None:
        sys.exit("pdqhash is not installed, so there is nothing to compare with: uv pip install --group oracle")

    photographs = [_one_megapixel(path) for path in sorted(PHOTOGRAPHS.glob("*.jpg"))]
    jpegs = [_saved(picture, "JPEG", quality=85) for picture in photographs]
    pngs = [_saved(picture, "PNG", compress_level=6) for picture in photographs]
    small = [np.asarray(_thumbnail(picture)) for picture in photographs]
    large = [np.asarray(picture) for picture in photographs]

    with Sandbox(1) as sandbox:
        comparisons: list[tuple[str, float | None, list[Any], Work, list[Any], Work]] = [
            ("JPEG to hash; reference at full size", 4, jpegs, _ours, jpegs, _reference_full),
            ("JPEG to hash; reference at 512 px", 4, jpegs, _ours, jpegs, _reference_small),
            ("PNG to hash; reference at full size", None, pngs, _ours, pngs, _reference_full),
            ("array of 512 px to hash", 7, small, pdq.hash_array, small, pdqhash.compute),
            ("array of one megapixel to hash", 7, large, pdq.hash_array, large, pdqhash.compute),
            ("array of 512 px to eight hashes", 7, small, pdq.orientations, small, _reference_turned),
        ]
        times: list[list[tuple[float, float]]] = [[] for _ in comparisons]
        walls: list[float] = []
        for _ in range(rounds + 1):
            for (_, _, mine, work, theirs, their_work), measured in zip(comparisons, times, strict=True):
                measured.append((_cpu(mine, work), _cpu(theirs, their_work)))
            begin = time.perf_counter()
            for jpeg in jpegs:
                sandbox.draw(jpeg, STANDARD_LIMITS)
            in_child = (time.perf_counter() - begin) / len(jpegs)
            begin = time.perf_counter()
            for jpeg in jpegs:
                draw(jpeg, STANDARD_LIMITS)
            walls.append(in_child - (time.perf_counter() - begin) / len(jpegs))

    table = Table("what", "images/s", "reference", "ratio", "goal", title=f"PDQ on one core, {rounds} rounds")
    for (name, goal, *_), measured in zip(comparisons, times, strict=True):
        kept = measured[1:]  # the first round fills caches
        ours, theirs = (statistics.median(pair[side] for pair in kept) for side in (0, 1))
        ratio = statistics.median(pair[1] / pair[0] for pair in kept)
        verdict = "" if goal is None else f">= {goal:g}: {'met' if ratio >= goal else 'MISSED'}"
        table.add_row(name, f"{1 / ours:,.0f}", f"{1 / theirs:,.0f}", f"{ratio:.1f}", verdict)
    console = Console(width=120)
    console.print(table)
    decoding = statistics.median(_cpu(jpegs, _only_decoded) for _ in range(rounds))
    share = decoding / statistics.median(pair[0] for pair in times[0][1:])
    at_most = statistics.median(pair[1] for pair in times[1][1:]) / decoding
    console.print(
        f"Of our time from a JPEG to a hash, decoding to 512 px is {share:.0%}: "
        f"without the rest we were {at_most:.1f} times as fast as the reference at 512 px."
    )
    console.print(f"Drawing in a sandboxed child adds {statistics.median(walls[1:]) * 1e3:.1f} ms a JPEG of wall time.")


def _ours(data: bytes) -> object:
    canvas = draw(data, STANDARD_LIMITS)
    pixels = np.frombuffer(canvas.pixels, dtype=np.uint8)
    return pdq.hash_array(pixels.reshape(canvas.canvas_height, canvas.canvas_width, 3))


def _only_decoded(data: bytes) -> object:
    return draw(data, STANDARD_LIMITS)


def _reference_full(data: bytes) -> object:
    return pdqhash.compute(np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))


def _reference_small(data: bytes) -> object:
    return pdqhash.compute(np.asarray(_thumbnail(Image.open(io.BytesIO(data)).convert("RGB"))))


def _reference_turned(pixels: Any) -> object:
    """Eight orientations, each on its own, as ours: the reference's shortcut is 10 to 20 bits off."""
    turned = (np.rot90(side, quarter) for side in (pixels, pixels[:, ::-1]) for quarter in range(4))
    return [pdqhash.compute(np.ascontiguousarray(one)) for one in turned]


def _cpu(items: list[Any], work: Work) -> float:
    """Seconds of CPU an item, over at least `_LONG_ENOUGH_S`."""
    begin = time.process_time()
    done, spent = 0, 0.0
    while spent < _LONG_ENOUGH_S:
        for item in items:
            work(item)
        done += len(items)
        spent = time.process_time() - begin
    return spent / done


def _one_megapixel(path: Path) -> Image.Image:
    picture = Image.open(path).convert("RGB")
    scale = (MEGAPIXEL / (picture.width * picture.height)) ** 0.5
    return picture.resize((round(picture.width * scale), round(picture.height * scale)), Image.Resampling.LANCZOS)


def _thumbnail(picture: Image.Image) -> Image.Image:
    small = picture.copy()
    small.thumbnail((512, 512))
    return small


def _saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


if __name__ == "__main__":
    main()
