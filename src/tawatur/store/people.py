"""People who keep a site clean: their accounts, roles, sessions and one-time links."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import Boolean, Column, Connection, Table, Text, bindparam, delete, false, select, update

from tawatur.store import rows
from tawatur.store.schema import Instant, metadata

_people = Table(
    "people",
    metadata,
    Column("id", Text, primary_key=True),
    Column("email", Text, nullable=False, unique=True),
    Column("password", Text),
    Column("created_at", Instant, nullable=False),
    Column("language", Text),
    Column("digits", Text),
    Column("keys", Boolean, nullable=False, server_default=false()),
)

_memberships = Table(
    "memberships",
    metadata,
    Column("person", Text, primary_key=True),
    Column("site", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("known_as", Text),
)

_sessions = Table(
    "sessions",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("person", Text, nullable=False, index=True),
    Column("created_at", Instant, nullable=False),
    Column("used_at", Instant, nullable=False),
    Column("browser", Text),
)

_links = Table(
    "sign_in_links",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("person", Text, nullable=False, index=True),
    Column("expires_at", Instant, nullable=False),
)


class Person(msgspec.Struct, frozen=True):
    """An account of the console. `email` is in lower case; `password` is an Argon2 hash, None until one is chosen;
    `language` is what they chose to read, `digits` which ones in Arabic: "arab" for ٠١٢٣, None for 0123,
    `keys` whether single keys do something."""

    id: str
    email: str
    password: str | None
    created_at: datetime
    language: str | None = None
    digits: str | None = None
    keys: bool = False


class Membership(msgspec.Struct, frozen=True):
    """What a person may do on a site. `known_as` is the pseudonym of who they are among the site's own people."""

    person: str
    site: str
    role: str
    known_as: str | None = None


class Session(msgspec.Struct, frozen=True):
    """A browser in which a person is signed in, known by the digest of its cookie. `browser` is its kind, for them to
    know it by."""

    digest: str
    person: str
    created_at: datetime
    used_at: datetime
    browser: str | None = None


class Link(msgspec.Struct, frozen=True):
    """A link that lets a person choose a password, once."""

    digest: str
    person: str
    expires_at: datetime


_by_email = select(_people).where(_people.c.email == bindparam("email"))
_by_id = select(_people).where(_people.c.id == bindparam("id"))
_all = select(_people).order_by(_people.c.email)
_of_person = select(_memberships).where(_memberships.c.person == bindparam("person")).order_by(_memberships.c.site)
_session = select(_sessions).where(_sessions.c.digest == bindparam("digest"))
_sessions_of = select(_sessions).where(_sessions.c.person == bindparam("person")).order_by(_sessions.c.used_at.desc())
_link = select(_links).where(_links.c.digest == bindparam("digest"))


def by_email(connection: Connection, email: str) -> Person | None:
    return next(iter(rows.read(connection, Person, _by_email, email=email)), None)


def by_id(connection: Connection, person: str) -> Person | None:
    return next(iter(rows.read(connection, Person, _by_id, id=person)), None)


def all_of_them(connection: Connection) -> list[Person]:
    """Everybody, by e-mail address."""
    return rows.read(connection, Person, _all)


def memberships(connection: Connection, person: str) -> list[Membership]:
    return rows.read(connection, Membership, _of_person, person=person)


def insert_person(connection: Connection, person: Person) -> None:
    rows.insert(connection, _people, [person])


def set_password(connection: Connection, person: str, hashed: str) -> None:
    connection.execute(update(_people).where(_people.c.id == person).values(password=hashed))


def set_language(connection: Connection, person: str, language: str) -> None:
    connection.execute(update(_people).where(_people.c.id == person).values(language=language))


def set_digits(connection: Connection, person: str, digits: str | None) -> None:
    connection.execute(update(_people).where(_people.c.id == person).values(digits=digits))


def set_keys(connection: Connection, person: str, keys: bool) -> None:
    connection.execute(update(_people).where(_people.c.id == person).values(keys=keys))


def remove_person(connection: Connection, person: str) -> None:
    """Takes away the account and all that belongs to it."""
    for table in (_memberships, _sessions, _links):
        connection.execute(delete(table).where(table.c.person == person))
    connection.execute(delete(_people).where(_people.c.id == person))


def put_membership(connection: Connection, membership: Membership) -> None:
    """Gives a person this role on the site, in place of what they had."""
    connection.execute(
        delete(_memberships).where(_memberships.c.person == membership.person, _memberships.c.site == membership.site)
    )
    rows.insert(connection, _memberships, [membership])


def session(connection: Connection, digest: str) -> Session | None:
    return next(iter(rows.read(connection, Session, _session, digest=digest)), None)


def sessions_of(connection: Connection, person: str) -> list[Session]:
    """Where a person is signed in, the latest used first, also sessions that have ended by themselves."""
    return rows.read(connection, Session, _sessions_of, person=person)


def insert_session(connection: Connection, one: Session) -> None:
    rows.insert(connection, _sessions, [one])


def use_session(connection: Connection, digest: str, now: datetime) -> None:
    connection.execute(update(_sessions).where(_sessions.c.digest == digest).values(used_at=now))


def end_session(connection: Connection, digest: str) -> None:
    connection.execute(delete(_sessions).where(_sessions.c.digest == digest))


def end_sessions(connection: Connection, person: str, but: str | None = None) -> None:
    """Signs a person out everywhere, `but` in the session with this digest."""
    ended = delete(_sessions).where(_sessions.c.person == person)
    connection.execute(ended if but is None else ended.where(_sessions.c.digest != but))


def forget_sessions(connection: Connection, created_before: datetime, used_before: datetime) -> None:
    """Deletes the sessions that have ended by themselves."""
    old = (_sessions.c.created_at < bindparam("created", type_=Instant)) | (
        _sessions.c.used_at < bindparam("used", type_=Instant)
    )
    connection.execute(delete(_sessions).where(old), {"created": created_before, "used": used_before})


def forget_links(connection: Connection, before: datetime) -> None:
    """Deletes the one-time links that had ended by that moment."""
    old = _links.c.expires_at < bindparam("before", type_=Instant)
    connection.execute(delete(_links).where(old), {"before": before})


def link(connection: Connection, digest: str) -> Link | None:
    return next(iter(rows.read(connection, Link, _link, digest=digest)), None)


def replace_link(connection: Connection, one: Link) -> None:
    """Makes this the only link of its person."""
    connection.execute(delete(_links).where(_links.c.person == one.person))
    rows.insert(connection, _links, [one])


def take_link(connection: Connection, digest: str) -> bool:
    """Uses a link up; whether it was there."""
    return connection.execute(delete(_links).where(_links.c.digest == digest)).rowcount == 1
