"""Banks: lists of hashes that block copies, or that overrule a match."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import Connection, bindparam, delete, func, or_, select

from tawatur.store import rows, schema
from tawatur.store.hashes import AT_ONCE
from tawatur.store.upsert import insert_new

SHARED = ""
"""Stands in the place of a site's id where a bank serves every site."""


class Bank(msgspec.Struct, frozen=True, gc=False):
    """One list. `kind` is "block" or "allow", `distance` how many bits a match may differ (0 to 31), `reason` the rule
    that what it blocks breaks. From `enabled_until` on it matches nothing. `version` grows with every change."""

    id: str
    site: str
    name: str
    kind: str
    source: str | None
    reason: str | None
    distance: int
    enabled_until: datetime | None
    created_at: datetime
    version: int = 0


class BankHash(msgspec.Struct, frozen=True, gc=False):
    """One PDQ hash (64 hexadecimal digits) of a bank."""

    bank: str
    pdq: str
    note: str | None
    added_at: datetime


_banks = schema.banks.c
_hashes = schema.bank_hashes.c
_of_site = (
    select(schema.banks)
    .where(or_(_banks.site == bindparam("site"), _banks.site == SHARED))
    .order_by(_banks.site, _banks.name)
)
_every = select(schema.banks).order_by(_banks.site, _banks.name)
_of_bank = select(schema.bank_hashes).where(_hashes.bank == bindparam("bank")).order_by(_hashes.pdq)
_next = (
    select(_hashes.pdq)
    .where(_hashes.bank == bindparam("bank"), _hashes.pdq > bindparam("after"))
    .order_by(_hashes.pdq)
    .limit(bindparam("most"))
    .subquery()
)
_pdqs = select(func.aggregate_strings(_next.c.pdq, "\n"))  # one text for thousands, as for the sites' hashes
_sizes = select(_hashes.bank, func.count()).group_by(_hashes.bank)


def of_site(connection: Connection, site: str) -> list[Bank]:
    """The banks that bear on a site's images: its own and the shared ones."""
    return rows.read(connection, Bank, _of_site, site=site)


def all_of_them(connection: Connection) -> list[Bank]:
    return rows.read(connection, Bank, _every)


def sizes(connection: Connection) -> dict[str, int]:
    """How many hashes each bank holds."""
    return {bank: int(size) for bank, size in connection.execute(_sizes)}


def hashes(connection: Connection, bank: str) -> list[BankHash]:
    return rows.read(connection, BankHash, _of_bank, bank=bank)


def pdqs(connection: Connection, bank: str) -> list[str]:
    """The bank's hashes alone, in the order of their digits."""
    found: list[str] = []
    values = {"bank": bank, "after": "", "most": AT_ONCE}
    while text := connection.execute(_pdqs, values).scalar():
        found += text.split("\n")
        values["after"] = found[-1]
    return found


def put(connection: Connection, bank: Bank) -> None:
    """Makes the bank, or overwrites the one with its id."""
    if not insert_new(connection, schema.banks, [bank]):
        rows.save(connection, schema.banks, [bank])


def add_hashes(connection: Connection, new: list[BankHash]) -> int:
    """Adds those that are not there yet; returns how many."""
    return len(insert_new(connection, schema.bank_hashes, new))


def remove_hashes(connection: Connection, bank: str, pdqs: list[str]) -> int:
    """Takes hashes out; returns how many were there."""
    return connection.execute(delete(schema.bank_hashes).where(_hashes.bank == bank, _hashes.pdq.in_(pdqs))).rowcount
