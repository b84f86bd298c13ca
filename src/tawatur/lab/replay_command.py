"""`tawatur replay`: a history through the engine, with a progress bar and a table at the end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TimeRemainingColumn

from tawatur.decision.policy import Policy, parse_policy
from tawatur.lab.replay_file import Outcome, reading, replay_lines, writing

PROBLEMS_SHOWN = 20
EVERY = 1 << 16


def read_policy(path: Path) -> Policy:
    """The policy in a TOML file. Raises ValueError with the file's name and the line that is wrong."""
    try:
        return parse_policy(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def run(events: str, policy: Policy | None, out: Path | None, *, lenient: bool, console: Console) -> Outcome:
    """Replays a file ("-": standard input); the progress bar and the problems go to `console`."""
    columns = ("Replaying", BarColumn(), DownloadColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=console, disable=not console.is_terminal)
    with reading(events) as (file, size), writing(out) as write, bar:
        task = bar.add_task("", total=size)
        name = "standard input" if events == "-" else events
        outcome = replay_lines(_counted(file, bar, task), policy, write, lenient=lenient, name=name)
    for number, reason in outcome.problems[:PROBLEMS_SHOWN]:
        console.print(f"[yellow]line {number}:[/yellow] {reason}; skipped", highlight=False, soft_wrap=True)
    if outcome.skipped > PROBLEMS_SHOWN:
        console.print(f"… and {outcome.skipped - PROBLEMS_SHOWN:,} more lines skipped")
    return outcome


def _counted(file: BinaryIO, bar: Progress, task: TaskID) -> Iterator[bytes]:
    done = 0
    for line in file:
        done += len(line)
        if done >= EVERY:
            bar.advance(task, done)
            done = 0
        yield line
    bar.advance(task, done)
