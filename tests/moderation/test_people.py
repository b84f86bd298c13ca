"""People get a link, choose a password and sign in; links work once, sessions end, and nothing readable is kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import text

from tawatur.moderation import people
from tawatur.moderation.people import IDLE_LASTS, LINK_LASTS, ROLES, SESSION_LASTS
from tawatur.moderation.refusals import BadEmail, BadPassword, LinkUsed, SignInRefused, UnknownPerson, UnknownRole
from tawatur.store.database import Database
from tawatur.store.ids import new_id

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
WORDS = "a quiet harbour in autumn"
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


def link(database: Database, role: str = "moderator", email: str = "Layla@Town.example", site: str = "s1") -> str:
    return people.add_person(database, new_id, email, role, site, NOON)


def sign_in(database: Database, email: str, password: str, now: datetime) -> str:
    return people.enter(database, people.known_by_password(database, email, password).id, now)


def joined(database: Database) -> str:
    """Layla has a password; returns the cookie that choosing it gave her."""
    return people.choose_password(database, link(database), WORDS, NOON)


def test_whoever_has_a_link_chooses_a_password_and_signs_in_with_it(database: Database) -> None:
    cookie = joined(database)
    for one in (cookie, sign_in(database, " LAYLA@town.example", WORDS, NOON)):
        found = people.signed_in(database, one, NOON)
        assert found is not None
        assert found.person.email == "layla@town.example"
        assert found.role_on("s1") == "moderator"
        assert found.role_on("s2") is None


def test_a_link_works_once_and_not_for_long(database: Database) -> None:
    token = link(database)
    people.choose_password(database, token, WORDS, NOON)
    with pytest.raises(LinkUsed):
        people.choose_password(database, token, WORDS, NOON)
    late = people.new_link(database, "layla@town.example", NOON)
    with pytest.raises(LinkUsed):
        people.choose_password(database, late, WORDS, NOON + LINK_LASTS)
    with pytest.raises(LinkUsed):
        people.person_of_link(database, "never made", NOON)


def test_a_new_link_ends_the_one_before_and_a_new_password_all_sessions(database: Database) -> None:
    cookie = joined(database)
    first = people.new_link(database, "layla@town.example", NOON)
    second = people.new_link(database, "layla@town.example", NOON)
    with pytest.raises(LinkUsed):
        people.person_of_link(database, first, NOON)
    assert people.signed_in(database, cookie, NOON) is not None
    new = people.choose_password(database, second, "another one, and longer", NOON)
    assert people.signed_in(database, cookie, NOON) is None
    assert people.signed_in(database, new, NOON) is not None
    with pytest.raises(SignInRefused):
        sign_in(database, "layla@town.example", WORDS, NOON)


@pytest.mark.parametrize("password", ["", "short", "x" * 11, "x" * 1025, "layla@town.example", "LAYLA@TOWN.EXAMPLE"])
def test_a_password_that_somebody_would_try_is_refused_and_the_link_stays(database: Database, password: str) -> None:
    token = link(database)
    with pytest.raises(BadPassword):
        people.choose_password(database, token, password, NOON)
    assert people.choose_password(database, token, WORDS, NOON)


def test_nobody_signs_in_by_guessing(database: Database) -> None:
    joined(database)
    people.add_person(database, new_id, "no-password@town.example", "admin", "s1", NOON)
    for email, password in [
        ("layla@town.example", "wrong"),
        ("layla@town.example", ""),
        ("layla@town.example", "x" * 100_000),
        ("nobody@town.example", WORDS),
        ("no-password@town.example", ""),
        ("", ""),
        ("layla@town.example\x00", WORDS),
    ]:
        with pytest.raises(SignInRefused):
            sign_in(database, email, password, NOON)


def test_a_session_ends_when_it_is_left_alone_and_in_any_case_in_the_end(database: Database) -> None:
    cookie = joined(database)
    assert people.signed_in(database, cookie, NOON + IDLE_LASTS) is None
    now = NOON
    while now + 7 * HOUR < NOON + SESSION_LASTS:
        now += 7 * HOUR
        assert people.signed_in(database, cookie, now) is not None
    assert people.signed_in(database, cookie, NOON + SESSION_LASTS) is None


def test_signing_out_ends_this_session_alone(database: Database) -> None:
    one, other = joined(database), sign_in(database, "layla@town.example", WORDS, NOON)
    people.sign_out(database, one)
    people.sign_out(database, "never given")
    assert people.signed_in(database, one, NOON) is None
    assert people.signed_in(database, other, NOON) is not None


def test_who_is_removed_is_out_at_once_and_has_nothing_left(database: Database) -> None:
    cookie = joined(database)
    people.new_link(database, "layla@town.example", NOON)
    people.remove_person(database, "Layla@town.example")
    assert people.signed_in(database, cookie, NOON) is None
    assert people.listed(database) == []
    with database.read() as connection:
        for table in ("people", "memberships", "sessions", "sign_in_links"):
            assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar() == 0
    with pytest.raises(UnknownPerson):
        people.remove_person(database, "layla@town.example")
    with pytest.raises(UnknownPerson):
        people.new_link(database, "layla@town.example", NOON)


def test_a_role_on_a_site_takes_the_place_of_the_one_before(database: Database) -> None:
    link(database, "reader")
    link(database, "admin")
    link(database, "reader", site="s2")
    (one,) = people.listed(database)
    assert {member.site: member.role for member in one.memberships} == {"s1": "admin", "s2": "reader"}


@pytest.mark.parametrize("email", ["", "nobody", "@x", "a@", "a b@c", "a@b\n", "a\x00@b", "x" * 65 + "@b"])
def test_what_is_no_address_and_no_role_makes_nobody(database: Database, email: str) -> None:
    if email.strip() == email:
        with pytest.raises(BadEmail):
            link(database, email=email)
    with pytest.raises(UnknownRole):
        link(database, "owner")
    assert people.listed(database) == []


@pytest.mark.parametrize("role", [None, *ROLES])
@pytest.mark.parametrize("least", ROLES)
def test_each_role_may_do_what_those_before_it_may(role: str | None, least: str) -> None:
    assert people.may(role, least) == (role is not None and ROLES.index(role) >= ROLES.index(least))


def test_no_password_cookie_or_link_is_kept_readable(database: Database) -> None:
    token = link(database)
    cookie = people.choose_password(database, token, WORDS, NOON)
    other = people.new_link(database, "layla@town.example", NOON)
    with database.read() as connection:
        kept = [
            str(value)
            for table in ("people", "memberships", "sessions", "sign_in_links")
            for row in connection.execute(text(f"SELECT * FROM {table}"))
            for value in row
        ]
    for secret in (WORDS, token, cookie, other):
        assert not any(secret in value for value in kept)
    assert any(value.startswith("$argon2id$") for value in kept)
