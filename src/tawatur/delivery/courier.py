"""Brings one endpoint its events, as the one process that does so while it holds the endpoint.

New events come from the log, after the endpoint's cursor. What the endpoint does not take becomes a row (deliveries.py)
with its time for another try, and so do later events of the same image, which wait behind it; all other images go on.
The cursor stands before the first event that is neither taken nor such a row. Rows and cursor move in one transaction,
which holds the endpoint's row: a process that was too slow and lost the endpoint to another changes nothing any more.

A crash between an answer and that transaction has the event sent again, under the same id.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from datetime import datetime, timedelta
from typing import NamedTuple, ParamSpec, TypeVar

import httpx
import msgspec

from tawatur.delivery.attempt import TIMEOUT_S, Outcome, attempt, signed
from tawatur.delivery.holder import is_no_more
from tawatur.log.events import line
from tawatur.moderation.webhooks import secrets
from tawatur.store import cursors, deliveries, events, webhooks
from tawatur.store.database import Database
from tawatur.store.deliveries import Delivery
from tawatur.store.events import EventRow
from tawatur.store.webhooks import Place, Webhook

P = ParamSpec("P")
T = TypeVar("T")

AT_ONCE = 8
"""Images whose events are on their way to one endpoint."""
AGAIN_AT_ONCE = 4
"""Of these, images whose events were not taken before: the others never wait for all of them."""
WINDOW = 200
"""Events after the cursor that are looked at."""
CHAIN = 50
"""Events of one image, one after the other, before what became of them is written."""
MOST_FAILING, MOST_WAITING = 200, 20_000
"""Images and events: when so many wait, no more are read, and the log keeps the rest."""
SAVE_S, GLANCE_S = 0.5, 0.05
HOLD = timedelta(seconds=25)
KEEP_S = 5.0
"""How often it is said again that the endpoint is held."""
MARGIN_S = TIMEOUT_S + 3
"""Nothing is sent unless the endpoint is held for this long still: so no two processes send to it at once."""
DAY = timedelta(days=1)
SOONEST_S, LATEST_S = 5.0, 3600.0
SKIPPED = 5000
"""When so many events that are not for the endpoint lie behind the cursor, it is moved for their sake."""


class Means(NamedTuple):
    """What couriers work with. `me` names the process; `random` gives numbers from 0 to 1; what waits for the database
    runs in `threads`."""

    database: Database
    secret: bytes
    me: str
    now: Callable[[], datetime]
    random: Callable[[], float]
    threads: Executor

    async def aside(self, function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """Runs a function on one of the threads."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.threads, lambda: function(*arguments, **named))


class Came(NamedTuple):
    """How far a courier came: the log holds nothing more for the endpoint up to the position `read`. `full`: so much
    waits that it read no further."""

    read: int
    full: bool


class _Lost(Exception):
    """Another process holds the endpoint, or it is removed."""


class _Sent(NamedTuple):
    delivery: Delivery
    outcome: Outcome


class _Unwritten:
    """What has become of events, and is not in the database yet."""

    def __init__(self) -> None:
        self.rows: dict[int, Delivery] = {}
        self.done: list[int] = []
        self.touched: set[str] = set()  # images whose rows change: the next of each may then be sent
        self.taken = 0
        self.rest_s = 0.0
        self.gone = False

    @property
    def ends(self) -> bool:
        """Whether the endpoint wants to be left alone."""
        return self.gone or self.rest_s > 0

    def __bool__(self) -> bool:
        return bool(self.rows or self.done or self.touched or self.taken or self.ends)


def pause_s(attempts: int, random: float) -> float:
    """Seconds until the next try after so many: twice as long each time, an hour at most, and spread by chance."""
    return min(LATEST_S, SOONEST_S * 2.0 ** min(attempts - 1, 20)) * (0.5 + random / 2)


