"""`tawatur policy preview`: a preview with a progress bar, and tables of what would have been different."""

from __future__ import annotations

from datetime import datetime

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn
from rich.table import Table

from tawatur.decision.policy import Policy
from tawatur.lab.preview import Preview, preview_site
from tawatur.store import events
from tawatur.store.database import Database

_ROWS = (("blocked", "blocked"), ("blurred", "blurred only"), ("queued", "put before people"))
_REVIEWED = {
    "wrong_blocks_avoided": "blocks that a person rejected, avoided",
    "wrong_blocks_added": "blocks of what a person rejected, added",
    "right_blocks_missed": "blocks that a person upheld, missed",
    "right_blocks_added": "blocks of what a person upheld, added",
}


def run(database: Database, site: str, changed: Policy, days: int, now: datetime, console: Console) -> Preview:
    """Previews the site's log, however long; the progress bar goes to `console`."""
    with database.read() as connection:
        total = events.count(connection, site)
    columns = ("Living twice", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=total)
        return preview_site(database, site, changed, days, now, lambda done: bar.update(task, completed=done))


def table(found: Preview) -> list[Table]:
    """Pictures by what became of them, by reason, and what people had decided of the blocks that differ."""
    title = f"{found.since:%Y-%m-%d} to {found.until:%Y-%m-%d}, {found.counted:,} of {found.events:,} events"
    main = Table(title=title)
    for name in ("pictures", f"now: {found.present.policy}", f"then: {found.changed.policy}", "more", "less"):
        main.add_column(name, justify="left" if name == "pictures" else "right")
    for key, words in _ROWS:
        did = (getattr(found.present.did, key), getattr(found.changed.did, key))
        ways = (found.differences[f"{key}_{way}"].count for way in ("more", "less"))
        main.add_row(words, *(f"{count:,}" for count in (*did, *ways)))
    main.add_section()
    for key, words in _REVIEWED.items():
        main.add_row(words, "", "", f"{found.reviewed[key].count:,}", "")
    reasons = Table(title="By reason: blocked / blurred only / put before people")
    for name in ("reason", "now", "then"):
        reasons.add_column(name, justify="left" if name == "reason" else "right")
    for reason in sorted({*found.present.reasons, *found.changed.reasons}):
        cells = []
        for ruled in (found.present, found.changed):
            counts = ruled.reasons.get(reason)
            cells.append("-" if counts is None else f"{counts.blocked:,} / {counts.blurred:,} / {counts.queued:,}")
        reasons.add_row(reason, *cells)
    named = Table(title="Which pictures (the first of them)")
    named.add_column("difference")
    named.add_column("images", overflow="fold")
    for key, group in {**found.differences, **found.reviewed}.items():
        if group.count:
            named.add_row(key.replace("_", " "), ", ".join(group.images))
    return [one for one in (main, reasons, named) if one.row_count]
