"""People who keep a site clean: they get a one-time link, choose a password, and sign in to the console.

Cookies and links are random and kept as digests alone; passwords as Argon2id hashes. A session ends after eight hours
without a request, after two weeks in any case, and at once when its person is removed or chooses a new password.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from threading import BoundedSemaphore

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection

from tawatur.moderation import refusals
from tawatur.moderation.sites import digest
from tawatur.store import identities, people, second_factors, veils
from tawatur.store.database import Database
from tawatur.store.people import Link, Membership, Person, Session
from tawatur.store.veils import Veil

ROLES = ("reader", "moderator", "admin")
"""Each may do what those before it may."""

LINK_LASTS = timedelta(days=3)
IDLE_LASTS = timedelta(hours=8)
SESSION_LASTS = timedelta(days=14)
_NOTED_EVERY = timedelta(minutes=5)
LEAST_PASSWORD, MOST_PASSWORD = 12, 1024

_EMAIL = re.compile(r"[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f]{1,255}")
_hasher = PasswordHasher()
_hashing = BoundedSemaphore(2)
"""A hash takes 64 MB: a rush of guesses waits here and fills no memory."""


class SignedIn(msgspec.Struct, frozen=True):
    """A person in a browser, with what they may do: one membership a site; whether they have a second factor."""

    person: Person
    memberships: tuple[Membership, ...]
    second_factor: bool = False

    def role_on(self, site: str) -> str | None:
        return next((one.role for one in self.memberships if one.site == site), None)


def may(role: str | None, least: str) -> bool:
    """Whether somebody in this role may do what `least` may."""
    return role is not None and ROLES.index(role) >= ROLES.index(least)


def add_person(
    database: Database,
    new_id: Callable[[], str],
    email: str,
    role: str,
    site: str,
    now: datetime,
    known_as: str | None = None,
) -> str:
    """Gives somebody a role on a site, making the account when there is none; returns the token of a link that lets
    them choose a password. `known_as` is the pseudonym of who they are among the site's own people.

    Raises BadEmail and UnknownRole.
    """
    address = _address(email)
    if role not in ROLES:
        raise refusals.UnknownRole(f"{role!r} is not a role. Use one of: {', '.join(ROLES)}.")
    token = secrets.token_urlsafe(32)
    with database.write() as connection:
        person = people.by_email(connection, address)
        if person is None:
            person = Person(new_id(), address, None, now)
            people.insert_person(connection, person)
        people.put_membership(connection, Membership(person.id, site, role, known_as))
        people.replace_link(connection, Link(digest(token), person.id, now + LINK_LASTS))
    return token


def new_link(database: Database, email: str, now: datetime) -> str:
    """The token of a new link, for somebody who lost theirs or their password. Raises UnknownPerson."""
    token = secrets.token_urlsafe(32)
    with database.write() as connection:
        person = _known(connection, email)
        people.replace_link(connection, Link(digest(token), person.id, now + LINK_LASTS))
    return token


def remove_person(database: Database, email: str) -> None:
    """Takes an account away and signs it out everywhere. Raises UnknownPerson."""
    with database.write() as connection:
        person = _known(connection, email)
        for noun in (second_factors, identities, veils):
            noun.remove(connection, person.id)
        people.remove_person(connection, person.id)


def find_person(database: Database, email: str) -> Person:
    """Raises UnknownPerson."""
    with database.read() as connection:
        return _known(connection, email)


def listed(database: Database) -> list[SignedIn]:
    """Everybody who has an account, by e-mail address."""
    with database.read() as connection:
        factors = second_factors.confirmed(connection)
        return [
            SignedIn(person, tuple(people.memberships(connection, person.id)), person.id in factors)
            for person in people.all_of_them(connection)
        ]


def person_of_link(database: Database, token: str, now: datetime) -> Person:
    """Whose link this is. Raises LinkUsed."""
    with database.read() as connection:
        link = people.link(connection, digest(token))
        person = None if link is None or link.expires_at <= now else people.by_id(connection, link.person)
    if person is None:
        raise refusals.LinkUsed("Ask an admin for a new one: `tawatur user link EMAIL` prints it.")
    return person


def choose_password(database: Database, token: str, password: str, now: datetime, browser: str | None = None) -> str:
    """Uses the link up, ends all sessions of its person, and signs them in; returns the cookie. Whoever has a second
    factor signs in with both afterwards instead, and gets an empty one.

    Raises LinkUsed and BadPassword.
    """
    person = person_of_link(database, token, now)
    hashed = _hashed(person, password)
    cookie = secrets.token_urlsafe(32)
    with database.write() as connection:
        if not people.take_link(connection, digest(token)):
            raise refusals.LinkUsed("Ask an admin for a new one: `tawatur user link EMAIL` prints it.")
        people.set_password(connection, person.id, hashed)
        people.end_sessions(connection, person.id)
        if has_second_factor(connection, person.id):
            return ""
        people.insert_session(connection, Session(digest(cookie), person.id, now, now, browser))
    return cookie


def change_password(database: Database, person: Person, old: str, new: str, session: str) -> None:
    """Takes the new password in the place of the old, and ends the person's sessions but this one (its digest).

    Raises SignInRefused where the old one is wrong, and BadPassword.
    """
    if person.password is None or not _verified(person.password, old):
        raise refusals.SignInRefused("This is not your password.")
    hashed = _hashed(person, new)
    with database.write() as connection:
        people.set_password(connection, person.id, hashed)
        people.end_sessions(connection, person.id, but=session)


def known_by_password(database: Database, email: str, password: str) -> Person:
    """Who this is. Raises SignInRefused, after the same time whether there is such a person or not."""
    address = email.strip().lower()
    with database.read() as connection:
        person = people.by_email(connection, address) if _EMAIL.fullmatch(address) else None
    kept = _nobodys() if person is None or person.password is None else person.password
    right = _verified(kept, password)
    if person is None or person.password is None or not right:
        raise refusals.SignInRefused("Try again, or ask an admin for a new link: `tawatur user link EMAIL` prints it.")
    return person


def has_second_factor(connection: Connection, person: str) -> bool:
    factor = second_factors.of_person(connection, person)
    return factor is not None and factor.confirmed_at is not None


def needs_code(database: Database, person: str) -> bool:
    """Whether a code is asked of them after they have shown who they are."""
    with database.read() as connection:
        return has_second_factor(connection, person)


def enter(database: Database, person: str, now: datetime, browser: str | None = None) -> str:
    """A new session's cookie, for somebody who has proved all that they must. `browser` is its kind."""
    cookie = secrets.token_urlsafe(32)
    with database.write() as connection:
        people.forget_sessions(connection, now - SESSION_LASTS, now - IDLE_LASTS)
        people.insert_session(connection, Session(digest(cookie), person, now, now, browser))
    return cookie


