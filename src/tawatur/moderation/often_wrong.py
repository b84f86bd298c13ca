"""Who is wrong most often: for people who moderate, by pseudonym, so that they can look and listen less."""

from __future__ import annotations

from datetime import datetime

import msgspec

from tawatur.store import reporters, reports
from tawatur.store.database import Database

MOST = 20


class OftenWrong(msgspec.Struct, frozen=True):
    """One reporter: how many reports made in the period people rejected, and of all they ever made how many people
    confirmed and how many they decided on. `silenced`: what they report counts for nothing now."""

    reporter: str
    rejected: int
    confirmed: int
    reviewed: int
    silenced: bool


def often_wrong(database: Database, site: str, since: datetime, now: datetime) -> list[OftenWrong]:
    """Those with the most rejected reports since then, the most first, at most `MOST`."""
    with database.read() as connection:
        found = reports.often_rejected(connection, site, since, MOST)
        known = {one.id: one for one in reporters.of_ids(connection, site, {reporter for reporter, _ in found})}
    return [
        OftenWrong(key, count, one.confirmed_reports, one.reviewed_reports, one.silenced(now))
        for key, count in found
        if (one := known.get(key)) is not None
    ]
