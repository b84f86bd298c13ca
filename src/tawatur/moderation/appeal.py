"""Whoever posted a withheld picture, or is suspended as a reporter, objects; a person who took no part answers.

An appeal changes nothing by itself: it asks for a look. The answer is a decision like any other (review.py), so whoever
reverses a block undoes all that it did. One appeal a decision: only a new decision can be objected to again.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from tawatur.log import events
from tawatur.moderation.cases import policy_of
from tawatur.moderation.end_appeals import tell, whose
from tawatur.moderation.refusals import (
    AlreadyAppealed,
    AppealClosed,
    BadAnswer,
    BadAppeal,
    NothingToAppeal,
    NotTheirs,
    OwnReport,
    TookPart,
    TooLateToAppeal,
    TooManyAppeals,
    UnknownAppeal,
    UnknownImage,
    UnknownOutcome,
)
from tawatur.moderation.review import NewReview, allowed, review_image
from tawatur.moderation.standing import Ask, clear_reporter, known
from tawatur.store.appeals import IMAGE, REPORTER, REVERSED, STANDS, WITHDRAWN, Appeal
from tawatur.store.book import Book, replace
from tawatur.store.families import BLURRED, VISIBLE, Authority, Family
from tawatur.store.images import Image

APPEAL_WITHIN = timedelta(days=184)
"""Six months, the longest six."""
ANSWER_WITHIN = timedelta(days=14)
"""What whoever objects is told; an appeal that nobody answered by then waits on, and nothing decides it by itself."""
SAME_PERSON_AFTER = timedelta(hours=24)
"""Who decided before may answer where nobody else can, and not before having slept on it."""
MOST_OPEN = 10
"""Appeals of one person that may wait at a time: who posts a thousand pictures must not fill the queue with them."""
MOST_TEXT = 2000
"""Characters of an appeal, and of an answer."""
OUTCOMES = (REVERSED, STANDS)


class NewAppeal(msgspec.Struct, frozen=True):
    """An uploader objects to what was decided of their image. `uploader` is their pseudonym; None where the site speaks
    for whoever posted it."""

    site: str
    image: str
    text: str
    uploader: str | None = None


class NewObjection(msgspec.Struct, frozen=True):
    """A reporter (a pseudonym) objects to being suspended."""

    site: str
    reporter: str
    text: str


class NewAnswer(msgspec.Struct, frozen=True):
    """A person (a pseudonym) answers an appeal: what was decided is "reversed" or "stands", with words to whoever
    objected. `scope` is a review's: a picture is shown everywhere, or in this use alone. `nobody_else`: no other person
    could answer."""

    site: str
    appeal: str
    by: str
    outcome: str
    answer: str
    authority: int = Authority.MODERATOR
    known_as: str | None = None
    scope: str = "everywhere"
    nobody_else: bool = False


def decided_at(image: Image, family: Family) -> datetime:
    """When it was decided that this image is withheld: for one that came later as a copy, when it came."""
    return max(family.acted_at or image.registered_at, image.registered_at)


def withheld(book: Book, family: Family, now: datetime) -> bool:
    """Whether readers do not see the image as it is; a provisional state whose time is over withholds nothing."""
    if family.status == VISIBLE:
        return False
    overdue = family.provisional and family.review_by is not None and family.review_by <= now
    return not (overdue and policy_of(book, family.site).lapse)


def receive_appeal(book: Book, new: NewAppeal, now: datetime) -> Appeal:
    """Takes an uploader's appeal. Raises UnknownImage, NotTheirs, BadAppeal, NothingToAppeal, TooLateToAppeal,
    AlreadyAppealed and TooManyAppeals."""
    image = book.image(new.site, new.image)
    if image is None:
        raise UnknownImage(f"This site has no image {new.image!r}.")
    if new.uploader is not None and new.uploader != image.uploader:
        raise NotTheirs("Somebody else posted this image; only whoever posted it can object.")
    family = book.family(image.family)
    if not withheld(book, family, now):
        raise NothingToAppeal("This image is shown; there is nothing to object to.")
    against = "person" if family.authority > Authority.MACHINE else "machine"
    return _receive(book, IMAGE, image.id, image.uploader, against, decided_at(image, family), new, now)


def receive_objection(book: Book, new: NewObjection, now: datetime) -> Appeal:
    """Takes a suspended reporter's appeal. Raises UnknownReporter and, but for those of images, what `receive_appeal`
    does."""
    found = known(book, Ask(new.site, new.reporter, new.reporter))
    if not found.suspended(now) or found.told_at is None:
        raise NothingToAppeal("These reports are not suspended; there is nothing to object to.")
    return _receive(book, REPORTER, found.id, found.id, "machine", found.told_at, new, now)


def withdraw_appeal(book: Book, site: str, appeal: str, now: datetime, only: tuple[str, str] | None = None) -> Appeal:
    """Takes an appeal back; twice is the same as once. With `only`, an appeal about this alone (what it is about, and
    which). Raises UnknownAppeal and AppealClosed."""
    found = _known(book, site, appeal)
    if only not in (None, (found.about, found.target)):
        raise UnknownAppeal(f"No appeal {appeal[:80]!r} is yours.")
    if found.status == WITHDRAWN:
        return found
    if not found.waits:
        raise AppealClosed("This appeal was answered already; there is nothing to take back.")
    gone = replace(found, status=WITHDRAWN, closed_at=now)
    book.save_appeal(gone)
    tell(book, gone, events.AppealWithdrawn(appeal=gone.id, about=gone.about, **whose(gone)), now)
    return gone


def answer_appeal(book: Book, new: NewAnswer, now: datetime) -> Appeal:
    """Answers an appeal, and does what the answer says, in one. Raises UnknownAppeal, AppealClosed, UnknownOutcome,
    BadAnswer, TookPart, and what `review_image` does."""
    found = _known(book, new.site, new.appeal)
    if not found.waits:
        raise AppealClosed("This appeal is closed already; somebody answered it, or it was taken back.")
    if new.outcome not in OUTCOMES:
        raise UnknownOutcome(f"{new.outcome!r} is not an outcome of an appeal. Use one of: {', '.join(OUTCOMES)}.")
    words = _words(new.answer)
    if words is None:
        raise BadAnswer(f"Say why, in 1 to {MOST_TEXT} characters: whoever objected reads it.")
    answer = _answer_reporter if found.about == REPORTER else _answer_uploader
    return answer(book, found, replace(new, answer=words), now)


def took_part(book: Book, image: Image) -> set[str]:
    """Who decided on this image or its family before, whatever came of it."""
    return book.reviewers(image.family, {image.id})


def may_not_answer(book: Book, image: Image) -> set[str]:
    """Who can never answer an appeal about the image, even where nobody else is there: who posted or reported it, or a
    copy of it."""
    family = image.family
    posted = {one.uploader for one in book.images_of(family) if one.uploader is not None}
    reports = (*book.round_reports(family).values(), *book.earlier_reports(family).values())
    return posted | {report.reporter for report in reports if report.withdrawn_at is None}


def _receive(
    book: Book,
    about: str,
    target: str,
    person: str | None,
    against: str,
    decided: datetime,
    new: NewAppeal | NewObjection,
    now: datetime,
) -> Appeal:
    words = _words(new.text)
    if words is None:
        raise BadAppeal(f"Say why the decision is wrong, in 1 to {MOST_TEXT} characters.")
    if now > decided + APPEAL_WITHIN:
        raise TooLateToAppeal(f"This was decided on {decided:%Y-%m-%d}; it could be objected to for six months.")
    for earlier in book.appeals_about(new.site, about, [target]):
        if earlier.waits:
            raise AlreadyAppealed("An appeal waits for its answer already; a person will look.")
        if earlier.closed_at is not None and earlier.closed_at >= decided:
            raise AlreadyAppealed("There was an appeal against this decision already; only a new decision can get one.")
    if person is not None and book.open_appeals_by(new.site, person) >= MOST_OPEN:
        raise TooManyAppeals(f"{MOST_OPEN} appeals of yours wait for answers. Wait until one is answered.")
    appeal = Appeal(
        book.new_id(), new.site, about, target, person, against, decided, now, now + ANSWER_WITHIN, text=words
    )
    book.save_appeal(appeal)
    told = events.AppealReceived(
        appeal=appeal.id,
        about=about,
        against=against,
        decided_at=decided,
        answer_by=appeal.answer_by,
        **whose(appeal),
    )
    tell(book, appeal, told, now)
    return appeal


def _answer_uploader(book: Book, found: Appeal, new: NewAnswer, now: datetime) -> Appeal:
    review = _review(book, found, new)
    image = allowed(book, review)
    family = book.family(image.family)
    if not withheld(book, family, now):
        raise AppealClosed("The image is shown again already; there is nothing left to answer.")
    own = {new.by, new.known_as} - {None}
    if own & may_not_answer(book, image):
        raise OwnReport("Whoever reported this image cannot answer the appeal; somebody else must.")
    again = _answers_again(bool(own & took_part(book, image)), found, new, now)
    closed = _closed(found, new, again, now)
    book.save_appeal(closed)  # first, so that it does not end for want of something to object to
    closed = replace(closed, review=review_image(book, review, now).id)
    book.save_appeal(closed)
    return _tell_answer(book, closed, now)


def _answer_reporter(book: Book, found: Appeal, new: NewAnswer, now: datetime) -> Appeal:
    if found.person in {new.by, new.known_as}:
        raise TookPart("Whoever objected cannot answer; somebody else must.")
    known(book, Ask(new.site, found.target, new.by))
    closed = _closed(found, new, False, now)
    book.save_appeal(closed)
    if new.outcome == REVERSED:
        clear_reporter(book, Ask(new.site, found.target, new.by), now)
    return _tell_answer(book, closed, now)


def _review(book: Book, found: Appeal, new: NewAnswer) -> NewReview:
    """The decision on the image that the answer is: it is shown, or what was done stands as it is."""
    image = book.image(new.site, found.target)
    family = None if image is None else book.family(image.family)
    review = NewReview(
        new.site, found.target, new.by, "rejected", authority=new.authority, known_as=new.known_as, scope=new.scope
    )
    if family is None or new.outcome == REVERSED:
        return review
    reason = family.reason if family.reason in policy_of(book, new.site).reasons else None
    measure = "blur" if family.status == BLURRED else "block"
    return replace(review, outcome="upheld", reason=reason, measure=measure, scope="everywhere")


def _answers_again(decided_before: bool, found: Appeal, new: NewAnswer, now: datetime) -> bool:
    """Whether somebody answers who decided before. Raises TookPart where they may not."""
    if decided_before and not new.nobody_else:
        raise TookPart("You decided on this image before; a person who took no part must answer the appeal.")
    if decided_before and now < found.at + SAME_PERSON_AFTER:
        raise TookPart("You decided on this image before. As nobody else can answer, you may, a day after the appeal.")
    return decided_before


def _closed(found: Appeal, new: NewAnswer, again: bool, now: datetime) -> Appeal:
    return replace(found, status=new.outcome, closed_at=now, closed_by=new.by, answer=new.answer, same_person=again)


def _tell_answer(book: Book, closed: Appeal, now: datetime) -> Appeal:
    told = events.AppealDecided(
        appeal=closed.id,
        about=closed.about,
        against=closed.against,
        outcome=closed.status,
        received_at=closed.at,
        by=closed.closed_by or "",
        answer=closed.answer or "",
        same_person=closed.same_person,
        review=closed.review,
        **whose(closed),
    )
    tell(book, closed, told, now)
    return closed


def _known(book: Book, site: str, appeal: str) -> Appeal:
    found = book.appeal(site, appeal)
    if found is None:
        raise UnknownAppeal(f"This site has no appeal {appeal[:80]!r}.")
    return found


def _words(text: str) -> str | None:
    """What somebody wrote, without what surrounds it; None where it cannot be kept."""
    text = text.replace("\r\n", "\n").strip()
    return text if 0 < len(text) <= MOST_TEXT and "\x00" not in text else None
