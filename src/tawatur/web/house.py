"""What a running server has at hand: the database, its writer, the files, the secret. Opened once, closed at the
end."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any, TypeVar

import structlog
from anyio import CapacityLimiter
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection

from tawatur.delivery.feed import Feed
from tawatur.delivery.label_keys import LabelKeyring
from tawatur.delivery.labels import Labels
from tawatur.delivery.webhooks import Webhooks
from tawatur.imaging.copy_model import describer
from tawatur.imaging.decode import Describe, ImageRefused, examine
from tawatur.imaging.sandbox import Sandbox
from tawatur.log.keys import Keyring
from tawatur.log.seal import Sealer
from tawatur.log.sequencer import Sequencer
from tawatur.log.tally import Tallier
from tawatur.moderation.attacks import watch
from tawatur.moderation.audit import pick_samples
from tawatur.moderation.erasure import Eraser
from tawatur.moderation.fetch import Fetcher
from tawatur.moderation.gate import sites_of
from tawatur.moderation.guesses import Guard
from tawatur.moderation.learn import learn_nightly
from tawatur.moderation.pseudonyms import Pseudonyms
from tawatur.moderation.retention import keep_to_retention
from tawatur.moderation.search_earlier import describe_blocked, search_earlier
from tawatur.moderation.second_factor import Vault
from tawatur.moderation.sites import site_of_key
from tawatur.moderation.sweep import sweep
from tawatur.moderation.tallies import Tallies
from tawatur.settings import Settings
from tawatur.store.altered import Undescribed
from tawatur.store.altered_index import AlteredCopies
from tawatur.store.copies import Copies
from tawatur.store.database import Database, DatabaseUnavailable
from tawatur.store.files import Files
from tawatur.store.ids import new_id
from tawatur.store.writer import Change, Writer
from tawatur.web.audience import Audience
from tawatur.web.console.provider import provider_of
from tawatur.web.contexts import Contexts
from tawatur.web.fediverse.actors import Actors
from tawatur.web.measured import Measures
from tawatur.web.pace import Pace
from tawatur.web.previews import Previews
from tawatur.web.readiness import Readiness
from tawatur.web.streams import Places
from tawatur.web.xrpc.dids import Dids

T = TypeVar("T")

SWEEP_EVERY_S = 30.0
DECODING_AT_ONCE = 8
"""Requests that may wait for a decoder on threads of their own: reading the database never waits behind them."""
KEYS_REMEMBERED_S = 5.0
"""A revoked key stops working after this long at the latest."""

SITES_REMEMBERED = 50_000
"""Pictures of which the process remembers whose they are."""

log = structlog.get_logger(__name__)


class House:
    """Everything a request may need. Kept in `app.state.house`."""

    def __init__(self, settings: Settings, measures: Measures | None = None) -> None:
        self.settings = settings
        self.secret = settings.resolved_secret()
        self.database = Database(settings.resolved_database_url())
        self.files = Files(settings.data_dir)
        self.sandbox = Sandbox()
        self.decoding = CapacityLimiter(DECODING_AT_ONCE)
        self.fetcher = Fetcher(allowed=settings.allowed_networks())
        self.tallies = Tallies(self.database)
        self.previews = Previews(settings.resolved_database_url())
        self.describe: Describe | None = None
        if settings.altered_copies:
            self.describe = describer(settings.copy_model, settings.copy_model_threshold)
        self.altered = AlteredCopies()
        self.sequencer = Sequencer(self.database)
        self.keyring = Keyring(settings.data_dir, settings.resolved_seal_key())
        self.eraser = Eraser(self.database, self.keyring, new_id, lambda: datetime.now(UTC))
        self.sealer = Sealer(self.database, self.keyring, settings.seal_seconds)
        self.tallier = Tallier(self.database)
        self.measures = Measures() if measures is None else measures
        self.readiness = Readiness(self)
        self._swept_at = time.monotonic()
        self.labels = Labels(self.database, LabelKeyring(settings.data_dir, settings.resolved_label_key()))
        self.copies = Copies(settings.data_dir / "hashes")
        self.feed = Feed(self.database)
        self.webhooks = Webhooks(self.database, self.secret, settings.allowed_networks())
        self.log_threads: dict[str, Sequencer | Sealer | Tallier | Webhooks | Labels] = {
            "sequencer": self.sequencer,
            "sealer": self.sealer,
            "tallier": self.tallier,
            "webhooks": self.webhooks,
            "labels": self.labels,
        }
        self.writer = Writer(self.database, new_id, on_commit=self._committed, copies=self.copies)
        self.places = Places()
        self.reports_pace = Pace(most=30, seconds=60)
        self.guard = Guard(self.database, self.secret)
        self.vault = Vault(self.secret)
        self.provider = provider_of(settings)
        self.tests_pace = Pace(most=20, seconds=60)
        self.guesses_pace = Pace(most=10, seconds=900)
        self.guessers_pace = Pace(most=30, seconds=900)
        self.proofs_pace = Pace(most=60, seconds=60)
        self.appeals_pace = Pace(most=20, seconds=600)
        self.audience = Audience()
        self.contexts = Contexts(self.database, self.fetcher, settings.data_dir / "context", settings.context_fetch)
        self.actors = Actors(self.fetcher)
        self.dids = Dids(self.fetcher, settings.plc_directory)
        self.proxies = settings.proxy_networks()
        self._pseudonyms: dict[str, Pseudonyms] = {}
        self._keys: dict[str, tuple[float, str]] = {}
        self._sites: dict[str, str] = {}
        self._sweeper: asyncio.Task[None] | None = None

    def open(self) -> None:
        self.writer.start()
        self.sequencer.start()
        self.sealer.start()
        self.tallier.start()
        self.labels.start()
        threading.Thread(target=self._sweep_files, name="tawatur-files", daemon=True).start()
        threading.Thread(target=self.copies.prepare_large, args=(self.database,), name="tawatur-hashes").start()
        self.feed.start()
        self.webhooks.start()
        self.audience.start(self.writer.make)
        self.contexts.start()
        self._sweeper = asyncio.get_running_loop().create_task(self._sweep())

    async def close(self) -> None:
        if self._sweeper is not None:
            self._sweeper.cancel()
        self.feed.stop()
        self.previews.close()
        await self.audience.stop()
        await self.contexts.stop()
        await run_in_threadpool(self.webhooks.stop)
        await run_in_threadpool(self.writer.stop)
        await run_in_threadpool(self.sequencer.stop)
        await run_in_threadpool(self.sealer.stop)
        await run_in_threadpool(self.tallier.stop)
        await run_in_threadpool(self.labels.stop)
        await run_in_threadpool(self.sandbox.close)
        await run_in_threadpool(self.copies.close)
        self.database.close()

    async def make(self, change: Change[T]) -> T:
        """Makes a change durable and returns its result."""
        return await self.writer.make(change)

    def pseudonyms(self, site: str) -> Pseudonyms:
        found = self._pseudonyms.get(site)
        if found is None:
            found = self._pseudonyms[site] = Pseudonyms(self.secret, site)
        return found

    async def site_of_key(self, key: str) -> str | None:
        """The site whose secret key this is; looked up at most once in a few seconds."""
        now = asyncio.get_running_loop().time()
        known = self._keys.get(key)
        if known is not None and known[0] > now:
            return known[1]
        site = await run_in_threadpool(site_of_key, self.database, key)
        if site is not None:
            self._keys[key] = (now + KEYS_REMEMBERED_S, site)
        else:
            self._keys.pop(key, None)
        return site

    async def sites_of(self, images: Iterable[str]) -> dict[str, str]:
        """Whose images these are; unknown ids are left out. An image never changes hands, so it is remembered."""
        wanted = set(images)
        unknown = wanted - self._sites.keys()
        if unknown:
            found = await run_in_threadpool(sites_of, self.database, unknown)
            if len(self._sites) + len(found) > SITES_REMEMBERED:
                self._sites.clear()
                found |= await run_in_threadpool(sites_of, self.database, wanted - unknown)
            self._sites.update(found)
        return {image: self._sites[image] for image in wanted if image in self._sites}

    @property
    def swept_s(self) -> float:
        """How long ago the last sweep ended, or this process began, in seconds."""
        return time.monotonic() - self._swept_at

    def _committed(self) -> None:
        """In the writer's thread, after each commit."""
        self.sequencer.wake()
        self.feed.wake()
        self.webhooks.wake()

    def look_back(self) -> None:
        """Searches earlier pictures for altered copies of what was blocked lately."""
        describe_blocked(self.database, self.writer, self._describe)
        search_earlier(self.database, self.writer)

    def _describe(self, one: Undescribed) -> bytes:
        try:
            return examine(self.files.image(one.sha256), draw=self.sandbox.draw, describe=self.describe).description
        except (ImageRefused, OSError) as error:
            log.warning("blocked_picture_not_described", image=one.image, reason=str(error))
            return b""

    def _sweep_files(self) -> None:
        if swept := self.files.sweep(time.time()):
            log.info("unfinished_files_taken_away", files=swept)

    async def _sweep(self) -> None:
        learned: date | None = None
        while True:
            await asyncio.sleep(SWEEP_EVERY_S)
            try:
                now = datetime.now(UTC)
                await run_in_threadpool(sweep, self.database, self.writer, now)
                await run_in_threadpool(watch, self.database, now)
                await run_in_threadpool(pick_samples, self.database, self.secret, now)
                if self.describe is not None:
                    await run_in_threadpool(self.look_back)
                if learned != now.date():
                    await run_in_threadpool(learn_nightly, self.database, self.writer, now)
                    await run_in_threadpool(keep_to_retention, self.eraser, now)
                    learned = now.date()
                self._swept_at = time.monotonic()
            except DatabaseUnavailable as error:
                log.warning("sweep_postponed", reason=str(error))
            except Exception:
                log.exception("sweep_failed")


def house_of(connection: HTTPConnection) -> House:
    """The house that serves this request."""
    house: Any = connection.app.state.house
    assert isinstance(house, House)
    return house
