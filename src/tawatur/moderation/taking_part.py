"""Who took part in a case does not decide it: whoever posted the picture or a copy of it, or ever reported one of them,
also in a report that was taken back or judged long ago."""

from __future__ import annotations

from collections.abc import Set

from tawatur.moderation.refusals import OwnImage, OwnReport
from tawatur.store.book import Book
from tawatur.store.families import Family


def taking_part(book: Book, family: Family) -> frozenset[str]:
    """Who posted the family's images or ever reported them: their pseudonyms."""
    return _posted(book, family.id) | _reported(book, family.id)


def check_no_part(book: Book, family: str, own: Set[str | None]) -> None:
    """Raises OwnImage and OwnReport where one of these pseudonyms took part; None is nobody."""
    mine = own - {None}
    if mine & _posted(book, family):
        raise OwnImage("Whoever uploaded this image or a copy of it cannot review it; somebody else must.")
    if mine & _reported(book, family):
        raise OwnReport("Whoever reported this image cannot review it; somebody else must.")


def _posted(book: Book, family: str) -> frozenset[str]:
    return frozenset(image.uploader for image in book.images_of(family) if image.uploader is not None)


def _reported(book: Book, family: str) -> frozenset[str]:
    reports = (*book.round_reports(family).values(), *book.earlier_reports(family).values())
    return frozenset(report.reporter for report in reports)
