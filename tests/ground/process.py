"""What child processes of the tests need: to end with the test run, and to see none of the caller's settings."""

import ctypes
import os
import random
import signal
import socket
from collections.abc import Callable

_libc = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1


def dies_with_parent(signum: signal.Signals) -> Callable[[], None]:
    """For `Popen(preexec_fn=...)`: the child gets the signal when the test run ends, even by kill -9."""

    def ask() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, int(signum))

    return ask


def plain_environment(**more: str) -> dict[str, str]:
    """The environment without settings that would change what a test means (`TAWATUR_*`, `PG*`), and with `more`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TAWATUR_", "PG"))}
    return kept | more


def free_port() -> int:
    """A loopback port that nobody listens on.

    Below the range that the kernel gives to outgoing connections, so that it stays free until the server takes it, and
    random, so that two checkouts tested at the same time do not meet.
    """
    for _ in range(200):
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no free loopback port between 20000 and 32000")
