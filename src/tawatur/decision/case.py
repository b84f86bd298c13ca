"""What the engine sees of the world: a case, as plain immutable facts.

A case is everything that is known about one family of pictures at one moment. It is built by the
caller (from the database, or from a replayed history) and is never changed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec


class Report(msgspec.Struct, frozen=True, gc=False):
    """One reporter's live statement that the pictures of this family break one rule.

    `at` is when this reporter first reported this family, so that withdrawing and reporting again
    keeps one's place. `device`, `network` and `referrer` are keyed digests; `None` means the site did not say.
    `anonymous` is a reader whom the site does not know, and who only proved some work.
    """

    reporter: str
    reason: str
    at: datetime
    device: str | None = None
    network: str | None = None
    referrer: str | None = None
    account_created_at: datetime | None = None
    anonymous: bool = False


class Record(msgspec.Struct, frozen=True):
    """What people decided about one reporter's earlier reports, by reason (decision.md, section 2).

    `confirmed[c]` is a sum of earnings (1/sqrt(k) for a report on an image with k reporters),
    `rejected[c]` a count. `confirmed_reports` counts the confirmed reports themselves.
    `reported` is how many families this person reported within the window that co-reports are counted in.
    `supports` is how many other automatic, not yet reviewed blocks this person's live reports hold up now, `blurs` how
    many such blurs.
    """

    confirmed: Mapping[str, float] = {}
    rejected: Mapping[str, float] = {}
    confirmed_reports: int = 0
    reported: int = 0
    supports: int = 0
    blurs: int = 0
    probation_until: datetime | None = None
    muted: bool = False


class Pair(msgspec.Struct, frozen=True, gc=False):
    """What two reporters (a < b) have in common besides this case: families that both reported, and for how many of
    those a review rejected, or confirmed, both reports.
    """

    a: str
    b: str
    co_reports: int = 0
    shared_rejected: int = 0
    shared_confirmed: int = 0


class Coins(msgspec.Struct, frozen=True, gc=False, order=True):
    """What one person did, or all people of a site, with reviewed pictures that they saw: of `violating` ones that
    people upheld they had reported `hits`, of `fine` ones that people rejected `false_alarms`.
    """

    hits: int = 0
    violating: int = 0
    false_alarms: int = 0
    fine: int = 0


class Silent(msgspec.Struct, frozen=True, gc=False, order=True):
    """So many `people` with the same coins looked and stayed silent."""

    coins: Coins
    people: int


class Viewers(msgspec.Struct, frozen=True):
    """What is known of those who looked, where the site says who did (decision.md, section 4).

    `site` are the coins of all its people together, `reporters` those of this case's reporters that have any, `silent`
    the others who were shown the picture and have coins. Who has none is in the case's `views` and nowhere else.
    """

    site: Coins = Coins()
    reporters: Mapping[str, Coins] = {}
    silent: tuple[Silent, ...] = ()


class Site(msgspec.Struct, frozen=True):
    """The site's own numbers that a decision needs.

    `confirmed` and `reviewed` are sums over all reviewed reports, by reason: `confirmed` of earnings, `reviewed` of
    earnings and rejected reports, so that both are in the same unit as a `Record`; `recorded` is the number of
    people with at least one confirmed report. `blocks_last_hour` are automatic blocks; `usual_blocks_per_hour`
    is their mean over the 30 days before. `blocks_last_day` are those of the last 24 hours, and `blocks_seen_last_day`
    those of them that people decided on; within the policy's `trust_days` they upheld `blocks_upheld` and rejected
    `blocks_rejected`.
    """

    confirmed: Mapping[str, float] = {}
    reviewed: Mapping[str, float] = {}
    recorded: int = 0
    blocks_last_hour: int = 0
    usual_blocks_per_hour: float = 0.0
    blocks_last_day: int = 0
    blocks_seen_last_day: int = 0
    blocks_upheld: int = 0
    blocks_rejected: int = 0


class Case(msgspec.Struct, frozen=True):
    """One family of pictures and all that bears on it.

    `reports` are the live reports that no review has decided on yet, one a reporter, in order of `at`; what a person
    has judged lives on in the records alone. `records` holds the record of every reporter that has one (a missing key
    is an empty record). `pairs` lists only those pairs that share something. `network_people[n]` is how many people of
    the site were ever seen on network n, those of this case included.
    `views` counts distinct people who were shown the picture and could have reported, `None` when the site sends no
    views; `views_per_day` is their recent pace.
    `immune_until` comes from a review that rejected earlier reports. `human` is the standing human verdict on these
    pixels: "upheld", "rejected" (while immune) or `None`.
    `floor_raise` multiplies the floor while a person has put the shields up (1: they are down).
    `viewers` is `None` unless the site's policy has them kept.
    """

    reports: tuple[Report, ...]
    records: Mapping[str, Record] = {}
    pairs: tuple[Pair, ...] = ()
    network_people: Mapping[str, int] = {}
    views: int | None = None
    views_per_day: float | None = None
    site: Site = Site()
    immune_until: datetime | None = None
    human: str | None = None
    floor_raise: float = 1.0
    viewers: Viewers | None = None
