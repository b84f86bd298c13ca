"""Sends every site's events to the endpoints that it named. A reader of the log with a cursor for each endpoint.

It works on a thread of its own with an event loop of its own, so that neither look-ups of names nor handshakes hold up
a request. Each endpoint that has something to be sent gets a courier (courier.py), which shares nothing with the
others: one that hangs costs sockets, and nobody's time.
"""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import msgspec
import structlog
from sqlalchemy import Connection

from tawatur.delivery.attempt import Outcome, attempt, new_client, signed
from tawatur.delivery.courier import SKIPPED, Courier, Means
from tawatur.delivery.holder import is_no_more, new_name
from tawatur.log.events import rfc3339
from tawatur.moderation.fetch import Network, Resolve, resolve
from tawatur.moderation.webhooks import TEST
from tawatur.moderation.webhooks import secrets as secrets_of
from tawatur.store import cursors, deliveries, events, webhooks
from tawatur.store.database import Database, DatabaseUnavailable
from tawatur.store.webhooks import ON, Webhook

POLL_S = 1.0
PAUSE_S = 0.1
"""Between two looks at the log, however much is committed."""
FULL_S = 10.0
DEAD_KEPT = timedelta(days=30)
FORGET_EVERY_S = 3600.0
REMEMBERED = 10_000
LOOK_UPS = 64
"""Names that are looked up at once; each look-up waits on a thread."""

log = structlog.get_logger(__name__)


class Webhooks:
    """The thread. `allowed` and `resolver` are as for fetching."""

    def __init__(
        self, database: Database, secret: bytes, allowed: Sequence[Network] = (), resolver: Resolve = resolve
    ) -> None:
        self._database = database
        self._secret = secret
        self._allowed = allowed
        self._resolver = resolver
        self._me = new_name()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._woken: asyncio.Event | None = None
        self._main: asyncio.Task[None] | None = None
        self._stopping = False
        self._thread = threading.Thread(target=self._work, name="tawatur-webhooks", daemon=True)
        self._couriers: dict[str, asyncio.Task[None]] = {}
        self._read: dict[tuple[str, int], int] = {}
        self._later: dict[str, float] = {}
        self._forget_at = 0.0

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ends within moments; what is on its way is sent again by whoever comes next."""
        self._stopping = True
        loop, main = self._loop, self._main
        if loop is not None and main is not None:
            with suppress(RuntimeError):  # it has ended
                loop.call_soon_threadsafe(main.cancel)
        if self._thread.is_alive():
            self._thread.join()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def wake(self) -> None:
        """Something was committed here. Called from any thread."""
        loop, woken = self._loop, self._woken
        if loop is not None and woken is not None:
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(woken.set)

    def _work(self) -> None:
        with suppress(asyncio.CancelledError), asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            runner.run(self._run())

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._woken = asyncio.Event()
        self._main = asyncio.current_task()
        if self._stopping:
            return
        self._loop.set_default_executor(ThreadPoolExecutor(LOOK_UPS, "tawatur-names"))
        with ThreadPoolExecutor(4, "tawatur-webhooks") as threads:
            means = Means(self._database, self._secret, self._me, _now, random.random, threads)
            try:
                await self._follow(means, self._woken)
            finally:
                for task in self._couriers.values():
                    task.cancel()
                await asyncio.gather(*self._couriers.values(), return_exceptions=True)

    async def _follow(self, means: Means, woken: asyncio.Event) -> None:
        while True:
            try:
                for webhook in await means.aside(self._with_work):
                    if webhook.id not in self._couriers:
                        self._couriers[webhook.id] = asyncio.create_task(self._bring(means, webhook))
            except DatabaseUnavailable as error:
                log.warning("webhooks_postponed", reason=str(error))
            except Exception:
                log.exception("webhooks_failed")
            await asyncio.sleep(PAUSE_S)
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_S - PAUSE_S):
                    await woken.wait()
            woken.clear()

    async def _bring(self, means: Means, webhook: Webhook) -> None:
        try:
            async with new_client(self._resolver, self._allowed) as client:
                came = await Courier(means, webhook, client).run()
            if came.full:
                self._later[webhook.id] = time.monotonic() + FULL_S
            else:
                self._note(webhook, came.read)
        except DatabaseUnavailable as error:
            log.warning("webhook_postponed", webhook=webhook.id, reason=str(error))
        except Exception:
            log.exception("webhook_failed", webhook=webhook.id)
        finally:
            del self._couriers[webhook.id]

    def _with_work(self) -> list[Webhook]:
        """The endpoints for which there is something to send now, and which no other process holds."""
        now = _now()
        self._forget(now)
        with self._database.read() as connection:
            known = [one for one in webhooks.every(connection) if one.status == ON]
            if not known:
                return []
            due = deliveries.due_anywhere(connection, now)
            head = events.head(connection)
            free = [one for one in known if self._may(one, now)]
            return [one for one in free if one.id in due or self._has_news(connection, one, head)]

    def _may(self, webhook: Webhook, now: datetime) -> bool:
        """Whether nobody else sends to it, and it does not rest."""
        held = webhook.held_until is not None and webhook.held_until > now and not is_no_more(webhook.held_by or "")
        rests = webhook.rests_until is not None and webhook.rests_until > now
        return not held and not rests and webhook.id not in self._couriers

    def _has_news(self, connection: Connection, webhook: Webhook, head: int) -> bool:
        """Whether the log has events for it that no courier has seen; what was looked through is remembered."""
        if self._later.get(webhook.id, 0.0) > time.monotonic():
            return False
        after = max(cursors.position(connection, webhook.reader), self._read.get((webhook.id, webhook.version), 0))
        if after >= head:
            return False
        if webhooks.places(connection, webhook, after, head, 1) or head - after >= SKIPPED:
            return True
        self._note(webhook, head)
        return False

    def _note(self, webhook: Webhook, position: int) -> None:
        """Up to there the log holds nothing more for the endpoint as it is now."""
        key = (webhook.id, webhook.version)
        if len(self._read) > REMEMBERED:
            self._read.clear()
        self._read[key] = max(position, self._read.get(key, 0))

    def _forget(self, now: datetime) -> None:
        """Every hour, what was given up a month ago."""
        if time.monotonic() >= self._forget_at:
            self._forget_at = time.monotonic() + FORGET_EVERY_S
            with self._database.write() as connection:
                deliveries.forget_dead(connection, now - DEAD_KEPT)


async def send_test(
    webhook: Webhook, secret: bytes, event: str, now: datetime, allowed: Sequence[Network], resolver: Resolve = resolve
) -> Outcome:
    """Sends an event of the type `webhook.test` and this id, which stands in no log, once and now."""
    body = msgspec.json.encode({"type": TEST, "at": rfc3339(now), "id": event, "webhook": webhook.id}).decode()
    async with new_client(resolver, allowed) as client:
        return await attempt(client, webhook.url, signed(secrets_of(secret, webhook, now), event, now, body), body)


def _now() -> datetime:
    return datetime.now(UTC)
