"""A site learns its numbers from what its people decided: every night, or when somebody asks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from tawatur.decision.learning import Lesson, learn_proven, lesson
from tawatur.decision.model import Model
from tawatur.log import events
from tawatur.moderation.cases import assemble, model_of, policy_of, site_numbers
from tawatur.moderation.sites import find_site
from tawatur.store import lessons, sites
from tawatur.store.book import Book
from tawatur.store.database import Database
from tawatur.store.database_book import DatabaseBook
from tawatur.store.ids import new_id
from tawatur.store.reading_book import Wants
from tawatur.store.sites import StoredModel
from tawatur.store.writer import Change, Writer

OPEN_CASES = 5000
"""The latest that no person has decided; they tell how often pictures are reported, reviews tell what they are."""
BATCH = 200


def reviewed(history: Iterable[tuple[str, Mapping[str, Any]]]) -> dict[str, Lesson]:
    """The lessons of reviews, given as (family, keys of the event), oldest first: the last review that had evidence
    says what was known, the last of all what was right. What was taken back taught nothing."""
    found: dict[str, Lesson] = {}
    before: dict[str, Lesson | None] = {}
    for family, event in history:
        if event["outcome"] == "undecided":
            continue
        if event.get("type") == "review.undone":
            lesson_before = before.pop(family, None)
            if lesson_before is None:
                found.pop(family, None)
            else:
                found[family] = lesson_before
            continue
        before[family] = found.get(family)
        evidence = event.get("evidence")
        known = found.get(family) if evidence is None else msgspec.convert(evidence, Lesson)
        if known is not None:
            found[family] = msgspec.structs.replace(known, upheld=event["outcome"] == "upheld")
    return found


def adopt(book: Book, site: str, model: Model, now: datetime) -> bool:
    """Makes the model the site's from now on, as its next version; False when it says what the last one said."""
    before = model_of(book, site)
    if msgspec.structs.replace(model, version=before.version) == before:
        return False
    found = book.site(site)
    version = 1 if found is None else found.model_version + 1
    named = msgspec.structs.replace(model, version=f"learned-{version}")
    book.add_model(StoredModel(site, version, now, msgspec.json.encode(named).decode()))
    book.append(events.row(book.new_id(), site, None, now, events.ModelLearned(model=named)))
    return True


def learn_site(database: Database, writer: Writer, site: str, now: datetime) -> bool:
    """Learns the site's model from all that it has decided; whether anything changed."""
    model = model_from(database, site, now)
    return writer.make_now(Change(Wants(site, rules=True), lambda book, at: adopt(book, site, model, at)))


def model_from(database: Database, site: str, now: datetime) -> Model:
    """The model that the site's history gives."""

    def no_new_id() -> str:
        raise AssertionError("looking makes nothing")

    with database.read() as connection:
        policy = policy_of(DatabaseBook(connection, no_new_id), site)
        history = ((family, msgspec.json.decode(body)) for family, body in lessons.reviews(connection, site))
        known = [*reviewed(history).values()]
        silent = lessons.silent(connection, site)
        known += [Lesson(float(views), images=count) for views, count in silent.items()]
        waiting = lessons.open_cases(connection, site, OPEN_CASES) if known else []
        for start in range(0, len(waiting), BATCH):
            book = DatabaseBook(connection, no_new_id)
            batch = waiting[start : start + BATCH]
            book.prefetch([Wants(site, families=tuple(batch))])
            numbers = site_numbers(book, site, policy, now)
            found = (lesson(assemble(book, book.family(family), now, numbers), policy, now) for family in batch)
            known += [one for one in found if one is not None]
    return learn_proven(known, policy, "learned")


def learn_sites(database: Database, name: str | None, now: datetime) -> list[tuple[str, str]]:
    """Lets one site or all of them learn now, without a server; returns their names and their models' versions."""
    with database.read() as connection:
        chosen = sites.all_of_them(connection) if name is None else [find_site(database, name)]
    found = []
    for site in chosen:
        model = model_from(database, site.id, now)
        with database.write() as connection:
            book = DatabaseBook(connection, new_id, lock=not database.is_sqlite)
            book.prefetch([Wants(site.id, rules=True)])
            adopt(book, site.id, model, now)
            found.append((site.name, model_of(book, site.id).version))
            book.flush()
    return found


def learn_nightly(database: Database, writer: Writer, now: datetime) -> int:
    """Lets every site learn that has not done so since midnight (UTC); returns for how many something changed."""
    with database.read() as connection:
        wanting = [
            site.id
            for site in sites.all_of_them(connection)
            if (last := lessons.last_learned(connection, site.id)) is None or last.date() < now.date()
        ]
    return sum(learn_site(database, writer, site, now) for site in wanting)
