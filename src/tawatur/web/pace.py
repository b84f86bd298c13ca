"""How often somebody may do something, counted in this process alone and in little memory."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable

KEYS = 100_000


class Pace:
    """At most `most` times for each key in each span of `seconds`.

    All keys' spans begin together and are forgotten together, so no entry outlives its span. Nor are there ever more
    than `KEYS`: whoever has that many networks to ask from is not held by a pace.
    """

    def __init__(self, most: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._seconds = seconds
        self._clock = clock
        self._ends = 0.0
        self._counts: Counter[str] = Counter()

    def take(self, key: str) -> int:
        """0 when it may be done once more, and it is counted; else the seconds to wait."""
        now = self._clock()
        if now >= self._ends or len(self._counts) >= KEYS:
            self._counts.clear()
            self._ends = now + self._seconds
        if self._counts[key] >= self._most:
            return max(1, round(self._ends - now))
        self._counts[key] += 1
        return 0
