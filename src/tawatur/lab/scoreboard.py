"""This engine beside what others do with reports, on the same communities and under the same attacks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from rich.table import Table

from tawatur.lab.attacks import ATTACKS, PROTECTING, planned
from tawatur.lab.loop import Loop, Plan, Rule, Trace
from tawatur.lab.measures import NAMES, Measures, forecasts, interval, measure, success
from tawatur.lab.rules import RULES
from tawatur.lab.world import Numbers, Shape, World, make_world, shaped

Make = Callable[[], Rule]


@dataclass
class Line:
    """All that was measured of one rule, seed by seed."""

    rule: str
    measures: list[Measures] = field(default_factory=list)
    attacks: dict[str, list[float]] = field(default_factory=dict)
    chances: list[Numbers] = field(default_factory=list)
    truths: list[Numbers] = field(default_factory=list)

    def of(self, name: str) -> tuple[float, float, float]:
        """Mean of a measure and its interval over seeds."""
        return interval([getattr(one, name) for one in self.measures])

    def attack_success(self) -> float:
        """The mean over the attacks that want blocks; nan when none was run."""
        means = [interval(values)[0] for name, values in self.attacks.items() if name not in PROTECTING]
        return float(np.mean(means)) if means else float("nan")


@dataclass(frozen=True)
class Run:
    """One step of a scoreboard: which rule, seed and attack ("" is none)."""

    rule: str
    seed: int
    attack: str


def steps(rules: Sequence[str], attacks: Sequence[str], seeds: int) -> list[Run]:
    """All runs in order: a community is made once and serves all rules."""
    return [Run(rule, seed, attack) for seed in range(seeds) for rule in rules for attack in ("", *attacks)]


def score(
    shape: Shape,
    attacks: Sequence[str],
    attackers: int,
    seeds: int,
    rules: Mapping[str, Make] = RULES,
    first_seed: int = 0,
) -> Iterator[tuple[Run, list[Line]]]:
    """Runs everything, yielding after each run which it was and the lines so far."""
    lines = {name: Line(name) for name in rules}
    world: World | None = None
    untouched: dict[str, Trace] = {}
    plans: dict[str, Plan] = {}
    for run in steps([*rules], attacks, seeds):
        seed = first_seed + run.seed
        if world is None or world.seed != seed:
            world = make_world(shape, seed)
            untouched, plans = {}, {attack: planned(world, attack, attackers) for attack in attacks}
        line = lines[run.rule]
        plan = plans.get(run.attack)
        trace = play(world, rules[run.rule](), plan)
        if plan is None:
            untouched[run.rule] = trace
            line.measures.append(measure(world, trace))
            chances, truths = forecasts(world, trace)
            line.chances.append(chances)
            line.truths.append(truths)
        else:
            line.attacks.setdefault(run.attack, []).append(success(plan, trace, untouched[run.rule]))
        yield run, [*lines.values()]


def play(world: World, rule: Rule, plan: Plan | None = None) -> Trace:
    """One run; views name their viewers where the rule asks for it."""
    return Loop(world, rule, plan, viewers=bool(getattr(rule, "viewers", False))).run()


# -- telling ---------------------------------------------------------------------------------------

_COLUMNS = (
    ("prevented", "harm prevented", "{:.2f}"),
    ("recall", "blocked", "{:.2f}"),
    ("withheld", "blurred or blocked", "{:.2f}"),
    ("wrong_blocks", "wrong blocks", "{:.2%}"),
    ("wrong_blurs", "wrong blurs", "{:.2%}"),
    ("hours_to_block", "hours to block", "{:.0f}"),
    ("looks_a_day", "looks a day", "{:.1f}"),
    ("brier", "Brier", "{:.3f}"),
    ("ece", "ECE", "{:.3f}"),
)


def table_of_rules(lines: Sequence[Line], title: str) -> Table:
    """What each rule does, the interval over seeds beneath it."""
    table = Table(title=title, title_justify="left")
    table.add_column("rule")
    for _, label, _ in _COLUMNS:
        table.add_column(label, justify="right")
    table.add_column("attack success", justify="right")
    for line in lines:
        cells = []
        for name, _, shape in _COLUMNS:
            mean, low, high = line.of(name)
            spread = f"\n[dim]{shape.format(low)} to {shape.format(high)}[/dim]" if len(line.measures) > 1 else ""
            cells.append("-" if np.isnan(mean) else shape.format(mean) + spread)
        overall = line.attack_success()
        table.add_row(line.rule, *cells, "-" if np.isnan(overall) else f"{overall:.2f}")
    return table


def table_of_attacks(lines: Sequence[Line], attackers: int) -> Table:
    """Share of targets blocked, and, for attacks that protect, prevented harm lost."""
    table = Table(title=f"Attacks by {attackers} accounts: share of targets blocked (* points of prevented harm lost)")
    table.title_justify = "left"
    names = [name for name in ATTACKS if any(name in line.attacks for line in lines)]
    table.add_column("attack")
    for line in lines:
        table.add_column(line.rule, justify="right")
    for name in names:
        cells = []
        for line in lines:
            mean, low, high = interval(line.attacks.get(name, []))
            many = len(line.attacks.get(name, [])) > 1
            number = "{:.0%}".format if name in PROTECTING else "{:.2f}".format
            spread = f"\n[dim]{number(low)} to {number(high)}[/dim]" if many else ""
            cells.append("-" if np.isnan(mean) else number(mean) + spread)
        table.add_row(name + (" *" if name in PROTECTING else ""), *cells)
    return table


def as_data(lines: Sequence[Line], shape: Shape, attackers: int, seeds: int) -> dict[str, Any]:
    """Everything as plain data: for each rule its measures and attacks as [mean, low, high]."""
    return {
        "community": shape.name,
        "attackers": attackers,
        "seeds": seeds,
        "rules": [
            {
                "rule": line.rule,
                **{name: _plain(line.of(name)) for name in NAMES},
                "attacks": {name: _plain(interval(values)) for name, values in line.attacks.items()},
                "attack_success": _plain([line.attack_success()])[0],
            }
            for line in lines
        ],
    }


def _plain(values: Sequence[float]) -> list[float | None]:
    return [None if np.isnan(value) else round(value, 5) for value in values]


def community(name: str, days: int | None) -> Shape:
    """A community by its name, over so many days; raises ValueError for a name that is not known."""
    from tawatur.lab.world import SHAPES

    if name not in SHAPES:
        raise ValueError(f"{name} is not a community; there are {', '.join(SHAPES)}.")
    shape = SHAPES[name]
    return shape if days is None else shaped(shape, days=days, images=max(40, shape.images * days // shape.days))
