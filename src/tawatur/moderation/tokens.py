"""Reporter tokens: with one, a page reports as one reader of one site, for a short while.

A token holds pseudonyms only, so nobody who reads it learns whom it stands for. It is signed with a key that is derived
from the server's secret for its site alone, as pseudonyms are: every process that shares the secret reads it, and no
other site does. Nothing of it is stored. Whoever steals one can report, and take back, as that reader until it ends:
one report an image, which counts as that reader's, so a stolen token adds no voice.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from tawatur.moderation.refusals import TokenRefused
from tawatur.moderation.signed import LONGEST, is_ours, said, seal

PREFIX = "twr_"
_PURPOSE = "reporter-tokens"


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
    return PREFIX + seal(secret, _PURPOSE, claims.site, _encoder.encode(claims))


def read(secret: bytes, token: str, now: datetime) -> Claims:
    """What a token says. Raises TokenRefused when it was not signed here, or its time is over."""
    claims = read_expired(secret, token)
    if claims.expires <= now.timestamp():
        raise TokenRefused("This reporter token's time is over. Get a new one, and try again.")
    return claims


def read_expired(secret: bytes, token: str) -> Claims:
    """The same for a token whose time may be over. Raises TokenRefused when it was not signed here."""
    sealed = token.removeprefix(PREFIX)
    try:
        if len(token) > LONGEST or not token.startswith(PREFIX):
            raise ValueError
        claims = _decoder.decode(said(sealed))
        if is_ours(secret, _PURPOSE, claims.site, sealed):
            return claims
    except (ValueError, msgspec.DecodeError, UnicodeError):
        pass
    raise TokenRefused("This reporter token was not made here, or is damaged. Get a new one, and try again.")


def seconds(moment: datetime) -> int:
    """Whole seconds since 1970 in UTC; `moment` is aware."""
    return (moment - _EPOCH) // timedelta(seconds=1)
