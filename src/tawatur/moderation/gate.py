"""What may be shown of an image right now: read at every request, so a block holds from its commit on."""

from __future__ import annotations

from tawatur.store import images
from tawatur.store.database import Database
from tawatur.store.images import Shown


def look_up(database: Database, image: str) -> Shown | None:
    """The image's bytes by address and what its family's state lets be seen of them; None when there is none."""
    with database.read() as connection:
        return images.shown(connection, image)
