"""Sites, their keys, policies and sums."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import BindParameter, Connection, bindparam, func, select

from tawatur.store import rows, schema
from tawatur.store.upsert import add_up


class Site(msgspec.Struct, frozen=True, gc=False):
    """One publisher or community. `recorded` is how many of its people have a confirmed report. With `second_factor`,
    whoever works on it needs one."""

    id: str
    name: str
    created_at: datetime
    policy_version: int = 0
    recorded: int = 0
    model_version: int = 0
    second_factor: bool = False


class Key(msgspec.Struct, frozen=True, gc=False):
    """A site's key, kept as a SHA-256 digest. `kind` is "secret" or "public"."""

    digest: str
    site: str
    kind: str
    created_at: datetime
    revoked_at: datetime | None = None


class StoredPolicy(msgspec.Struct, frozen=True, gc=False):
    """One version of a site's policy document (TOML)."""

    site: str
    version: int
    document: str
    created_at: datetime
    author: str | None = None


class StoredModel(msgspec.Struct, frozen=True, gc=False):
    """One version of what was learned for a site (decision/model.py), as JSON in `body`."""

    site: str
    version: int
    at: datetime
    body: str


class SiteRecord(msgspec.Struct, frozen=True, gc=False):
    """Sums over a site's reviewed reports for one reason: what was earned, and earned plus rejected."""

    site: str
    reason: str
    confirmed: float
    reviewed: float


_ids: BindParameter[Any] = bindparam("ids", expanding=True)
_sites = select(schema.sites).where(schema.sites.c.id.in_(_ids))
_shared = _sites.order_by(schema.sites.c.id).with_for_update(read=True, key_share=True)
_held = _sites.order_by(schema.sites.c.id).with_for_update()
_by_name = select(schema.sites).where(schema.sites.c.name == bindparam("name"))
_all = select(schema.sites).order_by(schema.sites.c.id)
_key = select(schema.keys).where(schema.keys.c.digest == bindparam("digest"), schema.keys.c.revoked_at.is_(None))
_records = select(schema.site_records).where(schema.site_records.c.site.in_(_ids))
_policy = select(schema.policies).where(
    schema.policies.c.site == bindparam("site"), schema.policies.c.version == bindparam("version")
)
_policies = (
    select(schema.policies)
    .where(schema.policies.c.site == bindparam("site"), schema.policies.c.version < bindparam("before"))
    .order_by(schema.policies.c.version.desc())
    .limit(bindparam("limit"))
)
_model = select(schema.models).where(
    schema.models.c.site == bindparam("site"), schema.models.c.version == bindparam("version")
)
_blocks = select(schema.verdicts.c.at).where(
    schema.verdicts.c.site == bindparam("site"),
    schema.verdicts.c.action == "block",
    schema.verdicts.c.at > bindparam("since", type_=schema.Instant),
)
_blocking = select(schema.sites.c.id).where(
    select(schema.verdicts.c.id)
    .where(
        schema.verdicts.c.site == schema.sites.c.id,
        schema.verdicts.c.action == "block",
        schema.verdicts.c.at > bindparam("since", type_=schema.Instant),
    )
    .exists()
)
_count_of_blocks = select(func.count()).select_from(
    _blocks.where(schema.verdicts.c.at <= bindparam("until", type_=schema.Instant)).subquery()
)


def of_ids(connection: Connection, ids: set[str]) -> list[Site]:
    return rows.read(connection, Site, _sites, ids=sorted(ids))


def hold(connection: Connection, ids: set[str], *, alone: bool) -> list[Site]:
    """The sites, whose policies and models nobody changes until the transaction ends; with `alone`, nobody else decides
    by them meanwhile either. So what is decided by an old policy always comes before its change in the log."""
    return rows.read(connection, Site, _held if alone else _shared, ids=sorted(ids))


def by_name(connection: Connection, name: str) -> Site | None:
    return next(iter(rows.read(connection, Site, _by_name, name=name)), None)


def all_of_them(connection: Connection) -> list[Site]:
    return rows.read(connection, Site, _all)


def key(connection: Connection, digest: str) -> Key | None:
    return next(iter(rows.read(connection, Key, _key, digest=digest)), None)


def policy(connection: Connection, site: str, version: int) -> StoredPolicy | None:
    return next(iter(rows.read(connection, StoredPolicy, _policy, site=site, version=version)), None)


def policies(connection: Connection, site: str, before: int, limit: int) -> list[StoredPolicy]:
    """The site's policies of versions before this one, latest first."""
    return rows.read(connection, StoredPolicy, _policies, site=site, before=before, limit=limit)


def insert_policies(connection: Connection, changed: list[StoredPolicy]) -> None:
    """Adds policies, and puts each in force at its site."""
    rows.insert(connection, schema.policies, changed)
    for one in changed:
        connection.execute(
            schema.sites.update().where(schema.sites.c.id == one.site).values(policy_version=one.version)
        )


def require_second_factor(connection: Connection, site: str, required: bool) -> None:
    connection.execute(schema.sites.update().where(schema.sites.c.id == site).values(second_factor=required))


def model(connection: Connection, site: str, version: int) -> StoredModel | None:
    return next(iter(rows.read(connection, StoredModel, _model, site=site, version=version)), None)


def insert_models(connection: Connection, learned: list[StoredModel]) -> None:
    """Adds models, and makes each its site's."""
    rows.insert(connection, schema.models, learned)
    for one in learned:
        connection.execute(schema.sites.update().where(schema.sites.c.id == one.site).values(model_version=one.version))


def records(connection: Connection, sites: set[str]) -> list[SiteRecord]:
    return rows.read(connection, SiteRecord, _records, ids=sorted(sites))


def blocks_since(connection: Connection, site: str, since: datetime) -> list[datetime]:
    """When reports blocked images on this site, after `since`."""
    return list(connection.execute(_blocks, {"site": site, "since": since}).scalars())


def blocking(connection: Connection, since: datetime) -> list[str]:
    """The sites on which reports blocked anything after `since`."""
    return list(connection.execute(_blocking, {"since": since}).scalars())


def blocks_between(connection: Connection, site: str, since: datetime, until: datetime) -> int:
    """How many images reports blocked on this site after `since` and up to `until`."""
    return int(connection.execute(_count_of_blocks, {"site": site, "since": since, "until": until}).scalar_one())


def add_records(connection: Connection, sums: list[SiteRecord]) -> None:
    """Adds to the sums; safe beside other processes that add."""
    add_up(connection, schema.site_records, sums)


def add_recorded(connection: Connection, changes: dict[str, int]) -> None:
    """Adds to the number of people with a confirmed report."""
    statement = (
        schema.sites.update()
        .where(schema.sites.c.id == bindparam("key"))
        .values(recorded=schema.sites.c.recorded + bindparam("change"))
    )
    if values := [{"key": site, "change": change} for site, change in sorted(changes.items()) if change]:
        connection.execute(statement, values)
