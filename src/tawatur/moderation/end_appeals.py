"""An appeal ends without an answer where what somebody objected to is over; and waits again where the decision that
closed it is taken back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from tawatur.log import events
from tawatur.store.appeals import IMAGE, OPEN, OVER, REPORTER, WITHDRAWN, Appeal
from tawatur.store.book import Book, replace


def end_appeals(book: Book, site: str, about: str, targets: Iterable[str], now: datetime, cause: str) -> None:
    """Ends what waits about these images, which are shown now, or about these reporters, who are heard."""
    for appeal in book.appeals_about(site, about, targets):
        if appeal.waits:
            book.save_appeal(replace(appeal, status=OVER, closed_at=now))
            told = events.AppealEnded(appeal=appeal.id, about=appeal.about, cause=cause, **whose(appeal))
            tell(book, appeal, told, now)


def reopen_appeals(book: Book, site: str, images: Iterable[str], closed_at: datetime, now: datetime) -> None:
    """Lets appeals about these images wait again that were closed in that very moment, which was a decision's."""
    for appeal in book.appeals_about(site, IMAGE, images):
        if appeal.closed_at == closed_at and appeal.status != WITHDRAWN:
            waits = replace(
                appeal, status=OPEN, closed_at=None, closed_by=None, answer=None, same_person=False, review=None
            )
            book.save_appeal(waits)
            tell(book, appeal, events.AppealReopened(appeal=appeal.id, about=appeal.about, **whose(appeal)), now)


def tell(book: Book, appeal: Appeal, event: events.Event, now: datetime) -> None:
    """Appends an event of this appeal: under its image, where it is about one."""
    image = appeal.target if appeal.about == IMAGE else None
    book.append(events.row(book.new_id(), appeal.site, image, now, event))


def whose(appeal: Appeal) -> dict[str, str | None]:
    """Who objects, by the key that the log has for them."""
    return {"reporter" if appeal.about == REPORTER else "uploader": appeal.person}
