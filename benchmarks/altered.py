"""Who finds a blocked picture again when it was cropped, framed, captioned or turned: side by side in one run.

    python -m benchmarks.altered [--photographs ../shared/data/photos] [--every 12] [--own]
    python -m benchmarks.altered --model MODEL.onnx --photographs FOLDER

Every photograph is blocked. In the first table every n-th is altered in each way and looked for among all, by every
candidate; a false match is any other photograph that is named. The second table is of what is used, over all
photographs and every pair of them. SIFT and ORB (compared as OpenCV's own examples do, with Lowe's ratio and RANSAC)
run where `opencv-python-headless` can be imported, beside Tawatur in an environment of their own; they are no part of
the product. Times are CPU time. Goals: recall >= 0.90 for every alteration, no false match.

With a copy-detection model of your own it says which threshold to set: the least at which no two of the photographs are
taken for copies (give it a folder of many, none twice), and what it finds at that.
"""

from __future__ import annotations

import argparse
import io
import math
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageChops
from rich.console import Console
from rich.table import Table
from tests.imaging.alterations import ALTERATIONS

from tawatur.imaging import features, pdq
from tawatur.imaging.alike import ENOUGH, SAME_MIDDLE, alike
from tawatur.imaging.altered import AlteredIndex
from tawatur.imaging.canvas import STANDARD_LIMITS, draw
from tawatur.imaging.copy_model import CopyModel
from tawatur.imaging.features import Features

PHOTOGRAPHS = Path(__file__).parents[2] / "shared/data/photos"
GOAL = 0.9
COPY = 31  # bits
INLIERS = 15


class Own:
    """Tawatur's corners."""

    name = "corners (own)"

    def __init__(self) -> None:
        self.index = AlteredIndex()
        self.size = 0

    def block(self, key: int, picture: Image.Image) -> None:
        body = features.describe(np.asarray(picture))
        self.size += len(body)
        found = features.read(body)
        if found is not None:
            self.index.add(str(key), found)

    def search(self, picture: Image.Image) -> set[int]:
        found = features.read(features.describe(np.asarray(picture)))
        return set() if found is None else {int(name) for name, _ in self.index.search(found)}


class Pdq:
    """PDQ of the picture as it is, or also of it trimmed and of crops of both sides of the comparison."""

    def __init__(self, *, variants: bool) -> None:
        self.name = "PDQ of 12 crops" if variants else "PDQ"
        self._variants = _crops if variants else (lambda picture: [picture])
        self._keys: list[int] = []
        self._hashes: list[Any] = []

    def block(self, key: int, picture: Image.Image) -> None:
        for one in self._variants(picture):
            self._keys.append(key)
            self._hashes.append(pdq.hash_array(np.asarray(one))[0])
        self.size = 32 * len(self._keys)

    def search(self, picture: Image.Image) -> set[int]:
        known, keys = np.array(self._hashes), np.array(self._keys)
        found: set[int] = set()
        for one in self._variants(picture):
            distances = np.bitwise_count(known ^ pdq.hash_array(np.asarray(one))[0]).sum(1)
            found.update(keys[distances <= COPY].tolist())
        return found


class OpenCv:
    """SIFT or ORB with Lowe's ratio test and a similarity by RANSAC, compared with each picture in turn."""

    def __init__(self, kind: str) -> None:
        import cv2

        self._cv = cv2
        self.name = f"{kind} (OpenCV)"
        self._maker = cv2.SIFT_create(300) if kind == "SIFT" else cv2.ORB_create(500)
        self._matcher = cv2.BFMatcher(cv2.NORM_L2 if kind == "SIFT" else cv2.NORM_HAMMING)
        self._known: list[tuple[int, Any, Any]] = []
        self.size = 0

    def _describe(self, picture: Image.Image) -> tuple[Any, Any]:
        points, bodies = self._maker.detectAndCompute(np.asarray(picture.convert("L")), None)
        return np.array([point.pt for point in points]), bodies

    def block(self, key: int, picture: Image.Image) -> None:
        points, bodies = self._describe(picture)
        if bodies is not None:
            self._known.append((key, points, bodies))
            self.size += bodies.shape[0] * (bodies.shape[1] + 8)  # SIFT's as bytes

    def search(self, picture: Image.Image) -> set[int]:
        points, bodies = self._describe(picture)
        if bodies is None or len(points) < 3:
            return set()
        return {key for key, theirs, known in self._known if self._inliers(points, bodies, theirs, known) >= INLIERS}

    def _inliers(self, points: Any, bodies: Any, theirs: Any, known: Any) -> int:
        pairs = [pair for pair in self._matcher.knnMatch(bodies, known, k=2) if len(pair) == 2]
        good = [one for one, other in pairs if one.distance < 0.75 * other.distance]
        if len(good) < 3:
            return 0
        mine = np.array([points[one.queryIdx] for one in good])
        yours = np.array([theirs[one.trainIdx] for one in good])
        _, inliers = self._cv.estimateAffinePartial2D(mine, yours, ransacReprojThreshold=5)
        return 0 if inliers is None else int(inliers.sum())


