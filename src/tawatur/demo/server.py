"""A real Tawatur server for the demo: `tawatur serve` in a process of its own, in a folder that goes away with it."""

from __future__ import annotations

import ctypes
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import msgspec

STARTS_WITHIN_S = 60.0
STOPS_WITHIN_S = 15.0

# The three commands of an operator, in one interpreter: starting it takes longer than all of the story.
_COMMANDS = """
from tawatur.cli import app, main
app(["init"], standalone_mode=False)
app(["site", "create", "al-mina.example", "--json"], standalone_mode=False)
main()
"""
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


class SiteKeys(msgspec.Struct, frozen=True):
    """What `tawatur site create --json` prints."""

    site: str
    api_key: str
    public_key: str


class ServerEnded(OSError):
    """The demo's server did not start, or is gone."""


class Server:
    """A server that is ready, at the base URL `address`, with a site and its `keys`."""

    def __init__(self, process: subprocess.Popen[bytes], out: Path, log: Path) -> None:
        self._process = process
        self._log = log
        self.address = self._found(log, r"^Tawatur serves (http://\S+) ")
        self.keys = msgspec.json.decode(self._found(out, r'^(\{"site":.*\})$'), type=SiteKeys)
        self._wait_until_ready()

    def check(self) -> None:
        """Raises ServerEnded with the end of its log when the server is gone."""
        if self._process.poll() is not None:
            raise ServerEnded(f"The server ended with {self._process.returncode}. {self._said_last()}")

    def _said_last(self) -> str:
        return f"It said last:\n{self._log.read_text(errors='replace')[-1500:].strip()}"

    def _found(self, written: Path, pattern: str) -> str:
        """What the server wrote there: it alone knows which port was free."""
        for _ in self._patiently():
            if found := re.search(pattern, written.read_text(errors="replace"), re.MULTILINE):
                return found[1]
        raise AssertionError("unreachable")

    def _wait_until_ready(self) -> None:
        with httpx.Client(base_url=self.address, trust_env=False, timeout=5) as client:
            for _ in self._patiently():
                try:
                    if client.get("/readyz").is_success:
                        return
                except httpx.TransportError:
                    pass

    def _patiently(self) -> Iterator[None]:
        until = time.monotonic() + STARTS_WITHIN_S
        while time.monotonic() < until:
            self.check()
            yield
            time.sleep(0.05)
        raise ServerEnded(f"The server did not start within {STARTS_WITHIN_S:.0f} s. {self._said_last()}")


@contextmanager
def running_server(folder: Path, port: int) -> Iterator[Server]:
    """A server on SQLite in `folder` and on this loopback port (0: a free one), ended with everything it started."""
    settings = {name: value for name, value in os.environ.items() if not name.startswith("TAWATUR_")}
    settings |= {"TAWATUR_DATA_DIR": str(folder / "data"), "TAWATUR_LOG_LEVEL": "warning"}
    settings |= {"PYTHONUNBUFFERED": "1", "COLUMNS": "200", "NO_COLOR": "1"}
    out, log = folder / "server.out", folder / "server.log"
    with out.open("wb") as written, log.open("wb") as logged:
        process = subprocess.Popen(
            [sys.executable, "-c", _COMMANDS, "serve", "--host", "127.0.0.1", "--port", str(port)],
            cwd=folder,
            env=settings,
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=logged,
            start_new_session=True,  # Ctrl-C reaches the demo alone, which then ends the server in order
            preexec_fn=_end_with_parent,
        )
    try:
        yield Server(process, out, log)
    finally:
        _end(process)


def _end_with_parent() -> None:
    """Asks Linux to end the server when the demo dies, even by kill -9."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOPS_WITHIN_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # its own session, so nothing else is in this group
        process.wait()
