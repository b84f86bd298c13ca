"""After a rejection: warns whoever reported wrongly again and again, and suspends whom a warning did not help.

A suspension acts on what comes: reports made from now on are kept and count for nothing, and so do earlier ones while
it lasts. What is withheld already is provisional and waits for a person, who may void what they said.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from tawatur.decision.abuse import Tally, is_abuse, suspension
from tawatur.decision.policy import Policy
from tawatur.log import events
from tawatur.moderation.undo import Stood
from tawatur.store.book import Book, replace
from tawatur.store.families import Family
from tawatur.store.reporters import Reporter


def warn_or_suspend(book: Book, family: Family, policy: Policy, now: datetime) -> list[Stood]:
    """Takes the next step with those whose reports of this family were just rejected and who went too far; how they
    stood before."""
    if policy.abuse_rejected < 1:
        return []
    wrong = sorted({one.reporter for one in book.earlier_reports(family.id).values() if one.outcome == "rejected"})
    people = (book.reporter(family.site, reporter) for reporter in wrong)
    may = [one for one in people if one is not None and one.reviewed_reports >= policy.abuse_rejected]
    may = [one for one in may if not one.silenced(now)]
    pasts = book.pasts(family.site, [one.id for one in may], now)
    stood = []
    for person in may:
        since = now - timedelta(days=policy.abuse_days)
        if person.told_at is not None:
            since = max(since, person.told_at)
        judged = [past for past in pasts[person.id].values() if past.at > since and (past.rejected or past.confirmed)]
        # Whoever reported a picture twice and was right once was right.
        tally = Tally(sum(not past.confirmed for past in judged), len(judged))
        if is_abuse(tally, policy):
            stood.append(Stood(person.id, person.told_at, person.suspended_until, person.steps))
            _step(book, person, tally, since, policy, now)
    return stood


def _step(book: Book, person: Reporter, tally: Tally, since: datetime, policy: Policy, now: datetime) -> None:
    stands = person.told_at is not None and now - person.told_at <= timedelta(days=policy.warning_days)
    if not stands or not person.steps:
        book.save_reporter(replace(person, told_at=now, suspended_until=None, steps=1))
        told: events.Event = events.ReporterWarned(
            reporter=person.id, rejected=tally.rejected, reviewed=tally.reviewed, since=since
        )
    else:
        until = now + suspension(person.steps - 1, policy)
        book.save_reporter(replace(person, told_at=now, suspended_until=until, steps=person.steps + 1))
        told = events.ReporterSuspended(
            reporter=person.id,
            rejected=tally.rejected,
            reviewed=tally.reviewed,
            since=since,
            until=until,
            times=person.steps,
        )
    book.append(events.row(book.new_id(), person.site, None, now, told))
