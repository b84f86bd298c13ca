"""A database with a sealed log, made to be tampered with."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from tawatur.log import events as told
from tawatur.log.events import Event, Signals
from tawatur.log.keys import Keyring
from tawatur.log.seal import seal
from tawatur.log.verify import DoesNotHold, Verified, verify
from tawatur.store.database import Database
from tawatur.store.database_book import DatabaseBook

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def some_events(number: int) -> list[Event]:
    """Of every form: with people, with means, with both, with neither."""
    kinds: list[Event] = [
        told.SiteCreated(name="مثال"),
        told.ImageRegistered(family="f", sha256="ab" * 32, uploader="u1", page="https://news.example/1"),
        told.ReportReceived(
            report=f"rep-{number}", reporter="c0ffee", reason="violence", signals=Signals(network="n1", device="d1")
        ),
        told.ReportReceived(report=f"rep-{number + 1}", reporter="decade", reason="spam"),
        told.ImageViewed(count=2, viewers=["facade", "decade"]),
        told.ImageQueued(value=0.30000000000000004, probability=1e-05, voices=2.0),
        told.ReportWithdrawn(report=f"rep-{number}", reporter="c0ffee"),
    ]
    return [kinds[n % len(kinds)] for n in range(number)]


class SealedLog:
    """A log, its keys, and a clock that stands still."""

    def __init__(self, url: str, folder: Path) -> None:
        self.database = Database(url)
        self.folder = folder
        self.keyring = Keyring(folder)
        self.now = START
        self._made = 0

    def append(self, events: Iterable[Event], site: str = "site") -> None:
        with self.database.write() as connection:
            book = DatabaseBook(connection, self.new_id)
            for event in events:
                self.now += timedelta(seconds=1)
                book.append(told.row(self.new_id(), site, f"image-{self._made}", self.now, event))
            book.flush()

    def new_id(self) -> str:
        self._made += 1
        return f"id-{self._made:06}"

    def seal(self) -> int:
        return seal(self.database, self.keyring, lambda: self.now)

    def verify(self, later: timedelta = timedelta(), **more: object) -> Verified:
        return verify(self.database, {*self.keyring.all_of_them()}, self.now + later, **more)  # type: ignore[arg-type]

    def complaint(self, later: timedelta = timedelta(), **more: object) -> str:
        """What verifying finds wrong; an empty text when everything holds."""
        try:
            self.verify(later, **more)
        except DoesNotHold as error:
            return str(error)
        return ""

    def run(self, statement: str, **values: object) -> None:
        """As somebody who holds the database would."""
        with self.database.write() as connection:
            connection.execute(text(statement), values)

    def ask(self, statement: str, **values: object) -> list[tuple[object, ...]]:
        with self.database.read() as connection:
            return [tuple(row) for row in connection.execute(text(statement), values)]

    def close(self) -> None:
        self.database.close()
