"""A history in a file: read line by line, run through a replay, and written out as the log that it would have been."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
from rich.table import Table

from tawatur.decision.policy import Policy
from tawatur.lab.replay import Replay
from tawatur.lab.replay_lines import DERIVED, BadEvent

PROBLEMS_KEPT = 1000
ENDS_WITHHELD = {"image.blurred": True, "image.blocked": True, "image.restored": False}


class BadHistory(BadEvent):
    """A line of the history that cannot be used"""


class Outcome:
    """What a replay came to, and which lines it could not use."""

    def __init__(self) -> None:
        self.lines = 0
        self.types: Counter[str] = Counter()
        self.told: Counter[str] = Counter()
        self.images: set[str] = set()
        self.ever: dict[str, set[str]] = {"image.blurred": set(), "image.blocked": set()}
        self.shadowed: set[str] = set()
        self.agreed: Counter[tuple[bool, bool]] = Counter()
        self.problems: list[tuple[int, str]] = []
        self.skipped = 0

    def note_problem(self, number: int, reason: str) -> None:
        self.skipped += 1
        if len(self.problems) < PROBLEMS_KEPT:
            self.problems.append((number, reason))

    def note(self, event: dict[str, Any], withheld: bool, told: list[dict[str, Any]]) -> None:
        """`withheld`: whether readers saw the picture only blurred or not at all before this event."""
        kind = event["type"]
        self.lines += 1
        self.types[kind] += 1
        if kind in DERIVED:
            return
        if "image" in event:  # what a site learned and its policy are of none
            self.images.add(event["image"])
        if kind == "image.reviewed" and event["outcome"] != "undecided":
            self.agreed[event["outcome"] == "upheld", withheld] += 1
        for line in told:
            self.told[line["type"]] += 1
            if line["type"] in self.ever and line.get("provisional"):
                self.ever[line["type"]].update(line["images"])
            elif line["type"] == "image.shadowed" and line["status"] != "visible":
                self.shadowed.update(line["images"])

    @property
    def agreement(self) -> float | None:
        """The share of the recorded reviews that found a picture as the engine had it: withheld when upheld, shown
        when rejected."""
        total = sum(self.agreed.values())
        return (self.agreed[True, True] + self.agreed[False, False]) / total if total else None

    def table(self) -> Table:
        table = Table(title="What came of it", show_header=False)
        table.add_column(style="bold")
        table.add_column(justify="right")
        for kind, count in sorted(self.types.items()):
            table.add_row(kind, f"{count:,}")
        table.add_section()
        table.add_row("images", f"{len(self.images):,}")
        table.add_row("reports", f"{self.types['report.received']:,}")
        table.add_row("images blurred by reports", f"{len(self.ever['image.blurred']):,}")
        table.add_row("images blocked by reports", f"{len(self.ever['image.blocked']):,}")
        if self.shadowed:
            table.add_row("images withheld in shadow only", f"{len(self.shadowed):,}")
        table.add_row("restored", f"{self.told['image.restored']:,}")
        table.add_row("put before people", f"{self.told['image.queued']:,}")
        table.add_row("reviewed", f"{self.types['image.reviewed']:,}")
        if self.agreement is not None:
            table.add_section()
            table.add_row("agrees with the recorded reviews", f"{self.agreement:.1%}")
            table.add_row("upheld, and withheld before", f"{self.agreed[True, True]:,}")
            table.add_row("upheld, but shown before", f"{self.agreed[True, False]:,}")
            table.add_row("rejected, and shown before", f"{self.agreed[False, False]:,}")
            table.add_row("rejected, but withheld before", f"{self.agreed[False, True]:,}")
        if self.skipped:
            table.add_section()
            table.add_row("lines skipped", f"{self.skipped:,}", style="yellow")
        return table


def replay_lines(
    lines: Iterator[bytes],
    policy: Policy | None,
    write: Callable[[bytes], object],
    *,
    lenient: bool,
    name: str = "the history",
) -> Outcome:
    """Runs the lines through a replay. Writes each line that was used, as it was, and after it the lines that it
    caused; what the engine had said when the history was made is left out, and where `policy` is given so are the
    site's changes of policy.

    Raises BadHistory at the first line that cannot be used, unless `lenient`: then it is skipped and noted.
    """
    replay, outcome = Replay(policy), Outcome()
    left_out = DERIVED if policy is None else DERIVED | {"policy.changed"}
    decode, encode = msgspec.json.Decoder(dict[str, Any]).decode, msgspec.json.encode
    for number, raw in enumerate(lines, 1):
        line = raw.strip()
        if not line:
            continue
        try:
            event = decode(line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line)
            image = event.get("image")
            withheld = isinstance(image, str) and replay.status(image) in ("blurred", "blocked")
            told = replay.apply(event)
        except (BadEvent, msgspec.DecodeError, UnicodeDecodeError) as error:
            if not lenient:
                hint = "Correct the line, or skip such lines with --lenient."
                raise BadHistory(f"{name}, line {number}: {str(error).rstrip('.')}. {hint}") from None
            outcome.note_problem(number, str(error))
            continue
        outcome.note(event, withheld, told)
        if event["type"] not in left_out:
            write(line + b"\n")
        for caused in told:
            write(encode(caused) + b"\n")
    return outcome


@contextmanager
def reading(path: str) -> Iterator[tuple[BinaryIO, int | None]]:
    """The file and its size in bytes; "-" is standard input, whose size nobody knows."""
    if path == "-":
        yield sys.stdin.buffer, None
        return
    with Path(path).open("rb") as file:
        yield file, Path(path).stat().st_size or None


@contextmanager
def writing(path: Path | None) -> Iterator[Callable[[bytes], object]]:
    """A function that writes to the file; the file appears, or changes, only when all went well."""
    if path is None:
        yield lambda _: None
        return
    unfinished = path.with_name(path.name + ".part")
    try:
        with unfinished.open("wb") as file:
            yield file.write
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
