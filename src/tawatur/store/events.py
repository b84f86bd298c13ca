"""The rows of the log, and the sequence that gives them positions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection, bindparam, func, select, update

from tawatur.store import rows, schema
from tawatur.store.upsert import insert_new

SEQUENCE = "events"


class EventRow(msgspec.Struct, frozen=True, gc=False):
    """One line of the log. `position` is None until the sequencer has given one; readers see only positioned events."""

    id: str
    position: int | None
    site: str
    image: str | None
    at: datetime
    type: str
    body: str


class _Sequence(msgspec.Struct):
    name: str
    position: int


_events = schema.events.c
_page = (
    select(schema.events)
    .where(_events.site == bindparam("site"), _events.position > bindparam("after"))
    .order_by(_events.position)
    .limit(bindparam("limit"))
)
_count = select(func.count()).select_from(schema.events).where(_events.site == bindparam("site"))
_every = (
    select(schema.events)
    .where(_events.position > bindparam("after"))
    .order_by(_events.position)
    .limit(bindparam("limit"))
)
_told = (
    select(schema.events)
    .where(
        _events.position > bindparam("after"),
        _events.position <= bindparam("last"),
        _events.type.in_(bindparam("types", expanding=True)),
    )
    .order_by(_events.position)
)
_page_of_kinds = _page.where(_events.type.in_(bindparam("types", expanding=True)))
_at_positions = select(schema.events).where(_events.position.in_(bindparam("positions", expanding=True)))
_naming = _page.where(_events.body.contains(bindparam("said"), autoescape=False))
_page_told = _told.limit(bindparam("limit"))
_sites = select(_events.site.distinct()).where(
    _events.position > bindparam("after"), _events.position <= bindparam("last")
)
_unpositioned = (
    select(_events.id).where(_events.position.is_(None)).order_by(_events.at, _events.id).limit(bindparam("limit"))
)
_next = select(_events.at).where(_events.position > bindparam("after")).order_by(_events.position).limit(1)
_head = select(schema.sequence.c.position).where(schema.sequence.c.name == SEQUENCE)
_held = _head.with_for_update()
_position = update(schema.events).where(_events.id == bindparam("key")).values(position=bindparam("place"))


def page(connection: Connection, site: str, after: int, limit: int) -> list[EventRow]:
    """The site's positioned events after that position, in order."""
    return rows.read(connection, EventRow, _page, site=site, after=after, limit=limit)


def page_of_all(connection: Connection, after: int, limit: int) -> list[EventRow]:
    return rows.read(connection, EventRow, _every, after=after, limit=limit)


def of_types(connection: Connection, types: Sequence[str], after: int, last: int) -> list[EventRow]:
    """All sites' events of these types with positions above `after`, up to `last`, in order."""
    return rows.read(connection, EventRow, _told, types=sorted(types), after=after, last=last)


def page_saying(connection: Connection, site: str, after: int, said: str, limit: int) -> list[EventRow]:
    """The site's positioned events after that position whose bodies say this (no % and no _), in order."""
    return rows.read(connection, EventRow, _naming, site=site, after=after, said=said, limit=limit)


def page_of_types(connection: Connection, types: Sequence[str], after: int, last: int, limit: int) -> list[EventRow]:
    """The first of them."""
    return rows.read(connection, EventRow, _page_told, types=sorted(types), after=after, last=last, limit=limit)


def site_page_of_types(
    connection: Connection, site: str, types: Sequence[str], after: int, limit: int
) -> list[EventRow]:
    """The site's first events of these types after that position, in order."""
    return rows.read(connection, EventRow, _page_of_kinds, site=site, types=sorted(types), after=after, limit=limit)


def at_positions(connection: Connection, positions: set[int]) -> dict[int, EventRow]:
    """The events at these positions."""
    found = rows.read(connection, EventRow, _at_positions, positions=sorted(positions))
    return {event.position: event for event in found if event.position is not None}


def sites(connection: Connection, after: int, last: int) -> set[str]:
    """The sites that have events with positions above `after`, up to `last`."""
    return set(connection.execute(_sites, {"after": after, "last": last}).scalars())


def count(connection: Connection, site: str) -> int:
    """How many events the site has."""
    return int(connection.execute(_count, {"site": site}).scalar_one())


def insert(connection: Connection, events: Sequence[EventRow]) -> None:
    rows.insert(connection, schema.events, events)


def head(connection: Connection) -> int:
    """The last position given."""
    return connection.execute(_head).scalar() or 0


def first_after(connection: Connection, position: int) -> datetime | None:
    """When the first event after this position happened; None where there is none."""
    return connection.execute(_next, {"after": position}).scalar()


def hold_sequence(connection: Connection) -> int:
    """Locks the sequence until the transaction ends, and returns the last position given."""
    position = connection.execute(_held).scalar()
    if position is None:
        insert_new(connection, schema.sequence, [_Sequence(SEQUENCE, 0)])
        position = connection.execute(_held).scalar_one()
    return int(position)


def advance_sequence(connection: Connection, position: int) -> None:
    connection.execute(schema.sequence.update().where(schema.sequence.c.name == SEQUENCE), {"position": position})


def unpositioned(connection: Connection, limit: int) -> list[str]:
    """Committed events that have no position yet, oldest first."""
    return list(connection.execute(_unpositioned, {"limit": limit}).scalars())


def give_positions(connection: Connection, ids: Sequence[str], first: int) -> None:
    """Gives the events consecutive positions from `first` on."""
    if ids:
        connection.execute(_position, [{"key": key, "place": first + n} for n, key in enumerate(ids)])
