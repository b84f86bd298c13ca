"""The heads of logs that belong to a site: whoever writes to one holds its head, so its numbers have no gaps and come
in the order of the commits. A process that has read up to the head while holding it knows every line that is committed.
"""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, Table, select

from tawatur.store.upsert import insert_new


class _Head(msgspec.Struct):
    site: str
    seq: int


def hold(connection: Connection, table: Table, site: str) -> int:
    """Holds the head of the site's log until the transaction ends; returns the last number given."""
    held = select(table.c.seq).where(table.c.site == site).with_for_update()
    seq = connection.execute(held).scalar()
    if seq is None:
        insert_new(connection, table, [_Head(site, 0)])
        seq = connection.execute(held).scalar_one()
    return int(seq)


def advance(connection: Connection, table: Table, site: str, seq: int) -> None:
    """Sets the last number given; the caller holds the head."""
    connection.execute(table.update().where(table.c.site == site).values(seq=seq))
