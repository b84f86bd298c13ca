"""Viewings: who was shown which picture, as keyed digests and never for longer than thirty days."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import BindParameter, Connection, bindparam, delete, select

from tawatur.store import rows, schema
from tawatur.store.upsert import add_up, put

MOST_NAMED = 2000
"""People kept of one family. Silence beyond a few hundred says nothing more, and a case must stay quick to decide."""


class Viewing(msgspec.Struct, frozen=True, gc=False):
    """One person was shown a picture of one family. `upheld` and `reported` say how the person's coin fell, once people
    have decided."""

    site: str
    family: str
    person: str
    at: datetime
    upheld: bool | None = None
    reported: bool = False


class SiteCoins(msgspec.Struct, frozen=True, gc=False):
    """Sums over all judged viewings of a site (decision/case.py: Coins)."""

    site: str
    hits: int = 0
    violating: int = 0
    false_alarms: int = 0
    fine: int = 0


_viewings = schema.viewings.c
_site: BindParameter[Any] = bindparam("site")
_of_families = select(schema.viewings).where(_viewings.family.in_(bindparam("ids", expanding=True)))
_judged = select(schema.viewings).where(
    _viewings.site == _site,
    _viewings.person.in_(bindparam("ids", expanding=True)),
    _viewings.upheld.is_not(None),
)
_coins = select(schema.site_coins).where(schema.site_coins.c.site == _site)
_old = delete(schema.viewings).where(_viewings.site == _site, _viewings.at <= bindparam("since", type_=schema.Instant))

_one = delete(schema.viewings).where(_viewings.family == bindparam("family"), _viewings.person == bindparam("person"))


def of_family(connection: Connection, family: str) -> list[Viewing]:
    return rows.read(connection, Viewing, _of_families, ids=[family])


def judged(connection: Connection, site: str, people: Iterable[str]) -> list[Viewing]:
    """What these people were shown and a person has decided."""
    return rows.read(connection, Viewing, _judged, site=site, ids=sorted(people))


def site_coins(connection: Connection, site: str) -> SiteCoins:
    return next(iter(rows.read(connection, SiteCoins, _coins, site=site)), SiteCoins(site))


def save(connection: Connection, changed: list[Viewing]) -> None:
    """Inserts viewings or overwrites them; their families are held."""
    put(connection, schema.viewings, changed)


def drop(connection: Connection, family: str, person: str) -> None:
    connection.execute(_one, {"family": family, "person": person})


def add_coins(connection: Connection, sums: list[SiteCoins]) -> None:
    add_up(connection, schema.site_coins, sums)


def forget(connection: Connection, site: str, since: datetime) -> int:
    """Deletes the site's viewings of that moment and before; returns how many."""
    return connection.execute(_old, {"site": site, "since": since}).rowcount