def _crops(picture: Image.Image) -> Iterable[Image.Image]:
    for base in (picture, _trimmed(picture)):
        width, height = base.size
        for left, top, right, bottom in (
            (0, 0, 0, 0),
            (0.05, 0.05, 0.05, 0.05),
            (0.1, 0.1, 0.1, 0.1),
            (0.1, 0.1, 0, 0),
            (0, 0.13, 0, 0),
            (0, 0, 0, 0.13),
        ):
            yield base.crop(
                (int(width * left), int(height * top), int(width * (1 - right)), int(height * (1 - bottom)))
            )


def _trimmed(picture: Image.Image) -> Image.Image:
    """Without an even border of the colour of its first pixel."""
    first = picture.getpixel((0, 0))
    assert first is not None
    border = ImageChops.difference(picture, Image.new("RGB", picture.size, first)).convert("L")
    box = border.point(lambda level: 255 * (level > 24)).getbbox()
    return picture.crop(box) if box and min(box[2] - box[0], box[3] - box[1]) > 64 else picture


def _canvas(data: bytes) -> Image.Image:
    """As the server sees it."""
    drawn = draw(data, STANDARD_LIMITS)
    return Image.frombytes("RGB", (drawn.canvas_width, drawn.canvas_height), drawn.pixels)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--photographs", type=Path, default=PHOTOGRAPHS)
    arguments.add_argument("--every", type=int, default=12, help="in the first table, alter every n-th photograph")
    arguments.add_argument("--own", action="store_true", help="all tables but the first")
    arguments.add_argument("--model", type=Path, help="measure this model, and nothing else")
    given = arguments.parse_args()
    paths = sorted(given.photographs.rglob("*.png")) + sorted(given.photographs.rglob("*.jpg"))
    console = Console(width=150)
    photographs = [path.read_bytes() for path in paths]
    if len(photographs) < 2:
        sys.exit(f"{given.photographs} holds no two photographs; name another folder with --photographs")
    if given.model is not None:
        console.print(_model(photographs, given.model, given.every))
        return
    if not given.own:
        console.print(_candidates(photographs, given.every))
    known, table = _used(photographs)
    console.print(table)
    console.print(_every_pair(known))
    console.print(_growing(photographs))


def _altered(data: bytes, how: str) -> Image.Image:
    return _canvas(ALTERATIONS[how](Image.open(io.BytesIO(data)).convert("RGB")))


def _candidates(photographs: list[bytes], every: int) -> Table:
    methods: list[Any] = [Own(), Pdq(variants=False), Pdq(variants=True)]
    if find_spec("cv2"):
        methods += [OpenCv("SIFT"), OpenCv("ORB")]
    spent = {method.name: [0.0, 0.0] for method in methods}
    for key, data in enumerate(photographs):
        picture = _canvas(data)
        for method in methods:
            begun = time.process_time()
            method.block(key, picture)
            spent[method.name][0] += time.process_time() - begun
    chosen = range(0, len(photographs), every)
    table = Table(
        "recall (false matches)",
        *(method.name for method in methods),
        title=f"{len(photographs)} photographs blocked, {len(chosen)} of them altered",
    )

    def row(name: str, look: Callable[[bytes], Image.Image]) -> None:
        hits = {method.name: [0, 0] for method in methods}
        for key in chosen:
            picture = look(photographs[key])
            for method in methods:
                begun = time.process_time()
                found = method.search(picture)
                spent[method.name][1] += time.process_time() - begun
                hits[method.name][0] += key in found
                hits[method.name][1] += len(found - {key})
        table.add_row(name, *(f"{true / len(chosen):.3f} ({false})" for true, false in hits.values()))

    for how in ALTERATIONS:
        row(how, lambda data, how=how: _altered(data, how))  # type: ignore[misc]
    row("as it is", _canvas)
    table.add_section()
    searches = len(chosen) * (len(ALTERATIONS) + 1)
    table.add_row("ms to describe one", *(f"{1e3 * one[0] / len(photographs):.1f}" for one in spent.values()))
    table.add_row("ms to describe and search one", *(f"{1e3 * one[1] / searches:.0f}" for one in spent.values()))
    table.add_row("bytes a picture", *(f"{method.size / len(photographs):,.0f}" for method in methods))
    return table


