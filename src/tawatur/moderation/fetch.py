"""Fetches a file by address without letting the address reach into the operator's own network.

A name is resolved here, every address that it stands for is checked, and the connection goes to exactly the address
that was checked, so a name that changes its mind between the two gains nothing. Each redirect is a new request, and is
checked anew.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence

import httpx

from tawatur.moderation.refusals import FetchRefused, UnsafeAddress

MAX_REDIRECTS = 5
CONNECT_S = 5.0
TOTAL_S = 15.0
AGENT = "Tawatur (+image registration)"

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

_TRANSLATED = tuple(
    ipaddress.ip_network(text) for text in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96")
)
"""NAT64, 6to4, Teredo and IPv4-compatible addresses carry an IPv4 address that Python's `is_global` does not see."""


async def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a name, from the system's resolver. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(text: str, allowed: Sequence[Network] = ()) -> bool:
    """Whether an address is on the public internet, or in one of the `allowed` networks."""
    try:
        address: IpAddress = ipaddress.ip_address(text)
    except ValueError:  # such as fe80::1%eth0, which is never public
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if any(address.version == network.version and address in network for network in allowed):
        return True
    if any(address.version == network.version and address in network for network in _TRANSLATED):
        return False
    return address.is_global and not address.is_multicast


class CheckedTransport(httpx.AsyncHTTPTransport):
    """Connects only to public addresses. `resolver` and `allowed` are the operator's."""

    def __init__(self, resolver: Resolve = resolve, allowed: Sequence[Network] = ()) -> None:
        super().__init__(retries=0)
        self._resolve = resolver
        self._allowed = allowed

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Resolves, checks, and sends to the address that was checked. Raises UnsafeAddress, httpx.TransportError."""
        url = request.url
        if url.scheme not in ("http", "https"):
            raise UnsafeAddress(f"Only http and https addresses are fetched, not {url.scheme!r}.")
        if url.userinfo:
            raise UnsafeAddress("An address with a user name or password in it is not fetched.")
        port = url.port or (443 if url.scheme == "https" else 80)
        try:
            addresses = await self._resolve(url.host, port)
        except (OSError, UnicodeError) as error:
            raise httpx.ConnectError(f"{url.host} has no address", request=request) from error
        if not addresses or not all(is_public(address, self._allowed) for address in addresses):
            raise UnsafeAddress(f"{url.host} does not stand for a public address; it is not fetched.")
        request.headers["Host"] = url.netloc.decode("ascii")
        request.extensions = {**request.extensions, "sni_hostname": url.host}
        request.url = url.copy_with(host=addresses[0])
        try:
            response = await super().handle_async_request(request)
        finally:
            request.url = url  # redirects are relative to the name, not to the address behind it
        return response


def checked_client(transport: CheckedTransport, agent: str, redirects: int) -> httpx.AsyncClient:
    """A client that reaches nothing but through the transport, and follows so many redirects."""
    return httpx.AsyncClient(
        transport=transport,
        follow_redirects=redirects > 0,
        max_redirects=redirects,
        timeout=httpx.Timeout(TOTAL_S, connect=CONNECT_S),
        headers={"User-Agent": agent, "Accept-Encoding": "identity"},
        trust_env=False,  # a proxy would connect to what was never checked
    )


class Fetcher:
    """Fetches files from public addresses, bounded in bytes and time."""

    def __init__(self, resolver: Resolve = resolve, allowed: Sequence[Network] = ()) -> None:
        self._resolver = resolver
        self._allowed = allowed

    async def fetch(self, url: str, max_bytes: int, accept: str = "image/*") -> bytes:
        """The file at that address; `accept` says of which kind. Raises UnsafeAddress, and FetchRefused with the reason
        for every other failure."""
        try:
            async with asyncio.timeout(TOTAL_S):
                return await self._fetch(url, max_bytes, accept)
        except TimeoutError:
            raise FetchRefused(f"The file did not come within {TOTAL_S:.0f} seconds.") from None
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            raise FetchRefused(f"The file could not be fetched: {str(error) or type(error).__name__}.") from error

    async def _fetch(self, url: str, max_bytes: int, accept: str) -> bytes:
        async with self._client() as client, client.stream("GET", url, headers={"Accept": accept}) as response:
            if response.status_code != 200:
                raise FetchRefused(f"The server answered {response.status_code}, not 200.")
            if response.headers.get("content-encoding", "identity").lower() != "identity":
                raise FetchRefused("The server sent a compressed answer, which was not asked for.")
            declared = response.headers.get("content-length", "")
            if declared.isdigit() and int(declared) > max_bytes:
                raise FetchRefused(f"The file has {int(declared):,} bytes; at most {max_bytes:,} are taken.")
            taken = bytearray()
            async for chunk in response.aiter_raw():
                taken += chunk
                if len(taken) > max_bytes:
                    raise FetchRefused(f"The file has more than {max_bytes:,} bytes.")
            return bytes(taken)

    def _client(self) -> httpx.AsyncClient:
        return checked_client(CheckedTransport(self._resolver, self._allowed), AGENT, MAX_REDIRECTS)
