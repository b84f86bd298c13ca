"""Reads Server-Sent Events from a real server."""

from __future__ import annotations

import json
import queue
import threading
import time
from types import TracebackType
from typing import Any, NamedTuple, Self

import httpx

from tests.ground.server import Server, Site


class Told(NamedTuple):
    """One event as it came over the wire, and when (monotonic)."""

    event: str
    data: Any
    id: str | None
    at: float


class Stream:
    """An open stream; `next` gives its events as they come."""

    def __init__(self, server: Server, path: str, site: Site | None = None, **headers: str) -> None:
        self._client = server.client(site, timeout=60)
        self._events: queue.Queue[Told | None] = queue.Queue()
        self._answered = threading.Event()
        self.answer: httpx.Response | None = None
        self._thread = threading.Thread(target=self._read, args=(path, headers), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._answered.wait(30)
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._client.close()

    def next(self, within: float = 20.0) -> Told:
        """The next event. Raises AssertionError when the stream ends first, queue.Empty when none comes."""
        told = self._events.get(timeout=within)
        assert told is not None, "the stream has ended"
        return told

    def ended(self, within: float) -> bool:
        """Whether the server ends the stream within so many seconds; what comes before is left out."""
        until = time.monotonic() + within
        while (left := until - time.monotonic()) > 0:
            try:
                if self._events.get(timeout=left) is None:
                    return True
            except queue.Empty:
                break
        return False

    def _read(self, path: str, headers: dict[str, str]) -> None:
        try:
            with self._client.stream("GET", path, headers=headers) as answer:
                self.answer = answer
                self._answered.set()
                said: dict[str, str] = {}
                for line in answer.iter_lines():
                    name, _, value = line.partition(": ")
                    if line:
                        said[name] = value
                    elif "data" in said:
                        data = json.loads(said["data"])
                        self._events.put(Told(said.get("event", ""), data, said.get("id"), time.monotonic()))
                        said = {}
        except (httpx.HTTPError, httpx.StreamError):
            pass
        finally:
            self._answered.set()
            self._events.put(None)