def _used(photographs: list[bytes]) -> tuple[list[Features | None], Table]:
    """What is used, over all photographs."""
    known = [features.read(features.describe(np.asarray(_canvas(data)))) for data in photographs]
    index = AlteredIndex()
    for key, one in enumerate(known):
        if one is not None:
            index.add(str(key), one)
    table = Table(
        *("alteration", "recall", "", "false matches", "fewest corners", "1 % have at most", "ms to search, median"),
        title=f"corners (own): each of {len(photographs)} photographs altered and looked for among all",
    )
    for how in ALTERATIONS:
        hits, false, corners, times = 0, 0, [], []
        for key, data in enumerate(photographs):
            query, mine = features.read(features.describe(np.asarray(_altered(data, how)))), known[key]
            if query is None or mine is None:
                continue
            begun = time.process_time()
            found = {int(name) for name, _ in index.search(query)}
            times.append(time.process_time() - begun)
            hits += key in found
            false += len(found - {key})
            corners.append(alike(query, mine).corners)
        recall = hits / len(photographs)
        table.add_row(
            how,
            f"{recall:.3f}",
            "" if recall >= GOAL else "missed",
            str(false),
            str(min(corners)),
            f"{np.quantile(corners, 0.01):.0f}",
            f"{1e3 * statistics.median(times):.1f}",
        )
    return known, table


def _every_pair(known: list[Features | None]) -> Table:
    """Every two photographs compared in full, as no search would."""
    corners, alike_ = [], 0
    for place, one in enumerate(known):
        for other in known[place + 1 :]:
            if one is not None and other is not None:
                likeness = alike(one, other)
                corners.append(likeness.corners)
                alike_ += likeness.altered_copy
    table = Table(
        *("pairs", "corners at most", "99.9 % at most", "needed", "false matches"),
        title=f"every two photographs as they are; a match needs the middle to correlate by {SAME_MIDDLE} as well",
    )
    table.add_row(
        f"{len(corners):,}", str(max(corners)), f"{np.quantile(corners, 0.999):.0f}", str(ENOUGH), str(alike_)
    )
    return table


def _model(photographs: list[bytes], path: Path, every: int) -> Table:
    """The threshold that a model needs, and what it finds with it."""
    model = CopyModel(path, 1.0)
    begun = time.process_time()
    known = np.stack([model.see(np.asarray(_canvas(data))).vector for data in photographs])
    each = (time.process_time() - begun) / len(photographs)
    cosines = (known @ known.T)[np.triu_indices(len(known), 1)]
    threshold = math.ceil(1000 * float(cosines.max()) + 1) / 1000
    table = Table(
        *("alteration", f"recall at {threshold}", "least cosine", "median"),
        title=f"{path.name}: {len(cosines):,} pairs, cosine at most {cosines.max():.4f}; {1e3 * each:.0f} ms a picture",
        caption=f"TAWATUR_COPY_MODEL_THRESHOLD={threshold}" if threshold < 1 else "no threshold tells these apart",
    )
    for how in ALTERATIONS:
        chosen = range(0, len(photographs), every)
        found = [float(known[key] @ model.see(np.asarray(_altered(photographs[key], how))).vector) for key in chosen]
        share = np.mean(np.array(found) >= threshold)
        table.add_row(how, f"{share:.3f}", f"{min(found):.3f}", f"{statistics.median(found):.3f}")
    return table


def _growing(photographs: list[bytes]) -> Table:
    """How a search grows with what is blocked; other pictures are quarters of the photographs."""
    index = AlteredIndex()
    query = features.read(features.describe(np.asarray(_canvas(photographs[0]))))
    assert query is not None
    table = Table("blocked", "ms a search, median", title="how a search grows")
    made = 0
    for size in (100, 1000, 5000):
        while made < size:
            picture = _canvas(photographs[made % len(photographs)])
            width, height = picture.size
            chance = np.random.default_rng(made)
            left, top = int(chance.integers(0, width // 2)), int(chance.integers(0, height // 2))
            part = picture.crop((left, top, left + width // 2, top + height // 2))
            found = features.read(features.describe(np.asarray(part)))
            if found is not None:
                index.add(str(made), found)
            made += 1
        index.search(query)
        times = []
        for _ in range(20):
            begun = time.process_time()
            index.search(query)
            times.append(time.process_time() - begun)
        table.add_row(f"{size:,}", f"{1e3 * statistics.median(times):.1f}")
    return table


if __name__ == "__main__":
    main()
