"""Streams end when the reader leaves, takes nothing, or the server stops; their places come free."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from tawatur.web import streams
from tawatur.web.problems import Problem
from tawatur.web.streams import EventStream, Places
from tawatur.web.wire import Line


class Reader:
    """A connection: `taken` is what was sent over it."""

    def __init__(self, *, stuck_after: int | None = None) -> None:
        self.taken: list[dict[str, Any]] = []
        self.left = asyncio.Event()
        self.line = Line(asyncio.Event(), self.left.set)
        self.ends = 0
        self._stuck_after = stuck_after

    async def receive(self) -> dict[str, Any]:
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if self._stuck_after is not None and len(self.taken) >= self._stuck_after:
            await asyncio.Event().wait()
        self.taken.append(message)

    def ended(self) -> None:
        self.ends += 1

    async def serve(self, frames: AsyncGenerator[bytes, None]) -> None:
        scope = {"type": "http", "extensions": {"tawatur.line": self.line}}
        await asyncio.wait_for(EventStream(frames, self.ended)(scope, self.receive, self.send), 20)


async def endless() -> AsyncGenerator[bytes, None]:
    while True:
        yield b": x\n\n"
        await asyncio.sleep(0.001)


def test_it_ends_in_order_when_the_server_stops() -> None:
    async def run() -> Reader:
        reader = Reader()
        asyncio.get_running_loop().call_later(0.05, reader.line.leaving.set)
        await reader.serve(endless())
        return reader

    reader = asyncio.run(run())
    assert reader.taken[-1] == {"type": "http.response.body", "body": b"", "more_body": False}
    assert not reader.left.is_set()
    assert reader.ends == 1


def test_it_ends_when_the_reader_leaves() -> None:
    async def run() -> Reader:
        reader = Reader()
        asyncio.get_running_loop().call_later(0.05, reader.left.set)
        await reader.serve(endless())
        return reader

    assert asyncio.run(run()).ends == 1


@pytest.mark.parametrize("stuck_after", [0, 1, 5])
def test_a_reader_who_takes_nothing_is_cut_off(monkeypatch: pytest.MonkeyPatch, stuck_after: int) -> None:
    monkeypatch.setattr(streams, "SEND_S", 0.05)

    async def run() -> Reader:
        reader = Reader(stuck_after=stuck_after)
        await reader.serve(endless())
        return reader

    reader = asyncio.run(run())
    assert reader.left.is_set()
    assert reader.ends == 1


def test_it_lasts_no_longer_than_its_life(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "LIFE_S", 0.05)

    async def run() -> Reader:
        reader = Reader()
        await reader.serve(endless())
        return reader

    assert asyncio.run(run()).taken[-1]["more_body"] is False


def test_what_fails_within_ends_it_in_order() -> None:
    async def failing() -> AsyncGenerator[bytes, None]:
        yield b": x\n\n"
        raise RuntimeError("the database is gone")

    async def run() -> Reader:
        reader = Reader()
        await reader.serve(failing())
        return reader

    reader = asyncio.run(run())
    assert reader.taken[-1]["more_body"] is False
    assert reader.ends == 1


def test_places_are_counted_for_all_and_for_each_network() -> None:
    places = Places(most=3, most_a_network=2)
    for network in ("a", "a", "b"):
        places.take(network)
    for network in ("a", "c"):
        with pytest.raises(Problem) as refused:
            places.take(network)
        assert refused.value.status == 503
    places.leave("a")
    places.take("c")


def test_a_process_keeps_files_for_other_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams.resource, "getrlimit", lambda _: (100, 100))
    places = Places()
    for n in range(50):
        places.take(str(n))
    with pytest.raises(Problem):
        places.take("one more")
