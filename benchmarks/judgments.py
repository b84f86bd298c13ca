"""Reports made of real judgments: how well does each rule of the scoreboard tell bad items from good ones?

    python -m benchmarks.judgments [--keep 1.0] [--rounds 2] [--items 400]

Needs pyarrow and ../shared/data/judgments. These are not reports: people were paid to look and said yes or no.
Here an item is an image; some of those who judged it see it, and each who judged it bad reports it with probability
`--keep`. Half of the items are history: a person reviews each after its reports, with the gold answer. The other half
is scored, by what the rule thinks of an item when all its reports are in, before any review. An item that nobody
reports has chance 0. Where the gold is the majority of the judgments themselves, two people are shown the item, and the
others' majority is the answer (ties are left out), so that no judgment is both asked and predicted.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from tawatur.lab.loop import Rule
from tawatur.lab.measures import calibration_error
from tawatur.lab.rules import RULES
from tawatur.lab.world import START

FOLDER = Path(__file__).parents[2] / "shared" / "data" / "judgments"
SHOWN = {"snow_rte": 10, "barzan_tweets": 5, "bluebirds": 10, "md_agreement": 2}
LEAST_SCORED = 20


@dataclass(frozen=True)
class Item:
    """One item of a round: who sees it, who of them reports it, and the answer."""

    name: str
    seen_by: list[str]
    reported_by: list[str]
    bad: bool


def items(name: str, keep: float, most: int, rng: np.random.Generator) -> list[Item]:
    """A round's items of one data set, in random order."""
    from pyarrow import parquet  # type: ignore[import-not-found, import-untyped, unused-ignore]

    said: dict[str, list[tuple[str, int]]] = defaultdict(list)
    judged = parquet.read_table(FOLDER / f"{name}.judgments.parquet").to_pylist()
    for row in judged:
        if row["judged_bad"] is not None:
            said[row["item_id"]].append((row["person_id"], int(row["judged_bad"])))
    found = []
    for row in parquet.read_table(FOLDER / f"{name}.items.parquet").to_pylist():
        judgments = said[row["item_id"]]
        order = rng.permutation(len(judgments))
        shown = [judgments[place] for place in order[: SHOWN[name]]]
        bad = None if row["gold"] is None else bool(row["gold"])
        if row["gold_kind"] == "panel_majority":
            rest = [judgments[place][1] for place in order[SHOWN[name] :]]
            bad = None if 2 * sum(rest) == len(rest) else 2 * sum(rest) > len(rest)
        if bad is not None and shown:
            reported = [person for person, answer in shown if answer and rng.random() < keep]
            found.append(Item(row["item_id"], [person for person, _ in shown], reported, bad))
    return [found[place] for place in rng.permutation(len(found))[:most]]


def judge(rule: Rule, of: list[Item]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Runs a round; of the second half: the rule's chances, whether it blocked, and the answers."""
    chances, blocks, answers = [], [], []
    for place, item in enumerate(of):
        at = START + timedelta(minutes=10 * place)

        def event(kind: str, second: int, **more: object) -> list[dict[str, object]]:
            line = {"type": kind, "at": (at + timedelta(seconds=second)).isoformat(), "image": item.name, **more}  # noqa: B023
            return rule.apply(line)

        event("image.registered", 0)
        viewers = {"viewers": item.seen_by} if getattr(rule, "viewers", False) else {}
        event("image.viewed", 1, count=len(item.seen_by), **viewers)
        caused = [
            one
            for second, person in enumerate(item.reported_by, 2)
            for one in event("report.received", second, reporter=person, reason="violence")
        ]
        if place < len(of) // 2:
            outcome = {"outcome": "upheld", "reason": "violence"} if item.bad else {"outcome": "rejected"}
            event("image.reviewed", 60, **outcome)
            continue
        chances.append(rule.chance(item.name) or 0.0)
        blocks.append(any(one["type"] == "image.blocked" for one in caused))
        answers.append(item.bad)
    return np.asarray(chances), np.asarray(blocks), np.asarray(answers)


def auc(chances: np.ndarray, answers: np.ndarray) -> float:
    """The chance that a bad item is ranked above a good one; ties count half."""
    bad, good = np.sort(chances[answers]), chances[~answers]
    below = np.searchsorted(bad, good, side="left")
    ties = np.searchsorted(bad, good, side="right") - below
    return float((len(bad) - below - 0.5 * ties).sum() / (len(bad) * len(good)))


def scores(make: Callable[[], Rule], rounds: list[list[Item]]) -> dict[str, float]:
    """Everything that is printed of one rule, over all rounds."""
    found = [judge(make(), of) for of in rounds]
    chances, blocks, answers = (np.concatenate([one[place] for one in found]) for place in range(3))
    return {
        "AUC": float(np.mean([auc(one[0], one[2]) for one in found])),
        "recall": float(blocks[answers].mean()),
        "wrong blocks": float(blocks[~answers].mean()),
        "Brier": float(((chances - answers) ** 2).mean()),
        "ECE": calibration_error(chances, answers.astype(float)),
    }


def main(rules: Mapping[str, Callable[[], Rule]] = RULES) -> None:
    """Prints a table for each data set."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--keep", type=float, default=1.0, help="the chance that a judgment 'bad' becomes a report")
    asked.add_argument("--rounds", type=int, default=2)
    asked.add_argument("--items", type=int, default=400, help="at most so many items of a data set")
    options = asked.parse_args()
    if not FOLDER.is_dir():
        sys.exit(f"{FOLDER.parent.name}/judgments is not there: see data/README.md.")
    out = Console()
    for name, shown in SHOWN.items():
        rng = np.random.default_rng(1)
        rounds = [items(name, options.keep, options.items, rng) for _ in range(options.rounds)]
        scored = sum(len(of) - len(of) // 2 for of in rounds)
        bad = np.mean([item.bad for of in rounds for item in of])
        title = f"{name}: {scored} items scored, {bad:.0%} bad, {shown} people see each, {options.keep:.0%} report"
        table = Table("rule", "AUC", "recall", "wrong blocks", "Brier", "ECE", title=title, title_justify="left")
        for rule, make in rules.items():
            table.add_row(rule, *(f"{value:.3f}" for value in scores(make, rounds).values()))
        out.print(table)


if __name__ == "__main__":
    main()
