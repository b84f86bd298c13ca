"""Which keys of an event speak of people. They are sealed apart from the rest, each part under a salt of its own, so
that they can be erased while what remains stays proven.

`who`: pseudonyms of people. `means`: what was told of their means and places, and in free words: signals, page
addresses, why a person did something. All other keys say what happened, and stay for good; tests/log/test_personal.py
asks of every new key which it is.
"""

from __future__ import annotations

import msgspec

from tawatur.store.events import EventRow

WHO = "who"
MEANS = "means"
PARTS = (WHO, MEANS)

PERSONAL = {
    "reporter": WHO,
    "uploader": WHO,
    "reviewer": WHO,
    "viewers": WHO,
    "changed_by": WHO,
    "by": WHO,
    "why": MEANS,
    "answer": MEANS,
    "signals": MEANS,
    "page": MEANS,
    "external_id": MEANS,
    "addresses": MEANS,
}
"""Seals of form 1 (log/seal.py) are made by this table: a key that is added after a release makes a new form."""

_body = msgspec.json.Decoder(dict[str, msgspec.Raw])
_encode = msgspec.json.encode


class NotAsWritten(ValueError):
    """An event's body is not as the log writes bodies."""


class Split(msgspec.Struct, frozen=True, gc=False):
    """An event's body in its parts, each the JSON object of its keys as they were written; empty where it has none."""

    open: bytes
    who: bytes
    means: bytes


def split(body: str) -> Split:
    """Takes a body apart. Raises NotAsWritten for what is not a compact JSON object with each key once."""
    raw = body.encode()
    try:
        members = _body.decode(raw)
    except msgspec.DecodeError as error:
        raise NotAsWritten(f"its body is no event: {error}") from None
    parts: dict[str | None, list[bytes]] = {None: [], WHO: [], MEANS: []}
    whole = []
    for key, value in members.items():
        member = _encode(key) + b":" + bytes(value)
        whole.append(member)
        parts[PERSONAL.get(key)].append(member)
    if _object(whole) != raw:
        raise NotAsWritten("its body says the same in other letters")
    return Split(_object(parts[None]), *(_object(parts[part]) if parts[part] else b"" for part in PARTS))


def names_nobody(event: EventRow) -> bool:
    """Whether the event says of people no more than an erasure leaves."""
    who = split(event.body).who
    return not who or {*msgspec.json.decode(who, type=dict[str, str]).values()} == {nobody(event)}


def nobody(event: EventRow) -> str:
    """What stands for erased people in an event: whoever it was, and nobody who is known. For a reporter the same in
    the report and in its withdrawal, and in no other."""
    return f"erased-{msgspec.json.decode(event.body).get('report') or event.id}"


def _object(members: list[bytes]) -> bytes:
    return b"{" + b",".join(members) + b"}"
