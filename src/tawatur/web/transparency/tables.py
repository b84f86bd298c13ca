"""The report's tables: codes and numbers, the same in every language. The page words them, and the CSV files are them.

Numbers of people (who reported, who objected, who was warned) are not told where they are 1 or 2: on a small site, who
knows one of the people would know who it was. Where a sum would give the missing number away, the next smallest is left
out, too. Numbers of pictures and decisions stand as they are, or nobody could check how often the server was wrong.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta

import msgspec

from tawatur.moderation.numbers import MEASURES, SOURCES, Numbers

FEW = 3
SMALL, LEFT_OUT = "<3", "*"
APPEALS = ("received", "reversed", "stands", "withdrawn", "ended")
REPORTERS = ("warned", "suspended", "cleared", "muted", "unmuted")
CAUSES = {"review": "person", "withdrawal": "withdrawal", "void": "withdrawal", "mute": "withdrawal", "lapse": "lapse"}
"""How an image came to be shown again; all other causes are "other"."""
TIMES = ("report_to_action", "action_to_review", "appeal_to_answer")
SOME_DAYS, SOME_WEEKS = 62, 366
"""A period of so many days is told by days, or by weeks; a longer one by months."""

Cell = int | float | str | None


class Table(msgspec.Struct, frozen=True):
    """A table: the codes of its columns, and rows of a code and numbers. `total` is a last row, where there is one."""

    name: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[Cell, ...]]
    total: tuple[Cell, ...] | None = None

    @property
    def empty(self) -> bool:
        return not any(cell for row in self.rows for cell in row[1:] if cell)

    def as_csv(self) -> str:
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(self.columns)
        for row in self.rows if self.total is None else [*self.rows, self.total]:
            writer.writerow(["" if cell is None else cell for cell in row])
        return out.getvalue()


def tables_of(numbers: Numbers) -> dict[str, Table]:
    """All tables of a report, by name."""
    made = (
        _notices(numbers),
        _times_of_day(numbers),
        _actions(numbers),
        _errors(numbers),
        _durations(numbers),
        Table("appeals", ("what", "count"), [(what, few(numbers.appeals.get(what, 0))) for what in APPEALS]),
        _restored(numbers),
        Table("reporters", ("what", "count"), [(what, few(numbers.reporters.get(what, 0))) for what in REPORTERS]),
    )
    return {table.name: table for table in made}


def few(count: int) -> Cell:
    """A number of people, as it may be told."""
    return SMALL if 0 < count < FEW else count


def parts(counts: Sequence[int]) -> list[Cell]:
    """Numbers of people that make up a sum that is told elsewhere, as they may be told."""
    told = [few(count) for count in counts]
    if told.count(SMALL) == 1:
        rest = [place for place, cell in enumerate(told) if isinstance(cell, int) and cell]
        if rest:
            told[min(rest, key=lambda place: counts[place])] = LEFT_OUT
    return told


def _notices(numbers: Numbers) -> Table:
    told = parts([*numbers.reports.values()])
    rows = [(reason, cell) for reason, cell in zip(numbers.reports, told, strict=True)]
    return Table("notices", ("reason", "notices"), rows, ("total", few(sum(numbers.reports.values()))))


def _times_of_day(numbers: Numbers) -> Table:
    """What happened when, in days, weeks or months."""
    first, last = numbers.since.date(), (numbers.until - timedelta(microseconds=1)).date()
    begin = _beginning((last - first).days + 1)
    found: dict[date, Counter[str]] = {}
    day = first
    while day <= last:
        found.setdefault(max(first, begin(day)), Counter())
        day += timedelta(days=1)
    names = ("reports", "blurs", "blocks", "by_people", "restored")
    for one in numbers.days:
        found[max(first, begin(one.day))].update({name: getattr(one, name) for name in names})
    told = parts([counts["reports"] for counts in found.values()])
    rows = [
        (start.isoformat(), notices, *(counts[name] for name in names[1:]))
        for notices, (start, counts) in zip(told, found.items(), strict=True)
    ]
    return Table("days", ("from", "notices", *names[1:]), rows)


def _beginning(days: int) -> Callable[[date], date]:
    if days <= SOME_DAYS:
        return lambda day: day
    if days <= SOME_WEEKS:
        return lambda day: day - timedelta(days=day.weekday())
    return lambda day: day.replace(day=1)


def _actions(numbers: Numbers) -> Table:
    rows: list[tuple[Cell, ...]] = [(source, *_acted(numbers, source)) for source in SOURCES]
    return Table("actions", ("source", "blurs", "blocks"), rows, ("total", *_acted(numbers, None)))


def _acted(numbers: Numbers, source: str | None) -> tuple[Cell, ...]:
    return tuple(numbers.acted(measure=measure, by=source) for measure in MEASURES)


def _errors(numbers: Numbers) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for measure in reversed(MEASURES):
        for source in (None, *SOURCES[:-1]):
            wrong = numbers.wrong(measure=measure, by=source)
            if source is None or wrong.whole:
                low, high = wrong.interval
                share = None if wrong.share is None else round(wrong.share, 4)
                rows.append((measure, source or "all", wrong.whole, wrong.part, share, round(low, 4), round(high, 4)))
    return Table("errors", ("measure", "source", "reviewed", "rejected", "share", "low", "high"), rows)


def _durations(numbers: Numbers) -> Table:
    found = {name: getattr(numbers, name) for name in TIMES}
    rows = [
        (name, few(one.count), _shown(one.count, one.median), _shown(one.count, one.most))
        for name, one in found.items()
    ]
    return Table("times", ("step", "count", "median_seconds", "nine_of_ten_seconds"), rows)


def _shown(count: int, seconds: float | None) -> Cell:
    """How long one or two took says when they were."""
    return None if seconds is None or count < FEW else round(seconds)


def _restored(numbers: Numbers) -> Table:
    counts: Counter[str] = Counter()
    for cause, count in numbers.restored.items():
        counts[CAUSES.get(cause, "other")] += count
    names: Iterable[str] = dict.fromkeys([*CAUSES.values(), "other"])
    rows: list[tuple[Cell, ...]] = [(name, counts[name]) for name in names]
    return Table("restored", ("cause", "count"), rows, ("total", sum(counts.values())))
