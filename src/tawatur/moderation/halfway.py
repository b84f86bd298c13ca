"""Between two steps of signing in: the browser keeps a random token, the house what it stands for, for some minutes."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from tawatur.moderation.refusals import HalfwayOver
from tawatur.moderation.sites import digest
from tawatur.store import halfways
from tawatur.store.database import Database
from tawatur.store.halfways import Halfway

LASTS = timedelta(minutes=10)
CODE, PROVIDER = "code", "provider"
"""A code of the second factor comes next; the provider's answer does."""


def go_halfway(database: Database, kind: str, body: str, now: datetime) -> str:
    """The token of somebody who took one step. `body` is what the next one needs."""
    token = secrets.token_urlsafe(32)
    with database.write() as connection:
        halfways.insert(connection, Halfway(digest(token), kind, body, now + LASTS))
    return token


def standing(database: Database, kind: str, token: str, now: datetime) -> str:
    """What was kept; it may be asked for again. Raises HalfwayOver."""
    with database.read() as connection:
        found = halfways.find(connection, digest(token))
    if found is None or found.kind != kind or found.until <= now:
        raise HalfwayOver("Begin signing in once more.")
    return found.body


def take(database: Database, kind: str, token: str, now: datetime) -> str:
    """What was kept, once. Raises HalfwayOver."""
    body = standing(database, kind, token, now)
    with database.write() as connection:
        if not halfways.take(connection, digest(token)):
            raise HalfwayOver("Begin signing in once more.")
    return body
