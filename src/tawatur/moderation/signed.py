"""What this server signs and gives away, to know it again when it comes back: nothing of it is stored.

Each is signed with a key that is derived from the server's secret for one purpose and one site: every process that
shares the secret reads it, and what was made for one purpose or site is worth nothing at another.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

LONGEST = 1024
"""Characters. Ours have less than half as many."""


def seal(secret: bytes, purpose: str, site: str, body: bytes) -> str:
    """The body with its seal, as text that can stand in an address."""
    return f"{_text(body)}.{_text(_digest(secret, purpose, site, body))}"


def said(sealed: str) -> bytes:
    """The body, sealed by whom it may. Raises ValueError."""
    return _bytes(sealed.partition(".")[0])


def is_ours(secret: bytes, purpose: str, site: str, sealed: str) -> bool:
    """Whether this was sealed here for that purpose and site. Raises ValueError for what has no seal's form."""
    body, _, mark = sealed.partition(".")
    return hmac.compare_digest(_digest(secret, purpose, site, _bytes(body)), _bytes(mark))


def _digest(secret: bytes, purpose: str, site: str, body: bytes) -> bytes:
    key = hmac.digest(secret, f"tawatur/{purpose}/1/{site}".encode(), hashlib.sha256)
    return hmac.digest(key, body, "sha256")


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    """Raises ValueError (binascii.Error is one)."""
    try:
        return base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError from error
