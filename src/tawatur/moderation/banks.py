"""Banks: lists of hashes, and what they say of a new picture.

A match with a `block` bank blocks a picture from its first moment, until a person has looked. A match with an `allow`
bank overrules every other match: the picture is shown, and stands alone where its copies are withheld.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from tawatur.decision.policy import REASONS
from tawatur.imaging.pdq import Hash
from tawatur.moderation.refusals import BadBank, UnknownBank
from tawatur.store import banks
from tawatur.store.banks import Bank, BankHash
from tawatur.store.book import Book, replace
from tawatur.store.database import Database
from tawatur.store.site_hashes import WIDEST

KINDS = ("block", "allow")
DEFAULT_DISTANCE = 16
_AT_ONCE = 5000


class BankMatch(msgspec.Struct, frozen=True):
    """What the banks say of a picture: the bank that decides, and how far its nearest hash is."""

    bank: Bank
    distance: int

    @property
    def allows(self) -> bool:
        return self.bank.kind == "allow"


def match_banks(book: Book, site: str, query: Sequence[Hash], now: datetime) -> BankMatch | None:
    """The match that decides, if any: an allow bank before a block bank, then the nearest."""
    found = [
        BankMatch(bank, distance)
        for bank, distance in book.bank_matches(site, query)
        if bank.enabled_until is None or bank.enabled_until > now
    ]
    return min(found, key=lambda match: (not match.allows, match.distance, match.bank.id), default=None)


def put_bank(database: Database, bank: Bank) -> Bank:
    """Makes a bank, or changes the one of this name, whose hashes stay. Raises BadBank."""
    if not bank.name.strip():
        raise BadBank("A bank needs a name.")
    if bank.kind not in KINDS:
        raise BadBank(f"A bank is of kind block or allow, not {bank.kind!r}.")
    if bank.reason is not None and bank.reason not in REASONS:
        raise BadBank(f"{bank.reason!r} is not a reason. Use one of: {', '.join(REASONS)}.")
    if not 0 <= bank.distance <= WIDEST:
        raise BadBank(f"A bank's distance is from 0 to {WIDEST} bits, not {bank.distance}.")
    with database.write() as connection:
        known = {(one.site, one.name): one for one in banks.all_of_them(connection)}
        if old := known.get((bank.site, bank.name)):
            bank = replace(bank, id=old.id, created_at=old.created_at, version=old.version + 1)
        banks.put(connection, bank)
    return bank


def find_bank(database: Database, site: str, name: str) -> Bank:
    """The bank with this name or id that bears on the site. Raises UnknownBank."""
    with database.read() as connection:
        known = banks.of_site(connection, site)
    for bank in known:
        if name in (bank.id, bank.name):
            return bank
    names = ", ".join(bank.name for bank in known) or "none yet"
    raise UnknownBank(f"There is no bank {name!r} here. Banks: {names}.")


def add_to_bank(database: Database, bank: Bank, entries: Iterable[tuple[str, str | None]], now: datetime) -> int:
    """Adds (PDQ, note) entries, all or none; returns how many are new. The next picture registered is compared with
    them."""
    return change_bank(database, bank, entries, (), now)[0]


def remove_from_bank(database: Database, bank: Bank, pdqs: list[str]) -> int:
    """Takes hashes out; returns how many were there."""
    return change_bank(database, bank, (), pdqs, bank.created_at)[1]


def change_bank(
    database: Database, bank: Bank, entries: Iterable[tuple[str, str | None]], gone: Iterable[str], now: datetime
) -> tuple[int, int]:
    """Adds (PDQ, note) entries and takes hashes out, all or none; returns how many were new, how many were there."""
    new = list({pdq: BankHash(bank.id, pdq, note, now) for pdq, note in entries}.values())
    old = sorted(gone)
    with database.write() as connection:
        added = sum(banks.add_hashes(connection, new[at : at + _AT_ONCE]) for at in range(0, len(new), _AT_ONCE))
        removed = sum(
            banks.remove_hashes(connection, bank.id, old[at : at + _AT_ONCE]) for at in range(0, len(old), _AT_ONCE)
        )
        banks.put(connection, _next(banks.all_of_them(connection), bank))
    return added, removed


def _next(known: list[Bank], bank: Bank) -> Bank:
    """The bank as it is now, with the next version."""
    present = next(one for one in known if one.id == bank.id)
    return replace(present, version=present.version + 1)
