"""Does a request once, however often it is sent with the same Idempotency-Key."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime

import msgspec

from tawatur.moderation.refusals import KeyReused
from tawatur.store.answers import Answer
from tawatur.store.database_book import DatabaseBook


class Given(msgspec.Struct, frozen=True):
    """An answer as it goes out: its status and its JSON."""

    status: int
    body: bytes


def fingerprint(*parts: bytes) -> str:
    """A digest of what makes two requests the same."""
    found = hashlib.sha256()
    for part in parts:
        found.update(len(part).to_bytes(8, "big"))
        found.update(part)
    return found.hexdigest()


def once(
    book: DatabaseBook,
    site: str,
    key: str | None,
    request: str,
    now: datetime,
    run: Callable[[], Given],
) -> Given:
    """Runs, and keeps the answer in the same transaction; a repeat gets the kept answer. Refusals are not kept.

    Raises KeyReused when the key came with another request before.
    """
    if key is None:
        return run()
    earlier = book.answer(site, key)
    if earlier is not None:
        if earlier.fingerprint != request:
            raise KeyReused("This Idempotency-Key was used for a different request; make a new key for each request.")
        return Given(earlier.status, earlier.body.encode())
    given = run()
    book.add_answer(Answer(site, key, request, given.status, given.body.decode(), now))
    return given
