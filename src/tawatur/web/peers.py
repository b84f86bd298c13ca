"""Where a request comes from."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from starlette.requests import HTTPConnection

from tawatur.web.house import house_of


def client_address(connection: HTTPConnection) -> str:
    """The reader's address, as the web servers tell it that the operator trusts (`TAWATUR_TRUSTED_PROXIES`)."""
    peer = connection.client.host if connection.client is not None else ""
    return _client(peer, connection.headers.getlist("x-forwarded-for"), house_of(connection).proxies)


def _client(peer: str, forwarded: Sequence[str], trusted: Sequence[IPv4Network | IPv6Network]) -> str:
    """The nearest address that no trusted server vouches for: what stands left of it anybody could have written."""
    hops = [hop.strip() for line in forwarded for hop in line.split(",")][-20:]
    here = peer
    while hops and within(here, trusted):
        told = _address(hops.pop())
        if told is None:
            break
        here = str(told)
    return here


def within(text: str, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    """Whether this is an address in one of the networks."""
    address = _address(text)
    return address is not None and any(address in network for network in networks)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found
