"""Who looked: kept while the site's policy says so, judged when a person decides, told to the engine.

A viewing older than the policy's `viewers_days` is as if it had never been, whether or not a sweep has come by.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from tawatur.decision.case import Coins, Silent, Viewers
from tawatur.decision.policy import Policy
from tawatur.decision.viewers import NO_COINS
from tawatur.store.book import Book, replace
from tawatur.store.families import Family
from tawatur.store.reports import Report
from tawatur.store.viewings import MOST_NAMED, SiteCoins, Viewing


def kept_since(policy: Policy, now: datetime) -> datetime | None:
    """Viewings after this moment count; None when the policy has none kept."""
    return now - timedelta(days=policy.viewers_days) if policy.viewers_days else None


def forget_beyond(book: Book, before: Policy, after: Policy, site: str, now: datetime) -> None:
    """Forgets what does not count by the policy that was in force or by the one that comes, so that no verdict depends
    on when a sweep came by."""
    if before.viewers_days != after.viewers_days:
        book.forget_viewings(site, max(kept_since(policy, now) or now for policy in (before, after)))


def note_viewers(
    book: Book, family: Family, people: Sequence[str], policy: Policy, now: datetime
) -> tuple[list[str], int]:
    """Notes who was shown the family. Returns those who are new, of whom no more than `MOST_NAMED` are kept, and how
    many of these distinct people were known to have looked before."""
    since = kept_since(policy, now)
    if since is None or not people:
        return [], 0
    fresh = _looked(book, family.id, since)
    distinct = dict.fromkeys(people)
    new = [person for person in distinct if person not in fresh][: max(0, MOST_NAMED - len(fresh))]
    for person in new:
        book.save_viewing(Viewing(family.site, family.id, person, now))
    return new, sum(person in fresh for person in distinct)


def judge_viewings(
    book: Book,
    family: Family,
    upheld: bool,
    reports: Sequence[Report],
    policy: Policy,
    now: datetime,
    passing_over: Collection[str] = (),
) -> tuple[list[Viewing], list[str]]:
    """Lets the coins of everybody who looked fall as a person decided, taking back how an earlier decision had them.

    Who reported has looked, whether or not the site said so; where it never says who looks, nothing is learned.
    Who made a report that is passed over (its id) is learned nothing of.
    Returns the viewings that were judged before, as they were, and who was only now noted to have looked.
    """
    since = kept_since(policy, now)
    people = {} if since is None else _looked(book, family.id, since)
    if since is None or not people:
        return [], []
    before = [viewing for viewing in people.values() if viewing.upheld is not None]
    noted = []
    said = {report.reporter: report.at for report in reports}
    for report in reports:
        if report.id in passing_over and (report.reporter not in people or people[report.reporter].upheld is None):
            people.pop(report.reporter, None)
            said.pop(report.reporter, None)
    for person, at in said.items():
        if person not in people and at > since:
            noted.append(person)
            people[person] = Viewing(family.site, family.id, person, at)
    more: Counter[str] = Counter()
    for person, viewing in people.items():
        judged = replace(viewing, upheld=upheld, reported=person in said)
        more.update(_fall(judged))
        more.subtract(_fall(viewing))
        if judged != viewing:
            book.save_viewing(judged)
    if any(more.values()):
        book.add_coins(SiteCoins(family.site, **more))
    return before, noted


def unjudge_viewings(book: Book, family: Family, before: Sequence[Viewing], noted: Sequence[str]) -> None:
    """Takes back what `judge_viewings` did, by what it returned."""
    were = {viewing.person: viewing for viewing in before}
    more: Counter[str] = Counter()
    for person, viewing in [*book.viewings(family.id).items()]:
        if viewing.upheld is None:
            continue
        restored = were.get(person) or replace(viewing, upheld=None, reported=False)
        more.update(_fall(restored))
        more.subtract(_fall(viewing))
        if person in noted:
            book.drop_viewing(family.id, person)
        elif restored != viewing:
            book.save_viewing(restored)
    if any(more.values()):
        book.add_coins(SiteCoins(family.site, **more))


def _looked(book: Book, family: str, since: datetime) -> dict[str, Viewing]:
    return {person: viewing for person, viewing in book.viewings(family).items() if viewing.at > since}


def _fall(viewing: Viewing) -> dict[str, int]:
    """How one viewing counts among the coins."""
    if viewing.upheld is None:
        return {}
    if viewing.upheld:
        return {"violating": 1, "hits": int(viewing.reported)}
    return {"fine": 1, "false_alarms": int(viewing.reported)}


def viewers_of(book: Book, family: Family, live: Sequence[Report], policy: Policy, now: datetime) -> Viewers | None:
    """What the engine needs to know of who looked at this family; None when the policy has nobody kept, or the site
    never said who looked."""
    since = kept_since(policy, now)
    named = {} if since is None or not live else _looked(book, family.id, since)
    if since is None or not named:
        return None
    reporters = {report.reporter for report in live}
    coins = {}
    for person, viewings in book.judged_viewings(family.site, {*reporters, *named}).items():
        sums: Counter[str] = Counter()
        for viewing in viewings:
            # How this very picture was judged before says nothing new of it.
            if viewing.at > since and viewing.family != family.id:
                sums.update(_fall(viewing))
        coins[person] = Coins(**sums) if sums else NO_COINS
    silent = Counter(coins[person] for person in named if person not in reporters and coins[person] != NO_COINS)
    site = book.site_coins(family.site)
    return Viewers(
        site=Coins(site.hits, site.violating, site.false_alarms, site.fine),
        reporters={person: coins[person] for person in sorted(reporters) if coins[person] != NO_COINS},
        silent=tuple(Silent(one, people) for one, people in sorted(silent.items())),
    )
