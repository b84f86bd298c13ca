"""Turns what a site says about people into keyed digests that nobody can turn back without the server's secret.

The secret lives outside the database (settings.py), each site has its own key derived from it, so the same
person has unrelated pseudonyms on two sites, and a stolen database names nobody.
"""

from __future__ import annotations

import hashlib
import hmac
import socket

IPV4_PREFIX = 24
IPV6_PREFIX = 48
"""Networks are told apart by prefix: what one household, office or carrier gateway gets as a block."""

DIGEST_HEX = 32
_MAPPED = bytes(10) + b"\xff\xff"
"""What an IPv4 address begins with when it is written as an IPv6 one."""


class Pseudonyms:
    """One site's pseudonyms. All results are 32 hexadecimal digits of an HMAC-SHA256."""

    def __init__(self, secret: bytes, site: str) -> None:
        self._key = hmac.digest(secret, b"tawatur/pseudonyms/1/" + site.encode(), hashlib.sha256)

    def person(self, name: str) -> str:
        """A reporter, an uploader or a reviewer: the same id is the same person, whatever they do."""
        return self._digest("person", name)

    def anonymous(self, network: str, nonce: str) -> str:
        """A reader whom the site does not know: somebody new behind a network (its digest)."""
        return self._digest("anonymous", f"{network}/{nonce}")

    def device(self, name: str) -> str:
        return self._digest("device", name)

    def referrer(self, name: str) -> str:
        return self._digest("referrer", name)

    def network(self, name: str) -> str:
        """An address is cut to its prefix first (IPv4 /24, IPv6 /48); any other text stands for itself."""
        return self._digest("network", network_prefix(name))

    def _digest(self, kind: str, name: str) -> str:
        return hmac.digest(self._key, f"{kind}/{name}".encode(), "sha256").hex()[:DIGEST_HEX]


def network_prefix(name: str) -> str:
    """The network part of an IP address as text; text that is no address comes back as it is."""
    for family, octets in ((socket.AF_INET, IPV4_PREFIX // 8), (socket.AF_INET6, IPV6_PREFIX // 8)):
        try:
            packed = socket.inet_pton(family, name.strip())
        except (OSError, UnicodeEncodeError, ValueError):
            continue
        if packed.startswith(_MAPPED):
            packed, octets = packed[len(_MAPPED) :], IPV4_PREFIX // 8
        return f"{packed[:octets].hex()}/{octets * 8}"
    return name
