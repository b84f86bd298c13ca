"""One attempt to tell an endpoint of an event: signed as Standard Webhooks has it, and what became of it.

The status decides. Nothing of an answer's body is needed, so nothing in it can hurt: what is short is read to keep the
connection, all else is cut off.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
import msgspec
from standardwebhooks import Webhook as Signer

from tawatur import __version__
from tawatur.moderation.fetch import CheckedTransport, Network, Resolve, checked_client
from tawatur.moderation.refusals import UnsafeAddress

AGENT = f"Tawatur/{__version__} (+webhooks)"
TIMEOUT_S = 10.0
"""From the look-up of the name to the answer's status."""
BODY_S = 1.0
MOST_BODY = 4096
LONGEST_REST_S = 3600.0
_NOT_NOW = frozenset({429, 503})
_TAKEN = range(200, 300)


class Outcome(msgspec.Struct, frozen=True):
    """What an attempt came to. `why` is empty where the event was taken; `gone`: the endpoint wants no more (410);
    `rest_s`: how long it asked to be left alone."""

    status: int | None = None
    why: str = ""
    gone: bool = False
    rest_s: float = 0.0

    @property
    def taken(self) -> bool:
        return not self.why


def signed(secrets: Sequence[str], event: str, at: datetime, body: str) -> dict[str, str]:
    """The headers of Standard Webhooks: the event's own id, the time of this attempt, a signature by each secret."""
    return {
        "webhook-id": event,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(Signer(secret).sign(event, at, body) for secret in secrets),
        "content-type": "application/json",
    }


def new_client(resolver: Resolve, allowed: Sequence[Network]) -> httpx.AsyncClient:
    """A client for one endpoint: its connections are no other's."""
    return checked_client(CheckedTransport(resolver, allowed), AGENT, redirects=0)


async def attempt(client: httpx.AsyncClient, url: str, headers: dict[str, str], body: str) -> Outcome:
    """Sends once; never raises for what the other side does."""
    try:
        async with asyncio.timeout(TIMEOUT_S):
            request = client.build_request("POST", url, content=body.encode(), headers=headers)
            response = await client.send(request, stream=True)
    except TimeoutError:
        return Outcome(why=f"it did not answer within {TIMEOUT_S:.0f} seconds")
    except UnsafeAddress as refusal:
        return Outcome(why=str(refusal).rstrip("."))
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError, ssl.SSLError, OSError) as error:
        return Outcome(why=f"it could not be reached: {str(error) or type(error).__name__}"[:300])
    await _end(response)
    return _of(response)


async def _end(response: httpx.Response) -> None:
    """Reads a short body, so that the connection can be used again; what is long, slow or not as it said is cut."""
    try:
        with suppress(TimeoutError, httpx.HTTPError):
            async with asyncio.timeout(BODY_S):
                taken = 0
                async for chunk in response.aiter_raw():
                    taken += len(chunk)
                    if taken > MOST_BODY:
                        break
    finally:
        with suppress(TimeoutError, httpx.HTTPError, OSError):
            async with asyncio.timeout(BODY_S):
                await response.aclose()


def _of(response: httpx.Response) -> Outcome:
    status = response.status_code
    if status in _TAKEN:
        return Outcome(status)
    if 300 <= status < 400:
        return Outcome(status, f"it answered {status}, and redirects are not followed")
    rest = _asked(response.headers.get("retry-after", "")) if status in _NOT_NOW else 0.0
    return Outcome(status, f"it answered {status}", gone=status == 410, rest_s=min(rest, LONGEST_REST_S))


def _asked(header: str) -> float:
    """The seconds that a Retry-After asks for: a number, or a date; 0 where it says neither."""
    if header.isascii() and header.isdigit():
        return float(header[:9])
    try:
        when = parsedate_to_datetime(header)
    except (TypeError, ValueError):
        return 0.0
    return max(0.0, (when.replace(tzinfo=when.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
