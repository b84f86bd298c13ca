"""How fast and how small a replay is: a million synthetic events, beside plainly parsing the same lines, in one run.

    python -m benchmarks.replay [--events 1000000]

Prints events a second, peak memory with half and with all of the events (it should grow with what is live, not with
what happened), and how many times longer (in processor time) than `json.loads` a replay takes.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import resource
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

START = datetime(2026, 1, 1, tzinfo=UTC)
PACE = timedelta(seconds=25)
"""Between two events: a million of them are some ten months of a busy site."""
PEOPLE = 20_000
LIVE = 2_000
"""Images that are being looked at, at any time; each is replaced by a new one after a while."""
REASONS = ["violence", "hate", "spam", "terrorism", "deception"]


def history(events: int, seed: int = 1) -> Iterator[dict[str, Any]]:
    """Images that come and go, mostly views, honest and stray reports, some taken back, and two people who review."""
    draw = random.Random(seed)
    now, made = START, 0
    live: list[tuple[str, bool]] = []
    reported: dict[str, list[str]] = {}
    waiting: list[tuple[str, bool]] = []
    for _ in range(events):
        now += PACE * draw.expovariate(1.0)
        at = now.isoformat()
        what = draw.random()
        if len(live) < LIVE or what < 0.05:
            made += 1
            image = f"i{made}"
            if len(live) >= LIVE:
                gone = live.pop(draw.randrange(len(live)))
                reported.pop(gone[0], None)
            live.append((image, draw.random() < 0.03))
            line = {"type": "image.registered", "image": image, "uploader": f"u{draw.randrange(PEOPLE)}"}
            yield {**line, "pdq": f"{draw.getrandbits(256):064x}", "at": at}
        elif what < 0.012 + 0.05 and waiting:
            image, bad = waiting.pop(0)
            outcome = "upheld" if bad == (draw.random() < 0.95) else "rejected"
            yield {"type": "image.reviewed", "image": image, "outcome": outcome, "at": at}
        elif what < 0.07 and reported:
            image = draw.choice(list(reported)[:50])
            yield {"type": "report.withdrawn", "image": image, "reporter": draw.choice(reported[image]), "at": at}
        elif what < 0.12:
            image, bad = live[draw.randrange(len(live))]
            for _ in range(20):  # most reports are of what breaks a rule, until it is withheld
                if bad and len(reported.get(image, ())) < 12:
                    break
                image, bad = live[draw.randrange(len(live))]
            # A few report a lot, most hardly ever.
            reporter = f"p{int(PEOPLE * draw.random() ** 3)}"
            mine = reported.setdefault(image, [])
            mine.append(reporter)
            if len(mine) == 3:
                waiting.append((image, bad))
            created = START - timedelta(days=draw.randrange(1, 1000))
            signals = {"network": f"n{draw.randrange(3000)}", "account_created_at": created.isoformat()}
            line = {"type": "report.received", "image": image, "reporter": reporter, "reason": draw.choice(REASONS)}
            yield {**line, "signals": signals, "at": at}
        else:
            image, _ = live[int(len(live) * draw.random() ** 2)]
            yield {"type": "image.viewed", "image": image, "count": draw.randrange(1, 30), "at": at}


def replayed(path: Path, answer: Any) -> None:
    """Replays the file in this process and says (seconds, lines told, peak KiB above what was there before)."""
    from tawatur.lab.replay import Replay

    decode = msgspec.json.Decoder().decode
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    replay, told = Replay(), 0
    begin = time.process_time()
    with path.open("rb") as file:
        for line in file:
            told += len(replay.apply(decode(line)))
    seconds = time.process_time() - begin
    answer.put((seconds, told, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before))


def parsed(path: Path) -> float:
    begin = time.process_time()
    with path.open("rb") as file:
        for line in file:
            json.loads(line)
    return time.process_time() - begin


def run(path: Path) -> tuple[float, int, int]:
    """The same in a process of its own, whose memory is only the replay's."""
    context = multiprocessing.get_context("spawn")
    answer = context.Queue()
    worker = context.Process(target=replayed, args=(path, answer))
    worker.start()
    found: tuple[float, int, int] = answer.get()
    worker.join()
    return found


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--events", type=int, default=1_000_000)
    events = arguments.parse_args().events
    table = Table(title="Replay")
    for column in ("events", "seconds", "events/s", "peak memory", "told", "times json.loads"):
        table.add_column(column, justify="right")
    with tempfile.TemporaryDirectory() as folder:
        for count in (events // 2, events):
            path = Path(folder) / "events.jsonl"
            with path.open("wb") as file:
                file.writelines(msgspec.json.encode(line) + b"\n" for line in history(count))
            plain = parsed(path)
            seconds, told, memory = run(path)
            pace, ratio = f"{count / seconds:,.0f}", f"{seconds / plain:.1f}"
            table.add_row(f"{count:,}", f"{seconds:.1f}", pace, f"{memory / 1024:,.0f} MiB", f"{told:,}", ratio)
    Console().print(table)


if __name__ == "__main__":
    main()
