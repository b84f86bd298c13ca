"""`tawatur simulate`: the scoreboard, told on a terminal, as JSON, and as plots."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tawatur.lab.attacks import ATTACKS
from tawatur.lab.rules import RULES
from tawatur.lab.scoreboard import Line, as_data, community, score, steps, table_of_attacks, table_of_rules

NEVER = "none"


def attacks_named(name: str | None) -> list[str]:
    """The attacks that a word asks for: all, none, or one. Raises ValueError for another word."""
    if name in (None, "all"):
        return [*ATTACKS]
    if name == NEVER:
        return []
    if name not in ATTACKS:
        raise ValueError(f"{name} is not an attack; there are all, none, {', '.join(ATTACKS)}.")
    return [name]


def rules_named(names: Sequence[str]) -> list[str]:
    """The rules of the scoreboard that are asked for (none given: all). Raises ValueError for one that is not there."""
    for name in names:
        if name not in RULES:
            raise ValueError(f"{name} is not a rule of the scoreboard; there are {', '.join(RULES)}.")
    return [*names] or [*RULES]


def simulate(
    *,
    attack: str | None,
    attackers: int,
    seeds: int,
    days: int | None,
    name: str,
    only: Sequence[str],
    as_json: bool,
    plots: Path | None,
    out: Console,
    err: Console,
) -> None:
    """Runs the scoreboard and tells it."""
    shape, attacks, rules = community(name, days), attacks_named(attack), rules_named(only)
    if plots is not None:
        from tawatur.lab.plots import need_matplotlib

        need_matplotlib()
    lines: list[Line] = []
    with Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=err
    ) as progress:
        task = progress.add_task("Simulating", total=len(steps(rules, attacks, seeds)))
        made = {rule: RULES[rule] for rule in rules}
        for run, lines in score(shape, attacks, attackers, seeds, made):  # noqa: B007
            told = f"{run.rule}, seed {run.seed}" + (f", {run.attack}" if run.attack else "")
            progress.update(task, advance=1, description=told)
    if plots is not None:
        from tawatur.lab.plots import draw

        for file in draw(plots, shape, lines, attack=attacks[0] if len(attacks) == 1 else "distributed"):
            err.print(f"{file} written.")
    if as_json:
        sys.stdout.write(msgspec.json.encode(as_data(lines, shape, attackers, seeds)).decode() + "\n")
        return
    out.print(table_of_rules(lines, f"{shape.name}: {shape.readers:,} readers, {shape.days} days, {seeds} seeds"))
    if attacks:
        out.print(table_of_attacks(lines, attackers))
