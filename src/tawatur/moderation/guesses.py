"""Guessing at the door is slow for whoever guesses, and shuts nobody out who does not.

Tries are counted by account and network together, by network, and by account from everywhere. The last of these would
let anybody keep a moderator out by failing in their name, so a browser in which somebody has signed in before is
counted by itself instead: what strangers do never reaches it. All processes share the counts, whose keys name nobody.

| counted | wrong tries | in |
|---|---|---|
| one account, from one network | 10 | a quarter of an hour |
| any accounts, from one network | 30 | a quarter of an hour |
| one account, from everywhere, by browsers that it does not know | 100 | a day |
| one account, by a browser that it knows (instead of all the above) | 10 | a quarter of an hour |
| codes of one account, after its password was right | 5 | a quarter of an hour |
| the same, by browsers that it does not know | 20 | a day |
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

import msgspec

from tawatur.store import guesses
from tawatur.store.database import Database

QUARTER, DAY = timedelta(minutes=15), timedelta(days=1)
HERE, NETWORK, EVERYWHERE, KNOWN = 10, 30, 100, 10
CODES, CODES_A_DAY = 5, 20


class Counted(msgspec.Struct, frozen=True):
    """One thing that tries are counted by: at most `most` in a span."""

    key: str
    most: int
    span: timedelta


class Guard:
    """Counts tries under the server's secret, and knows the browsers that an account has signed in with."""

    def __init__(self, database: Database, secret: bytes) -> None:
        self._database = database
        self._key = hmac.digest(secret, b"tawatur/console/guesses/1", hashlib.sha256)

    def password(self, account: str, network: str, device: str | None) -> list[Counted]:
        """What a try of a password is counted by. `account` is what was typed, whether there is such a one or not."""
        if device is not None:
            return [self._counted(KNOWN, QUARTER, "known", account, device)]
        return [
            self._counted(HERE, QUARTER, "here", account, network),
            self._counted(NETWORK, QUARTER, "network", network),
            self._counted(EVERYWHERE, DAY, "everywhere", account),
        ]

    def code(self, account: str, device: str | None) -> list[Counted]:
        """What a try of a code is counted by, once the password was right."""
        if device is not None:
            return [self._counted(CODES, QUARTER, "code-known", account, device)]
        return [
            self._counted(CODES, QUARTER, "code", account),
            self._counted(CODES_A_DAY, DAY, "code-day", account),
        ]

    def network(self, network: str) -> list[Counted]:
        """What a beginning at another door is counted by."""
        return [self._counted(NETWORK, QUARTER, "begun", network)]

    def take(self, counted: list[Counted], now: datetime) -> int:
        """Counts a try before it is made, so that many at once are not one; 0, or the seconds to wait, and then nothing
        is counted or written."""
        with self._database.read() as connection:
            wait = _wait(guesses.of_keys(connection, [one.key for one in counted]), counted, now)
        if wait:
            return wait
        with self._database.write() as connection:
            over = [
                one
                for one in sorted(counted, key=lambda one: one.key)
                if guesses.count(connection, one.key, now, now + one.span) > one.most
            ]
            if not over:
                return 0
            guesses.give_back(connection, [one.key for one in counted])
            return _wait(guesses.of_keys(connection, [one.key for one in over]), over, now)

    def give_back(self, counted: list[Counted]) -> None:
        """The try was right: it counts for nothing."""
        with self._database.write() as connection:
            guesses.give_back(connection, sorted(one.key for one in counted))

    def new_device(self, account: str) -> str:
        """What a browser keeps in which this account has signed in."""
        device = secrets.token_urlsafe(16)
        return f"{device}.{self._sign(account, device)}"

    def remembering(self, account: str, kept: str) -> str:
        """What a browser keeps that knew these accounts and now this one: the latest few."""
        others = [one for one in kept.split("~") if one][: MOST_KNOWN - 1]
        return "~".join([self.new_device(account), *others])

    def device(self, account: str, kept: str) -> str | None:
        """The browser that this account knows, by what it kept (several accounts' in a row); None for a stranger."""
        for one in kept.split("~")[:MOST_KNOWN]:
            device, _, signed = one.partition(".")
            if hmac.compare_digest(signed.encode(), self._sign(account, device).encode()):
                return device
        return None

    def _sign(self, account: str, device: str) -> str:
        return hmac.digest(self._key, f"device/{account}/{device}".encode(), hashlib.sha256).hex()[:32]

    def _counted(self, most: int, span: timedelta, *what: str) -> Counted:
        return Counted(hmac.digest(self._key, "/".join(what).encode(), hashlib.sha256).hex(), most, span)


MOST_KNOWN = 5
"""Accounts that one browser is remembered for."""


def _wait(found: dict[str, guesses.Guessed], counted: list[Counted], now: datetime) -> int:
    """Seconds until all of these may be tried again."""
    full = [found[one.key] for one in counted if one.key in found and found[one.key].tries >= one.most]
    return max((max(1, round((one.until - now).total_seconds())) for one in full if one.until > now), default=0)
