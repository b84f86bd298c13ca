"""A light load of reports over HTTP: some dozens of keep-alive connections, bounded in count and time."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field


@dataclass
class Outcome:
    """What a load came to. `latencies` are seconds, one an answer."""

    statuses: dict[int, int] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds if self.seconds else 0.0


class _Client(asyncio.Protocol):
    """One connection that sends the next request as soon as the last one is answered."""

    def __init__(self, take: asyncio.Queue[bytes], outcome: Outcome, until: float) -> None:
        self._take, self._outcome, self._until = take, outcome, until
        self._buffer, self._whole = b"", 0
        self._sent_at = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._send()

    def _send(self) -> None:
        if self._take.empty() or time.perf_counter() >= self._until:
            self._transport.close()
            return
        self._sent_at = time.perf_counter()
        self._transport.write(self._take.get_nowait())  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._whole:
            head, found, _ = self._buffer.partition(b"\r\n\r\n")
            if not found:
                return
            length = head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0]
            self._whole = len(head) + 4 + int(length or 0)  # a 204 has none
        if len(self._buffer) < self._whole:
            return
        status = int(self._buffer[9:12])
        self._buffer, self._whole = b"", 0
        self._outcome.statuses[status] = self._outcome.statuses.get(status, 0) + 1
        self._outcome.latencies.append(time.perf_counter() - self._sent_at)
        self._send()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)


def report(key: str, image: str, reporter: str, reason: str = "violence", **signals: str) -> bytes:
    """A report as it goes over the wire."""
    body = json.dumps({"reporter": reporter, "reason": reason, "signals": signals}).encode()
    head = (
        f"POST /v1/images/{image}/reports HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _run(host: str, port: int, requests: list[bytes], clients: int, seconds: float) -> Outcome:
    outcome = Outcome()
    queue: asyncio.Queue[bytes] = asyncio.Queue()
    for request in requests:
        queue.put_nowait(request)
    loop = asyncio.get_running_loop()
    begin = time.perf_counter()
    made = [
        (await loop.create_connection(lambda: _Client(queue, outcome, begin + seconds), host, port))[1]
        for _ in range(clients)
    ]
    await asyncio.gather(*(client.done for client in made))
    outcome.seconds = time.perf_counter() - begin
    return outcome


def run(host: str, port: int, requests: list[bytes], *, clients: int, seconds: float) -> Outcome:
    """Sends the requests over `clients` connections, each waiting for its answer, for `seconds` at most."""
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_run(host, port, requests, clients, seconds))
