"""What has been kept long enough, a batch at a time.

As in personal_data.py, whoever changes reports or images holds their families first and raises their versions.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    or_,
    select,
    type_coerce,
    update,
)

from tawatur.store import rows, schema
from tawatur.store.personal_data import hold, leave
from tawatur.store.reporters import Network
from tawatur.store.reports import Report
from tawatur.store.schema import Instant
from tawatur.store.upsert import insert_new

AGES = tuple(timedelta(days=days) for days in (365, 90, 14, 0))
"""How old an account was at its report, as roughly as is kept: so much at least."""
_MICROSECOND = timedelta(microseconds=1)
NOBODY = "erased-"
"""What names begin with that stand for people who were erased."""
OLD = "old-"
"""What digests of means begin with that are good within one family only."""

_families = schema.families.c
_reports = schema.reports.c
_reporters = schema.reporters.c
_images = schema.images.c
_reviews = schema.reviews.c
_networks = schema.networks.c
_people = schema.network_people.c
_MEANS = (_reports.device, _reports.network, _reports.referrer)
_before = bindparam("before", type_=Instant)
_linked = or_(*[column.is_not(None) & column.not_like(f"{OLD}%") for column in _MEANS])
_age = type_coerce(_reports.first_at, BigInteger) - type_coerce(_reports.account_created_at, BigInteger)
_exact = _reports.account_created_at.is_not(None) & _age.not_in([age // _MICROSECOND for age in AGES])
_quiet = (
    select(_reports.family)
    .where(_reports.site == bindparam("site"))
    .group_by(_reports.family)
    .having(func.max(_reports.at) < _before, func.sum(case((_linked | _exact, 1), else_=0)) > 0)
    .order_by(_reports.family)
    .limit(bindparam("limit"))
)
_of_families = select(schema.reports).where(_reports.family.in_(bindparam("ids", expanding=True)))
_commented = (
    select(_reports.family)
    .distinct()
    .where(_reports.site == bindparam("site"), _reports.comment.is_not(None), _reports.at < _before)
    .order_by(_reports.family)
    .limit(bindparam("limit"))
)
_on_pages = (
    select(_images.id, _images.family)
    .where(
        _images.site == bindparam("site"),
        _images.registered_at < _before,
        or_(_images.page_url.is_not(None), _images.caption.is_not(None)),
    )
    .order_by(_images.id)
    .limit(bindparam("limit"))
)
_later = exists().where(_reports.site == _reporters.site, _reports.reporter == _reporters.id, _reports.at >= _before)
_now = bindparam("now", type_=Instant)
_still_speaks = (
    exists()
    .where(
        _reports.site == _reporters.site,
        _reports.reporter == _reporters.id,
        _reports.withdrawn_at.is_(None),
        _reports.at >= _before,
    )
    .where(_families.id == _reports.family, _families.round == _reports.round)
)
_renamed = (
    select(_reporters.id)
    .where(_reporters.site == bindparam("site"), _reporters.id.like(f"{NOBODY}%"), ~_still_speaks)
    .order_by(_reporters.id)
    .limit(bindparam("limit"))
)
_idle = (
    select(_reporters.id)
    .where(
        _reporters.site == bindparam("site"),
        _reporters.first_at < _before,
        _reporters.muted.is_(False),
        *[or_(until.is_(None), until < _now) for until in (_reporters.probation_until, _reporters.suspended_until)],
        ~_later,
    )
    .order_by(_reporters.id)
    .limit(bindparam("limit"))
)
_seen_there = exists().where(
    _reports.site == _people.site, _reports.reporter == _people.reporter, _reports.network == _people.network
)


def quiet_families(connection: Connection, site: str, before: datetime, limit: int) -> list[str]:
    """Families whose last report came before then, and whose reports still say something that is good elsewhere."""
    return list(connection.execute(_quiet, {"site": site, "before": before, "limit": limit}).scalars())


def reports_of(connection: Connection, ids: set[str]) -> list[Report]:
    """All reports of these families, of all rounds."""
    return rows.read(connection, Report, _of_families, ids=sorted(ids))


def copy_counts(connection: Connection, site: str, names: Mapping[str, str]) -> None:
    """Lets networks' new names count as many people as the old ones did."""
    known = select(schema.networks).where(_networks.site == site, _networks.network.in_(sorted(names)))
    found = rows.read(connection, Network, known)
    insert_new(connection, schema.networks, [Network(site, names[one.network], one.people) for one in found])


def forget_ages(connection: Connection, site: str, before: datetime) -> None:
    """Deletes when the accounts were made of those who have not reported since."""
    old = (
        update(schema.reporters)
        .where(_reporters.site == bindparam("there"), _reporters.account_created_at.is_not(None), ~_later)
        .values(account_created_at=None)
    )
    connection.execute(old, {"there": site, "before": before})


def forget_networks(connection: Connection, site: str) -> None:
    """Deletes who was seen on networks that none of their reports names any more, and counts them no more there."""
    gone = and_(_people.site == bindparam("there"), ~_seen_there)
    counts = connection.execute(
        select(_people.network, func.count()).where(gone).group_by(_people.network).order_by(_people.network),
        {"there": site},
    ).all()
    leave(connection, site, [(row[0], row[1]) for row in counts])
    connection.execute(delete(schema.network_people).where(gone), {"there": site})


def forget_comments(connection: Connection, site: str, before: datetime, limit: int) -> int:
    """Deletes what reporters wrote before then, in at most that many families; returns in how many."""
    values: dict[str, Any] = {"site": site, "before": before, "limit": limit}
    ids = {*connection.execute(_commented, values).scalars()}
    hold(connection, ids)
    old = update(schema.reports).where(_reports.family.in_(sorted(ids)), _reports.at < _before).values(comment=None)
    if ids:
        connection.execute(old, {"before": before})
    return len(ids)


def forget_notes(connection: Connection, site: str, before: datetime) -> None:
    """Deletes what reviewers noted before then."""
    old = (
        update(schema.reviews)
        .where(_reviews.site == bindparam("there"), _reviews.at < _before, _reviews.note.is_not(None))
        .values(note=None)
    )
    connection.execute(old, {"there": site, "before": before})


def forget_pages(connection: Connection, site: str, before: datetime, limit: int) -> int:
    """Deletes page addresses and captions of at most that many images registered before then; returns of how many."""
    found = connection.execute(_on_pages, {"site": site, "before": before, "limit": limit}).all()
    hold(connection, {row.family for row in found})
    if found:
        mine = update(schema.images).where(_images.id.in_([row.id for row in found]))
        connection.execute(mine.values(page_url=None, caption=None))
    return len(found)


def renamed_reporters(connection: Connection, site: str, before: datetime, limit: int) -> list[str]:
    """Those who were erased, and have nothing left to say in open cases since then."""
    return list(connection.execute(_renamed, {"site": site, "before": before, "limit": limit}).scalars())


def idle_reporters(connection: Connection, site: str, before: datetime, now: datetime, limit: int) -> list[str]:
    """Reporters who have not reported since then, and of whom nothing must be remembered: no mute, suspension
    or probation."""
    found = connection.execute(_idle, {"site": site, "before": before, "now": now, "limit": limit})
    return list(found.scalars())
