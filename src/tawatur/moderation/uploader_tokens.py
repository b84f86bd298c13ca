"""Uploader tokens: with one, whoever posted an image reads what was decided of it, and objects.

A site puts one into a link that it sends. The token is bound to the site, the image and who posted it, by pseudonym; it
is signed and not stored (signed.py). It lasts as long as somebody may object and reads the answer after that. Whoever
gets hold of one can read and object as the uploader, for this one image, and sees no picture by it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from tawatur.moderation.appeal import APPEAL_WITHIN
from tawatur.moderation.refusals import TokenRefused
from tawatur.moderation.signed import LONGEST, is_ours, said, seal
from tawatur.moderation.tokens import seconds

PREFIX = "twu_"
LASTS = APPEAL_WITHIN + timedelta(days=92)
"""Six months to object, and three to read what was answered."""
_PURPOSE = "uploader-tokens"


class UploaderClaims(msgspec.Struct, frozen=True, array_like=True):
    """What a token is for. `uploader` is a pseudonym, None where the site does not say who posted the image; `expires`
    is in whole seconds since 1970 in UTC."""

    site: str
    image: str
    uploader: str | None
    expires: int


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(UploaderClaims)


def sign_uploader(secret: bytes, site: str, image: str, uploader: str | None, now: datetime) -> str:
    """A token for whoever posted this image, from now on."""
    claims = UploaderClaims(site, image, uploader, seconds(now + LASTS))
    return PREFIX + seal(secret, _PURPOSE, site, _encoder.encode(claims))


def read_uploader(secret: bytes, token: str, now: datetime) -> UploaderClaims:
    """What a token is for. Raises TokenRefused when it was not signed here, or its time is over."""
    sealed = token.removeprefix(PREFIX)
    try:
        if len(token) > LONGEST or not token.startswith(PREFIX):
            raise ValueError
        claims = _decoder.decode(said(sealed))
        if not is_ours(secret, _PURPOSE, claims.site, sealed):
            raise ValueError
    except (ValueError, msgspec.DecodeError, UnicodeError):
        raise TokenRefused("This link was not made here, or is damaged. Ask the site for a new one.") from None
    if claims.expires <= now.timestamp():
        raise TokenRefused("This link's time is over. Ask the site for a new one.")
    return claims
