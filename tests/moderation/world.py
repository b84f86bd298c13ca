"""A site with images, people and a clock that only moves when told to: in memory, or in a database.

The same commands run on both, in the same order, with the same ids and times, so that their results can be compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, TypeVar

from tawatur.log import events
from tawatur.log.events import Signals
from tawatur.moderation.altered import take_for_altered
from tawatur.moderation.appeal import (
    NewAnswer,
    NewAppeal,
    NewObjection,
    answer_appeal,
    receive_appeal,
    receive_objection,
    withdraw_appeal,
)
from tawatur.moderation.policies import NewPolicy, PolicyVersion, change_policy
from tawatur.moderation.register import NewImage, Registered, register_image
from tawatur.moderation.report import NewReport, Reported, receive_report, withdraw_report
from tawatur.moderation.review import NewReview, Reviewed, review_image
from tawatur.moderation.shields import NewShield, lower_shields, raise_shields
from tawatur.moderation.standing import Ask, clear_reporter, mute_reporter, unmute_reporter, void_reports
from tawatur.moderation.sweep import lapse
from tawatur.moderation.undo import NewUndo, Undone, undo_review
from tawatur.moderation.view import count_views
from tawatur.store.appeals import Appeal
from tawatur.store.book import Book
from tawatur.store.database import Database
from tawatur.store.database_book import DatabaseBook
from tawatur.store.events import EventRow
from tawatur.store.families import Authority, Family
from tawatur.store.reporters import Reporter, ReporterRecord
from tawatur.store.reports import Report
from tawatur.store.shields import Shield
from tawatur.store.sites import Site, SiteRecord, StoredPolicy
from tawatur.store.viewings import Viewing

T = TypeVar("T")

START = datetime(2026, 1, 1, tzinfo=UTC)
ESTABLISHED = START - timedelta(days=400)


class MemoryBook(Book):
    """The book that a replay uses, with its events kept."""

    def __init__(self, new_id: Callable[[], str]) -> None:
        super().__init__(new_id)
        self.appended: list[EventRow] = []

    def append(self, event: EventRow) -> None:
        super().append(event)
        self.appended.append(event)


class RecordingBook(DatabaseBook):
    """A book over a transaction that also says which events it appends."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.appended: list[EventRow] = []

    def append(self, event: EventRow) -> None:
        super().append(event)
        self.appended.append(event)


