"""What the page round an image says, as it is told to people. It is information: nothing that decides looks here.

Of the text nothing is kept but the names, places, kinds of event and the sentences that they stand in
(context/around.py), for `store.contexts.KEPT`, or until the site has it deleted.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from babel import Locale
from sqlalchemy import Connection

from tawatur.context.around import Around
from tawatur.moderation.refusals import UnknownImage
from tawatur.store import contexts, images
from tawatur.store.contexts import Context
from tawatur.store.database import Database

NONE = "none"
"""No text came with the image, or it is still being read."""
WAITING = "waiting"
READ = "read"
UNREADABLE = "unreadable"
"""There was no text in what came."""
NOT_FETCHED = "not_fetched"
"""The page's address did not give it."""
NOT_INSTALLED = "not_installed"

_NOTES = {NOT_INSTALLED: "The page was not read: context is not installed here (pip install 'tawatur[context]')."}


def keep(database: Database, site: str, image: str, state: str, found: Around | None, now: datetime) -> None:
    """Keeps what was found on an image's page, or why nothing was."""
    body = msgspec.json.encode(found or Around()).decode()
    with database.write() as connection:
        contexts.save(connection, Context(image, site, now, state, body))


def erase(database: Database, site: str, image: str) -> bool:
    """Deletes what is kept of an image's page; whether there was anything. Raises UnknownImage."""
    with database.write() as connection:
        if not any(one.site == site for one in images.of_ids(connection, {image})):
            raise UnknownImage(f"This site has no image {image!r}.")
        return contexts.erase(connection, site, image)


def told(connection: Connection, image: str, lang: str) -> dict[str, Any]:
    """What is known of the page round an image, with names in `ar`, `en` or `fr` and each with its sentence."""
    kept = contexts.of_image(connection, image)
    state, found = NONE, Around()
    if kept is not None:
        state, found = kept.state, msgspec.json.decode(kept.body, type=Around)

    def sentence(number: int) -> dict[str, str]:
        quoted = found.sentences[number]
        return {"text": quoted.text, "lang": quoted.lang}

    def country(code: str) -> str:
        return str(Locale(lang).territories.get(code, code))

    return {
        "used_in_decision": False,
        "state": state,
        "note": _NOTES.get(state),
        "read_at": None if kept is None else kept.at,
        "groups": [
            {"name": one.names[lang], "designated": one.designated, "sentence": sentence(one.sentence)}
            for one in found.groups
        ],
        "countries": [
            {"code": one.code, "name": country(one.code), "sentence": sentence(one.sentence)} for one in found.countries
        ],
        "regions": [{"name": one.names[lang], "sentence": sentence(one.sentence)} for one in found.regions],
        "events": [
            {
                "kind": one.kind,
                "country": one.country,
                "country_name": None if one.country is None else country(one.country),
                "when": one.when,
                "sentence": sentence(one.sentence),
            }
            for one in found.events
        ],
        "reads_as_report_about": list(found.about),
    }
