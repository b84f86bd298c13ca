"""How an event becomes a leaf, and leaves a Merkle tree (RFC 6962, section 2.1, with SHA-256).

    leaf = SHA-256(0x00 || SHA-256(head || open) || SHA-256(salt || who) || SHA-256(salt || means))

`head` is the JSON array of position, id, site, image, time (microseconds since 1970, UTC) and type with a line feed
after it; `open`, `who` and `means` are the parts of the body (log/personal.py). For an empty part stand 32 zero bytes.
The salts are of 16 random bytes: without them nobody can test whether a person they know of stood in an erased part.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import msgspec

from tawatur.log.personal import MEANS, WHO, NotAsWritten, Split, split
from tawatur.store.events import EventRow
from tawatur.store.schema import microseconds

SALT = 16
SALTS = 2 * SALT
"""Bytes of salt of an event: the first half for `who`, the second for `means`."""
LEAF = 32
EMPTY = bytes(LEAF)
NO_SALT = bytes(SALT)

_sha256 = hashlib.sha256
_encode = msgspec.json.encode


def head(event: EventRow) -> bytes:
    """Where and when it happened, and what kind of event it is."""
    moment = microseconds(event.at)
    return _encode([event.position, event.id, event.site, event.image, moment, event.type]) + b"\n"


def part_digest(salt: bytes, part: bytes) -> bytes:
    return _sha256(salt + part).digest()


def fresh(event: EventRow, salts: bytes) -> tuple[bytes, bytes]:
    """The event's salts and its leaf, from new random salts; an empty part has none. Raises NotAsWritten."""
    parts = split(event.body)
    mine = (salts[:SALT] if parts.who else NO_SALT) + (salts[SALT:] if parts.means else NO_SALT)
    return mine, _leaf(event, parts, _digest(parts.who, mine[:SALT], None), _digest(parts.means, mine[SALT:], None))


def leaf(event: EventRow, salts: bytes, erased: Mapping[str, bytes]) -> bytes:
    """The event's leaf. `erased` has the digests of parts that were erased; they stand for what is not there any more.

    Raises NotAsWritten where the body is not one of the log, or there is a salt where nothing needs one.
    """
    parts = split(event.body)
    who = _digest(parts.who, salts[:SALT], erased.get(WHO))
    return _leaf(event, parts, who, _digest(parts.means, salts[SALT:], erased.get(MEANS)))


def _leaf(event: EventRow, parts: Split, who: bytes, means: bytes) -> bytes:
    return _sha256(b"\0" + _sha256(head(event) + parts.open).digest() + who + means).digest()


def _digest(part: bytes, salt: bytes, erased: bytes | None) -> bytes:
    if part and erased is None:
        return part_digest(salt, part)
    if salt != NO_SALT:
        raise NotAsWritten("there is a salt for a part that is not there")
    return EMPTY if erased is None else erased


def root(leaves: Sequence[bytes]) -> bytes:
    """The root of the tree over at least one leaf. Where a level has an odd number, its last node rises as it is, which
    gives the tree of RFC 6962."""
    level = list(leaves)
    while len(level) > 1:
        odd = level[-1:] if len(level) % 2 else []
        level = [_node(level[n], level[n + 1]) for n in range(0, len(level) - 1, 2)] + odd
    return level[0]


def path(leaves: Sequence[bytes], index: int) -> list[tuple[str, bytes]]:
    """The way from the leaf at `index` up to the root: on which side the other node is, and that node."""
    level, steps = list(leaves), []
    while len(level) > 1:
        if index % 2:
            steps.append(("left", level[index - 1]))
        elif index + 1 < len(level):
            steps.append(("right", level[index + 1]))
        odd = level[-1:] if len(level) % 2 else []
        level = [_node(level[n], level[n + 1]) for n in range(0, len(level) - 1, 2)] + odd
        index //= 2
    return steps


def cut(leaves: bytes, size: int = LEAF) -> list[bytes]:
    """Pieces of `size` bytes."""
    return [leaves[n : n + size] for n in range(0, len(leaves), size)]


def _node(left: bytes, right: bytes) -> bytes:
    return _sha256(b"\x01" + left + right).digest()
