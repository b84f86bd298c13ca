"""What a person does to a case: decides, takes it back, cuts, claims, raises shields, notes, looks where nobody may."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tawatur.moderation import claims
from tawatur.moderation.act import acting
from tawatur.moderation.copies import NewCut, cut_image
from tawatur.moderation.notes import MOST_NOTE, add_note
from tawatur.moderation.opening import open_picture
from tawatur.moderation.refusals import NotSure, UnknownImage
from tawatur.moderation.review import NewReview, review_image
from tawatur.moderation.shields import NewShield, lower_shields, raise_shields
from tawatur.moderation.standing import Ask, mute_reporter, unmute_reporter, void_reports
from tawatur.moderation.taking_part import check_no_part
from tawatur.moderation.undo import NewUndo, undo_review
from tawatur.store.database_book import DatabaseBook
from tawatur.store.reading_book import Wants
from tawatur.store.writer import Change, Refused
from tawatur.web.api.fields import image_id, is_id
from tawatur.web.console import case
from tawatur.web.console.session import Desk, authority, desk_of, form_of, known_as, own, reviewer
from tawatur.web.house import House, house_of

T = TypeVar("T")


_LISTENING: dict[str, Callable[[DatabaseBook, Ask, datetime], int]] = {
    "mute": mute_reporter,
    "unmute": unmute_reporter,
    "void": void_reports,
}


async def _desk(request: Request) -> tuple[Desk, FormData, str, House]:
    """A moderator's desk, the form, the case's image and the house."""
    desk = await desk_of(request, "moderator")
    form = await form_of(request, desk)
    return desk, form, image_id(request.path_params["image"]), house_of(request)


async def _make(
    house: House, desk: Desk, key: str, run: Callable[[DatabaseBook, datetime], T], *, rules: bool = False
) -> T:
    return await house.make(Change(Wants(desk.site.id, images=(key,), rules=rules), run))


def new_review(house: House, desk: Desk, key: str, form: FormData) -> NewReview:
    """A decision by whoever sits at this desk, as the form has it, without an outcome yet."""
    return NewReview(
        site=desk.site.id,
        image=key,
        reviewer=reviewer(house, desk),
        outcome="",
        reason=str(form.get("reason") or "") or None,
        note=str(form.get("note") or "").replace("\x00", "")[:MOST_NOTE] or None,
        authority=authority(desk),
        known_as=known_as(desk),
        scope=str(form.get("scope") or "everywhere"),
    )


async def decide(request: Request) -> Response:
    """POST /console/cases/{image}/review: an outcome or an action; then the next case that waits."""
    desk, form, key, house = await _desk(request)
    new = new_review(house, desk, key, form)
    action = str(form.get("outcome", ""))

    def run(book: DatabaseBook, now: datetime) -> tuple[str, bool]:
        image = book.image(desk.site.id, key)
        waited = image is not None and book.family(image.family).queued_at is not None
        review_image(book, acting(new, action), now)
        return "" if image is None else image.family, waited

    try:
        now = datetime.now(UTC)
        await run_in_threadpool(claims.check_mine, house.database, desk.site.id, key, desk.me, now)
        family, waited = await _make(house, desk, key, run)
    except UnknownImage:
        raise
    except Refused as refusal:
        return await case.show(request, refusal)
    await run_in_threadpool(claims.release, house.database, family, desk.me)
    if not waited:
        return _back(key, after=key)
    following = await run_in_threadpool(
        claims.next_case,
        house.database,
        desk.site.id,
        desk.me,
        datetime.now(UTC),
        own(house, desk),
        authority(desk),
    )
    return _back(following, after=key)


def _back(key: str | None, after: str | None = None) -> Response:
    """To a case, or to the queue where there is none, from where what was just decided can be taken back."""
    where = "/console" if key is None else f"/console/cases/{key}"
    return RedirectResponse(where if after is None else f"{where}?after={after}", 303)


async def undo(request: Request) -> Response:
    """POST /console/undo: takes the decisions on these images back (`image`, as often as there are)."""
    desk = await desk_of(request, "moderator")
    form = await form_of(request, desk)
    house = house_of(request)
    keys = [str(one) for one in form.getlist("image") if is_id(str(one))][: case.MOST_UNDONE]
    done = []
    for key in keys:
        new = NewUndo(desk.site.id, key, reviewer(house, desk))
        try:
            await _make(house, desk, key, lambda book, now, new=new: undo_review(book, new, now))  # type: ignore[misc]
            done.append(key)
        except Refused as refusal:
            if len(keys) == 1:
                request.path_params["image"] = key
                return await case.show(request, refusal)
    return _back(done[0] if len(keys) == 1 and done else None)


async def cut(request: Request) -> Response:
    """POST /console/cases/{image}/cut: this use of the picture stands alone."""
    desk, _, key, house = await _desk(request)
    new = NewCut(desk.site.id, key, reviewer(house, desk), authority(desk), known_as(desk))
    return await _stay(request, _make(house, desk, key, lambda book, now: cut_image(book, new, now)), key)


async def claim(request: Request) -> Response:
    """POST /console/cases/{image}/claim: takes the case over from a colleague."""
    desk, _, key, house = await _desk(request)
    held = await run_in_threadpool(claims.holder, house.database, desk.site.id, key, datetime.now(UTC))
    if held is not None:
        now = datetime.now(UTC)
        await run_in_threadpool(
            lambda: claims.claim_case(house.database, desk.site.id, held.family, desk.me, now, take_over=True)
        )
    return _back(key)


async def note(request: Request) -> Response:
    """POST /console/cases/{image}/notes: a note for colleagues."""
    desk, form, key, house = await _desk(request)
    text = str(form.get("text") or "")
    kept = run_in_threadpool(add_note, house.database, desk.site.id, key, desk.me, text, datetime.now(UTC))
    return await _stay(request, kept, key)


async def shields(request: Request) -> Response:
    """POST /console/cases/{image}/shields: `do` is up or down, `over` the image, its uploader or the site. Nobody puts
    them up over what they posted themselves."""
    desk, form, key, house = await _desk(request)
    by, mine = reviewer(house, desk), own(house, desk)
    over, down = str(form.get("over") or "image"), form.get("do") == "down"

    def run(book: DatabaseBook, now: datetime) -> None:
        image = book.image(desk.site.id, key)
        if image is None:
            raise UnknownImage(f"This site has no image {key!r}.")
        check_no_part(book, image.family, mine)
        uploader = image.uploader if over == "uploader" else None
        only = None if over == "site" or uploader is not None else key
        if down:
            lower_shields(book, desk.site.id, by, now, image=only, uploader=uploader)
        else:
            raise_shields(book, NewShield(desk.site.id, by, only, uploader), now)

    return await _stay(request, _make(house, desk, key, run, rules=True), key)


async def listen(request: Request) -> Response:
    """POST /console/cases/{image}/reporters: stops listening to one reporter (`mute`), listens again (`unmute`), or
    takes away all that they say now (`void`)."""
    desk, form, key, house = await _desk(request)
    todo = next(((act, str(form[name])) for name, act in _LISTENING.items() if name in form), None)
    if todo is None:
        return _back(key)
    act, whom = todo
    ask = Ask(desk.site.id, whom, reviewer(house, desk), own=frozenset(own(house, desk)))
    wants = Wants(desk.site.id, reporters=(whom,), rules=True)
    return await _stay(request, house.make(Change(wants, lambda book, now: act(book, ask, now))), key)


async def open_hidden(request: Request) -> Response:
    """POST /console/cases/{image}/open: this person must see a picture that is shown to nobody; the log tells it."""
    desk, form, key, house = await _desk(request)
    if form.get("sure") != "yes":
        return await case.show(request, NotSure("Say that you must look, and that you know that it is written down."))
    mine = reviewer(house, desk)

    def run(book: DatabaseBook, now: datetime) -> datetime:
        return open_picture(book, desk.site.id, key, desk.me, mine, now)

    return await _stay(request, _make(house, desk, key, run), key)


async def _stay(request: Request, doing: object, key: str) -> Response:
    """Back to the same case, with the reason why not where it was refused."""
    try:
        await doing  # type: ignore[misc]
    except UnknownImage:
        raise
    except Refused as refusal:
        return await case.show(request, refusal)
    return _back(key)


routes = [
    Route("/console/cases/{image}/review", decide, methods=["POST"]),
    Route("/console/cases/{image}/cut", cut, methods=["POST"]),
    Route("/console/cases/{image}/claim", claim, methods=["POST"]),
    Route("/console/cases/{image}/notes", note, methods=["POST"]),
    Route("/console/cases/{image}/shields", shields, methods=["POST"]),
    Route("/console/cases/{image}/reporters", listen, methods=["POST"]),
    Route("/console/cases/{image}/open", open_hidden, methods=["POST"]),
    Route("/console/undo", undo, methods=["POST"]),
]
