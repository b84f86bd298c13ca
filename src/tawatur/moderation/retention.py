"""What a policy says about how long data on people is kept, done once a day in small batches. Counts, verdicts and
decisions stay.

Digests of device, network and link tell a crowd that acts as one from several people, so they cannot simply vanish from
a case that is open: every linked report would become a voice. They are kept until a case has been quiet for
`signals_days`. Then each family gets a key of its own, made for this moment and thrown away: what comes out still links
the reports of this one family as before, and links nothing to any other picture, to any later report or to anybody, not
even for those who have the server's secret. Reports that are judged or taken back keep nothing. In the log the same is
done event by event (log/erase.py).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from tawatur.decision.policy import Policy
from tawatur.log import erase
from tawatur.log.events import TYPES
from tawatur.log.personal import MEANS, WHO, split
from tawatur.moderation.cases import policy_now
from tawatur.moderation.erasure import Eraser, dissolve_reporter
from tawatur.moderation.people import IDLE_LASTS, SESSION_LASTS
from tawatur.moderation.unnamed import cutter, nobodies, unlinked, verdict_without
from tawatur.store import (
    appeals,
    cursors,
    events,
    labels,
    notes,
    people,
    personal_data,
    retention,
    seals,
    sites,
    verdicts,
)
from tawatur.store.reports import Report
from tawatur.store.schema import microseconds

BATCH = 200
_REPORTS = frozenset({"report.received"})
_ON_PAGES = frozenset({"image.registered", "image.addressed"})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def keep_to_retention(eraser: Eraser, now: datetime) -> None:
    """Deletes what every site's policy has kept long enough."""
    with eraser.database.read() as connection:
        known = [site.id for site in sites.all_of_them(connection)]
    with eraser.database.write() as connection:
        people.forget_sessions(connection, now - SESSION_LASTS, now - IDLE_LASTS)
        people.forget_links(connection, now)
    for site in known:
        policy = policy_now(eraser.database, site)
        cut_links(eraser, site, now - timedelta(days=policy.signals_days))
        _forget_words(eraser, site, policy, now)
        _forget_reporters(eraser, site, policy, now)
        _name_old_events(eraser, site, policy, now)
        _forget_names_in_verdicts(eraser, site, now - timedelta(days=policy.log_days))
    eraser.carry_out()


def cut_links(eraser: Eraser, site: str, before: datetime) -> int:
    """Cuts the links between families whose last report came before then, and between events that old; returns how many
    families these were. What is named in the log is erased by who calls."""
    count = 0
    while True:
        with eraser.database.write() as connection:
            quiet = set(retention.quiet_families(connection, site, before, BATCH))
            held = personal_data.hold(connection, quiet)
            by_family: dict[str, list[Report]] = {}
            for report in retention.reports_of(connection, quiet):
                by_family.setdefault(report.family, []).append(report)
            for family, reports in by_family.items():
                cut = cutter()
                changed = [unlinked(report, held[family], cut) for report in reports]
                names = {was.network: now.network for was, now in zip(reports, changed, strict=True)}
                retention.copy_counts(connection, site, {was: now for was, now in names.items() if was and now})
                personal_data.save_reports(connection, changed)
                said = [verdict_without(one, {}, cut) for one in verdicts.of_families(connection, {family})]
                verdicts.say(connection, said)
        count += len(by_family)
        if len(quiet) < BATCH:
            break
    with eraser.database.write() as connection:
        retention.forget_ages(connection, site, before)
        retention.forget_networks(connection, site)
    _name_old(eraser, site, "signals", MEANS, _REPORTS, before)
    return count


def _forget_words(eraser: Eraser, site: str, policy: Policy, now: datetime) -> None:
    written, shown = now - timedelta(days=policy.comments_days), now - timedelta(days=policy.pages_days)
    _until_done(eraser, lambda connection: retention.forget_comments(connection, site, written, BATCH))
    _until_done(eraser, lambda connection: retention.forget_pages(connection, site, shown, BATCH))
    _until_done(eraser, lambda connection: labels.forget(connection, site, shown, BATCH))
    with eraser.database.write() as connection:
        retention.forget_notes(connection, site, written)
        notes.forget(connection, site, written)
        appeals.forget_words(connection, site, written)


def _until_done(eraser: Eraser, batch: Callable[[Connection], int]) -> None:
    while True:
        with eraser.database.write() as connection:
            if batch(connection) < BATCH:
                return


def _forget_reporters(eraser: Eraser, site: str, policy: Policy, now: datetime) -> None:
    quiet, idle = now - timedelta(days=policy.signals_days), now - timedelta(days=policy.reporters_days)
    while True:
        with eraser.database.read() as connection:
            gone = retention.renamed_reporters(connection, site, quiet, BATCH)
            gone += retention.idle_reporters(connection, site, idle, now, BATCH)
        for person in dict.fromkeys(gone):
            dissolve_reporter(eraser.database, site, person)
        if not gone:
            return


def _forget_names_in_verdicts(eraser: Eraser, site: str, before: datetime) -> None:
    """Stored verdicts name nobody after as long as the log. The cursor says up to which moment that is done."""
    reader = f"retention/verdicts/{site}"
    while True:
        with eraser.database.write() as connection:
            after = _EPOCH + timedelta(microseconds=cursors.hold(connection, reader))
            page = verdicts.between(connection, site, after, before, BATCH)
            verdicts.say(connection, [verdict_without(one, nobodies(one), cutter()) for one in page])
            if page:
                cursors.move(connection, reader, microseconds(page[-1].at))
        if len(page) < BATCH:
            return


def _name_old_events(eraser: Eraser, site: str, policy: Policy, now: datetime) -> None:
    """Lets erasures name what events said of people for as long as the policy has it."""
    for name, part, types, days in (
        ("pages", MEANS, _ON_PAGES, policy.pages_days),
        ("words", MEANS, frozenset(TYPES) - _ON_PAGES - _REPORTS, policy.comments_days),
        ("viewers", WHO, frozenset({"image.viewed"}), policy.viewers_days),
        ("log", WHO, frozenset(TYPES), policy.log_days),
    ):
        _name_old(eraser, site, name, part, types, now - timedelta(days=days))


def _name_old(eraser: Eraser, site: str, name: str, part: str, types: frozenset[str], before: datetime) -> None:
    """One reader of the log for each kind of data and site: it names what is older than `before`, and goes on there
    the next day."""
    reader = f"retention/{name}/{site}"
    while True:
        with eraser.database.write() as connection:
            after = cursors.hold(connection, reader)
            last = seals.last(connection)
            end = 0 if last is None else last.last
            page = events.page(connection, site, after, erase.AT_ONCE)
            old = []
            for event in page:
                if event.at >= before or (event.position or 0) > end:
                    break
                old.append(event)
            done = set()
            if old:
                erased = seals.erased(connection, old[0].position or 0, old[-1].position or 0)
                done = {one.position for one in erased if one.part == part}
            positions = [
                event.position
                for event in old
                if event.position is not None
                and event.position not in done
                and event.type in types
                and getattr(split(event.body), part)
            ]
            if positions:
                erase.name(connection, eraser.new_id, eraser.now(), site, part, positions, "retention")
            if old:
                cursors.move(connection, reader, old[-1].position or after)
        if len(old) < erase.AT_ONCE:
            return
