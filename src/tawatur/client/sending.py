"""How a call is sent, and sent again: the part that waits and the part to await both follow these steps."""

from __future__ import annotations

import random
import uuid
from collections.abc import Generator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeAlias, TypeVar, cast

import httpx
import msgspec

from tawatur.client.calls import Call
from tawatur.client.errors import Failed, TawaturError, Unavailable, of_response

T = TypeVar("T")

_AGAIN = frozenset({429, 502, 503, 504})
"""Statuses after which the same request may succeed. Every POST carries a key, so that twice is the same as once."""
_FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 30.0
"""Who is told to come back later than that gets the error instead of a wait."""

Outcome: TypeAlias = httpx.Response | httpx.TransportError
Steps: TypeAlias = Generator[dict[str, Any] | float, Outcome | None, T]
"""Yields a request, as the arguments of httpx's `request`, and takes its outcome; or yields seconds to wait."""


def steps(call: Call[T], attempts: int) -> Steps[T]:
    """Sends the call, at most `attempts` times, and returns its answer. Raises TawaturError."""
    request = _request(call)
    attempt = 1
    while True:
        outcome = yield request
        assert outcome is not None
        if isinstance(outcome, httpx.Response) and outcome.status_code not in _AGAIN:
            return _answer(call, outcome)
        pause = _pause(outcome, attempt)
        if attempt >= attempts or pause > LONGEST_PAUSE_S:
            raise _given_up(outcome, attempt) from (outcome if isinstance(outcome, Exception) else None)
        yield pause
        attempt += 1


def _request(call: Call[Any]) -> dict[str, Any]:
    headers = dict(call.headers)
    if call.method == "POST":
        headers["Idempotency-Key"] = call.key or uuid.uuid4().hex
    request: dict[str, Any] = {"method": call.method, "url": call.path, "headers": headers}
    if call.params:
        request["params"] = dict(call.params)
    if call.file is not None:
        request["files"] = {"file": call.file}
        request["data"] = dict(call.form or {})
    elif call.body is not None:
        request["content"] = msgspec.json.encode(call.body)
        headers["Content-Type"] = "application/json"
    return request


def _answer(call: Call[T], response: httpx.Response) -> T:
    if not response.is_success:
        raise of_response(response)
    if call.kind is None:
        return cast("T", None)
    try:
        read: Any = msgspec.json.decode(response.content, type=call.kind)
    except msgspec.DecodeError as error:
        raise Failed(f"The answer to {call.method} {call.path} is not what this client knows: {error}.") from error
    found: T = read.unwrapped() if hasattr(read, "unwrapped") else read
    return found


def _pause(outcome: Outcome, attempt: int) -> float:
    """Seconds until the next attempt: as the server asks, otherwise longer each time, and never at once with others."""
    asked = _asked(outcome.headers.get("retry-after", "")) if isinstance(outcome, httpx.Response) else None
    if asked is not None:
        return asked + random.uniform(0, 0.1)
    return float(random.uniform(0.5, 1) * _FIRST_PAUSE_S * 2**attempt)


def _asked(header: str) -> float | None:
    """The seconds that a Retry-After asks for: a number, or a date."""
    if header.isdigit():
        return float(header)
    try:
        when = parsedate_to_datetime(header)
    except ValueError:
        return None
    return max(0.0, (when.replace(tzinfo=when.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


def _given_up(outcome: Outcome, attempts: int) -> TawaturError:
    times = "once" if attempts == 1 else f"{attempts} times"
    if isinstance(outcome, httpx.Response):
        told = of_response(outcome)
        return Unavailable(f"{told} It was tried {times}.") if outcome.status_code != 429 else told
    return Unavailable(f"Tawatur cannot be reached: {outcome or type(outcome).__name__}. It was tried {times}.")
