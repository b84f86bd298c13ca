"""Service tokens: what an account's server signs for it, so that another server knows who asks and for what.

A JSON Web Token with the account's DID as `iss`, ours as `aud`, the method as `lxm` and an end within minutes, signed
with the account's own key.
"""

from __future__ import annotations

import base64
import binascii
import re
from datetime import datetime

import msgspec

from tawatur.delivery.label_keys import PublicKey
from tawatur.delivery.labelers import SERVICE_NAME
from tawatur.web.xrpc.dids import Account, Dids
from tawatur.web.xrpc.failures import XrpcError

LONGEST = 4096
LASTS_S = 3600
"""No token may be good for longer; servers give 60 seconds."""
_PART = re.compile(r"[A-Za-z0-9_-]*")


class _Head(msgspec.Struct):
    alg: str


class _Claims(msgspec.Struct):
    iss: str
    aud: str
    exp: float
    lxm: str | None = None


class Token(msgspec.Struct, frozen=True):
    """A token as it came, nothing of it checked but its form."""

    issuer: str
    audience: str
    ends: float
    method: str | None
    algorithm: str
    signed: bytes
    signature: bytes


def read_token(header: str) -> Token:
    """The token of an `Authorization` header. Raises XrpcError."""
    scheme, _, text = header.partition(" ")
    if scheme.lower() != "bearer" or not text.strip():
        raise XrpcError(401, "AuthMissing", "Send a service token as `Authorization: Bearer …`.")
    text = text.strip()
    try:
        if len(text) > LONGEST:
            raise ValueError
        head, claims, signature = text.split(".")
        algorithm = msgspec.json.decode(_bytes(head), type=_Head).alg
        said = msgspec.json.decode(_bytes(claims), type=_Claims)
        made = _bytes(signature)
    except (ValueError, msgspec.DecodeError, UnicodeDecodeError):
        raise XrpcError(401, "BadJwt", "The token cannot be read.") from None
    return Token(said.iss, said.aud, said.exp, said.lxm, algorithm, f"{head}.{claims}".encode(), made)


async def check_token(token: Token, dids: Dids, did: str, method: str, now: datetime, asker: str) -> Account:
    """Who signed the token, for us, for this method and for now. Raises XrpcError, TooOften."""
    if token.audience not in (did, did + SERVICE_NAME):
        raise XrpcError(401, "BadJwtAudience", f"The token is not for {did}.")
    if token.method != method:
        raise XrpcError(401, "BadJwtLexiconMethod", f"The token is not for {method}.")
    left = token.ends - now.timestamp()
    if left <= 0:
        raise XrpcError(401, "JwtExpired", "The token is past its end.")
    if not left <= LASTS_S:
        raise XrpcError(401, "BadJwt", f"A token may be good for {LASTS_S} seconds at most.")
    account = await dids.account(token.issuer, asker)
    if not _made_by(account, token):
        account = await dids.account(token.issuer, asker, fresh=True)  # its key may have changed since
        if not _made_by(account, token):
            raise XrpcError(401, "BadJwtSignature", "The token is not signed with the key of its issuer.")
    return account


def _made_by(account: Account, token: Token) -> bool:
    key = PublicKey(account.key)
    return key.algorithm == token.algorithm and key.signed(token.signature, token.signed)


def _bytes(part: str) -> bytes:
    """Raises ValueError."""
    if not _PART.fullmatch(part):
        raise ValueError
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except binascii.Error:
        raise ValueError from None
