"""What is stored about one person of a site, and taking it away.

Whoever changes reports or images holds their families first, in id order, and raises their versions: a process that
keeps reports of a family (store/kept.py) then reads them anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, literal, select, update

from tawatur.store import families, rows, schema
from tawatur.store.families import Family
from tawatur.store.reporters import Reporter, ReporterRecord
from tawatur.store.reports import Report
from tawatur.store.viewings import Viewing

_families = schema.families.c
_images = schema.images.c
_reports = schema.reports.c
_reporters = schema.reporters.c
_records = schema.records.c
_viewings = schema.viewings.c
_networks = schema.networks.c
_people = schema.network_people.c


def hold(connection: Connection, ids: set[str]) -> dict[str, Family]:
    """Locks the families and raises their versions; returns them as they were."""
    held = families.of_ids(connection, ids, lock=connection.dialect.name != "sqlite")
    if held:
        ours = _families.id.in_(sorted(ids))
        connection.execute(update(schema.families).where(ours).values(version=_families.version + 1))
    return {family.id: family for family in held}


def is_known(connection: Connection, site: str, person: str) -> bool:
    """Whether anything is stored of the person."""
    for where in (
        _reporter(site, person),
        (_reports.site == site, _reports.reporter == person),
        (_images.site == site, _images.uploader == person),
        (_viewings.site == site, _viewings.person == person),
    ):
        if connection.execute(select(literal(1)).where(*where).limit(1)).first():
            return True
    return False


def reporter(connection: Connection, site: str, person: str) -> Reporter | None:
    found = rows.read(connection, Reporter, select(schema.reporters).where(*_reporter(site, person)))
    return next(iter(found), None)


def records(connection: Connection, site: str, person: str) -> list[ReporterRecord]:
    mine = select(schema.records).where(_records.site == site, _records.reporter == person)
    return rows.read(connection, ReporterRecord, mine.order_by(_records.reason))


def reports(connection: Connection, site: str, person: str) -> list[Report]:
    """All that the person reported, oldest first."""
    mine = select(schema.reports).where(_reports.site == site, _reports.reporter == person)
    return rows.read(connection, Report, mine.order_by(_reports.first_at, _reports.id))


def viewings(connection: Connection, site: str, person: str) -> list[Viewing]:
    """What the person was shown, as far as it is kept, oldest first."""
    mine = select(schema.viewings).where(_viewings.site == site, _viewings.person == person)
    return rows.read(connection, Viewing, mine.order_by(_viewings.at))


def networks(connection: Connection, site: str, person: str) -> list[str]:
    """The networks that the person was seen on."""
    mine = select(_people.network).where(_people.site == site, _people.reporter == person).order_by(_people.network)
    return list(connection.execute(mine).scalars())


def images(connection: Connection, site: str, person: str) -> dict[str, str]:
    """What the person uploaded: families by image."""
    mine = select(_images.id, _images.family).where(_images.site == site, _images.uploader == person)
    return {row.id: row.family for row in connection.execute(mine.order_by(_images.id))}


def save_reports(connection: Connection, changed: Sequence[Report]) -> None:
    """Overwrites reports whose families are held."""
    rows.save(connection, schema.reports, changed)


def rename(connection: Connection, site: str, person: str, name: str) -> None:
    """Gives the person another name wherever they are a reporter; their families are held."""
    for table, column in (
        (schema.reports, _reports.reporter),
        (schema.records, _records.reporter),
        (schema.network_people, _people.reporter),
        (schema.viewings, _viewings.person),
        (schema.reporters, _reporters.id),
    ):
        mine = table.c.site == site, column == person
        connection.execute(update(table).where(*mine).values({column: name}))


def forget_reporter(connection: Connection, site: str, person: str) -> None:
    """Deletes the person's row, record, networks and viewings."""
    leave(connection, site, [(network, 1) for network in networks(connection, site, person)])
    for table, column in (
        (schema.records, _records.reporter),
        (schema.network_people, _people.reporter),
        (schema.viewings, _viewings.person),
        (schema.reporters, _reporters.id),
    ):
        connection.execute(delete(table).where(table.c.site == site, column == person))


def insert_reporter(connection: Connection, one: Reporter) -> None:
    rows.insert(connection, schema.reporters, [one])


def leave(connection: Connection, site: str, counts: Sequence[tuple[str, int]]) -> None:
    """Counts so many people less on each of these networks of the site; where nobody is left, nothing is kept."""
    there = _networks.site == bindparam("there")
    fewer = update(schema.networks).where(there, _networks.network == bindparam("name"))
    values = [{"there": site, "name": name, "less": count} for name, count in sorted(counts)]
    if values:
        connection.execute(fewer.values(people=_networks.people - bindparam("less")), values)
        connection.execute(delete(schema.networks).where(there, _networks.people <= 0), {"there": site})


def forget_uploader(connection: Connection, ids: Sequence[str]) -> None:
    """Takes the uploader off these images, whose families are held."""
    connection.execute(update(schema.images).where(_images.id.in_(ids)).values(uploader=None))


def _reporter(site: str, person: str) -> tuple[ColumnElement[Any], ...]:
    return _reporters.site == site, _reporters.id == person
