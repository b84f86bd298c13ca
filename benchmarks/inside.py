"""Where the time of a report goes: the writer alone, without HTTP, with the clock around each of its parts."""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest.mock import patch

import uuid_utils
from rich.table import Table
from sqlalchemy import Connection

from tawatur.log.events import Signals
from tawatur.moderation import settle
from tawatur.moderation.register import NewImage, register_image
from tawatur.moderation.report import NewReport, receive_report
from tawatur.moderation.sites import create_site
from tawatur.store.database import Database
from tawatur.store.database_book import DatabaseBook
from tawatur.store.reading_book import Wants
from tawatur.store.writer import Change, Writer

REPORTS = 6000
IMAGES = 200


def where_time_goes(kind: str, url: str, folder: Path, *, clients: int) -> Table:
    """A table of microseconds a report, by what they were spent on; groups are of `clients` reports."""
    spent: dict[str, float] = defaultdict(float)
    database = Database(url)
    database.migrate()
    writer = Writer(database, lambda: str(uuid_utils.uuid7()))

    def new(book: DatabaseBook, now: Any) -> tuple[str, list[str]]:
        site = create_site(book, f"inside-{os.urandom(4).hex()}", now).site
        made = [
            register_image(book, NewImage(site, os.urandom(32).hex(), "image/png", 1, 16, 16), now).image.id
            for _ in range(IMAGES)
        ]
        return site, made

    writer.start()
    site, images = writer.make_now(Change(Wants(""), new))
    with ExitStack() as patches:
        for target, name, part in (
            (settle, "decide", "deciding"),
            (settle, "assemble", "assembling the case"),
            (DatabaseBook, "prefetch", "reading"),
            (DatabaseBook, "flush", "writing"),
            (Connection, "_commit_impl", "committing"),
        ):
            patches.enter_context(patch.object(target, name, _timed(getattr(target, name), spent, part)))
        begin = time.perf_counter()
        futures = []
        for n in range(REPORTS):
            report = NewReport(
                site,
                images[n % IMAGES],
                f"{n:032x}",
                "violence",
                None,
                Signals(network=f"{n:032x}", device=f"{n:032x}"),
            )
            wants = Wants(site, (report.image,), (), (report.reporter,))
            futures.append(
                Change(wants, lambda book, now, report=report: receive_report(book, report, now))  # type: ignore[misc]
            )
        for start in range(0, REPORTS, clients):
            writer._commit([_Quiet(change) for change in futures[start : start + clients]])  # type: ignore[misc]
        total = time.perf_counter() - begin
    writer.stop()
    database.close()
    table = Table("part", "µs a report", "share", title=f"{kind}: inside the writer, groups of {clients}, no HTTP")
    spent["the rest"] = total - sum(spent.values())
    for part, seconds in sorted(spent.items(), key=lambda entry: -entry[1]):
        table.add_row(part, f"{seconds / REPORTS * 1e6:.0f}", f"{seconds / total:.0%}")
    table.add_row("together", f"{total / REPORTS * 1e6:.0f}", f"{REPORTS / total:,.0f} reports/s")
    return table


class _Quiet:
    """What waits for an answer that nobody reads."""

    def __init__(self, change: Change[Any]) -> None:
        self.change = change
        self.result: Any = None
        self.error: BaseException | None = None


def _timed(function: Callable[..., Any], spent: dict[str, float], part: str) -> Callable[..., Any]:
    def timed(*arguments: Any, **named: Any) -> Any:
        begin = time.perf_counter()
        try:
            return function(*arguments, **named)
        finally:
            spent[part] += time.perf_counter() - begin

    return timed
