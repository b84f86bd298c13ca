"""Who a DID is: the key that its account signs with, and the server that the account lives on.

Documents come from the directory of did:plc, or from the host that a did:web names, through the same safe fetch as
pictures. They are remembered for a while, failures for less.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec

from tawatur.delivery.label_keys import PublicKey
from tawatur.moderation.fetch import Fetcher
from tawatur.moderation.refusals import TooOften
from tawatur.store.writer import Refused
from tawatur.web.pace import Pace
from tawatur.web.xrpc.failures import XrpcError

KEPT_S = 600.0
FAILED_S = 30.0
REMEMBERED = 20_000
MAX_BYTES = 64 * 1024
A_MINUTE = 300
"""Documents that are fetched for requests from one address: a large server's members come through one."""
_PLC = re.compile(r"did:plc:[a-z2-7]{24}")
_WEB = re.compile(r"did:web:([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*(?:%3A[0-9]{1,5})?)")
_ACCEPT = "application/did+ld+json, application/json;q=0.9"
_OLD_KEYS = ("EcdsaSecp256k1VerificationKey2019", "EcdsaSecp256r1VerificationKey2019")


class Account(msgspec.Struct, frozen=True):
    """What a DID document says of an account: its key as a multikey, and the host of its server."""

    key: str
    server: str


class Dids:
    """Resolves DIDs. `directory` is the address of a directory of did:plc."""

    def __init__(self, fetcher: Fetcher, directory: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetcher = fetcher
        self._directory = directory.rstrip("/")
        self._clock = clock
        self._known: dict[str, tuple[float, Account | str]] = {}
        self._asked = Pace(A_MINUTE, 60.0, clock)
        self._fresh = Pace(2, 60.0, clock)

    async def account(self, did: str, asker: str, *, fresh: bool = False) -> Account:
        """The account, as remembered unless it is to be `fresh`, which is done twice a minute at most. Raises XrpcError
        and TooOften."""
        known = self._known.get(did)
        if known is None or known[0] <= self._clock() or (fresh and not self._fresh.take(did)):
            if wait := self._asked.take(asker):
                raise TooOften("Too many accounts are asked for from your server.", wait)
            known = await self._looked_up(did)
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[did] = known
        if isinstance(known[1], str):
            raise XrpcError(401, "UnresolvableDid", known[1])
        return known[1]

    async def _looked_up(self, did: str) -> tuple[float, Account | str]:
        try:
            data = await self._fetcher.fetch(self._address(did), MAX_BYTES, accept=_ACCEPT)
            found = read_document(did, msgspec.json.decode(data))
        except (Refused, msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
            return self._clock() + FAILED_S, f"{did[:300]} cannot be looked up: {error}"
        return self._clock() + KEPT_S, found

    def _address(self, did: str) -> str:
        if _PLC.fullmatch(did):
            return f"{self._directory}/{did}"
        found = _WEB.fullmatch(did)
        if found is None:
            raise ValueError("only did:plc and did:web are accounts here")
        host = unquote(found[1])
        scheme = "http" if host.partition(":")[0] == "localhost" else "https"  # as all of atproto has it, for tests
        return f"{scheme}://{host}/.well-known/did.json"


def read_document(did: str, document: Any) -> Account:
    """What a DID document says. Raises ValueError."""
    if not isinstance(document, dict) or document.get("id") != did:
        raise ValueError("its document is of somebody else")
    key = next((_key(one) for one in _entries(document, "verificationMethod", did, "#atproto")), None)
    server = next((one.get("serviceEndpoint") for one in _entries(document, "service", did, "#atproto_pds")), "")
    if key is None:
        raise ValueError("its document has no key #atproto")
    host = urlsplit(server).hostname if isinstance(server, str) else None
    return Account(key, host or "")


def _entries(document: dict[str, Any], part: str, did: str, name: str) -> list[dict[str, Any]]:
    entries = document.get(part)
    if not isinstance(entries, list):
        return []
    return [one for one in entries if isinstance(one, dict) and one.get("id") in (name, did + name)]


def _key(entry: dict[str, Any]) -> str:
    """The key as a multikey. Raises ValueError."""
    key = entry.get("publicKeyMultibase")
    if not isinstance(key, str) or len(key) > 200:
        raise ValueError("its key is not written as a multikey")
    if entry.get("type") in _OLD_KEYS:
        raise ValueError(f"its key is of the old kind {entry['type']}, which no network uses any more")
    PublicKey(key)
    return key