class World:
    """One site. Its books are in memory unless a database is given; every command is a transaction of its own, except
    within `with world.group():`."""

    def __init__(self, database: Database | None = None, site: str = "5", policy: str | None = None) -> None:
        self.database = database
        self.now = START
        self.log: list[dict[str, Any]] = []
        self.site = f"{site:0>8}-0000-7000-8000-000000000000"
        self._numbers = count(1)
        self._book: Book | None = None
        self._memory = MemoryBook(self.new_id) if database is None else None
        version = 0 if policy is None else 1
        self.run(lambda book: book.add_site(Site(self.site, f"site {site}", START, policy_version=version)))
        if policy is not None:
            self._use_policy(StoredPolicy(self.site, 1, policy, START))

    def new_id(self) -> str:
        return f"{self.site[:8]}-0000-7000-8000-{next(self._numbers):012d}"

    def _use_policy(self, policy: StoredPolicy) -> None:
        if self._memory is not None:
            self._memory._policies[policy.site] = policy
        else:
            from tawatur.store import rows, schema

            assert self.database is not None
            with self.database.write() as connection:
                rows.insert(connection, schema.policies, [policy])

    # -- running -------------------------------------------------------------------------------

    @contextmanager
    def group(self) -> Iterator[None]:
        """Several commands in one transaction, as the writer does."""
        if self._memory is not None:
            yield
            return
        assert self.database is not None
        with self.database.write() as connection:
            self._book = RecordingBook(connection, self.new_id, lock=not self.database.is_sqlite)
            try:
                yield
                self._book.flush()
            finally:
                self._book = None

    def run(self, command: Callable[[Any], T]) -> T:
        """Runs a command on the site's book, and adds the events that it appended to `log`."""
        book = self._memory or self._book
        if book is None:
            with self.group():
                return self.run(command)
        assert isinstance(book, MemoryBook | RecordingBook)
        before = len(book.appended)
        made = command(book)
        self.log.extend(events.line(event) for event in book.appended[before:])
        return made

    def wait(self, **span: float) -> None:
        self.now += timedelta(**span)

    def tick(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    # -- commands ------------------------------------------------------------------------------

    def register(self, content: str = "picture", uploader: str | None = None) -> Registered:
        new = NewImage(self.site, content, "image/png", 100, 320, 240, uploader=uploader)
        now = self.tick()
        return self.run(lambda book: register_image(book, new, now))

    def image(self, content: str = "picture", uploader: str | None = None) -> str:
        return self.register(content, uploader).image.id

    def report(self, image: str, reporter: str, reason: str = "violence", **signals: Any) -> Reported:
        """By somebody whose account is old, unless told otherwise."""
        said = Signals(**{"account_created_at": ESTABLISHED, **signals})
        now = self.tick()
        return self.run(
            lambda book: receive_report(book, NewReport(self.site, image, reporter, reason, None, said), now)
        )

    def crowd(self, image: str, people: int = 12, reason: str = "violence", prefix: str = "r", **signals: Any) -> str:
        """So many unconnected people report; returns the image's status after the last."""
        return [self.report(image, f"{prefix}{n}", reason, **signals).status for n in range(people)][-1]

    def take_for_altered(self, image: str, original: str) -> None:
        """As the server does when it finds that one image is a crop or the like of the other."""
        now = self.tick()

        def take(book: Book) -> None:
            one, other = book.image(self.site, image), book.image(self.site, original)
            assert one is not None
            assert other is not None
            if one.family != other.family:
                take_for_altered(book, one, other, 30, now)

        self.run(take)

    def withdraw(self, report: str) -> Reported:
        now = self.tick()
        return self.run(lambda book: withdraw_report(book, self.site, report, now))

    def review(self, image: str, outcome: str, reviewer: str = "mod", **more: Any) -> Reviewed:
        now = self.tick()
        return self.run(lambda book: review_image(book, NewReview(self.site, image, reviewer, outcome, **more), now))

    def undo(self, image: str, reviewer: str = "mod", review: str | None = None) -> Undone:
        now = self.tick()
        return self.run(lambda book: undo_review(book, NewUndo(self.site, image, reviewer, review), now))

    def views(self, image: str, number: int | None, viewers: Sequence[str] = ()) -> str:
        now = self.tick()
        return self.run(lambda book: count_views(book, self.site, image, number, now, viewers))[1]

    def lapse(self, image: str) -> bool:
        now = self.tick()
        return self.run(lambda book: lapse(book, book.image(self.site, image).family, now))

    def set_policy(self, toml: str, **more: Any) -> PolicyVersion:
        now = self.tick()
        return self.run(lambda book: change_policy(book, NewPolicy(self.site, toml, **more), now))

    def raise_shields(self, by: str = "mod", **more: Any) -> Shield:
        now = self.tick()
        return self.run(lambda book: raise_shields(book, NewShield(self.site, by, **more), now))

    def lower_shields(self, by: str = "mod", **over: Any) -> bool:
        now = self.tick()
        return self.run(lambda book: lower_shields(book, self.site, by, now, **over))

    def mute(self, reporter: str, by: str = "mod", why: str | None = None) -> bool:
        now = self.tick()
        return self.run(lambda book: mute_reporter(book, Ask(self.site, reporter, by, why), now))

    def unmute(self, reporter: str, by: str = "mod") -> bool:
        now = self.tick()
        return self.run(lambda book: unmute_reporter(book, Ask(self.site, reporter, by), now))

    def clear(self, reporter: str, by: str = "mod") -> bool:
        now = self.tick()
        return self.run(lambda book: clear_reporter(book, Ask(self.site, reporter, by), now))

    def void(self, reporter: str, by: str = "mod", why: str | None = None) -> int:
        now = self.tick()
        return self.run(lambda book: void_reports(book, Ask(self.site, reporter, by, why), now))

    def appeal(self, image: str, text: str = "It is news.", uploader: str | None = None) -> Appeal:
        now = self.tick()
        return self.run(lambda book: receive_appeal(book, NewAppeal(self.site, image, text, uploader), now))

    def object(self, reporter: str, text: str = "I was right.") -> Appeal:
        now = self.tick()
        return self.run(lambda book: receive_objection(book, NewObjection(self.site, reporter, text), now))

    def answer(self, appeal: str, outcome: str, by: str = "other", answer: str = "Looked.", **more: Any) -> Appeal:
        now = self.tick()
        new = NewAnswer(self.site, appeal, by, outcome, answer, **more)
        return self.run(lambda book: answer_appeal(book, new, now))

    def take_back(self, appeal: str) -> Appeal:
        now = self.tick()
        return self.run(lambda book: withdraw_appeal(book, self.site, appeal, now))

    # -- looking -------------------------------------------------------------------------------

    def viewings(self, image: str) -> list[Viewing]:
        family = self.family(image).id
        return sorted(self.run(lambda book: book.viewings(family)).values(), key=lambda one: one.person)

    def family(self, image: str) -> Family:
        def find(book: Book) -> Family:
            found = book.image(self.site, image)
            assert found is not None
            return book.family(found.family)

        return self.run(find)

    def status(self, image: str) -> str:
        return self.family(image).status

    def appeal_now(self, appeal: str) -> Appeal:
        found: Appeal | None = self.run(lambda book: book.appeal(self.site, appeal))
        assert found is not None
        return found

    def live(self, image: str) -> list[Report]:
        return self.run(lambda book: book.live_reports(book.image(self.site, image).family))

    def all_reports(self, image: str) -> list[Report]:
        def find(book: Book) -> list[Report]:
            found = book.image(self.site, image)
            assert found is not None
            present = book.round_reports(found.family).values()
            return sorted([*book.earlier_reports(found.family).values(), *present], key=lambda report: report.id)

        return self.run(find)

    def reporter(self, name: str) -> Reporter:
        found: Reporter | None = self.run(lambda book: book.reporter(self.site, name))
        assert found is not None
        return found

    def record(self, name: str) -> dict[str, ReporterRecord]:
        return dict(self.run(lambda book: book.records(self.site, name)))

    def site_records(self) -> dict[str, SiteRecord]:
        return dict(self.run(lambda book: book.site_records(self.site)))

    def site_row(self) -> Site:
        found: Site | None = self.run(lambda book: book.site(self.site))
        assert found is not None
        return found

    def verdict(self, image: str) -> Any:
        from tawatur.moderation.settle import judge

        return self.run(lambda book: judge(book, book.family(book.image(self.site, image).family), self.now))

    def voices(self, image: str) -> float:
        return float(self.verdict(image).voices)

    def types(self) -> list[str]:
        return [line["type"] for line in self.log]

    def told(self, kind: str) -> list[dict[str, Any]]:
        """The events of one type so far."""
        return [line for line in self.log if line["type"] == kind]


MODERATOR, ADMIN = Authority.MODERATOR, Authority.ADMIN
