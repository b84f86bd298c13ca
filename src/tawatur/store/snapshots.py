"""Copies a whole database at one moment while others write, and puts one in an empty database's place."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from sqlalchemy import inspect, text

from tawatur.failures import Failure
from tawatur.store.database import BUSY_TIMEOUT_S, Database, DatabaseUnavailable, translated

_PAGES = 2000
_TOOLS = "postgresql-client"
"""Debian's package with pg_dump and pg_restore."""
_OTHERS = text(
    "SELECT count(*) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
)


class SnapshotFailed(Failure):
    """The database could not be copied, or a copy not be put in its place."""


class NotEmpty(Failure):
    """There is a database already where one is to be restored."""


def name_of(database: Database) -> str:
    """What a copy of this kind of database is called."""
    return "database.sqlite" if database.is_sqlite else "database.dump"


def kind_of(database: Database) -> str:
    return "sqlite" if database.is_sqlite else "postgresql"


def take(database: Database, into: Path, told: Callable[[int, int], None] = lambda done, total: None) -> None:
    """Copies the database into that file as it is at one moment; nobody waits for it. `told` hears how much is done of
    how much, where that can be known. Raises SnapshotFailed and DatabaseUnavailable."""
    if database.is_sqlite:
        _take_sqlite(Path(database.url.database or ""), into, told)
    else:
        _run("pg_dump", database, "--format=custom", "--no-owner", "--no-privileges", f"--file={into}")


def put(database: Database, copy: Path) -> None:
    """Puts the copy in the place of the database, all of it or nothing. Raises SnapshotFailed."""
    if database.is_sqlite:
        _put_sqlite(Path(database.url.database or ""), copy)
        return
    before = _tables(database)
    # --clean and all that follows in one transaction: whoever looks sees what was there before, or the whole copy
    options = ("--single-transaction", "--exit-on-error", "--clean", "--if-exists", "--no-owner", "--no-privileges")
    _run("pg_restore", database, *options, str(copy))
    with translated(), database.writer.begin() as connection:
        for table in sorted(before - _listed(copy)):  # of a newer release
            connection.execute(text(f'DROP TABLE IF EXISTS "{table}" CASCADE'))


def require_empty(database: Database) -> None:
    """Raises NotEmpty where the database has anything in it."""
    if _tables(database):
        raise NotEmpty(
            f"The database {database} has tables already. Restore into an empty place, or use --force: everything in "
            "it is then replaced."
        )


def require_unused(database: Database) -> None:
    """Raises NotEmpty where somebody else works with the database, as a server does."""
    database.close()  # what this process has open is no server
    if database.is_sqlite:
        used = _is_used(Path(database.url.database or ""))
    else:
        with database.read() as connection:
            used = bool(connection.execute(_OTHERS).scalar_one())
    if used:
        raise NotEmpty(f"Somebody works with the database {database}. Stop the server first, and start it afterwards.")


def _take_sqlite(source: Path, into: Path, told: Callable[[int, int], None]) -> None:
    try:
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_TIMEOUT_S)) as here,
            closing(sqlite3.connect(into)) as there,
        ):
            here.isolation_level = None
            here.execute("BEGIN")  # one view from the first page to the last: else each write would begin it anew
            here.execute("SELECT count(*) FROM sqlite_master").fetchone()
            here.backup(there, pages=_PAGES, progress=lambda status, left, total: told(total - left, total))
    except sqlite3.Error as error:
        raise SnapshotFailed(f"The database {source} cannot be copied: {error}.") from error


def _put_sqlite(target: Path, copy: Path) -> None:
    """`copy` lies beside `target`. The old write-ahead log goes first: of a new file with an old log nobody could say
    what is in it."""
    try:
        for rest in ("-wal", "-shm"):
            target.with_name(target.name + rest).unlink(missing_ok=True)
        with copy.open("rb") as file:
            os.fsync(file.fileno())
        copy.replace(target)
        target.chmod(0o600)
    except OSError as error:
        raise SnapshotFailed(f"{target} cannot be written: {error.strerror}.") from error


def _is_used(path: Path) -> bool:
    if not path.exists():
        return False
    try:
        with closing(sqlite3.connect(path, timeout=0.5)) as connection:
            connection.isolation_level = None
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")  # nobody else may have it open
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            connection.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        return "locked" in str(error)
    except sqlite3.DatabaseError:  # it is damaged, which may be why it is to be replaced
        return False
    return False


def _tables(database: Database) -> set[str]:
    if database.is_sqlite and not Path(database.url.database or "").exists():
        return set()
    with translated(), database.readers.connect() as connection:
        return set(inspect(connection).get_table_names())


def _listed(copy: Path) -> set[str]:
    """The tables in a dump."""
    listing = _called("pg_restore", ["--list", str(copy)], {})
    words = [line.split() for line in listing.splitlines()]  # 215; 1259 16386 TABLE public images postgres
    return {found[5] for found in words if len(found) > 5 and found[3] == "TABLE" and found[4] != "DATA"}


def _run(tool: str, database: Database, *arguments: str) -> None:
    """Runs a tool of PostgreSQL on the database; the password goes by the environment, where no other user sees it."""
    address, password = database.url.set(drivername="postgresql"), database.url.password
    named = address._replace(password=None).render_as_string()
    secret = {} if password is None else {"PGPASSWORD": str(password)}
    _called(tool, [f"--dbname={named}", "--no-password", *arguments], secret)


def _called(tool: str, arguments: list[str], environment: dict[str, str]) -> str:
    found = shutil.which(tool)
    if found is None:
        raise SnapshotFailed(
            f"{tool} is not installed. It is in Debian's package {_TOOLS}; take the version of your PostgreSQL."
        )
    done = subprocess.run(
        [found, *arguments], env=os.environ | environment, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    if done.returncode == 0:
        return done.stdout.decode(errors="replace")
    said = done.stderr.decode(errors="replace").strip()
    if "version mismatch" in said:
        raise SnapshotFailed(
            f"{tool} is older than the server: {said.splitlines()[1] if len(said.splitlines()) > 1 else said} "
            f"Install the package {_TOOLS} of the server's version."
        )
    if tool == "pg_dump" and "connection" in said:
        raise DatabaseUnavailable(said.splitlines()[0])
    raise SnapshotFailed(f"{tool} failed: {said[:500]}")
