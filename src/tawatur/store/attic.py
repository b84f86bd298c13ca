"""Where a long replay puts away the families that nobody asks for: in a file of its own, which nobody else sees and
which is gone when the replay is. So memory holds what is live, however long the history.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, NamedTuple

_TABLES = """
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    PRAGMA cache_size = -4096;
    CREATE TABLE families (family TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE images (image TEXT PRIMARY KEY, family TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE pictures (picture BLOB PRIMARY KEY, image TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE speakers (person TEXT, family TEXT, PRIMARY KEY (person, family)) WITHOUT ROWID;
"""


class Packed(NamedTuple):
    """A family to put away: its body, its images, the digests of pictures each with its image, and the people whose
    reports of it are live."""

    family: str
    body: bytes
    images: list[str]
    pictures: list[tuple[bytes, str]]
    speakers: list[str]


class Attic:
    """Packed families by their ids, the family of each image, and the image by which a picture is known."""

    def __init__(self) -> None:
        self._file: sqlite3.Connection | None = None

    def put(self, packed: Sequence[Packed]) -> None:
        """Puts families away."""
        if not packed:
            return
        if self._file is None:
            # No name: SQLite makes a temporary file and takes it away again.
            self._file = sqlite3.connect("", isolation_level=None, check_same_thread=False)
            self._file.executescript(_TABLES)
        with self._file as file:
            file.execute("BEGIN")
            file.executemany("INSERT INTO families VALUES (?, ?)", [(one.family, one.body) for one in packed])
            images = [(image, one.family) for one in packed for image in one.images]
            file.executemany("INSERT INTO images VALUES (?, ?)", images)
            pictures = [picture for one in packed for picture in one.pictures]
            file.executemany("INSERT OR REPLACE INTO pictures VALUES (?, ?)", pictures)
            speakers = [(person, one.family) for one in packed for person in one.speakers]
            file.executemany("INSERT OR IGNORE INTO speakers VALUES (?, ?)", speakers)

    def take(self, family: str) -> bytes | None:
        """Takes a family out again; None when it is not here."""
        body: bytes | None = self._one("SELECT body FROM families WHERE family = ?", family)
        if body is not None and self._file is not None:
            self._file.execute("DELETE FROM families WHERE family = ?", (family,))
        return body

    def family_of(self, image: str) -> str | None:
        """The family of an image that is put away."""
        found: str | None = self._one("SELECT family FROM images WHERE image = ?", image)
        return found

    def image_of(self, picture: bytes) -> str | None:
        """The image by which a picture is known here."""
        found: str | None = self._one("SELECT image FROM pictures WHERE picture = ?", picture)
        return found

    def spoke(self, person: str) -> list[str]:
        """The families that were put away while this person's report was live, in order; each is named once."""
        if self._file is None:
            return []
        found = self._file.execute("SELECT family FROM speakers WHERE person = ? ORDER BY family", (person,)).fetchall()
        if found:
            self._file.execute("DELETE FROM speakers WHERE person = ?", (person,))
        return [family for (family,) in found]

    def forget(self, image: str, picture: bytes) -> bool:
        """The image is here no more; returns whether the picture was known by it."""
        if self._file is None:
            return False
        self._file.execute("DELETE FROM images WHERE image = ?", (image,))
        gone = self._file.execute("DELETE FROM pictures WHERE picture = ? AND image = ?", (picture, image))
        return gone.rowcount > 0

    def _one(self, query: str, key: str | bytes) -> Any:
        if self._file is None:
            return None
        row = self._file.execute(query, (key,)).fetchone()
        return None if row is None else row[0]