def sign_out(database: Database, cookie: str) -> None:
    """Ends one session; one that is over already stays over."""
    with database.write() as connection:
        people.end_session(connection, digest(cookie))


def signed_in(database: Database, cookie: str, now: datetime) -> SignedIn | None:
    """Who is signed in with this cookie, and what they may do now."""
    key = digest(cookie)
    with database.read() as connection:
        session = people.session(connection, key)
        if session is None or now >= min(session.created_at + SESSION_LASTS, session.used_at + IDLE_LASTS):
            return None
        person = people.by_id(connection, session.person)
        if person is None:
            return None
        factor = has_second_factor(connection, person.id)
        found = SignedIn(person, tuple(people.memberships(connection, person.id)), factor)
    if now - session.used_at >= _NOTED_EVERY:
        with database.write() as connection:
            people.use_session(connection, key, now)
    return found


def sessions_of(database: Database, person: str, now: datetime) -> list[Session]:
    """Where a person is signed in now, the latest used first."""
    with database.read() as connection:
        found = people.sessions_of(connection, person)
    return [one for one in found if now < min(one.created_at + SESSION_LASTS, one.used_at + IDLE_LASTS)]


def end_sessions(database: Database, person: str, ended: str | None, but: str) -> None:
    """Ends one session of a person (its digest), or all `but` this one."""
    with database.write() as connection:
        mine = {one.digest for one in people.sessions_of(connection, person)}
        if ended is None:
            people.end_sessions(connection, person, but=but)
        elif ended in mine:
            people.end_session(connection, ended)


def keep_language(database: Database, person: str, language: str) -> None:
    """What the console speaks to this person, in every browser."""
    with database.write() as connection:
        people.set_language(connection, person, language)


def keep_digits(database: Database, person: str, digits: str | None) -> None:
    """Which digits this person reads in Arabic, in every browser."""
    with database.write() as connection:
        people.set_digits(connection, person, digits)


def keep_keys(database: Database, person: str, keys: bool) -> None:
    """Whether single keys do something for this person, in every browser."""
    with database.write() as connection:
        people.set_keys(connection, person, keys)


def veil_of(database: Database, person: str) -> Veil:
    """How a person wants pictures to come."""
    with database.read() as connection:
        return veils.of_person(connection, person)


def keep_veil(database: Database, veil: Veil) -> None:
    with database.write() as connection:
        veils.save(connection, veil)


def _hashed(person: Person, password: str) -> str:
    if not LEAST_PASSWORD <= len(password) <= MOST_PASSWORD:
        raise refusals.BadPassword(f"Choose {LEAST_PASSWORD} to {MOST_PASSWORD} characters.")
    if password.lower() in (person.email, person.email.partition("@")[0]):
        raise refusals.BadPassword("Choose something that nobody who knows you would try.")
    with _hashing:
        return _hasher.hash(password)


def _verified(hashed: str, password: str) -> bool:
    if len(password) > MOST_PASSWORD:
        return False
    try:
        with _hashing:
            return _hasher.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys() -> str:
    return _hasher.hash(secrets.token_urlsafe(32))


def _known(connection: Connection, email: str) -> Person:
    person = people.by_email(connection, email.strip().lower())
    if person is None:
        raise refusals.UnknownPerson(f"Nobody has the e-mail address {email!r} here: `tawatur user list` names all.")
    return person


def _address(email: str) -> str:
    address = email.strip().lower()
    if not _EMAIL.fullmatch(address):
        raise refusals.BadEmail(f"{email!r} is not an e-mail address.")
    return address
