"""Answers that were given to requests with an Idempotency-Key, kept to be given again."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import Connection, bindparam, delete, select, tuple_

from tawatur.store import rows, schema


class Answer(msgspec.Struct, frozen=True, gc=False):
    """What a request was answered. `fingerprint` is a digest of the request, `body` the answer's JSON."""

    site: str
    key: str
    fingerprint: str
    status: int
    body: str
    at: datetime


_table = schema.idempotency.c
_given = select(schema.idempotency).where(tuple_(_table.site, _table.key).in_(bindparam("pairs", expanding=True)))
_forget = delete(schema.idempotency).where(_table.at < bindparam("before", type_=schema.Instant))


def given(connection: Connection, pairs: set[tuple[str, str]]) -> list[Answer]:
    """The answers already given for (site, key) pairs."""
    return rows.read(connection, Answer, _given, pairs=sorted(pairs))


def insert(connection: Connection, answers: list[Answer]) -> None:
    rows.insert(connection, schema.idempotency, answers)


def forget(connection: Connection, before: datetime) -> int:
    """Drops answers older than `before`; returns how many."""
    return connection.execute(_forget, {"before": before}).rowcount
