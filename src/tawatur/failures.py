"""The root of all failures that were foreseen."""

from __future__ import annotations


class Failure(Exception):
    """Something that was foreseen did not work; the message says what, and what to do. Never shown as a traceback."""
