"""A real `tawatur serve` in a process of its own, for tests that go from end to end.

def test_a_report_blocks(server):  # on SQLite and on PostgreSQL
    site = server.site()
    with server.client(site) as client:
        client.post("/v1/images", ...)
    server.kill9()
    server.start()  # the same address, database and data directory
"""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from tawatur.moderation.sites import create_site
from tawatur.store.database import Database
from tawatur.store.database_book import DatabaseBook
from tawatur.store.ids import new_id
from tawatur.store.writer import Clock
from tests.ground.process import dies_with_parent, free_port, plain_environment
from tests.ground.tables import with_tables

TAWATUR = Path(sys.executable).with_name("tawatur")
STARTS_WITHIN = 60.0  # seconds; the cores may be shared with other test runs
STOPS_WITHIN = 30.0


@dataclass(frozen=True)
class Site:
    """What `tawatur site create --json` printed."""

    site: str
    api_key: str
    public_key: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.api_key}"}


class ServerError(RuntimeError):
    """The server under test did not do what its harness asked; the message ends with its log."""


class Server:
    """`tawatur serve` on a free loopback port. `folder` takes the data directory and the log."""

    def __init__(self, folder: Path, database_url: str, **environment: str) -> None:
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self.data_dir = folder / "data"
        self.log = folder / "server.log"
        self.database_url = database_url
        self.port = free_port()
        self.arguments: list[str] = []  # more for `serve`, such as "--workers", "2"
        self.within: list[str] = []  # before every command, such as `nsenter` into a folder that is small
        self.environment = environment
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.kill9()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        if self._process is None:
            raise ServerError("the server is not running")
        return self._process.pid

    @property
    def workers(self) -> list[int]:
        """The process ids of those that do the work: the children of `serve` but for Python's resource tracker."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return [int(child) for child in children if _is_worker(int(child))]

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def client(self, site: Site | None = None, *, timeout: float = 30.0) -> httpx.Client:
        """A client of this server, with the site's key when a site is given."""
        headers = site.headers if site else {}
        return httpx.Client(base_url=self.base_url, headers=headers, timeout=timeout, trust_env=False)

    def tawatur(self, *arguments: str, timeout: float = 60.0) -> str:
        """Standard output of the command line, run with this server's settings."""
        done = subprocess.run(
            [*self.within, TAWATUR, *arguments],
            cwd=self.folder,
            env=self._settings(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        if done.returncode:
            raise ServerError(
                f"tawatur {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
            )
        return done.stdout

    def init(self) -> Self:
        """Makes the tables, as `start` would, for what is needed before it."""
        with_tables(self.database_url)
        return self

    def site(self, name: str = "test") -> Site:
        """A new site with its keys."""
        database = Database(self.database_url)
        with database.write() as connection:
            book = DatabaseBook(connection, new_id)
            keys = create_site(book, name, Clock()())
            book.flush()
        database.close()
        return Site(site=keys.site, api_key=keys.api_key, public_key=keys.public_key)

    def start(self, *, wait: bool = True) -> Self:
        """Returns when the server answers, or at once. After `stop` or `kill9`: its address and data as before."""
        if self.running:
            raise ServerError("the server runs already")
        listen = ["--host", "127.0.0.1", "--port", str(self.port)]
        command = [*self.within, str(TAWATUR), "serve", *listen, *self.arguments]
        with self.log.open("ab") as log:
            log.write(f"--- {' '.join(command)}\n".encode())
            log.flush()
            self._process = subprocess.Popen(
                command,
                cwd=self.folder,
                env=self._settings(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # a process group of its own: kill9 ends its children with it
                preexec_fn=dies_with_parent(signal.SIGKILL),
            )
        if wait:
            self._wait_until_it_answers()
        return self

    def stop(self) -> int:
        """An orderly end by SIGTERM. The exit status."""
        if self._process is None:
            raise ServerError("the server is not running")
        self._process.send_signal(signal.SIGTERM)
        try:
            status = self._process.wait(STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            self.kill9()
            raise ServerError(self._with_log(f"the server did not stop within {STOPS_WITHIN:.0f} s")) from None
        self._end_group()
        self._process = None
        return status

    def kill9(self) -> None:
        """The server and every process it started are gone at once, as after a power cut. Nothing when none runs."""
        if self._process is None:
            return
        self._end_group()
        self._process.wait()
        self._process = None

    def log_text(self, last: int = 8000) -> str:
        """The end of what the server wrote to its standard output and error, over all its starts."""
        return self.log.read_text(errors="replace")[-last:] if self.log.exists() else ""

    def _settings(self) -> dict[str, str]:
        return plain_environment(
            TAWATUR_DATABASE_URL=self.database_url,
            TAWATUR_DATA_DIR=str(self.data_dir),
            PYTHONUNBUFFERED="1",
            NO_COLOR="1",
            **self.environment,
        )

    def _wait_until_it_answers(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + STARTS_WITHIN
        with self.client(timeout=5) as client:
            while time.monotonic() < deadline:
                if (status := self._process.poll()) is not None:
                    self.kill9()
                    raise ServerError(self._with_log(f"the server ended with {status} before it answered"))
                try:
                    if client.get("/healthz").is_success:
                        return
                except httpx.TransportError:
                    pass
                time.sleep(0.05)
        self.kill9()
        raise ServerError(self._with_log(f"the server did not answer /healthz within {STARTS_WITHIN:.0f} s"))

    def _end_group(self) -> None:
        # The group's id is the server's own process id: nothing that the test did not start is in it.
        assert self._process is not None
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return

    def _with_log(self, message: str) -> str:
        return f"{message}; its log ends:\n{self.log_text()}"


def _is_worker(pid: int) -> bool:
    try:
        return b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:  # it ended a moment ago
        return False
