"""Exact search within 31 bits: this index against faiss and ThreatExchange's own, in one process on the same hashes.

    python -m benchmarks.matching [sizes] [skew] [changing] [--sizes 1e6 1e7] [--queries 100]

The other two are no dependencies of Tawatur. To compare with them, install them beside it, into an environment of their
own, and run this from the checkout:

    uv venv /tmp/compare && uv pip install --python /tmp/compare/bin/python -e . faiss-cpu threatexchange
    /tmp/compare/bin/python -m benchmarks.matching

Hashes are random, and queries are hashes among them with 0 to 31 bits turned; all is done on one core, one query at a
time, each query by every index before the next. Recall is against comparing with every hash by numpy. Memory is what
the process grew by. ThreatExchange's index takes hashes as text and is left out above 2 million, where building takes
minutes.

Then what a real collection does to it: hashes of cuttings of the photographs in ../shared/data, where they are, and
hashes that somebody made to fall into the same buckets; and how it searches while hashes come and go. Goals: recall
1.000; >= 10 times as fast as faiss flat at 10^7; less memory than ThreatExchange's index; 10^6 ready in < 3 s.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import argparse
import gc
import statistics
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table

from tawatur.imaging import pdq
from tawatur.imaging.matching import Index
from tawatur.imaging.segment import compare

try:
    import faiss

    faiss.omp_set_num_threads(1)
except ImportError:
    faiss = None
try:
    from threatexchange.signal_type.pdq.pdq_index import PDQIndex
except ImportError:
    PDQIndex = None

PHOTOGRAPHS = Path(__file__).parents[2] / "shared/data/photos"
THREATEXCHANGE_TAKES = 2_000_000
RADIUS = 31

Search = Callable[[pdq.Hash], set[int]]


class Built(NamedTuple):
    name: str
    search: Search
    seconds: float
    megabytes: float


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("parts", nargs="*", choices=["sizes", "skew", "changing"])
    arguments.add_argument("--sizes", type=float, nargs="*", default=[1e6, 1e7])
    arguments.add_argument("--queries", type=int, default=100)
    given = arguments.parse_args()
    console = Console(width=130)
    for name, module in (("faiss", faiss), ("threatexchange", PDQIndex)):
        if module is None:
            console.print(f"{name} is not installed and left out; see python -m benchmarks.matching --help")
    parts = given.parts or ["sizes", "skew", "changing"]
    for size in map(int, given.sizes) if "sizes" in parts else ():
        console.print(_side_by_side(size, given.queries))
    if "skew" in parts:
        console.print(_skew(given.queries))
    if "changing" in parts:
        console.print(_while_changing())


def _side_by_side(size: int, queries: int) -> Table:
    chance = np.random.default_rng(size)
    hashes = chance.integers(0, 2**64, (size, 4), dtype=np.uint64)
    wanted = [_turned(hashes[chance.integers(size)], int(chance.integers(0, 32)), chance) for _ in range(queries)]
    built = [_measured("Tawatur", lambda: _ours(hashes))]
    if faiss is not None:
        built.append(_measured("faiss, flat", lambda: _flat(hashes)))
    if PDQIndex is not None and size <= THREATEXCHANGE_TAKES:
        built.append(_measured("ThreatExchange", lambda: _threatexchange(hashes)))

    truth = [set(np.flatnonzero(compare(hashes, one) <= RADIUS).tolist()) for one in wanted[: max(10, queries // 4)]]
    times: dict[str, list[float]] = {one.name: [] for one in built}
    found: dict[str, int] = dict.fromkeys(times, 0)
    wrong = dict.fromkeys(times, 0)
    for place, one in enumerate(wanted):
        for index in built:
            begin = time.perf_counter()
            answer = index.search(one)
            times[index.name].append(time.perf_counter() - begin)
            if place < len(truth):
                found[index.name] += len(answer & truth[place])
                wrong[index.name] += len(answer - truth[place])
    table = Table(
        *("index", "ms a query", "90 % within", "by ours", "recall", "false", "MB", "bytes a hash", "build s"),
        title=f"{size:,} random hashes, radius {RADIUS}, {queries} queries, {sum(map(len, truth))} matches checked",
    )
    ours = statistics.median(times["Tawatur"])
    for index in built:
        spent = times[index.name]
        table.add_row(
            index.name,
            f"{statistics.median(spent) * 1e3:.2f}",
            f"{statistics.quantiles(spent, n=10)[-1] * 1e3:.2f}",
            f"{statistics.median(spent) / ours:.1f}",
            f"{found[index.name] / sum(map(len, truth)):.3f}",
            str(wrong[index.name]),
            f"{index.megabytes:,.0f}",
            f"{index.megabytes * 1e6 / size:.0f}",
            f"{index.seconds:.1f}",
        )
    return table


def _ours(hashes: Any) -> Search:
    index = Index(np.arange(len(hashes)), hashes)
    return lambda wanted: {one for one, _ in index.search(wanted, RADIUS)}


def _flat(hashes: Any) -> Search:
    index = faiss.IndexBinaryFlat(256)
    index.add(hashes.view(np.uint8))

    def search(wanted: pdq.Hash) -> set[int]:
        _, _, ids = index.range_search(wanted.view(np.uint8).reshape(1, 32), RADIUS + 1)
        return set(ids.tolist())

    return search


def _threatexchange(hashes: Any) -> Search:
    index = PDQIndex((pdq.to_hex(one), place) for place, one in enumerate(hashes))
    return lambda wanted: {match.metadata for match in index.query(pdq.to_hex(wanted))}


def _measured(name: str, build: Callable[[], Search]) -> Built:
    gc.collect()
    before, begin = _resident(), time.perf_counter()
    search = build()
    seconds = time.perf_counter() - begin
    gc.collect()
    return Built(name, search, seconds, (_resident() - before) / 1e6)


def _skew(queries: int) -> Table:
    """The same number of hashes, as they come from nothing, from photographs, and from somebody who means harm."""
    chance = np.random.default_rng(5)
    collections: dict[str, Any] = {}
    if PHOTOGRAPHS.exists():
        collections["cuttings of photographs"] = _cuttings(chance)
    count = len(next(iter(collections.values()), range(100_000)))
    collections["random"] = chance.integers(0, 2**64, (count, 4), dtype=np.uint64)
    equal = np.repeat(chance.integers(0, 2**64, (1, 4), dtype=np.uint64), count, axis=0)
    equal[:, 0] = chance.integers(0, 2**64, count, dtype=np.uint64)
    collections["three quarters of each equal"] = equal
    collections["all of each equal"] = np.repeat(equal[:1], count, axis=0)
    table = Table(
        *("hashes", "fullest bucket", "by even", "compared a query", "ms a query", "slowest ms", "found a query"),
        title=f"{count:,} hashes with skew",
    )
    for name, hashes in collections.items():
        index = Index(np.arange(len(hashes)), hashes)
        segment = index._state.segments[0]
        chunk_rows = np.diff(segment._offsets.astype(np.int64))
        times, compared, found = [], [], []
        for _ in range(queries):
            one = _turned(hashes[chance.integers(len(hashes))], 10, chance)
            candidates = segment._candidates(one, RADIUS)
            compared.append(len(hashes) if candidates is None else len(candidates))
            begin = time.perf_counter()
            found.append(len(index.search(one, RADIUS)))
            times.append(time.perf_counter() - begin)
        fullest = int(chunk_rows.max())
        table.add_row(
            name,
            f"{fullest:,}",
            f"{fullest * 65_536 / len(hashes):,.0f} x",
            f"{statistics.median(compared):,.0f}",
            f"{statistics.median(times) * 1e3:.2f}",
            f"{max(times) * 1e3:.2f}",
            f"{statistics.median(found):,.0f}",
        )
    return table


def _cuttings(chance: np.random.Generator, each: int = 190) -> Any:
    """Hashes of random cuttings of every photograph, those of quality 50 and more."""
    hashes = []
    for path in sorted(path for path in PHOTOGRAPHS.rglob("*") if path.suffix in {".jpg", ".png"}):
        picture = Image.open(path).convert("RGB")
        picture.thumbnail((256, 256))
        pixels = np.asarray(picture)
        for _ in range(each):
            height, width = (max(48, int(side * chance.uniform(0.3, 1))) for side in pixels.shape[:2])
            top, left = (
                int(chance.integers(0, side - kept + 1))
                for side, kept in zip(pixels.shape[:2], (height, width), strict=True)
            )
            bits, quality = pdq.hash_array(pixels[top : top + height, left : left + width])
            if quality >= pdq.WORST_MATCHABLE_QUALITY:
                hashes.append(bits)
    return np.array(hashes)


def _while_changing() -> Table:
    """How long searches take while a writer adds and removes and segments are made anew."""
    chance = np.random.default_rng(9)
    size = 1_000_000
    hashes = chance.integers(0, 2**64, (size, 4), dtype=np.uint64)
    index = Index(np.arange(size), hashes)
    done = threading.Event()
    changes, adding, missed = [0], [0.0], [0]

    def write() -> None:
        own = np.random.default_rng(10)
        place = size
        while not done.is_set():
            new = own.integers(0, 2**64, (100, 4), dtype=np.uint64)
            begin = time.perf_counter()
            index.add(range(place, place + 100), new)
            adding[0] = max(adding[0], time.perf_counter() - begin)
            missed[0] += index.search(new[7], 0) != [(place + 7, 0)]
            index.remove(place)
            place += 100
            changes[0] += 101

    table = Table("", "searches", "ms median", "99 % within", "slowest", title=f"{size:,} hashes")
    for name in ("alone", "beside a writer"):
        writer = threading.Thread(target=write)
        if name != "alone":
            writer.start()
        times = []
        until = time.perf_counter() + 15
        while time.perf_counter() < until:
            one = hashes[chance.integers(size)]
            begin = time.perf_counter()
            index.search(one)
            times.append(time.perf_counter() - begin)
        done.set()
        if name != "alone":
            writer.join()
            name += (
                f", {changes[0] / 15:,.0f} changes/s, slowest {adding[0] * 1e3:.0f} ms, {missed[0]} not found at once"
            )
        done.clear()
        high = statistics.quantiles(times, n=100)[-1]
        table.add_row(
            name,
            f"{len(times):,}",
            *(f"{value * 1e3:.2f}" for value in (statistics.median(times), high, max(times))),
        )
    return table


def _turned(one: pdq.Hash, bits: int, chance: np.random.Generator) -> pdq.Hash:
    """The hash with so many bits turned."""
    flips = np.zeros(256, dtype=np.uint8)
    flips[chance.permutation(256)[:bits]] = 1
    turned: pdq.Hash = one ^ np.packbits(flips).view(np.uint64)
    return turned


def _resident() -> int:
    """Bytes of memory that this process has."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main()
