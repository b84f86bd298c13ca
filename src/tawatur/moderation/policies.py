"""A site changes its policy. Versions are kept, so that an earlier one can be put in force again.

The change is decided by from its commit on, in every process. An open case is not decided anew by it; it is at its next
report or withdrawal, or when its views have grown enough to matter.
"""

from __future__ import annotations

from collections.abc import Container
from datetime import datetime

import msgspec

from tawatur.decision.policy import DEFAULT_POLICY, PolicyError, parse_policy, policy_toml
from tawatur.log import events
from tawatur.moderation.cases import policy_of, read_stored
from tawatur.moderation.lapse import lapse
from tawatur.moderation.refusals import BadPolicy, PolicyMoved, UnknownVersion
from tawatur.moderation.viewers import forget_beyond
from tawatur.store import sites
from tawatur.store.book import Book
from tawatur.store.database import Database
from tawatur.store.database_book import DatabaseBook
from tawatur.store.ids import new_id
from tawatur.store.reading_book import Wants
from tawatur.store.sites import StoredPolicy


class NewPolicy(msgspec.Struct, frozen=True):
    """A policy document (TOML) as it comes in; who changes it is a pseudonym already. `instead_of` are the versions
    that it may replace, None: whichever is in force."""

    site: str
    toml: str
    changed_by: str | None = None
    instead_of: Container[int] | None = None


class PolicyVersion(msgspec.Struct, frozen=True):
    """One version of a site's policy. Version 0 is the default policy, which nobody changed yet. `toml` is the whole
    document, with every number and its reason; `name` is what verdicts call it."""

    version: int
    name: str
    toml: str
    changed_at: datetime | None = None
    changed_by: str | None = None


def check_policy(toml: str) -> None:
    """Raises BadPolicy where the document cannot be used."""
    try:
        parse_policy(toml)
    except PolicyError as error:
        raise BadPolicy(error.message, error.line) from None


def change_policy(book: Book, new: NewPolicy, now: datetime) -> PolicyVersion:
    """Puts a policy in force, as the site's next version. The same document again changes nothing.

    What fell due before is ended by the policy that was in force then. Raises BadPolicy and PolicyMoved.
    """
    check_policy(new.toml)
    before = book.policy(new.site)
    if before is not None and before.document == new.toml:
        return _version(before)
    present = 0 if before is None else before.version
    if new.instead_of is not None and present not in new.instead_of:
        raise PolicyMoved(f"Version {present} is in force by now. Read it, make your change to it, and send that.")
    for family in book.overdue(new.site, now):
        lapse(book, family, now)
    stored = StoredPolicy(new.site, present + 1, new.toml, now, new.changed_by)
    forget_beyond(book, policy_of(book, new.site), read_stored(stored), new.site, now)
    book.add_policy(stored)
    told = events.PolicyChanged(version=stored.version, toml=stored.document, changed_by=stored.author)
    book.append(events.row(book.new_id(), new.site, None, now, told))
    return _version(stored)


def change_policy_now(database: Database, new: NewPolicy, now: datetime) -> PolicyVersion:
    """The same without a server. Raises BadPolicy."""
    with database.write() as connection:
        book = DatabaseBook(connection, new_id, lock=not database.is_sqlite)
        book.prefetch([Wants(new.site, rules=True)])
        changed = change_policy(book, new, now)
        book.flush()
    return changed


def policy_in_force(database: Database, site: str) -> PolicyVersion:
    """The site's policy as it is now."""
    with database.read() as connection:
        found = sites.policies(connection, site, LATEST, 1)
    return _version(found[0]) if found else DEFAULT


def policy_version(database: Database, site: str, version: int) -> PolicyVersion:
    """One version of the site's policy. Raises UnknownVersion."""
    if version == 0:
        return DEFAULT
    with database.read() as connection:
        found = sites.policy(connection, site, version)
    if found is None:
        raise UnknownVersion(f"This site's policy has no version {version}.")
    return _version(found)


def policy_versions(database: Database, site: str, before: int | None, limit: int) -> list[PolicyVersion]:
    """The versions before this one (None: all), latest first, down to the default."""
    before = LATEST if before is None else min(before, LATEST)
    with database.read() as connection:
        found = [_version(one) for one in sites.policies(connection, site, before, limit)]
    return found if len(found) == limit or before <= 0 else [*found, DEFAULT]


def _version(stored: StoredPolicy) -> PolicyVersion:
    policy = read_stored(stored)
    return PolicyVersion(stored.version, policy.version, policy_toml(policy), stored.created_at, stored.author)


LATEST = 2**31 - 1
DEFAULT = PolicyVersion(0, DEFAULT_POLICY.version, policy_toml(DEFAULT_POLICY))
