"""The two clients. Their calls are the functions of `calls.py`: `call` gives each client its own way of sending one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from types import TracebackType
from typing import Any, Generic, ParamSpec, Self, TypeVar, overload

import httpx

from tawatur.client import calls
from tawatur.client.answers import Event
from tawatur.client.calls import Call
from tawatur.client.sending import steps

P = ParamSpec("P")
T = TypeVar("T")

TIMEOUT_S = 10.0
ATTEMPTS = 4


class call(Generic[P, T]):  # noqa: N801 - reads like the decorator that it nearly is
    """A call as an attribute of both clients, with the arguments of its function."""

    def __init__(self, make: Callable[P, Call[T]]) -> None:
        self._make = make
        self.__doc__ = make.__doc__

    @overload
    def __get__(self, client: None, owner: type) -> Self: ...
    @overload
    def __get__(self, client: Client, owner: type) -> Callable[P, T]: ...
    @overload
    def __get__(self, client: AsyncClient, owner: type) -> Callable[P, Awaitable[T]]: ...
    def __get__(self, client: Client | AsyncClient | None, owner: type) -> Any:
        if client is None:
            return self

        def bound(*arguments: P.args, **named: P.kwargs) -> Any:
            return client.send(self._make(*arguments, **named))

        bound.__doc__ = self.__doc__
        return bound


class _Calls:
    register = call(calls.register)
    add_addresses = call(calls.add_addresses)
    image = call(calls.image)
    statuses = call(calls.statuses)
    views = call(calls.views)
    report = call(calls.report)
    reporter_token = call(calls.reporter_token)
    withdraw = call(calls.withdraw)
    verdict = call(calls.verdict)
    review = call(calls.review)
    notice = call(calls.notice)
    uploader_token = call(calls.uploader_token)
    appeal = call(calls.appeal)
    appeals = call(calls.appeals)
    answer_appeal = call(calls.answer_appeal)
    withdraw_appeal = call(calls.withdraw_appeal)
    object_to_suspension = call(calls.object_to_suspension)
    cut = call(calls.cut)
    events_page = call(calls.events_page)
    banks = call(calls.banks)
    put_bank = call(calls.put_bank)
    add_hashes = call(calls.add_hashes)
    remove_hash = call(calls.remove_hash)
    webhooks = call(calls.webhooks)
    create_webhook = call(calls.create_webhook)
    change_webhook = call(calls.change_webhook)
    remove_webhook = call(calls.remove_webhook)
    rotate_webhook = call(calls.rotate_webhook)
    try_webhook = call(calls.try_webhook)
    replay_webhook = call(calls.replay_webhook)
    policy = call(calls.policy)
    put_policy = call(calls.put_policy)


class Client(_Calls):
    """Tawatur for code that waits. `base_url` is where `tawatur serve` listens, `api_key` the site's secret key
    (`tws_...`), `attempts` how often a call is sent at most. Give `http` to send through a client of your own."""

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        timeout: float = TIMEOUT_S,
        attempts: int = ATTEMPTS,
        http: httpx.Client | None = None,
    ) -> None:
        self._http = http or httpx.Client(timeout=timeout)
        self._http.base_url = httpx.URL(base_url)
        self._http.headers["Authorization"] = f"Bearer {api_key}"
        self._attempts = attempts

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def send(self, call: Call[T]) -> T:
        """Sends a call of `calls.py`. Raises TawaturError."""
        going = steps(call, self._attempts)
        step = next(going)
        while True:
            try:
                if isinstance(step, float):
                    time.sleep(step)
                    step = going.send(None)
                    continue
                try:
                    outcome: httpx.Response | httpx.TransportError = self._http.request(**step)
                except httpx.TransportError as error:
                    outcome = error
                step = going.send(outcome)
            except StopIteration as end:
                answer: T = end.value
                return answer

    def events(self, after: int = 0, *, limit: int = 200) -> Iterator[Event]:
        """What happened after that position, to the end of the log. Keep the `position` of the last event that was
        dealt with; nothing is missed when going on from there."""
        while (page := self.events_page(after, limit=limit)).events:
            yield from page.events
            after = page.next


class AsyncClient(_Calls):
    """Tawatur for code that awaits; the same as `Client`."""

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        timeout: float = TIMEOUT_S,
        attempts: int = ATTEMPTS,
        http: httpx.AsyncClient | None = None,
    ) -> None:
        self._http = http or httpx.AsyncClient(timeout=timeout)
        self._http.base_url = httpx.URL(base_url)
        self._http.headers["Authorization"] = f"Bearer {api_key}"
        self._attempts = attempts

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    async def send(self, call: Call[T]) -> T:
        """Sends a call of `calls.py`. Raises TawaturError."""
        going = steps(call, self._attempts)
        step = next(going)
        while True:
            try:
                if isinstance(step, float):
                    await asyncio.sleep(step)
                    step = going.send(None)
                    continue
                try:
                    outcome: httpx.Response | httpx.TransportError = await self._http.request(**step)
                except httpx.TransportError as error:
                    outcome = error
                step = going.send(outcome)
            except StopIteration as end:
                answer: T = end.value
                return answer

    async def events(self, after: int = 0, *, limit: int = 200) -> AsyncIterator[Event]:
        """What happened after that position, to the end of the log; as `Client.events`."""
        while (page := await self.events_page(after, limit=limit)).events:
            for event in page.events:
                yield event
            after = page.next
