"""HTTP signatures as fediverse servers make them (draft-cavage-http-signatures-12): an RSA key of the sender signs the
request's method and path, host, date and the digest of its body."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from tawatur.web.problems import Problem

WINDOW = timedelta(hours=1)
"""How far a signature's date may lie from now: servers sign again for each try, and clocks differ."""
NEEDED = frozenset({"(request-target)", "host", "date", "digest"})
LONGEST = 8192
_PARAMETER = re.compile(r'\s*([A-Za-z]+)=(?:"([^"]*)"|([0-9]+))\s*(?:,|$)')


REMEMBERED = 100_000
"""Signatures: more would have to come within the window for one to be taken twice."""


class Seen:
    """The signatures that were taken within the window, by this process: each is good for one report."""

    def __init__(self) -> None:
        self._until: dict[bytes, datetime] = {}

    def has(self, signature: Signature, now: datetime) -> bool:
        return self._until.get(_digest(signature), now) > now

    def add(self, signature: Signature, now: datetime) -> None:
        if len(self._until) >= REMEMBERED:
            self._until = {digest: until for digest, until in self._until.items() if until > now}
        self._until[_digest(signature)] = now + 2 * WINDOW


class NotSigned(Problem):
    """The request carries no signature that holds."""

    def __init__(self, detail: str) -> None:
        super().__init__(401, detail, "No valid signature")


class Signature(msgspec.Struct, frozen=True):
    """A signature as it came: whose key, over which headers."""

    key: str
    headers: tuple[str, ...]
    made: bytes


def _digest(signature: Signature) -> bytes:
    return hashlib.sha256(signature.made).digest()


def read_signature(header: str) -> Signature:
    """What a `Signature` header says. Raises NotSigned."""
    if not header or len(header) > LONGEST:
        raise NotSigned("Sign the request: it needs a header `Signature` (draft-cavage-http-signatures).")
    said = {found[1]: found[2] or found[3] or "" for found in _PARAMETER.finditer(header)}
    if said.get("algorithm", "hs2019") not in ("rsa-sha256", "hs2019"):
        raise NotSigned("Only rsa-sha256 is taken as an algorithm.")
    headers = tuple(said.get("headers", "").lower().split())
    missing = sorted(NEEDED - set(headers))
    if missing:
        raise NotSigned(f"The signature must cover {', '.join(missing)}.")
    try:
        made = base64.b64decode(said.get("signature", ""), validate=True)
    except (binascii.Error, ValueError):
        raise NotSigned("The signature is not in Base64.") from None
    return Signature(said.get("keyId", ""), headers, made)


def check_date(text: str, now: datetime) -> None:
    """Raises NotSigned where the request was signed long ago, or will be."""
    try:
        at = parsedate_to_datetime(text)
        apart = abs(now - at) if at.tzinfo is not None else None
    except (TypeError, ValueError, OverflowError):
        apart = None
    if apart is None or apart > WINDOW:
        raise NotSigned("The header `Date` must be the time of the request, in GMT.")


def check_digest(text: str, body: bytes) -> None:
    """Raises NotSigned where the `Digest` is not the body's SHA-256."""
    expected = base64.b64encode(hashlib.sha256(body).digest()).decode()
    parts = [part.strip().partition("=") for part in text.split(",")]
    told = next((value for name, _, value in parts if name.lower() == "sha-256"), "")
    if not hmac.compare_digest(told.encode(), expected.encode()):
        raise NotSigned("The header `Digest` is not the SHA-256 of the body.")


def signed_text(signature: Signature, method: str, target: str, headers: Mapping[str, str]) -> bytes:
    """What was signed. Raises NotSigned where a header that it covers is not there."""
    lines = []
    for name in signature.headers:
        value = f"{method.lower()} {target}" if name == "(request-target)" else headers.get(name)
        if value is None:
            raise NotSigned(f"The signature covers the header {name[:60]!r}, which did not come.")
        lines.append(f"{name}: {value}")
    return "\n".join(lines).encode()


def holds(key: RSAPublicKey, signature: Signature, text: bytes) -> bool:
    try:
        key.verify(signature.made, text, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True
