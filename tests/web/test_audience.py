"""Who looked: at most once each, within bounds, and in little memory."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tawatur.moderation.refusals import UnknownImage
from tawatur.store.database import DatabaseUnavailable
from tawatur.web import audience
from tawatur.web.audience import A_NETWORK_AND_HOUR, A_NETWORK_AND_IMAGE, Audience, Reader

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def reader(name: str = "a", network: str = "n", member: str | None = None) -> Reader:
    return Reader(name, network, member)


def test_a_reader_counts_once_for_an_image_until_the_key_is_forgotten() -> None:
    seen = Audience()
    assert seen.note("s", "i", reader(), NOW)
    assert not seen.note("s", "i", reader(), NOW)
    assert seen.note("s", "other", reader(), NOW)
    assert seen.note("s", "i", reader("b"), NOW)
    assert not seen.note("s", "i", reader(), NOW + audience.KEPT - timedelta(seconds=1))
    assert seen.note("s", "i", reader(), NOW + audience.KEPT)


def test_one_network_counts_so_often_for_an_image_however_many_browsers_it_names() -> None:
    seen = Audience()
    counted = sum(seen.note("s", "i", reader(f"r{n}"), NOW) for n in range(500))
    assert counted == A_NETWORK_AND_IMAGE
    assert seen.note("s", "i", reader("x", "another"), NOW)
    assert seen.note("s", "i", reader("m", "n", "m"), NOW)  # a member whom the site knows is a person


def test_and_so_often_in_an_hour_for_all_images() -> None:
    seen = Audience()
    assert sum(seen.note("s", f"i{n}", reader(), NOW) for n in range(2000)) == A_NETWORK_AND_HOUR


def test_a_flood_from_everywhere_is_held_in_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audience, "REMEMBERED", 1000)
    monkeypatch.setattr(audience, "WAITING", 100)
    seen = Audience()
    for n in range(10_000):
        seen.note("s", f"i{n % 500}", reader(f"r{n}", f"n{n}"), NOW)
    assert len(seen._new.views) + len(seen._old.views) <= 2000
    assert len(seen._waiting) == 100


def test_nothing_of_a_reader_is_in_its_memory() -> None:
    seen = Audience()
    seen.note("s", "i", reader("203.0.113.7 Mozilla/5.0 (special)", "cb0071/24"), NOW)
    assert "203.0.113" not in repr(vars(seen))
    assert "Mozilla" not in repr(vars(seen))


class Writer:
    """Takes changes in, or fails."""

    def __init__(self, error: Exception | None = None) -> None:
        self.changes = self.queued = self.most_queued = 0
        self.error = error

    async def make(self, change: Any) -> None:
        self.changes += 1
        self.queued += 1
        self.most_queued = max(self.most_queued, self.queued)
        await asyncio.sleep(0)
        self.queued -= 1
        if self.error is not None:
            raise self.error


def test_a_flood_of_beacons_is_one_change_an_image() -> None:
    async def run() -> int:
        seen, writer = Audience(), Writer()
        seen.start(writer.make)
        for n in range(1000):
            seen.note("s", f"i{n % 3}", reader(f"r{n}", f"n{n}"), NOW)
        await seen.count()
        await seen.count()
        await seen.stop()
        return writer.changes

    assert asyncio.run(run()) == 3


def test_no_report_waits_behind_a_long_queue_of_views() -> None:
    async def run() -> Writer:
        seen, writer = Audience(), Writer()
        seen.start(writer.make)
        for n in range(5 * audience.TOGETHER + 1):
            seen.note("s", f"i{n}", reader(f"r{n}", f"n{n}"), NOW)
        await seen.stop()
        return writer

    writer = asyncio.run(run())
    assert writer.changes == 5 * audience.TOGETHER + 1
    assert writer.most_queued == audience.TOGETHER


@pytest.mark.parametrize(
    ("error", "kept"), [(DatabaseUnavailable("away"), 1), (UnknownImage("gone"), 0), (RuntimeError("odd"), 0)]
)
def test_views_wait_for_a_database_that_is_away(error: Exception, kept: int) -> None:
    async def run() -> int:
        seen, writer = Audience(), Writer(error)
        seen.start(writer.make)
        seen.note("s", "i", reader("m", "n", "m"), NOW)
        await seen.count()
        waiting = sum(seen._waiting.values())
        writer.error = None
        await seen.stop()
        assert writer.changes == 1 + kept
        return waiting

    assert asyncio.run(run()) == kept
