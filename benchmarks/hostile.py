"""Files made to break decoders, each through the sandbox as an upload would go: looked at and stripped of metadata.

    python -m benchmarks.hostile [ZIP] [--threads 2]

Prints how many were tried, accepted and refused by reason, the slowest, the most memory that a child and this process
took, children replaced, and what leaked. Fails where anything else than a picture or a refusal comes out.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
import zipfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import structlog
from rich.console import Console
from rich.table import Table

from tawatur.imaging.decode import ImageRefused, examine
from tawatur.imaging.sandbox import Sandbox

COLLECTION = Path(__file__).parents[2] / "shared/data/hostile/malformed-images.zip"


class Tried(NamedTuple):
    name: str
    looked: str
    cleaned: str
    seconds: float


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("collection", type=Path, nargs="?", default=COLLECTION)
    arguments.add_argument("--threads", type=int, default=2)
    given = arguments.parse_args()
    if not given.collection.exists():
        sys.exit(f"{given.collection} is not here: name a ZIP of hostile files.")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    console = Console(width=120)

    with zipfile.ZipFile(given.collection) as archive:
        files = [(name, archive.read(name)) for name in archive.namelist() if not name.endswith("/")]
    descriptors = _descriptors()
    begin = time.perf_counter()
    most: dict[int, int] = {}
    with Sandbox() as sandbox:

        def attempt(file: tuple[str, bytes]) -> Tried:
            tried = _tried(sandbox, *file)
            for pid in sandbox.pids():
                most[pid] = max(most.get(pid, 0), _peak(pid))
            return tried

        with ThreadPoolExecutor(given.threads) as threads:
            tried = list(threads.map(attempt, files))
        replaced = sandbox.replaced
    took = time.perf_counter() - begin

    table = Table("outcome", "looked at", "stripped of metadata", title=f"{len(tried):,} hostile files, {took:.0f} s")
    looked, cleaned = Counter(one.looked for one in tried), Counter(one.cleaned for one in tried)
    for outcome, count in (looked | cleaned).most_common():
        table.add_row(outcome, f"{looked[outcome]:,}" if count else "", f"{cleaned[outcome]:,}")
    console.print(table)
    for one in sorted(tried, key=lambda one: -one.seconds)[:3]:
        console.print(f"slow: {one.seconds * 1e3:.0f} ms {one.name} ({one.looked})")
    here = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    console.print(f"most memory of a child: {max(most.values()) / 1024:.0f} MB; of this process: {here:.0f} MB")
    console.print(f"children replaced: {replaced}; descriptors leaked: {_descriptors() - descriptors}")
    unforeseen = [one for one in tried if "UNFORESEEN" in (one.looked, one.cleaned)]
    for one in unforeseen:
        console.print(f"unforeseen: {one}")
    sys.exit(1 if unforeseen else 0)


def _tried(sandbox: Sandbox, name: str, data: bytes) -> Tried:
    begin = time.perf_counter()
    try:
        examine(data, draw=sandbox.draw)
        looked = "accepted"
    except ImageRefused as refused:
        looked = refused.title
    except Exception:
        looked = "UNFORESEEN"
    try:
        sandbox.stripped(data)
        cleaned = "accepted"
    except ImageRefused as refused:
        cleaned = refused.title
    except Exception:
        cleaned = "UNFORESEEN"
    return Tried(name, looked, cleaned, time.perf_counter() - begin)


def _peak(pid: int) -> int:
    """The most memory a process held so far, in kB."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")), 0)


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


if __name__ == "__main__":
    main()
