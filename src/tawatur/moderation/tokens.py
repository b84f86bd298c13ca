"""Reporter tokens: with one, a page reports as one reader of one site, for a short while.

A token holds pseudonyms only, so nobody who reads it learns whom it stands for. It is signed with a key that is derived
from the server's secret for its site alone, as pseudonyms are: every process that shares the secret reads it, and no
other site does. Nothing of it is stored. Whoever steals one can report, and take back, as that reader until it ends:
one report an image, which counts as that reader's, so a stolen token adds no voice.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import msgspec

from tawatur.moderation.refusals import TokenRefused

PREFIX = "twr_"
LONGEST = 1024
"""Characters. Ours have less than half as many."""


class Claims(msgspec.Struct, frozen=True, array_like=True):
    """Whom a token stands for. Digests are those of `Pseudonyms`; `expires` and `account_created_at` are whole seconds
    since 1970 in UTC. `anonymous`: the site does not know them."""

    site: str
    reporter: str
    expires: int
    account_created_at: int | None = None
    device: str | None = None
    network: str | None = None
    anonymous: bool = False

    @property
    def account_made(self) -> datetime | None:
        if self.account_created_at is None:
            return None
        return _EPOCH + timedelta(seconds=self.account_created_at)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Claims)


def sign(secret: bytes, claims: Claims) -> str:
    """The token that says this, for whoever has the server's secret."""
    body = _encoder.encode(claims)
    return f"{PREFIX}{_text(body)}.{_text(_seal(secret, claims.site, body))}"


def read(secret: bytes, token: str, now: datetime) -> Claims:
    """What a token says. Raises TokenRefused when it was not signed here, or its time is over."""
    claims = read_expired(secret, token)
    if claims.expires <= now.timestamp():
        raise TokenRefused("This reporter token's time is over. Get a new one, and try again.")
    return claims


def read_expired(secret: bytes, token: str) -> Claims:
    """The same for a token whose time may be over. Raises TokenRefused when it was not signed here."""
    body, _, seal = token.removeprefix(PREFIX).partition(".")
    try:
        if len(token) > LONGEST or not token.startswith(PREFIX):
            raise ValueError
        said = _bytes(body)
        claims = _decoder.decode(said)
        if hmac.compare_digest(_seal(secret, claims.site, said), _bytes(seal)):
            return claims
    except (ValueError, msgspec.DecodeError, UnicodeError):
        pass
    raise TokenRefused("This reporter token was not made here, or is damaged. Get a new one, and try again.")


def seconds(moment: datetime) -> int:
    """Whole seconds since 1970 in UTC; `moment` is aware."""
    return (moment - _EPOCH) // timedelta(seconds=1)


def _seal(secret: bytes, site: str, body: bytes) -> bytes:
    key = hmac.digest(secret, b"tawatur/reporter-tokens/1/" + site.encode(), hashlib.sha256)
    return hmac.digest(key, body, "sha256")


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    """Raises ValueError (binascii.Error is one)."""
    try:
        return base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError from error
