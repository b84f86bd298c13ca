"""Erases what is stored about one person of a site, and says what is stored.

The log first: what events say of the person is erased where it stands (log/erase.py), and what happened stays. Then the
state: a report becomes the report of somebody, so that counts, verdicts and decisions stand as they are, and the
person's record, networks and viewings are deleted.

Who has reports in a case that nobody has decided gets a random name first, alone: under it all that weighs and links
their reports stays for as long as the case is open, and then goes (moderation/retention.py). Else whoever deletes an
account after each report would be as many people as they like, and deciding anew would give other verdicts. Who is
silenced stays silenced. Both are told.
"""

from __future__ import annotations

import random
import re
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from tawatur.log import erase
from tawatur.log.events import rfc3339
from tawatur.log.keys import Keyring
from tawatur.log.personal import MEANS, WHO, split
from tawatur.moderation.pseudonyms import DIGEST_HEX, Pseudonyms
from tawatur.moderation.unnamed import bare, by_nobody, cutter, speaks, verdict_without, without_words
from tawatur.store import appeals, events, personal_data, seals, shields, undoables, verdicts
from tawatur.store.book import replace
from tawatur.store.database import Database, is_transient
from tawatur.store.events import EventRow
from tawatur.store.retention import NOBODY
from tawatur.store.sites import add_recorded
from tawatur.store.writer import Refused

REPORTER, UPLOADER = "reporter", "uploader"
KINDS = (REPORTER, UPLOADER)
PAGE = 500
ATTEMPTS = 5
BATCH = 100
_ANSWERS = frozenset({"appeal.decided"})
"""Events whose words were for the person alone."""
_PSEUDONYM = re.compile(f"[0-9a-f]{{{DIGEST_HEX}}}")


class NobodyToErase(Refused):
    """What is to be erased is neither a reporter nor an uploader"""


class Erased(msgspec.Struct, frozen=True):
    """What was erased, in numbers; `kept` says in words what stays, and why."""

    reports: int = 0
    images: int = 0
    events: int = 0
    kept: list[str] = []


class Eraser:
    """What erasing needs: the database, the keys that seal, a source of ids and the time."""

    def __init__(
        self, database: Database, keyring: Keyring, new_id: Callable[[], str], now: Callable[[], datetime]
    ) -> None:
        self.database = database
        self.keyring = keyring
        self.new_id = new_id
        self.now = now

    def carry_out(self) -> int:
        """Erases what the log has named for it; returns how many parts of events that were."""
        return erase.carry_out(self.database, self.keyring, self.now)


def pseudonym(database: Database, secret: bytes, site: str, said: str) -> str:
    """Whom the site means: its own id of a person, or a pseudonym that the log or the console showed."""
    own = Pseudonyms(secret, site).person(said)
    if _PSEUDONYM.fullmatch(said):
        with database.read() as connection:
            if not personal_data.is_known(connection, site, own):
                return said
    return own


def erase_person(eraser: Eraser, site: str, kind: str, person: str) -> Erased:
    """Erases what is stored about the person (a pseudonym) as a reporter or as an uploader. Twice is harmless; where it
    is cut short, doing it again ends it. Raises NobodyToErase."""
    if kind not in KINDS:
        raise NobodyToErase(f"{kind!r} cannot be erased. Use one of: {', '.join(KINDS)}.")
    for _ in range(ATTEMPTS - 1):
        with _again():
            return _erase_person(eraser, site, kind, person)
    return _erase_person(eraser, site, kind, person)


@contextmanager
def _again() -> Iterator[None]:
    """Lets go of what fails only because others write the same rows."""
    try:
        yield
    except DBAPIError as error:
        if not is_transient(error):
            raise
        time.sleep(random.uniform(0, 0.1))


def _erase_person(eraser: Eraser, site: str, kind: str, person: str) -> Erased:
    eraser.carry_out()
    read, count = _erase_from_log(eraser, site, kind, person, 0)
    found = (
        erase_reporter(eraser.database, site, person, eraser.now())
        if kind == REPORTER
        else _erase_uploader(eraser, site, person)
    )
    eraser.carry_out()
    count += _erase_from_log(eraser, site, kind, person, read)[1]  # what came in meanwhile
    eraser.carry_out()
    return replace(found, events=count)


def stored(database: Database, site: str, person: str) -> dict[str, Any]:
    """All that is stored about one pseudonym, for the person who asks."""
    with database.read() as connection:
        reporter = personal_data.reporter(connection, site, person)
        uploaded = personal_data.images(connection, site, person)
        said: dict[str, Any] = {
            "site": site,
            "person": person,
            "reporter": None if reporter is None else msgspec.to_builtins(reporter),
            "record": [msgspec.to_builtins(one) for one in personal_data.records(connection, site, person)],
            "reports": [msgspec.to_builtins(one) for one in personal_data.reports(connection, site, person)],
            "networks": personal_data.networks(connection, site, person),
            "shown": [msgspec.to_builtins(one) for one in personal_data.viewings(connection, site, person)],
            "uploaded": sorted(uploaded),
            "appeals": [msgspec.to_builtins(one) for one in appeals.of_person(connection, site, person)],
        }
    said["events"] = [
        {"id": event.id, "position": event.position, "type": event.type, "at": rfc3339(event.at)}
        for event in _saying(database, site, person, 0)
    ]
    return said


