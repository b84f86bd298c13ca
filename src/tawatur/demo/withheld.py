"""Tries to get a blocked picture's bytes, in the ways that have worked elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import msgspec

_RUN = 32
_AFTER_TABLES = 1024
"""A JPEG begins with tables that many pictures share; what follows is this picture's own."""


class Attempt(msgspec.Struct, frozen=True):
    """One way that was tried, in words, and whether any of the picture came out."""

    way: str
    leaked: bool


def attempts(gate_url: str, picture: bytes, seen_before: httpx.Headers) -> list[Attempt]:
    """Tries every way against the gate at `gate_url`. `seen_before` are the headers that came while it was visible."""
    parts = urlsplit(gate_url)
    with httpx.Client(base_url=f"{parts.scheme}://{parts.netloc}", trust_env=False, timeout=30) as client:
        return [
            Attempt(way, leaks(client.request(method, address, headers=headers), picture))
            for way, method, address, headers in _ways(parts.path, seen_before)
        ]


def leaks(answer: httpx.Response, picture: bytes) -> bool:
    """Whether an answer gives any of the picture away: a run of its bytes, a range, a raster, a cache confirmed."""
    if answer.status_code in (206, 304):
        return True
    kind = answer.headers.get("content-type", "")
    if kind.startswith("image/") and not kind.startswith("image/svg+xml"):
        return True
    body = answer.content
    if b"<image" in body or b"data:" in body:
        return True
    return any(picture[at : at + _RUN] in body for at in range(_AFTER_TABLES, len(picture) - _RUN, _RUN))


def _ways(path: str, seen: httpx.Headers) -> Iterator[tuple[str, str, str, dict[str, str]]]:
    etag, changed = seen.get("etag", '"none"'), seen.get("last-modified", "Mon, 01 Jan 2024 00:00:00 GMT")
    yield "its address", "GET", path, {}
    yield "asking for a JPEG", "GET", path, {"Accept": "image/jpeg"}
    yield "lifting a blur", "GET", f"{path}?reveal=1", {}
    yield "a range of bytes", "GET", path, {"Range": "bytes=0-"}
    yield "the last bytes", "GET", path, {"Range": "bytes=-5000"}
    yield "a range of the known version", "GET", path, {"Range": "bytes=0-", "If-Range": etag}
    yield "a cached copy, by its tag", "GET", path, {"If-None-Match": etag}
    yield "a cached copy, by any tag", "GET", path, {"If-None-Match": "*"}
    yield "a cached copy, by its date", "GET", path, {"If-Modified-Since": changed}
    yield "headers alone", "HEAD", path, {}
    yield "a file name", "GET", f"{path}.jpg", {}
    yield "another spelling", "GET", path.upper(), {}
    yield "a path that climbs out", "GET", f"{path}/%2e%2e/%2e%2e/data/images", {}
    yield "another proxy's header", "GET", path, {"X-Original-URI": f"{path}?reveal=1", "X-Accel-Redirect": "/images"}
