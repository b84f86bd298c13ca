"""Takes people out of what is stored of cases: out of reports, and out of verdicts, which keep the whole case that they
were decided by.

Names are replaced alike wherever they stand in a case, so a verdict still says what it said, and recomputing it from
what is stored gives the same.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from tawatur.log.erase import rough
from tawatur.log.events import rfc3339
from tawatur.store.book import replace
from tawatur.store.families import Family
from tawatur.store.reporters import Reporter
from tawatur.store.reports import Report
from tawatur.store.retention import NOBODY, OLD
from tawatur.store.verdicts import StoredVerdict

_MEANS = ("device", "network", "referrer")

Cut = Callable[[str, str | None], str | None]
"""The new name of a digest, by its kind."""


def cutter() -> Cut:
    """Names that link what one case says of means, and nothing else: their key is random, and is never kept."""
    key = os.urandom(32)

    def cut(kind: str, digest: str | None) -> str | None:
        if digest is None or digest.startswith(OLD):
            return digest
        return OLD + hmac.digest(key, f"{kind}/{digest}".encode(), "sha256").hex()[:28]

    return cut


def speaks(report: Report, family: Family) -> bool:
    """Whether a report still bears on what is decided of its family."""
    return report.withdrawn_at is None and report.round == family.round


def by_nobody(report: Report, family: Family) -> Report:
    """The report as somebody's: another somebody for each report."""
    return replace(without_words(report, family), reporter=NOBODY + report.id)


def without_words(report: Report, family: Family) -> Report:
    """The report without its comment. Its digests of means stay while it speaks; its account's age, roughly."""
    age = _rough(report.account_created_at, report.first_at)
    said = replace(report, comment=None, account_created_at=age)
    return said if speaks(report, family) else replace(said, device=None, network=None, referrer=None)


def bare(reporter: Reporter) -> Reporter:
    """Of somebody who is silenced no more than that."""
    counts = {"reported": 0, "confirmed_reports": 0, "reviewed_reports": 0}
    return replace(reporter, account_created_at=None, probation_until=None, **counts)


def unlinked(report: Report, family: Family, cut: Cut) -> Report:
    """The report with means that are good in its family only, and none once it is silent."""
    here = cut if speaks(report, family) else lambda kind, digest: None
    return replace(
        report,
        device=here("device", report.device),
        network=here("network", report.network),
        referrer=here("referrer", report.referrer),
        account_created_at=_rough(report.account_created_at, report.first_at),
    )


def verdict_without(verdict: StoredVerdict, names: Mapping[str, str], cut: Cut) -> StoredVerdict:
    """The verdict with other names for these people, and means that are good in it only."""
    said: dict[str, Any] = msgspec.json.decode(verdict.body)
    case = _renamed(said.get("case"), names)
    if isinstance(case, dict):
        case["reports"] = [_cut_report(report, cut) for report in case.get("reports", ())]
        case["network_people"] = {
            cut("network", name): people for name, people in case.get("network_people", {}).items()
        }
        case["pairs"] = [_in_order(pair) for pair in case.get("pairs", ())]
        said["case"] = case
    return replace(verdict, body=msgspec.json.encode(said).decode())


def nobodies(verdict: StoredVerdict) -> dict[str, str]:
    """Other names for all the people of a verdict, by the names that they have in it."""
    case = msgspec.json.decode(verdict.body).get("case") or {}
    people = [report["reporter"] for report in case.get("reports", ())]
    named = {person for person in people if not person.startswith(NOBODY)}
    return {person: f"{NOBODY}{verdict.id}-{n}" for n, person in enumerate(people) if person in named}


def _renamed(said: Any, names: Mapping[str, str]) -> Any:
    if isinstance(said, str):
        return names.get(said, said)
    if isinstance(said, list):
        return [_renamed(one, names) for one in said]
    if isinstance(said, dict):
        return {names.get(key, key): _renamed(value, names) for key, value in said.items()}
    return said


def _cut_report(report: dict[str, Any], cut: Cut) -> dict[str, Any]:
    found = report | {kind: cut(kind, report.get(kind)) for kind in _MEANS}
    created = report.get("account_created_at")
    if created is not None:
        at = msgspec.convert(report["at"], datetime)
        found["account_created_at"] = rfc3339(rough(msgspec.convert(created, datetime), at))
    return found


def _in_order(pair: dict[str, Any]) -> dict[str, Any]:
    return pair | {"a": min(pair["a"], pair["b"]), "b": max(pair["a"], pair["b"])}


def _rough(created: datetime | None, at: datetime) -> datetime | None:
    return None if created is None else rough(created, at)
