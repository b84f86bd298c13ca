"""Notes about a case, for colleagues: never told to anybody outside, and no part of any decision."""

from __future__ import annotations

from datetime import datetime

from tawatur.moderation.refusals import BadNote, UnknownImage
from tawatur.store import images, notes
from tawatur.store.database import Database
from tawatur.store.ids import new_id
from tawatur.store.notes import Note

MOST_NOTE = 2000


def add_note(database: Database, site: str, image_id: str, person: str, text: str, now: datetime) -> Note:
    """Keeps what an account of the console wrote about an image's case. Raises UnknownImage and BadNote."""
    text = text.replace("\x00", "").strip()
    if not 0 < len(text) <= MOST_NOTE:
        raise BadNote(f"A note has 1 to {MOST_NOTE} characters.")
    with database.write() as connection:
        image = next((one for one in images.of_ids(connection, {image_id}) if one.site == site), None)
        if image is None:
            raise UnknownImage(f"This site has no image {image_id!r}.")
        note = Note(new_id(), site, image.family, now, person, text)
        notes.insert(connection, note)
    return note
