"""Which appeals wait, and who may answer them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from tawatur.moderation.appeal import may_not_answer, took_part
from tawatur.moderation.opening import never_shown
from tawatur.moderation.people import listed, may
from tawatur.moderation.refusals import UnknownAppeal
from tawatur.store import appeals, personal_data
from tawatur.store.appeals import IMAGE, Appeal
from tawatur.store.book import Book
from tawatur.store.database import Database
from tawatur.store.families import Authority, Family
from tawatur.store.images import Image
from tawatur.store.reading_book import ReadingBook, Wants
from tawatur.store.reporters import Reporter
from tawatur.store.reports import Report

ROWS = 50
"""Appeals on one page."""
MOST_JUDGED = 50


class Row(msgspec.Struct, frozen=True):
    """One appeal that waits, as a list shows it: with its image and family, where it is about one, and whether the
    picture may be shown to nobody; `took` are those who took part, by pseudonym."""

    appeal: Appeal
    face: Image | None = None
    family: Family | None = None
    hidden: bool = False
    took: frozenset[str] = frozenset()


class ReporterFile(msgspec.Struct, frozen=True):
    """A reporter, if anything is known of them, and what people decided on their reports, latest first."""

    reporter: Reporter | None
    judged: list[Report]


class Judges(msgspec.Struct, frozen=True):
    """Who may answer one appeal: accounts of the console by id. Those who `decided` on the image before may only where
    nobody is `free`; who posted or reported it, is suspended themself or is outranked, is in neither."""

    free: frozenset[str] = frozenset()
    decided: frozenset[str] = frozenset()

    def only_again(self, person: str) -> bool:
        """Whether this person decided before, and nobody else could answer."""
        return not self.free and person in self.decided


def find_appeal(database: Database, site: str, appeal: str) -> Appeal:
    """One appeal. Raises UnknownAppeal."""
    with database.read() as connection:
        found = appeals.by_id(connection, site, appeal)
    if found is None:
        raise UnknownAppeal(f"This site has no appeal {appeal[:80]!r}.")
    return found


def listed_appeals(database: Database, site: str, limit: int, after: str = "", *, all_: bool = False) -> list[Appeal]:
    """The site's appeals that wait, or all of them, oldest first, after the one with this id."""
    with database.read() as connection:
        return appeals.page(connection, site, limit, after, all_=all_)


def count_waiting(database: Database, site: str) -> int:
    """How many appeals wait for an answer."""
    with database.read() as connection:
        return appeals.count(connection, site)


def rows_waiting(database: Database, site: str, after: str = "") -> tuple[list[Row], str | None]:
    """The site's appeals that wait, oldest first, at most `ROWS`; and after which the next page begins, if any."""
    with database.read() as connection:
        found = appeals.page(connection, site, ROWS + 1, after)
        book = ReadingBook(connection, _no_new_id)
        images = (book.image(site, one.target) for one in found if one.about == IMAGE)
        book.prefetch_whole(site, {image.family for image in images if image is not None})
        page = [_row(book, one) for one in found[:ROWS]]
    return page, found[ROWS - 1].id if len(found) > ROWS else None


def _row(book: Book, appeal: Appeal) -> Row:
    image = book.image(appeal.site, appeal.target) if appeal.about == IMAGE else None
    if image is None:
        return Row(appeal, took=frozenset({appeal.target}))
    family = book.family(image.family)
    took = frozenset(took_part(book, image) | may_not_answer(book, image))
    return Row(appeal, image, family, never_shown(book, family), took)


def about_images(database: Database, site: str, images: list[str]) -> list[Appeal]:
    """All appeals about these images, oldest first."""
    with database.read() as connection:
        return appeals.about(connection, site, IMAGE, set(images))


def reporter_file(database: Database, site: str, reporter: str) -> ReporterFile:
    """What a suspended reporter was suspended for."""
    with database.read() as connection:
        known = personal_data.reporter(connection, site, reporter)
        said = personal_data.reports(connection, site, reporter)
    judged = [one for one in reversed(said) if one.outcome is not None]
    return ReporterFile(known, judged[:MOST_JUDGED])


def about_reporter(database: Database, site: str, reporter: str) -> list[Appeal]:
    """All appeals of one reporter (a pseudonym), oldest first."""
    with database.read() as connection:
        return appeals.about(connection, site, appeals.REPORTER, {reporter})


def needs(appeal: Appeal) -> Wants:
    """What has to be held while an appeal is answered or taken back."""
    if appeal.about == IMAGE:
        return Wants(appeal.site, images=(appeal.target,))
    return Wants(appeal.site, reporters=(appeal.target,), rules=True)


def judges_of(database: Database, appeal: Appeal, pseudonym: Callable[[str], str]) -> Judges:
    """Who of the console's people may answer. `pseudonym` gives what the log calls an account."""
    if appeal.about != IMAGE:
        return _sorted_out(database, appeal, pseudonym, {appeal.target}, set(), Authority.MODERATOR)
    with database.read() as connection:
        book = ReadingBook(connection, _no_new_id)
        image = book.image(appeal.site, appeal.target)
        if image is None:
            return Judges()
        never, before = may_not_answer(book, image), took_part(book, image)
        authority = book.family(image.family).authority
    return _sorted_out(database, appeal, pseudonym, never, before, authority)


def _sorted_out(
    database: Database,
    appeal: Appeal,
    pseudonym: Callable[[str], str],
    never: Iterable[str],
    before: Iterable[str],
    authority: int,
) -> Judges:
    least = "admin" if authority >= Authority.ADMIN else "moderator"
    free: set[str] = set()
    decided: set[str] = set()
    for one in listed(database):
        membership = next((mine for mine in one.memberships if mine.site == appeal.site), None)
        if membership is None or not may(membership.role, least):
            continue
        own = {pseudonym(one.person.id), membership.known_as}
        if own.isdisjoint(never):
            (free if own.isdisjoint(before) else decided).add(one.person.id)
    return Judges(frozenset(free), frozenset(decided))


def _no_new_id() -> str:
    raise AssertionError("looking makes nothing")
