"""When the accounts of a campaign act: as those of two real ones did, or as a fit to them says."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from tawatur.lab.world import Numbers

MEDIAN_S, SPREAD = 190 * 60.0, 1.9
"""Seconds after the first share, lognormal: fitted to 1,511 objects that at least five accounts shared (CooRTweet)."""
LEAST = 5


def lags(count: int, rng: np.random.Generator) -> Numbers:
    """Seconds after the start at which `count` accounts act on one object, in no order."""
    known = real_lags()
    if not known:
        return rng.lognormal(np.log(MEDIAN_S), SPREAD, count)
    # Campaigns last for weeks at most: a lag beyond ten days is another story of the same object.
    drawn: Numbers = np.minimum(rng.choice(known[int(rng.integers(len(known)))], count), 10 * 86_400.0)
    return drawn


@cache
def real_lags() -> tuple[Numbers, ...]:
    """The lags of every object of ../shared/data/coordination; empty without the folder, or without pyarrow."""
    folder = Path(__file__).parents[4] / "shared" / "data" / "coordination"
    if not folder.is_dir():
        return ()
    try:
        from pyarrow import parquet  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except ImportError:
        return ()
    found: list[Numbers] = []
    for file in sorted(folder.glob("*.events.parquet")):
        table = parquet.read_table(file, columns=["item_id", "order"])
        items = np.asarray(table["item_id"].to_pylist())
        times = np.asarray(table["order"].to_pylist(), dtype=np.float64)
        order = np.lexsort((times, items))
        starts = np.flatnonzero(np.concatenate(([True], items[order][1:] != items[order][:-1])))
        groups = np.split(times[order], starts[1:])
        found += [group - group[0] for group in groups if len(group) >= LEAST]
    return tuple(found)
