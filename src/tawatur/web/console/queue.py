"""The queue: the cases that a person should look at, best first. The home of a moderator."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tawatur.moderation import claims
from tawatur.moderation.act import acting
from tawatur.moderation.appeals_waiting import count_waiting, rows_waiting
from tawatur.moderation.cases import policy_now
from tawatur.moderation.inbox import ROWS, Asked, find, inbox, with_counts
from tawatur.moderation.review import review_image
from tawatur.store.database_book import DatabaseBook
from tawatur.store.families import BLOCKED, BLURRED, VISIBLE
from tawatur.store.reading_book import Wants
from tawatur.store.writer import Change, Refused
from tawatur.web.api.fields import is_id
from tawatur.web.console.acts import new_review
from tawatur.web.console.case import decided, names
from tawatur.web.console.pages import page
from tawatur.web.console.session import Desk, desk_of, form_of, own
from tawatur.web.house import house_of

MOST_SEARCHED = 2000
APPEALS = "appeals"
"""The tab that shows appeals, where others show what waits in a state."""


async def show(request: Request) -> Response:
    """GET /console: all that waits, or only what waits in one state (`?state=`) or for one reason (`?reason=`), or what
    a text names (`?find=`), waiting or not, or what chance picked for a look (`?sample=1`). `?part=1`: the list alone,
    for the page's script, which asks again every few seconds."""
    desk = await desk_of(request)
    house, now = house_of(request), datetime.now(UTC)
    database, site = house.database, desk.site.id
    query = request.query_params
    policy = await run_in_threadpool(policy_now, database, site)
    if query.get("state") == APPEALS:
        return await _show_appeals(request, desk, list(policy.reasons))
    state = query.get("state") if query.get("state") in (VISIBLE, BLURRED, BLOCKED) else None
    reason = query.get("reason") if query.get("reason") in policy.reasons else None
    text = (query.get("find") or "").strip()[:MOST_SEARCHED]
    sample = query.get("sample") == "1"
    asked = Asked(state, reason, _place(query.get("from")), sample)
    if text:
        cases = await run_in_threadpool(find, database, site, text, house.pseudonyms(site).person, now)
        found = await run_in_threadpool(with_counts, database, site, cases)
    else:
        found = await run_in_threadpool(inbox, database, site, asked, now)
    held = await run_in_threadpool(claims.held_there, database, site, now)
    told = (("state", state), ("reason", reason), ("find", text), ("sample", "1" if sample else ""))
    chosen = {name: value for name, value in told if value}
    following = None if found.following is None else f"{found.following[0].hex()}~{found.following[1]}"
    return page(
        request,
        "queue_list.html" if query.get("part") == "1" else "queue.html",
        desk,
        inbox=found,
        chosen=chosen,
        first=query.get("from") is None,
        live="?" + urlencode({**chosen, "part": 1, **({"from": query["from"]} if "from" in query else {})}),
        following=None if following is None else "?" + urlencode({**chosen, "from": following}),
        total=sum(found.counts.values()),
        waiting_appeals=await run_in_threadpool(count_waiting, database, site),
        reasons=list(policy.reasons),
        held={family: one for family, one in held.items() if one.person != desk.me},
        names=await run_in_threadpool(names, house, site),
        undo=await decided(request, desk),
        refused=_count(query.get("refused")),
        link=lambda **other: "/console?" + urlencode({**chosen, **other}),
    )


async def _show_appeals(request: Request, desk: Desk, reasons: list[str]) -> Response:
    """The same page with the appeals that wait, oldest first."""
    house, now = house_of(request), datetime.now(UTC)
    database, site, query = house.database, desk.site.id, request.query_params
    after = query.get("from", "")
    rows, following = await run_in_threadpool(rows_waiting, database, site, after if is_id(after) else "")
    found = await run_in_threadpool(inbox, database, site, Asked(), now)
    chosen = {"state": APPEALS}
    return page(
        request,
        "queue_list.html" if query.get("part") == "1" else "queue.html",
        desk,
        appeals=rows,
        waiting_appeals=await run_in_threadpool(count_waiting, database, site),
        mine=own(house, desk),
        now=now,
        inbox=found,
        chosen=chosen,
        first="from" not in query,
        live="?" + urlencode({**chosen, "part": 1, **({"from": query["from"]} if "from" in query else {})}),
        following=None if following is None else "?" + urlencode({**chosen, "from": following}),
        total=sum(found.counts.values()),
        reasons=reasons,
        undo=await decided(request, desk),
        refused=0,
        link=lambda **other: "/console?" + urlencode({**chosen, **other}),
    )


def _place(text: str | None) -> tuple[float, str] | None:
    """A place in the order, as the page's own links have it."""
    value, _, family = (text or "").partition("~")
    try:
        return (float.fromhex(value), family) if family and "\x00" not in family else None
    except (ValueError, OverflowError):
        return None


def _count(text: str | None) -> int:
    return min(int(text), ROWS) if text and text.isascii() and text.isdigit() and len(text) < 4 else 0


async def decide(request: Request) -> Response:
    """POST /console/queue: one decision on several cases (`image`, as often as there are), each on its own."""
    desk = await desk_of(request, "moderator")
    form = await form_of(request, desk)
    house = house_of(request)
    action = str(form.get("outcome", ""))
    keys = list(dict.fromkeys(str(one) for one in form.getlist("image") if is_id(str(one))))[:ROWS]
    done: list[str] = []
    for key in keys:
        new = new_review(house, desk, key, form)

        def run(book: DatabaseBook, now: datetime, new: Any = new) -> str:
            return review_image(book, acting(new, action), now).status

        try:
            now = datetime.now(UTC)
            await run_in_threadpool(claims.check_mine, house.database, desk.site.id, key, desk.me, now)
            await house.make(Change(Wants(desk.site.id, images=(key,)), run))
            done.append(key)
        except Refused:
            continue
    told = {"after": ",".join(done), "refused": len(keys) - len(done)}
    query = urlencode({name: value for name, value in told.items() if value}, safe=",")
    return RedirectResponse("/console" + (f"?{query}" if query else ""), 303)


routes = [
    Route("/console", show, methods=["GET"]),
    Route("/console/queue", decide, methods=["POST"]),
]
