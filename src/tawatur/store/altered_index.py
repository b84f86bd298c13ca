"""Finds what a picture is an altered copy of: for each site an index of what is blocked, in memory.

A search takes some 10 ms, too long for the one thread that writes. So it is made before, against what the process has
read by then, and remembers how far that was; within the transaction only what came since is compared.
"""

from __future__ import annotations

import threading

from sqlalchemy import Connection

from tawatur.imaging.alike import alike
from tawatur.imaging.altered import AlteredIndex
from tawatur.imaging.features import Features, read
from tawatur.store import altered
from tawatur.store.altered import KnownBy, Looked, Resembled


class AlteredCopies:
    """The blocked pictures of all sites that this process has been asked about. Thread-safe."""

    def __init__(self) -> None:
        self._sites: dict[str, _Site] = {}
        self._lock = threading.Lock()

    def look(self, connection: Connection, site: str, query: Features) -> Looked:
        """What of the site this picture is an altered copy of, as far as is committed."""
        with self._lock:
            known = self._sites.setdefault(site, _Site())
            for line in altered.after(connection, site, known.seq):
                known.read(line)
            found = known.index.search(query) if len(known.index) else []
            return Looked(known.seq, tuple(Resembled(k, known.images[k], one.corners) for k, one in found))


class _Site:
    def __init__(self) -> None:
        self.seq = 0
        self.index = AlteredIndex()
        self.images: dict[str, str] = {}

    def read(self, line: KnownBy) -> None:
        self.seq = line.seq
        features = read(line.body or b"")
        if line.gone:
            self.images.pop(line.family, None)
            self.index.remove(line.family)
        elif features is not None:
            self.images[line.family] = line.image
            self.index.add(line.family, features)


def look_again(looked: Looked, query: Features, since: list[KnownBy]) -> list[Resembled]:
    """What was found, without what is gone `since` and with what came."""
    found = {one.family: one for one in looked.found}
    for line in since:
        found.pop(line.family, None)
        features = None if line.gone else read(line.body or b"")
        if features is not None:
            likeness = alike(query, features)
            if likeness.altered_copy:
                found[line.family] = Resembled(line.family, line.image, likeness.corners)
    return sorted(found.values(), key=lambda one: (-one.corners, one.family))
