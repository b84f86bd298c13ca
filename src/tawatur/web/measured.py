"""What a process measures of itself: how long answers take to begin, by what was asked, and how they end.

Each `tawatur serve` has one worker process, so a process's numbers are its server's; several servers are several
targets of a scraper. What was asked is one of a few groups, never a path: nothing here is of a picture or a person.
"""

from __future__ import annotations

import time

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics
from starlette.types import ASGIApp, Message, Receive, Scope, Send

GROUPS = ("gate", "check", "register", "report", "view", "review", "api", "widget", "console", "operator", "other")
_OF_IMAGES = {"reports": "report", "views": "view", "reviews": "review"}
_OF_ROOMS = {
    "i": "gate",
    "gate": "check",
    "v1": "api",
    "widget": "widget",
    "console": "console",
    "healthz": "operator",
    "readyz": "operator",
    "metrics": "operator",
}
_DIGITS = (2, 3, 4, 5)
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


def group(method: str, path: str) -> str:
    """What a request asks, as one of `GROUPS`."""
    _, room, *rest = path.split("/")
    if room == "v1" and rest[:1] == ["reports"]:
        return "report"
    if room == "v1" and rest[:1] == ["images"]:
        if len(rest) == 1 and method == "POST":
            return "register"
        return _OF_IMAGES.get(rest[2], "api") if len(rest) == 3 else "api"
    return _OF_ROOMS.get(room, "other")


class Measures:
    """The numbers of one process."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # when a number began doubles the numbers
        self.registry = CollectorRegistry()
        latency = Histogram(
            "tawatur_request_seconds",
            "How long requests waited until their answer began.",
            ("group",),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        answers = Counter(
            "tawatur_answers", "Answers by what was asked and the first digit of their status.", ("group", "status"),
            registry=self.registry,
        )  # fmt: skip
        self._latency = {name: latency.labels(name) for name in GROUPS}
        self._answers = {(name, digit): answers.labels(name, f"{digit}xx") for name in GROUPS for digit in _DIGITS}

    def took(self, name: str, status: int, seconds: float) -> None:
        """An answer began after so many seconds."""
        self._latency[name].observe(seconds)
        if (counter := self._answers.get((name, status // 100))) is not None:
            counter.inc()


class Measured:
    """Measures every request that `app` answers."""

    def __init__(self, app: ASGIApp, measures: Measures) -> None:
        self._app = app
        self._measures = measures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()

        async def begin(message: Message) -> None:
            if message["type"] == "http.response.start":
                took = time.perf_counter() - begun
                self._measures.took(group(scope["method"], scope["path"]), message["status"], took)
            await send(message)

        await self._app(scope, receive, begin)
