"""Opens a database: SQLite by default, PostgreSQL when there is more to carry."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, func, inspect, make_url, select, text
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from tawatur.failures import Failure

BUSY_TIMEOUT_S = 10
READERS = 16

_ADDRESSES = "Use `sqlite:////path/to/tawatur.db` or `postgresql://user@host/name`."

_MIGRATIONS = Path(__file__).parent / "migrations"

_MIGRATING = 0x7461_7761_7475_7200
"""The advisory lock that is held while tables change: any number that others do not use."""

_NOTICE_A_DEAD_PEER = {
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
"""Seconds, the last in milliseconds: a PostgreSQL that vanished without a word is given up after about ten seconds."""

_RETRY_SQLSTATES = {"40001", "40P01", "23505", "55P03"}
"""Serialization failure, deadlock, a row that another process just made, a lock not had: the same group again may
succeed."""


class DatabaseUnavailable(Failure):
    """The database cannot be reached or cannot take more."""

    def __str__(self) -> str:
        why = super().__str__().strip()
        return (
            f"The database cannot be used: {why} Check that it runs, has room, and that TAWATUR_DATABASE_URL names it."
        )


class UnusableAddress(Failure):
    """The database's address cannot be used. The message never repeats it: it may hold a password."""

    def __str__(self) -> str:
        return f"TAWATUR_DATABASE_URL cannot be used: {super().__str__()}"


class NotInitialised(Failure):
    """The database has no tables of ours, or older ones: run `tawatur init` or `tawatur migrate`."""


class Database:
    """One database, with one engine for the writer and one for readers.

    `url` is a SQLAlchemy address: `sqlite:////path/to.db`, `postgresql://user@host/name` (psycopg 3 is used).
    """

    def __init__(self, url: str) -> None:
        parsed = _address(url)
        if parsed.get_backend_name() == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        elif parsed.get_backend_name() != "sqlite":
            raise UnusableAddress(f"{parsed.get_backend_name()!r} is not supported. {_ADDRESSES}")
        self.url = parsed
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        if self.is_sqlite:
            if not parsed.database or parsed.database == ":memory:":
                raise UnusableAddress(f"It names no file, and an answer must be durable. {_ADDRESSES}")
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        self.writer = self._engine(writer=True)
        self.readers = self._engine(writer=False)

    def _engine(self, *, writer: bool) -> Engine:
        if not self.is_sqlite:
            return create_engine(
                self.url,
                pool_size=2 if writer else READERS,
                max_overflow=0,
                pool_pre_ping=True,
                hide_parameters=True,
                pool_timeout=5,
                isolation_level="READ COMMITTED",
                connect_args={"connect_timeout": 5, **_NOTICE_A_DEAD_PEER},
            )
        engine = create_engine(
            self.url,
            pool_size=1 if writer else READERS,
            max_overflow=0,
            pool_timeout=5,
            hide_parameters=True,  # a failure's text goes into the log, and values may name people
            connect_args={"timeout": BUSY_TIMEOUT_S, "check_same_thread": False},
        )
        begin = "BEGIN IMMEDIATE" if writer else "BEGIN"

        @event.listens_for(engine, "connect")
        def configure(connection: sqlite3.Connection, _: Any) -> None:
            connection.isolation_level = None  # SQLAlchemy's "begin" below decides, not the driver
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA foreign_keys=ON")
            connection.execute("PRAGMA secure_delete=ON")  # what is erased leaves the file, too
            connection.execute("PRAGMA cache_size=-65536")
            connection.execute("PRAGMA temp_store=MEMORY")

        @event.listens_for(engine, "begin")
        def start(connection: Connection) -> None:
            connection.exec_driver_sql(begin)

        return engine

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A writing transaction, committed at the end. Raises DatabaseUnavailable when it cannot be had or kept."""
        with translated(), self.writer.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A reading transaction. Raises DatabaseUnavailable, also where a writer would try again."""
        try:
            with translated(), self.readers.connect() as connection:
                yield connection
        except DBAPIError as error:
            if is_transient(error):
                raise DatabaseUnavailable(str(error.orig)) from error
            raise

    def migrate(self) -> None:
        """Creates the tables, or brings older ones up to date; does nothing when they are."""
        with translated(), self.writer.begin() as connection:
            if not self.is_sqlite:  # of several servers that start at once one makes the tables, the others wait
                connection.execute(select(func.pg_advisory_xact_lock(_MIGRATING)))
            here = _version(connection)
            self._refuse_newer(here)
            if here != _versions()[-1]:
                _upgrade(connection)

    def version(self) -> str | None:
        """Which tables it has, by the last migration; None where it has none of ours."""
        with self.read() as connection:
            return _version(connection)

    def require_known(self, version: str) -> None:
        """Raises NotInitialised where these are tables of a newer release."""
        self._refuse_newer(version)

    def check_migrated(self) -> None:
        """Raises NotInitialised unless the tables are those of this release."""
        here = self.version()
        head = _versions()[-1]
        self._refuse_newer(here)
        if here != head:
            do = "tawatur init" if here is None else "tawatur migrate"
            raise NotInitialised(f"The database {self} is at version {here or 'none'}, not {head}: run `{do}`.")

    def _refuse_newer(self, here: str | None) -> None:
        if here is not None and here not in _versions():
            raise NotInitialised(
                f"The database {self} is at version {here}, which this release does not know: use the newer release."
            )

    def scrub(self) -> None:
        """Lets what was erased leave SQLite's write-ahead log as well. Where others are busy with it just now, the log
        is written over in its time."""
        if self.is_sqlite:
            with suppress(PoolTimeout, OperationalError), closing(self.writer.raw_connection()) as connection:
                connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        self.writer.dispose()
        self.readers.dispose()

    def __str__(self) -> str:
        return self.url.render_as_string(hide_password=True)


def _address(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise UnusableAddress(f"It is no address. {_ADDRESSES}") from error
    if parsed.get_backend_name() == "postgresql" and find_spec("psycopg") is None:
        raise UnusableAddress("PostgreSQL needs psycopg: install `tawatur[postgres]`.")
    return parsed


@cache
def _versions() -> list[str]:
    """Those that this release knows, oldest first, by the names of the migrations' files: their library is slow to
    load, and most starts have nothing to migrate."""
    return sorted(path.name[:4] for path in _MIGRATIONS.glob("versions/[0-9]*.py"))


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    here: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return here


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


@contextmanager
def translated() -> Iterator[None]:
    """Turns the drivers' ways of saying "gone", "full" and "busy" into DatabaseUnavailable."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        if is_transient(error):
            raise
        raise DatabaseUnavailable(str(error.orig)) from error
    except DBAPIError as error:
        if error.connection_invalidated or type(error.orig) is sqlite3.DatabaseError:  # the latter: the file is broken
            raise DatabaseUnavailable(str(error.orig)) from error
        raise
    except PoolTimeout as error:  # every connection is in use
        raise DatabaseUnavailable(str(error)) from error


def is_transient(error: BaseException) -> bool:
    """Whether the same transaction, tried again at once, may succeed."""
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return state in _RETRY_SQLSTATES
    return isinstance(error.orig, sqlite3.OperationalError) and "locked" in str(error.orig)