def _saying(database: Database, site: str, person: str, after: int) -> Iterator[EventRow]:
    """The site's events that name the person, in order."""
    while True:
        with database.read() as connection:
            page = events.page_saying(connection, site, after, person, PAGE)
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1].position or after


def _erase_from_log(eraser: Eraser, site: str, kind: str, person: str, after: int) -> tuple[int, int]:
    """Names what events say of the person. Returns up to which position the log was read, and of how many events."""
    with eraser.database.read() as connection:
        last = seals.last(connection)
    end = 0 if last is None else last.last
    who, means = [], []
    for event in _saying(eraser.database, site, person, after):
        position = event.position or 0
        if position > end:
            break
        said = msgspec.json.decode(event.body)
        if kind == UPLOADER and said.get("uploader") == person:
            who.append(position)
            if event.type in _ANSWERS:
                means.append(position)
        elif kind == REPORTER and (said.get("reporter") == person or person in said.get("viewers", ())):
            who.append(position)
            if split(event.body).means:
                means.append(position)
    with eraser.database.write() as connection:
        for part, positions in ((WHO, who), (MEANS, means)):
            if positions:
                erase.name(connection, eraser.new_id, eraser.now(), site, part, positions, "request")
    return end, len(who)


def erase_reporter(database: Database, site: str, person: str, now: datetime) -> Erased:
    """Erases the person from the state; the log is another matter."""
    kept = []
    with database.write() as connection:
        held = personal_data.hold(connection, {one.family for one in personal_data.reports(connection, site, person)})
        mine = personal_data.reports(connection, site, person)
        reporter = personal_data.reporter(connection, site, person)
        undoables.forget_person(connection, site, person)
        if any(speaks(one, held[one.family]) for one in mine):
            name = NOBODY + secrets.token_hex(12)
            personal_data.rename(connection, site, person, name)
            changed = [replace(without_words(one, held[one.family]), reporter=name) for one in mine]
            names = dict.fromkeys(held, name)
            kept.append("what links and weighs reports of open cases, under a random name, until these are over")
        else:
            _drop(connection, site, person)
            changed = [by_nobody(one, held[one.family]) for one in mine]
            names = {one.family: one.reporter for one in changed}
        personal_data.save_reports(connection, changed)
        silenced = reporter is not None and reporter.silenced(now)
        appeals.forget_person(connection, site, appeals.REPORTER, person, known=silenced)
        if reporter is not None and silenced:
            personal_data.insert_reporter(connection, bare(reporter))
            kept.append("the pseudonym, since it is muted or suspended")
    _take_out_of_verdicts(database, site, person, names)
    return Erased(reports=len(mine), kept=kept)


def dissolve_reporter(database: Database, site: str, person: str) -> None:
    """Makes each of the person's reports the report of somebody, also in open cases, and forgets the person."""
    with database.write() as connection:
        held = personal_data.hold(connection, {one.family for one in personal_data.reports(connection, site, person)})
        mine = personal_data.reports(connection, site, person)
        changed = [by_nobody(one, held[one.family]) for one in mine]
        personal_data.save_reports(connection, changed)
        appeals.forget_person(connection, site, appeals.REPORTER, person)
        _drop(connection, site, person)
    _take_out_of_verdicts(database, site, person, {one.family: one.reporter for one in changed})


def _drop(connection: Connection, site: str, person: str) -> None:
    """Deletes the person, who then is none of those with a record."""
    reporter = personal_data.reporter(connection, site, person)
    if reporter is not None and reporter.confirmed_reports > 0:
        add_recorded(connection, {site: -1})
    personal_data.forget_reporter(connection, site, person)


def _take_out_of_verdicts(database: Database, site: str, person: str, by_family: Mapping[str, str]) -> None:
    """Stored verdicts name nobody instead of the person."""
    after = ""
    while True:
        with database.write() as connection:
            page = verdicts.naming(connection, site, person, after, BATCH)
            names = [{person: by_family.get(one.family, NOBODY + one.id)} for one in page]
            without = [verdict_without(one, name, cutter()) for one, name in zip(page, names, strict=True)]
            verdicts.say(connection, without)
        if len(page) < BATCH:
            return
        after = page[-1].id


def _erase_uploader(eraser: Eraser, site: str, person: str) -> Erased:
    with eraser.database.write() as connection:
        held = personal_data.hold(connection, {*personal_data.images(connection, site, person).values()})
        mine = [one for one, family in personal_data.images(connection, site, person).items() if family in held]
        for start in range(0, len(mine), PAGE):
            personal_data.forget_uploader(connection, mine[start : start + PAGE])
        shields.forget_uploader(connection, site, person)
        appeals.forget_person(connection, site, appeals.IMAGE, person)
        undoables.forget_person(connection, site, person)
    return Erased(images=len(mine))