class Courier:
    """Sends to one endpoint while there is something to send now."""

    def __init__(self, means: Means, webhook: Webhook, client: httpx.AsyncClient) -> None:
        self._means = means
        self._webhook = webhook
        self._client = client
        holder = webhook.held_by
        self._dead = holder if holder is not None and is_no_more(holder) else None
        self._until = means.now()
        self._cursor = 0
        self._read = 0
        self._window: dict[int, Delivery] = {}
        self._held: dict[str, int] = {}  # images whose events wait, and how many
        self._tasks: dict[str, asyncio.Task[list[_Sent]]] = {}
        self._again: set[str] = set()  # of those, the ones that bring what was not taken before
        self._unwritten = _Unwritten()
        self._look_at = {"log": 0.0, "rows": 0.0}  # from when on it pays to look again
        self._ended = False

    async def run(self) -> Came:
        """Raises DatabaseUnavailable; what was not written by then is sent again."""
        means = self._means
        if not await means.aside(self._begin):
            return Came(0, full=False)
        try:
            await self._go_on()
        except _Lost:
            return Came(0, full=False)
        finally:
            await self._end()
        return Came(self._read, self._full)

    async def _go_on(self) -> None:
        clock = asyncio.get_running_loop().time
        saved = clock()
        while not self._ended:
            await self._read_on()
            await self._set_out()
            if not self._tasks and not self._window:
                break
            if self._tasks:
                await asyncio.wait(self._tasks.values(), timeout=SAVE_S, return_when=asyncio.FIRST_COMPLETED)
            else:
                await asyncio.sleep(SAVE_S)  # too near the end of the hold to send
            self._take_in()
            if clock() - saved >= (SAVE_S if self._unwritten else KEEP_S) or self._unwritten.touched:
                await self._means.aside(self._save)
                saved, self._look_at["rows"] = clock(), 0.0
        if self._tasks:  # each ends with the attempt that it is at
            await asyncio.wait(self._tasks.values())
            self._take_in()

    async def _end(self) -> None:
        """Writes what is known and gives the endpoint back, also where the server ends in the middle."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        self._take_in()
        await self._means.aside(self._leave)

    # -- what there is to send -------------------------------------------------------------------

    @property
    def _full(self) -> bool:
        return len(self._held) >= MOST_FAILING or sum(self._held.values()) >= MOST_WAITING

    async def _read_on(self) -> None:
        """Looks at the next events of the log. Those of images whose events wait, wait behind them."""
        if len(self._window) > WINDOW // 2 or self._full or not self._pays("log", GLANCE_S):
            return
        found, self._read = await self._means.aside(self._next_places)
        now = self._means.now()
        for place in found:
            delivery = Delivery(self._webhook.id, place.position, place.image, now)
            self._window[place.position] = delivery
            if place.image in self._held:
                self._put_by(delivery)

    async def _set_out(self) -> None:
        """Starts what may be started: for each image that is free, its events in order."""
        if self._ended or not self._safe():
            return
        room = AGAIN_AT_ONCE - len(self._again)
        if room > 0 and self._pays("rows", SAVE_S):
            for image in await self._means.aside(self._due_images):
                if image not in self._tasks and image not in self._unwritten.touched and room > 0:
                    room -= 1
                    self._again.add(image)
                    self._tasks[image] = asyncio.create_task(self._bring_again(image))
        free: dict[str, list[Delivery]] = defaultdict(list)
        for delivery in self._window.values():
            if delivery.image not in self._tasks and len(free[delivery.image]) < CHAIN:
                free[delivery.image].append(delivery)
        for image, mine in free.items():
            if mine and len(self._tasks) < AT_ONCE:
                self._tasks[image] = asyncio.create_task(self._bring(mine))

    def _pays(self, what: str, seconds: float) -> bool:
        """Whether it was last looked at so long ago."""
        now = asyncio.get_running_loop().time()
        pays = now >= self._look_at[what]
        if pays:
            self._look_at[what] = now + seconds
        return pays

    def _safe(self) -> bool:
        """Whether an attempt that begins now is over while the endpoint is held."""
        return (self._until - self._means.now()).total_seconds() >= MARGIN_S

    async def _bring_again(self, image: str) -> list[_Sent]:
        return await self._bring(await self._means.aside(self._of_image, image))

    async def _bring(self, mine: Sequence[Delivery]) -> list[_Sent]:
        """Sends events of one image one after the other, until one is not taken."""
        sent: list[_Sent] = []
        try:
            for delivery in mine:
                if not self._safe() or self._ended or self._unwritten.ends:
                    break
                outcome = await self._send(delivery.position)
                sent.append(_Sent(delivery, outcome))
                if not outcome.taken:
                    break
        except asyncio.CancelledError:
            pass  # what was taken before counts
        return sent

    async def _send(self, position: int) -> Outcome:
        event = await self._means.aside(self._told, position)
        if event is None:  # nobody takes events out of the log; if somebody did, there is nothing to tell
            return Outcome()
        now = self._means.now()
        body = msgspec.json.encode(line(event)).decode()
        headers = signed(secrets(self._means.secret, self._webhook, now), event.id, now, body)
        return await attempt(self._client, self._webhook.url, headers, body)

    # -- what becomes of it ----------------------------------------------------------------------

    def _take_in(self) -> None:
        for image, task in list(self._tasks.items()):
            if task.done():
                del self._tasks[image]
                if image in self._again:
                    self._again.discard(image)
                    self._unwritten.touched.add(image)
                if not task.cancelled():
                    for delivery, outcome in task.result():
                        self._settle(delivery, outcome)

    def _settle(self, delivery: Delivery, outcome: Outcome) -> None:
        made = self._unwritten
        made.rest_s = max(made.rest_s, outcome.rest_s)
        made.gone = made.gone or outcome.gone
        self._ended = self._ended or made.ends
        if outcome.gone:
            return
        if not outcome.taken:
            self._fail(delivery, outcome)
        elif self._window.pop(delivery.position, None) is None:
            made.done.append(delivery.position)
        else:
            made.taken += 1

    def _fail(self, delivery: Delivery, outcome: Outcome) -> None:
        """It is tried again in its time, or given up after a day; what comes after it of the same image waits."""
        now = self._means.now()
        failed = msgspec.structs.replace(
            delivery, attempts=delivery.attempts + 1, why=outcome.why, next_at=None, dead_at=None
        )
        if now - delivery.since >= DAY:
            failed = msgspec.structs.replace(failed, dead_at=now)
        else:
            seconds = max(pause_s(failed.attempts, self._means.random()), outcome.rest_s)
            failed = msgspec.structs.replace(failed, next_at=now + timedelta(seconds=seconds))
        self._put_by(failed)
        for later in [one for one in self._window.values() if one.image == delivery.image]:
            self._put_by(later)

    def _put_by(self, delivery: Delivery) -> None:
        """From the window to the rows."""
        self._window.pop(delivery.position, None)
        self._unwritten.rows[delivery.position] = delivery
        self._unwritten.touched.add(delivery.image)
        self._held[delivery.image] = self._held.get(delivery.image, 0) + 1

    # -- the database, on a thread ---------------------------------------------------------------

    def _begin(self) -> bool:
        means, now = self._means, self._means.now()
        with means.database.write() as connection:
            if not webhooks.take(connection, self._webhook.id, means.me, now, now + HOLD, self._dead):
                return False
            found = webhooks.one(connection, self._webhook.id)
            assert found is not None
            self._cursor = self._read = cursors.position(connection, found.reader)
            self._held = deliveries.held_images(connection, found.id)
        self._webhook, self._until = found, now + HOLD
        return True

    def _next_places(self) -> tuple[list[Place], int]:
        limit = WINDOW - len(self._window)
        with self._means.database.read() as connection:
            head = events.head(connection)
            if head <= self._read:
                return [], self._read
            found = webhooks.places(connection, self._webhook, self._read, head, limit)
        return found, found[-1].position if len(found) == limit else head

    def _due_images(self) -> list[str]:
        with self._means.database.read() as connection:
            return deliveries.due(connection, self._webhook.id, self._means.now(), AT_ONCE)

    def _of_image(self, image: str) -> list[Delivery]:
        with self._means.database.read() as connection:
            return deliveries.of_image(connection, self._webhook.id, image, CHAIN)

    def _told(self, position: int) -> EventRow | None:
        with self._means.database.read() as connection:
            return webhooks.told(connection, self._webhook.site, [position]).get(position)

    def _save(self) -> None:
        """Writes what has become of events, and goes on holding the endpoint. Raises _Lost."""
        means, now, made = self._means, self._means.now(), self._unwritten
        key = self._webhook.id
        cursor = min(self._window) - 1 if self._window else self._read
        with means.database.write() as connection:
            if not webhooks.keep(connection, key, means.me, now + HOLD):
                self._unwritten = _Unwritten()
                raise _Lost
            deliveries.save(connection, list(made.rows.values()))
            deliveries.done(connection, key, made.done)
            deliveries.make_ready(connection, key, made.touched, now)
            if made.taken or made.rows or cursor - self._cursor >= SKIPPED:
                cursors.move(connection, self._webhook.reader, cursor)
                self._cursor = cursor
            if made.rest_s:
                webhooks.rest(connection, key, means.me, now + timedelta(seconds=made.rest_s))
            if made.gone:
                webhooks.close(connection, key, means.me)
            held = deliveries.held_images(connection, key)
            known = webhooks.one(connection, key)
        self._held, self._until, self._unwritten = held, now + HOLD, _Unwritten()
        self._ended = self._ended or known is None or known.version != self._webhook.version

    def _leave(self) -> None:
        try:
            if self._unwritten or self._read - self._cursor >= SKIPPED:
                self._save()
        except _Lost:
            return
        with self._means.database.write() as connection:
            webhooks.leave(connection, self._webhook.id, self._means.me)
