"""Appeals: who objects to what was decided of an image or of a reporter, and what a person answered."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Index,
    Table,
    Text,
    and_,
    bindparam,
    false,
    func,
    literal,
    or_,
    select,
    text,
    update,
)

from tawatur.store import rows, schema
from tawatur.store.retention import NOBODY
from tawatur.store.schema import Instant, metadata
from tawatur.store.upsert import put

IMAGE, REPORTER = "image", "reporter"
"""What an appeal is about: that an image is withheld, or that a reporter is suspended."""
OPEN, REVERSED, STANDS, WITHDRAWN, OVER = "open", "reversed", "stands", "withdrawn", "over"
"""How it stands: it waits, a person reversed the decision or let it stand, whoever objected took it back, or what they
objected to was over before anybody answered."""

_waits = text("closed_at IS NULL")
_appeals = Table(
    "appeals",
    metadata,
    Column("id", Text, primary_key=True),
    Column("site", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("person", Text),
    Column("against", Text, nullable=False),
    Column("decided_at", Instant, nullable=False),
    Column("at", Instant, nullable=False),
    Column("answer_by", Instant, nullable=False),
    Column("text", Text),
    Column("status", Text, nullable=False),
    Column("closed_at", Instant),
    Column("closed_by", Text),
    Column("answer", Text),
    Column("same_person", Boolean, nullable=False, server_default=false()),
    Column("review", Text),
    Index("ix_appeals_site_about_target", "site", "about", "target"),
    Index("ix_appeals_site_person", "site", "person"),
    Index("ix_appeals_site_id", "site", "id"),
    Index("ix_appeals_waiting", "site", "id", postgresql_where=_waits, sqlite_where=_waits),
)


class Appeal(msgspec.Struct, frozen=True, gc=False):
    """One appeal. `about` says what `target` is: an image's id or a reporter's pseudonym; `person` is the pseudonym of
    who objects, None where the site names no uploader. `against` ("machine", "person") made the decision at
    `decided_at`. `text` and `answer` are words, None once they have expired. `same_person`: it was answered by somebody
    who had decided before, since nobody else was there; `review` is the decision on the image that answered it."""

    id: str
    site: str
    about: str
    target: str
    person: str | None
    against: str
    decided_at: datetime
    at: datetime
    answer_by: datetime
    text: str | None
    status: str = OPEN
    closed_at: datetime | None = None
    closed_by: str | None = None
    answer: str | None = None
    same_person: bool = False
    review: str | None = None

    @property
    def waits(self) -> bool:
        return self.status == OPEN


_c = _appeals.c
_here = _c.site == bindparam("site")
_by_id = select(_appeals).where(_here, _c.id == bindparam("id"))
_about = (
    select(_appeals)
    .where(_here, _c.about == bindparam("about"), _c.target.in_(bindparam("targets", expanding=True)))
    .order_by(_c.at, _c.id)
)
_open = and_(_here, _c.closed_at.is_(None))
_later = select(_appeals).where(_here, _c.id > bindparam("after")).order_by(_c.id)
_all = _later.limit(bindparam("limit"))
_waiting = _later.where(_c.closed_at.is_(None)).limit(bindparam("limit"))
_count = select(func.count()).select_from(_appeals).where(_open)
_count_by = _count.where(_c.person == bindparam("person"))
_reviews = schema.reviews.c
_reviewers = select(_reviews.reviewer).where(
    or_(_reviews.family == bindparam("family"), _reviews.image.in_(bindparam("images", expanding=True)))
)


def by_id(connection: Connection, site: str, appeal: str) -> Appeal | None:
    return next(iter(rows.read(connection, Appeal, _by_id, site=site, id=appeal)), None)


def about(connection: Connection, site: str, kind: str, targets: set[str]) -> list[Appeal]:
    """All appeals about these images or reporters, oldest first."""
    return rows.read(connection, Appeal, _about, site=site, about=kind, targets=sorted(targets))


def page(connection: Connection, site: str, limit: int, after: str = "", *, all_: bool = False) -> list[Appeal]:
    """The site's appeals that wait for an answer, or all of them, oldest first, after the one with this id."""
    return rows.read(connection, Appeal, _all if all_ else _waiting, site=site, limit=limit, after=after)


def count(connection: Connection, site: str) -> int:
    """How many appeals wait on the site."""
    return int(connection.execute(_count, {"site": site}).scalar_one())


def count_by(connection: Connection, site: str, person: str) -> int:
    """How many of one person's appeals wait there."""
    return int(connection.execute(_count_by, {"site": site, "person": person}).scalar_one())


def reviewers(connection: Connection, family: str, images: set[str]) -> set[str]:
    """Who ever reviewed the family, or one of these images wherever it stood."""
    found = connection.execute(_reviewers, {"family": family, "images": sorted(images)})
    return {*found.scalars()}


def save(connection: Connection, appeals: list[Appeal]) -> None:
    put(connection, _appeals, appeals)


def of_person(connection: Connection, site: str, person: str) -> list[Appeal]:
    """What one person objected to, oldest first."""
    mine = select(_appeals).where(_c.site == site, or_(_c.person == person, _c.target == person))
    return rows.read(connection, Appeal, mine.order_by(_c.at, _c.id))


def forget_person(connection: Connection, site: str, kind: str, person: str, *, known: bool = False) -> None:
    """Deletes what a person wrote and was answered in their appeals of this kind, and, unless they stay `known`, who
    they were."""
    mine = _c.site == site, _c.about == kind, _c.person == person
    changed: dict[str, Any] = {"text": None, "answer": None}
    if not known:
        changed["person"] = None
        if kind == REPORTER:
            changed["target"] = literal(NOBODY) + _c.id
    connection.execute(update(_appeals).where(*mine).values(changed))


def forget_words(connection: Connection, site: str, before: datetime) -> None:
    """Deletes what was written in appeals that were closed before then, and in answers to them."""
    old = _c.site == bindparam("there"), _c.closed_at < bindparam("before", type_=Instant)
    words = or_(_c.text.is_not(None), _c.answer.is_not(None))
    gone = update(_appeals).where(*old, words).values(text=None, answer=None)
    connection.execute(gone, {"there": site, "before": before})
