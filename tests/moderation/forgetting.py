"""A world whose log is sealed, in which people are erased and time passes."""

from __future__ import annotations

import json
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import text

from tawatur.lab.replay import Replay
from tawatur.log.export import lines
from tawatur.log.keys import Keyring
from tawatur.log.verify import Verified, verify
from tawatur.moderation.erasure import Erased, Eraser, erase_person
from tawatur.moderation.retention import keep_to_retention
from tawatur.store import schema
from tawatur.store.database import Database
from tests.moderation.world import World


def digest(name: str) -> str:
    """What a person, a device or a network is called here: something that is found nowhere else."""
    return sha256(name.encode()).hexdigest()[:32]


class ForgettingWorld(World):
    """A site of a database of its own."""

    database: Database

    def __init__(self, database: Database, folder: Path, policy: str | None = None) -> None:
        super().__init__(database, "1", policy)
        self.keyring = Keyring(folder)
        self.eraser = Eraser(database, self.keyring, self.new_id, lambda: self.now)

    def erase(self, name: str, kind: str = "reporter") -> Erased:
        return erase_person(self.eraser, self.site, kind, digest(name))

    def days_pass(self, days: float) -> None:
        """So many days, and then the daily sweep."""
        self.eraser.carry_out()
        self.wait(days=days)
        keep_to_retention(self.eraser, self.now)

    def verified(self) -> Verified:
        return verify(self.database, {*self.keyring.all_of_them()}, self.now + timedelta(seconds=1))

    def exported(self) -> list[dict[str, Any]]:
        return list(lines(self.database, self.site))

    def replayed(self) -> list[dict[str, Any]]:
        """What a replay of the exported log comes to."""
        replay = Replay()
        return [made for line in self.exported() for made in replay.apply(line)]

    def everything(self) -> str:
        """All rows of all tables."""
        found = []
        with self.database.read() as connection:
            for table in schema.metadata.sorted_tables:
                found += [str(tuple(row)) for row in connection.execute(text(f'SELECT * FROM "{table.name}"'))]
        return "\n".join(found)

    def names(self, *said: str) -> list[str]:
        """Which of these people, means or sentences stand anywhere in the database."""
        kept = self.everything() + json.dumps(self.exported())
        return [one for one in said if digest(one) in kept or (" " in one and one in kept)]
