"""The keys of actors, fetched from their servers through the same safe fetch as pictures; remembered for a while,
failures for less, and never more than so many."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urldefrag, urlsplit

import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from tawatur.moderation.fetch import Fetcher
from tawatur.moderation.refusals import TooOften
from tawatur.store.writer import Refused
from tawatur.web.fediverse.signatures import NotSigned, Seen
from tawatur.web.pace import Pace

KEPT_S = 600.0
FAILED_S = 30.0
REMEMBERED = 10_000
MAX_BYTES = 256 * 1024
A_MINUTE = 60
"""Keys that are fetched for requests from one address."""
LEAST_BITS, MOST_BITS = 2048, 8192
_ACCEPT = 'application/activity+json, application/ld+json; profile="https://www.w3.org/ns/activitystreams"'


class Signer(msgspec.Struct, frozen=True):
    """An actor and the public key that it signs with."""

    actor: str
    key: Any


class Actors:
    """Finds who a key belongs to."""

    def __init__(self, fetcher: Fetcher, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetcher = fetcher
        self._clock = clock
        self.seen = Seen()
        self._known: dict[str, tuple[float, Signer | str]] = {}
        self._asked = Pace(A_MINUTE, 60.0, clock)
        self._fresh = Pace(2, 60.0, clock)

    async def signer(self, key: str, asker: str, *, fresh: bool = False) -> Signer:
        """Whose key this is, as remembered unless it is to be `fresh`, which is done twice a minute at most. Raises
        NotSigned and TooOften."""
        known = self._known.get(key)
        if known is None or known[0] <= self._clock() or (fresh and not self._fresh.take(key)):
            if wait := self._asked.take(asker):
                raise TooOften("Too many keys are asked for from your server.", wait)
            known = await self._looked_up(key)
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[key] = known
        if isinstance(known[1], str):
            raise NotSigned(known[1])
        return known[1]

    async def _looked_up(self, key: str) -> tuple[float, Signer | str]:
        try:
            if len(key) > 2048 or not key.startswith(("https://", "http://")):
                raise ValueError("it is no address")
            document = msgspec.json.decode(await self._fetcher.fetch(urldefrag(key).url, MAX_BYTES, accept=_ACCEPT))
            found = read_key(key, document)
        except (Refused, msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
            return self._clock() + FAILED_S, f"The key {key[:300]} cannot be had: {error}"
        return self._clock() + KEPT_S, found


def read_key(key: str, document: Any) -> Signer:
    """The key of this id in an actor's document, or a document of its own; its owner is an actor of the same host.
    Raises ValueError."""
    if not isinstance(document, dict):
        raise ValueError("its document is no object")
    entries = document.get("publicKey", document)
    for entry in entries if isinstance(entries, list) else [entries]:
        if isinstance(entry, dict) and entry.get("id") == key:
            owner, pem = entry.get("owner"), entry.get("publicKeyPem")
            break
    else:
        raise ValueError("its document has no key of this id")
    if not isinstance(owner, str) or urlsplit(owner).netloc != urlsplit(key).netloc:
        raise ValueError("its owner is no actor of the same host")
    if "publicKey" in document and document.get("id") != owner:
        raise ValueError("its document is of another actor")
    found = load_pem_public_key(pem.encode()) if isinstance(pem, str) and len(pem) < 10_000 else None
    if not isinstance(found, RSAPublicKey) or not LEAST_BITS <= found.key_size <= MOST_BITS:
        raise ValueError(f"it is no RSA key of {LEAST_BITS} to {MOST_BITS} bits")
    return Signer(owner, found)
