"""A second factor: codes that a person's telephone makes every thirty seconds (RFC 6238), asked for after the password.

The secret is kept sealed under a key from the server's secret, so a copy of the database alone makes no codes. A code
works once: the thirty seconds whose code was used are kept, and nothing of then or before works again. Ten recovery
codes, kept as digests, each work once when the telephone is lost.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

import pyotp
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection

from tawatur.moderation.refusals import NoSecondFactor, WrongCode
from tawatur.store import people, second_factors
from tawatur.store.database import Database
from tawatur.store.second_factors import RecoveryCode, SecondFactor

STEP_S = 30
STEPS_ASIDE = 1
"""How many steps a telephone's clock may be off, either way."""
BEGUN_LASTS = timedelta(hours=1)
CODES = 10
_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
_HALF = 5
_NONCE = 12


class Vault:
    """Seals what must be readable here and nowhere else, for one account each."""

    def __init__(self, secret: bytes) -> None:
        self._cipher = AESGCM(hmac.digest(secret, b"tawatur/console/second-factor/1", hashlib.sha256))
        self._digests = hmac.digest(secret, b"tawatur/console/recovery/1", hashlib.sha256)

    def seal(self, person: str, text: str) -> str:
        nonce = secrets.token_bytes(_NONCE)
        return base64.b64encode(nonce + self._cipher.encrypt(nonce, text.encode(), person.encode())).decode()

    def open(self, person: str, sealed: str) -> str:
        """Raises NoSecondFactor where it was sealed under another secret, or for somebody else."""
        data = base64.b64decode(sealed)
        try:
            return self._cipher.decrypt(data[:_NONCE], data[_NONCE:], person.encode()).decode()
        except InvalidTag:
            raise NoSecondFactor(
                "The server's secret is another than when it was made: an admin runs `tawatur user reset-totp EMAIL`."
            ) from None

    def digest(self, person: str, code: str) -> str:
        """How a recovery code is kept."""
        return hmac.digest(self._digests, f"{person}/{code}".encode(), hashlib.sha256).hex()


def begin(database: Database, vault: Vault, person: str, now: datetime) -> str:
    """A new secret, in force once a code of it is confirmed; one that is in force stays until then, and then this does
    nothing. Returns the secret, in base 32."""
    secret = pyotp.random_base32()
    with database.write() as connection:
        found = second_factors.of_person(connection, person)
        if found is not None and found.confirmed_at is not None:
            raise NoSecondFactor("You have a second factor already. Take it away first to make another.")
        second_factors.save(connection, SecondFactor(person, vault.seal(person, secret), now))
    return secret


def begun(database: Database, vault: Vault, person: str, now: datetime) -> str | None:
    """The secret of a second factor that waits to be confirmed."""
    with database.read() as connection:
        found = second_factors.of_person(connection, person)
    if found is None or found.confirmed_at is not None or now - found.made_at > BEGUN_LASTS:
        return None
    return vault.open(person, found.secret)


def confirm(database: Database, vault: Vault, person: str, code: str, now: datetime, session: str) -> list[str]:
    """Puts the second factor in force and ends the person's sessions but this one (its digest); the recovery codes, to
    be shown once. Raises WrongCode, and NoSecondFactor where none was begun within the hour."""
    with database.write() as connection:
        found = second_factors.of_person(connection, person)
        if found is None or found.confirmed_at is not None or now - found.made_at > BEGUN_LASTS:
            raise NoSecondFactor("Begin once more: there is none here that waits for its first code.")
        step = _step_of(vault.open(person, found.secret), code, now)
        if step is None:
            raise WrongCode("This is not the code of now. Is the telephone's clock right?")
        second_factors.save(connection, SecondFactor(person, found.secret, found.made_at, now, step))
        people.end_sessions(connection, person, but=session)
        return _new_codes(connection, vault, person)


def prove(database: Database, vault: Vault, person: str, code: str, now: datetime) -> None:
    """Uses up a code of the telephone's, or a recovery code. Raises WrongCode, also for one that was used, and
    NoSecondFactor."""
    with database.write() as connection:
        found = second_factors.of_person(connection, person)
        if found is None or found.confirmed_at is None:
            raise NoSecondFactor("This account has no second factor.")
        if len(written := _plain(code)) == 2 * _HALF:
            if second_factors.use_code(connection, person, vault.digest(person, written)):
                return
        elif (step := _step_of(vault.open(person, found.secret), code, now)) is not None:
            if second_factors.use_step(connection, person, step):
                return
            raise WrongCode("This code was used already. Wait for the next one.")
    raise WrongCode("This is not the code of now, nor a recovery code that is left.")


def renew_codes(database: Database, vault: Vault, person: str) -> list[str]:
    """New recovery codes in the place of all before, to be shown once."""
    with database.write() as connection:
        return _new_codes(connection, vault, person)


def remove(database: Database, person: str) -> None:
    """Takes a person's second factor away."""
    with database.write() as connection:
        second_factors.remove(connection, person)


def codes_left(database: Database, person: str) -> int:
    with database.read() as connection:
        return second_factors.codes_left(connection, person)


def address(secret: str, email: str) -> str:
    """What the telephone reads from the drawing."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name="Tawatur")


def _new_codes(connection: Connection, vault: Vault, person: str) -> list[str]:
    made = ["".join(secrets.choice(_LETTERS) for _ in range(2 * _HALF)) for _ in range(CODES)]
    second_factors.replace_codes(
        connection, person, [RecoveryCode(person, vault.digest(person, code)) for code in made]
    )
    return [f"{code[:_HALF]}-{code[_HALF:]}" for code in made]


def _plain(code: str) -> str:
    return "".join(code.lower().replace("-", "").split())


def _step_of(secret: str, code: str, now: datetime) -> int | None:
    """The thirty seconds whose code this is, the latest first."""
    written = "".join(code.split())
    if len(written) != 6 or not (written.isascii() and written.isdigit()):
        return None
    totp, here = pyotp.TOTP(secret), int(now.timestamp()) // STEP_S
    for step in range(here + STEPS_ASIDE, here - STEPS_ASIDE - 1, -1):
        if hmac.compare_digest(totp.generate_otp(step), written):
            return step
    return None
