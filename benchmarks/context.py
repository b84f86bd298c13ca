"""How well context is found, by kind, on labelled texts of our own, and how fast a long Arabic text is read.

    python -m benchmarks.context [--megabytes 2] [--mistakes]

The texts (`tests/context/labelled.toml`) are in three parts: "seen" was looked at while the lexicon was written, "held"
was written before and only measured, both by the same hand as the lexicon, which flatters it; "blind" was written by
others, and has been looked at since (docs/context.md has what was found in it at first). Goals:
groups and countries >= 0.95 precision and >= 0.90 recall, kinds of event >= 0.80 and >= 0.70, 1 MB of Arabic text a
second.
"""

from __future__ import annotations

import argparse
import statistics
import time
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tawatur.context.lexicon import Lexicon, lexicon
from tawatur.context.normal import normalise
from tawatur.context.reading import Reading, read
from tawatur.context.threats import threats

LABELLED = Path(__file__).parents[1] / "tests/context/labelled.toml"
GOALS = {"groups": (0.95, 0.90), "countries": (0.95, 0.90), "towns": None, "events": (0.80, 0.70)}


def found(reading: Reading, known: Lexicon) -> dict[str, set[str]]:
    """What a reading holds, in the terms of the labels."""
    hits = [hit for sentence in reading.sentences for hit in sentence.hits]
    return {
        "groups": {
            h.term.key for h in hits if h.term.kind == "group" and known.groups[h.term.key].kind != "institution"
        },
        "countries": {h.term.key for h in hits if h.term.kind in ("country", "adjective")},
        "towns": {bare(reading.normal[h.start : h.end]) for h in hits if h.term.kind == "town"},
        "events": {h.term.key for h in hits if h.term.kind == "event"},
    }


def bare(town: str) -> str:
    """A town's name as labels and readings are compared: normalised, without its article."""
    return normalise(town).removeprefix("ال")


def wanted(labelled: dict[str, Any]) -> dict[str, set[str]]:
    """The labels of one text."""
    return {kind: {bare(one) if kind == "towns" else one for one in labelled.get(kind, ())} for kind in GOALS}


def score(texts: list[dict[str, Any]], known: Lexicon) -> dict[str, tuple[float, float, int]]:
    """Precision, recall and the number of labels, by kind."""
    right, extra, missed = Counter[str](), Counter[str](), Counter[str]()
    for one in texts:
        told = found(read(one["text"], known), known)
        for kind, labels in wanted(one).items():
            right[kind] += len(labels & told[kind])
            extra[kind] += len(told[kind] - labels)
            missed[kind] += len(labels - told[kind])
    return {
        kind: (
            right[kind] / max(1, right[kind] + extra[kind]),
            right[kind] / max(1, right[kind] + missed[kind]),
            right[kind] + missed[kind],
        )
        for kind in GOALS
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=float, default=2)
    parser.add_argument("--mistakes", action="store_true", help="print each label missed and each thing found too much")
    arguments = parser.parse_args()
    begin = time.process_time()
    known = lexicon()
    built = time.process_time() - begin
    texts = tomllib.loads(LABELLED.read_text("utf-8"))["text"]
    console = Console(width=110)
    table = Table("half", "kind", "labels", "precision", "recall", "goal", title=f"{len(texts)} texts")
    for half in ("seen", "held", "blind"):
        for kind, (precision, recall, labels) in score([one for one in texts if one["half"] == half], known).items():
            goal = GOALS[kind]
            met = "" if goal is None else f">= {goal[0]:.2f} / {goal[1]:.2f}: "
            met += "" if goal is None else "met" if precision >= goal[0] and recall >= goal[1] else "MISSED"
            table.add_row(half, kind, str(labels), f"{precision:.2f}", f"{recall:.2f}", met)
    console.print(table)
    if arguments.mistakes:
        for one in texts:
            told, labels = found(read(one["text"], known), known), wanted(one)
            for kind in GOALS:
                if told[kind] != labels[kind]:
                    console.print(
                        one["half"], kind, "extra", told[kind] - labels[kind], "missed", labels[kind] - told[kind]
                    )

    arabic = "\n".join(one["text"] for one in texts if any("\u0600" <= letter <= "\u06ff" for letter in one["text"]))
    size = len(arabic.encode())
    long = (arabic + "\n") * max(1, round(arguments.megabytes * 1e6 / size))
    rates = []
    for _ in range(5):
        begin = time.process_time()
        threats(read(long, known), known)
        rates.append(len(long.encode()) / 1e6 / (time.process_time() - begin))
    rate = statistics.median(rates)
    console.print(f"{rate:.2f} MB of Arabic text a second on one core, threats included (goal >= 1: ", end="")
    console.print(f"{'met' if rate >= 1 else 'MISSED'}); the lexicon is built in {built:.1f} s of CPU, once a process.")


if __name__ == "__main__":
    main()
