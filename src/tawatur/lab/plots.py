"""The scoreboard as plots. Needs Matplotlib, which nothing else needs: `pip install "tawatur[plots]"`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from tawatur.decision.policy import DEFAULT_POLICY, Policy
from tawatur.lab.attacks import planned
from tawatur.lab.loop import Rule
from tawatur.lab.measures import BINS, measure, success
from tawatur.lab.rules import AccuracyVote, Discourse, Engine, ScoreRule, TwoCoin
from tawatur.lab.scoreboard import Line, play
from tawatur.lab.world import Shape, make_world

MANY = (3, 5, 10, 20, 40)


class NoMatplotlib(ValueError):
    """Plots need Matplotlib."""


def need_matplotlib() -> None:
    """Raises NoMatplotlib when it is not installed."""
    try:
        import matplotlib  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except ImportError:
        raise NoMatplotlib('Plots need Matplotlib: pip install "tawatur[plots]".') from None
    matplotlib.use("Agg")


def draw(folder: Path, shape: Shape, lines: Sequence[Line], attack: str = "distributed", seed: int = 0) -> list[Path]:
    """Writes three plots: prevented against wrong as thresholds sweep, success against attackers, reliability."""
    need_matplotlib()
    folder.mkdir(parents=True, exist_ok=True)
    return [
        _reliability(folder / "reliability.png", lines),
        _sweep(folder / "prevented-against-wrong.png", shape, seed),
        _by_attackers(folder / "success-against-attackers.png", shape, attack, seed),
    ]


def _axes(title: str, x: str, y: str) -> tuple[Any, Any]:
    from matplotlib import pyplot  # type: ignore[import-not-found, import-untyped, unused-ignore]

    figure, axes = pyplot.subplots(figsize=(7, 5), layout="constrained")
    axes.set(title=title, xlabel=x, ylabel=y)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25)
    return figure, axes


def _saved(figure: Any, file: Path) -> Path:
    from matplotlib import pyplot  # type: ignore[import-not-found, import-untyped, unused-ignore]

    figure.savefig(file, dpi=150)
    pyplot.close(figure)
    return file


def _reliability(file: Path, lines: Sequence[Line]) -> Path:
    figure, axes = _axes("Of images given this chance, how many violate?", "chance given", "share that violates")
    axes.plot([0, 1], [0, 1], color="0.6", linewidth=1, linestyle="--")
    for line in lines:
        chances, truths = np.concatenate(line.chances), np.concatenate(line.truths)
        place = np.minimum((chances * BINS).astype(int), BINS - 1)
        bins = [one for one in range(BINS) if (place == one).sum() >= 5]
        axes.plot(
            [float(chances[place == one].mean()) for one in bins],
            [float(truths[place == one].mean()) for one in bins],
            marker="o",
            markersize=4,
            label=line.rule,
        )
    axes.legend(frameon=False, fontsize=8)
    return _saved(figure, file)


def costing(cost: float, policy: Policy = DEFAULT_POLICY) -> Policy:
    """The policy with the costs of a wrong block and a wrong blur multiplied."""
    reasons = {
        name: msgspec.structs.replace(rule, cost_block=rule.cost_block * cost, cost_blur=rule.cost_blur * cost)
        for name, rule in policy.reasons.items()
    }
    return msgspec.structs.replace(policy, reasons=reasons)


def _sweep(file: Path, shape: Shape, seed: int) -> Path:
    sweeps: dict[str, list[Callable[[], Rule]]] = {
        "Tawatur (blocks)": [lambda cost=cost: Engine(costing(cost)) for cost in (0.1, 0.3, 1.0, 3.0)],  # type: ignore[misc]
        "a number of reports": [lambda count=count: ScoreRule(count) for count in (2, 3, 4, 5, 7, 10, 15)],  # type: ignore[misc]
        "Discourse": [lambda one=one: Discourse(one) for one in (3.0, 6.0, 9.0)],  # type: ignore[misc]
        "accuracy vote": [lambda one=one: AccuracyVote(one) for one in (2.0, 3.0, 4.0, 6.0)],  # type: ignore[misc]
        "two coins": [lambda one=one: TwoCoin(one) for one in (0.5, 0.83, 0.95, 0.99)],  # type: ignore[misc]
    }
    figure, axes = _axes(
        f"What thresholds buy ({shape.name})", "legitimate images wrongly blocked (%)", "harmful views prevented"
    )
    world = make_world(shape, seed)
    for name, makes in sweeps.items():
        found = [measure(world, play(world, make())) for make in makes]
        axes.plot([100 * one.wrong_blocks for one in found], [one.prevented for one in found], marker="o", label=name)
    axes.set_xscale("symlog", linthresh=0.1)
    axes.legend(frameon=False, fontsize=8)
    return _saved(figure, file)


def _by_attackers(file: Path, shape: Shape, attack: str, seed: int) -> Path:
    rules: dict[str, Callable[[], Rule]] = {
        "Tawatur": Engine,
        "3 reports": lambda: ScoreRule(3),
        "10 reports": lambda: ScoreRule(10),
        "two coins": TwoCoin,
    }
    figure, axes = _axes(f"Attack: {attack}", "attacking accounts", "success")
    world = make_world(shape, seed)
    plans = [planned(world, attack, attackers) for attackers in MANY]
    for name, make in rules.items():
        untouched = play(world, make())
        found = [success(plan, play(world, make(), plan), untouched) for plan in plans]
        axes.plot(MANY, found, marker="o", label=name)
    axes.set_ylim(-0.05, 1.05)
    axes.legend(frameon=False, fontsize=8)
    return _saved(figure, file)
