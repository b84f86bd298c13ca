"""Codes work once and in their time, recovery codes once, and nothing that makes them can be read from the database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from sqlalchemy import text

from tawatur.moderation import second_factor
from tawatur.moderation.refusals import NoSecondFactor, WrongCode
from tawatur.moderation.second_factor import STEP_S, Vault
from tawatur.store.database import Database

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
STEP = timedelta(seconds=STEP_S)
VAULT = Vault(b"s" * 32)


def code(secret: str, now: datetime) -> str:
    return pyotp.TOTP(secret).at(now)


def enrolled(database: Database, person: str = "layla") -> tuple[str, list[str]]:
    """Her secret and her recovery codes; in force since noon."""
    secret = second_factor.begin(database, VAULT, person, NOON)
    return secret, second_factor.confirm(database, VAULT, person, code(secret, NOON), NOON, "session")


def test_a_second_factor_is_in_force_once_its_first_code_came(database: Database) -> None:
    secret = second_factor.begin(database, VAULT, "layla", NOON)
    assert second_factor.begun(database, VAULT, "layla", NOON) == secret
    with pytest.raises(NoSecondFactor):
        second_factor.prove(database, VAULT, "layla", code(secret, NOON), NOON)
    with pytest.raises(WrongCode):
        second_factor.confirm(database, VAULT, "layla", "000000", NOON, "session")
    second_factor.confirm(database, VAULT, "layla", code(secret, NOON), NOON, "session")
    assert second_factor.begun(database, VAULT, "layla", NOON) is None
    second_factor.prove(database, VAULT, "layla", code(secret, NOON + STEP), NOON + STEP)
    with pytest.raises(NoSecondFactor):
        second_factor.begin(database, VAULT, "layla", NOON)


def test_what_was_begun_waits_an_hour_for_its_first_code(database: Database) -> None:
    secret = second_factor.begin(database, VAULT, "layla", NOON)
    late = NOON + second_factor.BEGUN_LASTS + STEP
    with pytest.raises(NoSecondFactor):
        second_factor.confirm(database, VAULT, "layla", code(secret, late), late, "session")


def test_a_code_works_once_and_none_before_it_works_after_it(database: Database) -> None:
    secret, _ = enrolled(database)
    with pytest.raises(WrongCode):  # the one that confirmed it
        second_factor.prove(database, VAULT, "layla", code(secret, NOON), NOON)
    later = NOON + 4 * STEP
    second_factor.prove(database, VAULT, "layla", code(secret, later), later)
    for spent in (later, later - STEP):
        with pytest.raises(WrongCode):
            second_factor.prove(database, VAULT, "layla", code(secret, spent), later)
    second_factor.prove(database, VAULT, "layla", " ".join(code(secret, later + STEP)), later)


@pytest.mark.parametrize("steps", [-2, 2, 10])
def test_a_code_of_another_time_does_not_work(database: Database, steps: int) -> None:
    secret, _ = enrolled(database)
    now = NOON + 10 * STEP
    with pytest.raises(WrongCode):
        second_factor.prove(database, VAULT, "layla", code(secret, now + steps * STEP), now)


@pytest.mark.parametrize("written", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "\x00" * 6, "x" * 10, "-" * 100])
def test_what_is_no_code_is_refused(database: Database, written: str) -> None:
    enrolled(database)
    with pytest.raises(WrongCode):
        second_factor.prove(database, VAULT, "layla", written, NOON)


def test_each_of_ten_recovery_codes_works_once_and_for_its_person_alone(database: Database) -> None:
    _, codes = enrolled(database)
    enrolled(database, "omar")
    assert len(set(codes)) == 10
    with pytest.raises(WrongCode):
        second_factor.prove(database, VAULT, "omar", codes[0], NOON)
    second_factor.prove(database, VAULT, "layla", codes[0].upper().replace("-", " "), NOON)
    with pytest.raises(WrongCode):
        second_factor.prove(database, VAULT, "layla", codes[0], NOON)
    assert second_factor.codes_left(database, "layla") == 9
    second_factor.renew_codes(database, VAULT, "layla")
    with pytest.raises(WrongCode):
        second_factor.prove(database, VAULT, "layla", codes[1], NOON)
    assert second_factor.codes_left(database, "layla") == 10


def test_a_second_factor_that_is_removed_is_gone_with_its_codes(database: Database) -> None:
    _, codes = enrolled(database)
    second_factor.remove(database, "layla")
    with pytest.raises(NoSecondFactor):
        second_factor.prove(database, VAULT, "layla", codes[0], NOON)
    assert second_factor.codes_left(database, "layla") == 0


def test_no_secret_and_no_code_is_kept_readable(database: Database) -> None:
    secret, codes = enrolled(database)
    with database.read() as connection:
        kept = [
            str(value)
            for table in ("second_factors", "recovery_codes")
            for row in connection.execute(text(f"SELECT * FROM {table}"))
            for value in row
        ]
    for said in (secret, *codes, *(one.replace("-", "") for one in codes)):
        assert not any(said in value for value in kept)


def test_a_sealed_secret_opens_for_its_person_and_under_its_servers_secret_alone(database: Database) -> None:
    sealed = VAULT.seal("layla", "words")
    assert VAULT.open("layla", sealed) == "words"
    assert VAULT.seal("layla", "words") != sealed
    for vault, person in ((VAULT, "omar"), (Vault(b"t" * 32), "layla")):
        with pytest.raises(NoSecondFactor):
            vault.open(person, sealed)
