"""Finds copies: for each site an exact index of the hashes, in memory, as new as the transaction that asks.

A large site's hashes are read beside the writer before it needs them, from a snapshot in a file and what the log has
since then, or from the log alone. A snapshot only saves time: one that is torn, old or of another log is not used.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import structlog
from sqlalchemy import Connection

from tawatur.imaging import snapshot
from tawatur.imaging.snapshot import Snapshot, SnapshotRefused
from tawatur.store import banks, hashes
from tawatur.store.banks import Bank
from tawatur.store.database import Database, DatabaseUnavailable
from tawatur.store.site_hashes import SiteHashes

LARGE = 20_000
"""Lines of a log from which on a site is read at start, and kept in a snapshot; fewer are read in moments."""
_ANEW_FROM_SHARE = 10
"""A snapshot is made anew when the log has grown by one part in so many: little is left to read at start, and of all
that is ever written, eleven parts were not needed for one that was."""
_KIND = "PDQ hashes of a site's images"

log = structlog.get_logger(__name__)


class Copies:
    """The hashes of all sites and banks that this process has been asked about.

    `of` and `of_bank` are the writer's. `prepare` may be called from any thread. Snapshots go into `folder`, one file a
    large site, written by one thread at a time; without a folder there are none.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._sites: dict[str, SiteHashes] = {}
        self._banks: dict[str, tuple[int, SiteHashes]] = {}
        self._preparing: dict[str, threading.Lock] = {}
        self._saving = threading.Lock()
        self._saver: threading.Thread | None = None
        self._closing = False
        self.reading = False
        """Whether the hashes of large sites are still being read, as they are at start."""

    def of_bank(self, connection: Connection, bank: Bank) -> SiteHashes:
        """The bank's hashes, each under its own 64 digits; read anew when the bank has changed."""
        version, known = self._banks.get(bank.id, (-1, SiteHashes()))
        if version != bank.version:
            known = SiteHashes()
            pdqs = banks.pdqs(connection, bank.id)
            known.add(pdqs, pdqs)
            self._banks[bank.id] = (bank.version, known)
        return known

    def of(self, connection: Connection, site: str, head: int) -> SiteHashes:
        """The site's hashes with all that is committed; the transaction holds the site's log, whose head this is."""
        known = self._sites.get(site)
        if known is None:
            known = self._sites.setdefault(site, SiteHashes())
        if known.seq < head:
            known.read(hashes.after(connection, site, known.seq))
            self._save_in_time(site, known)
        return known

    def knows(self, site: str) -> bool:
        """Whether the site's hashes have been read, so that only what is new is still to be."""
        return site in self._sites

    def prepare(self, database: Database, site: str) -> None:
        """Reads the site's hashes, unless they are known, and without holding anybody up. Raises DatabaseUnavailable.

        Lines of a log become visible in their order, so whatever is read here is a beginning of it.
        """
        with self._preparing.setdefault(site, threading.Lock()):
            if self.knows(site):
                return
            with database.read() as connection:
                known = self._from_snapshot(connection, site)
                for lines in hashes.after(connection, site, known.seq):
                    if self._closing:
                        raise DatabaseUnavailable("The server is stopping.")
                    known.take(lines)
            known.settle()
            self._sites.setdefault(site, known)
            self._save_in_time(site, known)

    def prepare_large(self, database: Database) -> None:
        """Reads the hashes of all large sites; what cannot be read now is read when somebody asks."""
        self.reading = True
        try:
            with database.read() as connection:
                large = hashes.sites_from(connection, LARGE)
            for site in large:
                self.prepare(database, site)
        except DatabaseUnavailable as error:
            log.warning("hashes_not_read_ahead", reason=str(error))
        finally:
            self.reading = False

    def close(self) -> None:
        """Waits until nothing is written any more."""
        self._closing = True
        if self._saver is not None:
            self._saver.join()

    def _file(self, site: str) -> Path | None:
        return None if self._folder is None else self._folder / f"{site}.hashes"

    def _from_snapshot(self, connection: Connection, site: str) -> SiteHashes:
        """What the snapshot holds, or nothing where there is none that belongs to this log."""
        path = self._file(site)
        if path is None or not path.exists():
            return SiteHashes()
        try:
            found = snapshot.read(path, kind=_KIND)
            # Ids of images are never given twice, so the log that has this very line has all those before it.
            if hashes.image_at(connection, site, found.position) != found.last:
                raise SnapshotRefused(f"{path} was made of another log than that of this database.")
        except (SnapshotRefused, OSError) as error:
            log.warning("snapshot_ignored", reason=str(error))
            return SiteHashes()
        return SiteHashes(found)

    def _save_in_time(self, site: str, known: SiteHashes) -> None:
        """Has a snapshot written where it is time, by a thread of its own, unless one is being written."""
        path = self._file(site)
        if path is None or self._closing or known.seq - known.saved < max(LARGE, known.seq // _ANEW_FROM_SHARE):
            return
        with self._saving:
            taken = known.taken() if self._saver is None or not self._saver.is_alive() else None
            if taken is not None:
                known.saved = known.seq
                self._saver = threading.Thread(target=_save, args=(path, taken), name="tawatur-snapshot", daemon=True)
                self._saver.start()


def _save(path: Path, taken: Callable[[], Snapshot]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        snapshot.write(path, taken(), kind=_KIND)
    except OSError as error:
        log.warning("snapshot_not_written", reason=str(error))
