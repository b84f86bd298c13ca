"""The keys that sign seals (Ed25519): where the private one lies, and how a new one follows an old one.

A key is called by its public half, 64 hexadecimal digits. Its private half lies in `seal-keys/` in the data folder, or
comes by setting. Each key has a statement in the database: which key, after which, from which seal on. The key signs
it, and so does the one before it: who trusts any key of the chain can check all of it, and nobody can put in a key
alone.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from tawatur.failures import Failure
from tawatur.log.events import rfc3339
from tawatur.store.seals import KeyRow

FOLDER = "seal-keys"
SEED_HEX = 64
_STATEMENT = b"tawatur seal key 1\n"


class KeyUnusable(Failure):
    """The key that seals are signed with cannot be used."""


class Statement(msgspec.Struct, frozen=True):
    """What is signed of a key: it signs from seal `since` on, after the key `previous` (None: it is the first)."""

    key: str
    previous: str | None
    since: int
    at: str


class SigningKey:
    """A private key, made from `seed`, 64 hexadecimal digits. `public` is its name."""

    def __init__(self, seed: str) -> None:
        self.seed = seed
        try:
            raw = bytes.fromhex(seed)
            self._key = Ed25519PrivateKey.from_private_bytes(raw)
        except ValueError:
            raise KeyUnusable(f"A key for seals is {SEED_HEX} hexadecimal digits.") from None
        self.public = self._key.public_key().public_bytes_raw().hex()

    def sign(self, message: bytes) -> str:
        return self._key.sign(message).hex()


class Keyring:
    """The private keys at hand: the one that is set, or those in the data folder."""

    def __init__(self, data_dir: Path, given: str | None = None) -> None:
        self._folder = data_dir / FOLDER
        self.given = None if given is None else SigningKey(given.strip())

    def all_of_them(self) -> dict[str, SigningKey]:
        if self.given is not None:
            return {self.given.public: self.given}
        found = [SigningKey(path.read_text().strip()) for path in sorted(self._folder.glob("*.key"))]
        return {key.public: key for key in found}

    def find(self, public: str) -> SigningKey:
        """The private half of this key. Raises KeyUnusable where it is not here."""
        found = self.all_of_them().get(public)
        if found is None:
            where = "TAWATUR_SEAL_KEY" if self.given is not None else str(self._folder)
            raise KeyUnusable(f"The seals of this database are signed with the key {public}; {where} does not have it.")
        return found

    def first(self) -> SigningKey:
        """A key to begin with: one that is here, or a new one."""
        return next(iter(self.all_of_them().values()), None) or self.make()

    def make(self) -> SigningKey:
        """A new key, kept in the data folder where its owner alone can read it; where a key is set, it is not kept."""
        seed = secrets.token_hex(SEED_HEX // 2)
        key = SigningKey(seed)
        if self.given is None:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            path = self._folder / f"{key.public}.key"
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(seed + "\n")
                file.flush()
                os.fsync(file.fileno())
        return key

    def drop(self, public: str) -> None:
        """Deletes a private key that signs no more."""
        with contextlib.suppress(FileNotFoundError):
            (self._folder / f"{public}.key").unlink()


def statement(key: SigningKey, previous: SigningKey | None, since: int, now: datetime) -> KeyRow:
    """The signed statement that from seal `since` on this key signs, after the previous one."""
    said = Statement(key.public, None if previous is None else previous.public, since, rfc3339(now))
    body = msgspec.json.encode(said).decode()
    message = _STATEMENT + body.encode()
    return KeyRow(since, body, key.sign(message), None if previous is None else previous.sign(message))


def read_statement(row: KeyRow) -> Statement:
    """What a key's statement says. Raises ValueError where it is none or its signatures do not fit."""
    said = msgspec.json.decode(row.body, type=Statement)
    if msgspec.json.encode(said).decode() != row.body or said.since != row.since:
        raise ValueError("the statement is not as it was written")
    message = _STATEMENT + row.body.encode()
    if not signed(said.key, row.signature, message):
        raise ValueError("its own signature does not fit")
    if said.previous is None:
        if row.previous_signature is not None:
            raise ValueError("it has a signature of a key before it, and names none")
    elif not signed(said.previous, row.previous_signature or "", message):
        raise ValueError("the signature of the key before it does not fit")
    return said


def chain(rows: Sequence[KeyRow]) -> list[Statement]:
    """The keys one after another. Raises ValueError, naming the key, where one does not follow from the one before."""
    found: list[Statement] = []
    for row in rows:
        try:
            said = read_statement(row)
        except (ValueError, msgspec.DecodeError) as error:
            raise ValueError(f"the key from seal {row.since} on: {error}") from None
        previous = found[-1].key if found else None
        if said.previous != previous or (not found and said.since != 1):
            raise ValueError(f"the key from seal {row.since} on does not follow the one before it")
        found.append(said)
    return found


def key_of(keys: Sequence[Statement], number: int) -> str | None:
    """The key that signs the seal with this number."""
    return next((one.key for one in reversed(keys) if one.since <= number), None)


def signed(public: str, signature: str, message: bytes) -> bool:
    """Whether this key made this signature of the message."""
    try:
        raw = bytes.fromhex(signature)
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(raw, message)
    except (InvalidSignature, ValueError):
        return False
    return raw.hex() == signature
