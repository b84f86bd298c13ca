"""PostgreSQL may be shared by several processes: what one writes while another works must not be lost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

import msgspec
import pytest

from tawatur.store.database import Database
from tawatur.store.database_book import DatabaseBook
from tawatur.store.families import Family
from tawatur.store.reading_book import Wants
from tawatur.store.reporters import Reporter
from tawatur.store.sites import Site, StoredPolicy
from tests.ground.tables import with_tables

pytestmark = pytest.mark.postgresql

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SITE = "s"
_ids = count()
replace = msgspec.structs.replace


def new_id() -> str:
    return f"id-{next(_ids):06d}"


@pytest.fixture
def database(postgres_url: str) -> Iterator[Database]:
    made = Database(with_tables(postgres_url))
    with made.write() as connection:
        book = DatabaseBook(connection, new_id, lock=True)
        book.add_site(Site(SITE, "site", NOW))
        book.add_reporter(Reporter(SITE, "known", NOW, reported=1))
        book.add_family(Family("f", SITE, NOW))
        book.flush()
    yield made
    made.close()


def at_the_same_time(
    database: Database, first: Callable[[DatabaseBook], None], second: Callable[[DatabaseBook], None]
) -> None:
    """Both read before either has written."""
    with database.write() as one, database.write() as other:
        books = DatabaseBook(one, new_id, lock=True), DatabaseBook(other, new_id, lock=True)
        first(books[0])
        second(books[1])
        books[0].flush()
        one.commit()
        books[1].flush()


def person(database: Database, name: str) -> Reporter:
    with database.read() as connection:
        found = DatabaseBook(connection, new_id).reporter(SITE, name)
    assert found is not None
    return found


def test_counting_a_person_does_not_end_a_probation_given_meanwhile(database: Database) -> None:
    until = NOW + timedelta(days=30)

    def puts_on_probation(book: DatabaseBook) -> None:
        known = book.reporter(SITE, "known")
        assert known is not None
        book.save_reporter(replace(known, probation_until=until, muted=True, reviewed_reports=1))

    def counts(book: DatabaseBook) -> None:
        known = book.reporter(SITE, "known")
        assert known is not None
        book.save_reporter(replace(known, reported=known.reported + 1))

    at_the_same_time(database, puts_on_probation, counts)
    known = person(database, "known")
    assert (known.probation_until, known.muted) == (until, True)
    assert (known.reported, known.reviewed_reports) == (2, 1)


def test_two_processes_that_meet_a_person_for_the_first_time_count_both(database: Database) -> None:
    def meets(at: datetime, **more: object) -> Callable[[DatabaseBook], None]:
        def run(book: DatabaseBook) -> None:
            assert book.reporter(SITE, "new") is None
            book.add_reporter(Reporter(SITE, "new", at, reported=1, **more))  # type: ignore[arg-type]

        return run

    at_the_same_time(database, meets(NOW, muted=True), meets(NOW + timedelta(seconds=1)))
    new = person(database, "new")
    assert (new.reported, new.first_at, new.muted) == (2, NOW, True)


def test_sums_of_two_processes_add_up(database: Database) -> None:
    def adds(book: DatabaseBook) -> None:
        book.add_to_record(SITE, "known", "hate", 0.5, 1.0)
        book.add_recorded(SITE, 1)
        book.see(SITE, "home", "known")

    at_the_same_time(database, adds, adds)
    with database.read() as connection:
        book = DatabaseBook(connection, new_id)
        record = book.site_records(SITE)["hate"]
        site = book.site(SITE)
        assert site is not None
        assert (record.confirmed, record.reviewed, site.recorded) == (1.0, 3.0, 2)
        assert book.people(SITE, "home") == 1


def test_a_family_is_held_before_its_reports_are_read(database: Database) -> None:
    """Or a report that another process makes in between would be missing from what is decided and kept."""
    order: list[str] = []
    reached = threading.Event()

    def waits() -> None:
        with database.write() as connection:
            reached.set()
            book = DatabaseBook(connection, new_id, lock=True)
            book.round_reports("f")
            order.append("read")
            assert book.family("f").version == 1

    with database.write() as connection:
        book = DatabaseBook(connection, new_id, lock=True)
        book.save_family(replace(book.family("f"), look_value=1.0))
        thread = threading.Thread(target=waits)
        thread.start()
        reached.wait(5)
        thread.join(0.3)
        book.flush()
        order.append("written")
    thread.join(10)
    assert order == ["written", "read"]


def test_families_are_held_in_the_order_of_their_ids(database: Database) -> None:
    with database.write() as connection:
        book = DatabaseBook(connection, new_id, lock=True)
        for name in ("a", "b"):
            book.add_family(Family(name, SITE, NOW))
        book.flush()
    barrier, failures = threading.Barrier(2), []

    def holds(names: tuple[str, ...]) -> None:
        try:
            for _ in range(20):
                barrier.wait(10)
                with database.write() as connection:
                    book = DatabaseBook(connection, new_id, lock=True)
                    book.prefetch([Wants(SITE, families=(name,)) for name in names])
                    for name in names:
                        book.save_family(replace(book.family(name), look_value=1.0))
                    book.flush()
        except Exception as error:
            failures.append(error)
            barrier.abort()

    threads = [threading.Thread(target=holds, args=(names,)) for names in (("a", "b"), ("b", "a"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failures == []


@pytest.mark.parametrize("changes_first", [True, False])
def test_nobody_decides_while_a_policy_changes(database: Database, changes_first: bool) -> None:
    """Or a decision by the old policy could stand after the change in the log, and no replay would find it again."""
    order: list[str] = []
    reached = threading.Event()

    def changes(book: DatabaseBook) -> None:
        book.prefetch([Wants(SITE, rules=True)])
        book.add_policy(StoredPolicy(SITE, 1, "", NOW))
        book.flush()

    def decides(book: DatabaseBook) -> None:
        book.prefetch([Wants(SITE)])
        policy = book.policy(SITE)
        order.append("decided by the default" if policy is None else f"decided by {policy.version}")
        book.add_recorded(SITE, 1)  # which writes to the site's row as well
        book.flush()

    first, second = (changes, decides) if changes_first else (decides, changes)

    def waits() -> None:
        with database.write() as connection:
            reached.set()
            second(DatabaseBook(connection, new_id, lock=True))
            order.append("second done")

    with database.write() as connection:
        first(DatabaseBook(connection, new_id, lock=True))
        thread = threading.Thread(target=waits)
        thread.start()
        reached.wait(5)
        thread.join(0.3)
        order.append("first done")
    thread.join(10)
    expected = ["first done", "decided by 1"] if changes_first else ["decided by the default", "first done"]
    assert order == [*expected, "second done"]


def test_groups_that_change_no_policy_do_not_wait_for_each_other(database: Database) -> None:
    with database.write() as one, database.write() as other:
        for connection in (one, other):
            DatabaseBook(connection, new_id, lock=True).prefetch([Wants(SITE)])
