"""The proof that one event lies under a signed seal: all that somebody needs who has none of this code
(docs/check_proof.py)."""

from __future__ import annotations

from typing import Any

from tawatur.log import leaves, seal
from tawatur.log.personal import MEANS, WHO, split
from tawatur.store import seals
from tawatur.store.database import Database
from tawatur.store.writer import Refused


class UnknownEvent(Refused):
    """No such event"""


class NotSealedYet(Refused):
    """The event is not sealed yet"""


def proof(database: Database, site: str, event_id: str) -> dict[str, Any]:
    """The event as it was sealed, its way up to the root, the seal, and the chain of keys. Parts that were erased are
    left out; their digests stand for them. Raises UnknownEvent and NotSealedYet."""
    with database.read() as connection:
        event = seals.event(connection, site, event_id)
        if event is None:
            raise UnknownEvent(f"This site has no event {event_id!r}.")
        row = None if event.position is None else seals.over(connection, event.position)
        sealed = None if row is None else seals.under(connection, row.number)
        if row is None or sealed is None or event.position is None:
            raise NotSealedYet("Events are sealed about once a minute; ask again then.")
        erased = {one.part: one.digest for one in seals.erased(connection, event.position, event.position)}
        known = seals.keys(connection)
    index = event.position - seal.read(row).first
    salts = leaves.cut(sealed.salts, leaves.SALTS)[index]
    parts = split(event.body)
    return {
        "form": seal.FORM,
        "event": event.id,
        "head": leaves.head(event).decode().rstrip("\n"),
        "open": parts.open.decode(),
        WHO: _part(parts.who, salts[: leaves.SALT], erased.get(WHO)),
        MEANS: _part(parts.means, salts[leaves.SALT :], erased.get(MEANS)),
        "path": [{side: node.hex()} for side, node in leaves.path(leaves.cut(sealed.leaves), index)],
        "seal": row.body,
        "signature": row.signature,
        "keys": [
            {"statement": one.body, "signature": one.signature, "previous_signature": one.previous_signature}
            for one in known
        ],
    }


def _part(said: bytes, salt: bytes, erased: bytes | None) -> dict[str, str]:
    """A part that is there with its salt, or the digest of one that was erased; empty where there never was one."""
    if erased is not None:
        return {"digest": erased.hex()}
    return {"said": said.decode(), "salt": salt.hex()} if said else {}
