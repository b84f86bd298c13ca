"""Statements of reasons (DSA, Articles 17 and 24(5)) for the European Commission's Transparency Database: one for each
picture that was blurred or blocked.

A statement says what was decided and when, as the log tells it, and from when on it no longer holds, if so. Apart from
that date it never changes, and its puid neither. No id of the house or of people is in it; `find` leads from a puid
back to the event and the image.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from tawatur.decision.policy import REASONS
from tawatur.delivery.dsa_grounds import ILLEGAL, Ground, Grounds
from tawatur.delivery.dsa_schema import why_not
from tawatur.delivery.dsa_words import WORDS, Words, facts
from tawatur.failures import Failure
from tawatur.store import cursors, events, images, restrictions
from tawatur.store.database import Database
from tawatur.store.events import EventRow
from tawatur.store.restrictions import Restriction, Span

PAGE = 500
READER = "dsa/"
"""The name of a site's cursor, before the site's id."""
VISIBILITY = {"blur": "DECISION_VISIBILITY_OTHER", "block": "DECISION_VISIBILITY_CONTENT_DISABLED"}
"""A blur hides nothing for good and moves nothing down, so none of the database's other words is true of it."""
AUTOMATION = {
    "fully": "AUTOMATED_DECISION_FULLY",
    "partly": "AUTOMATED_DECISION_PARTIALLY",
    "not": "AUTOMATED_DECISION_NOT_AUTOMATED",
}


class BadStatement(Failure):
    """A statement would not be taken by the database."""


class UnknownPuid(Failure):
    """No statement of the site has this puid."""


class _Voices(msgspec.Struct):
    voices: float = 0.0


class _Decided(msgspec.Struct):
    """What is read of the event that began a restriction."""

    verdict: _Voices | None = None


_decided = msgspec.json.Decoder(_Decided)


def statements(database: Database, site: str, span: Span, grounds: Grounds, lang: str) -> Iterator[dict[str, Any]]:
    """The statements of a span, in the order of the decisions, read in pages. `span.last` is what
    moderation/restrictions.py has brought the account up to. Raises BadStatement for one that would not be taken."""
    last: Restriction | None = None
    while True:
        with database.read() as connection:
            page = restrictions.page(connection, site, span, last, PAGE)
            begun = events.at_positions(connection, {one.position for one in page})
            pictures = images.of_ids(connection, {one.image for one in page})
        registered = {one.id: one.registered_at for one in pictures}
        for one in page:
            yield _checked(one, begun[one.position], registered.get(one.image), grounds, lang)
        if len(page) < PAGE:
            return
        last = page[-1]


def ended(database: Database, site: str, told: int, last: int) -> Iterator[dict[str, str]]:
    """What was told as lasting, in statements up to the position `told`, and has ended since: puid and date."""
    after = ""
    while True:
        with database.read() as connection:
            page = restrictions.ended(connection, site, told, last, after, PAGE)
        for one in page:
            assert one.ended_at is not None
            yield {"puid": one.puid, "end_date_visibility_restriction": one.ended_at.date().isoformat()}
        if len(page) < PAGE:
            return
        after = page[-1].puid


def told_up_to(database: Database, site: str) -> int:
    """The position up to which statements were written for good (`note_told`)."""
    with database.read() as connection:
        return next((one.position for one in cursors.all_of_them(connection) if one.reader == READER + site), 0)


def note_told(database: Database, site: str, position: int) -> None:
    """Statements up to there were written. Where that is not noted, they are written again, with the same puids."""
    with database.write() as connection:
        if cursors.hold(connection, READER + site) < position:
            cursors.move(connection, READER + site, position)


def find(database: Database, site: str, puid: str) -> dict[str, Any]:
    """What a statement is about: the event and the image, for who runs the site. Raises UnknownPuid."""
    with database.read() as connection:
        one = restrictions.named(connection, site, puid)
        if one is None:
            raise UnknownPuid(f"No statement of this site has the puid {puid!r}.")
        event = events.at_positions(connection, {one.position})[one.position]
    return {**msgspec.to_builtins(one), "event": event.id}


def _checked(
    one: Restriction, event: EventRow, registered: datetime | None, grounds: Grounds, lang: str
) -> dict[str, Any]:
    statement = statement_of(one, _voices(event), registered or one.at, grounds, lang)
    wrong = why_not(statement)
    if wrong is not None:
        raise BadStatement(
            f"Event {event.id} ({event.type}) at position {event.position} gives no statement that the database takes: "
            f"{wrong}. Correct it in the document of grounds; where it is a time, the server's clock was wrong then, "
            "and `--from` or `--after` passes over it."
        )
    return statement


def statement_of(one: Restriction, voices: float, registered: datetime, grounds: Grounds, lang: str) -> dict[str, Any]:
    """The statement on one restriction: attributes of the database by their names there."""
    words = WORDS[lang]
    reason = one.reason if one.reason in REASONS else "other"
    ground = grounds.reasons[reason]
    said: dict[str, Any] = {
        "puid": one.puid,
        "decision_visibility": [VISIBILITY[one.measure]],
        "decision_visibility_other": words.blurred if one.measure == "blur" else None,
        "application_date": one.at.date().isoformat(),
        "end_date_visibility_restriction": None if one.ended_at is None else one.ended_at.date().isoformat(),
        **_ground(ground, words, reason),
        "decision_ground_reference_url": grounds.reference_url,
        "category": ground.category,
        "category_specification": list(ground.keywords) or None,
        "category_specification_other": ground.other if "KEYWORD_OTHER" in ground.keywords else None,
        "content_type": ["CONTENT_TYPE_IMAGE"],
        "content_language": grounds.content_language or lang.upper(),
        "content_date": min(registered, one.at).date().isoformat(),
        "territorial_scope": list(grounds.territorial_scope),
        "decision_facts": facts(words, one.by, one.found, one.automation, one.measure, reason, voices),
        "source_type": grounds.reports_are if one.found == "reports" else "SOURCE_VOLUNTARY",
        "automated_detection": "Yes" if one.found == "match" else "No",
        "automated_decision": AUTOMATION[one.automation],
    }
    return {name: value for name, value in said.items() if value is not None}


def _ground(ground: Ground, words: Words, reason: str) -> Mapping[str, str | None]:
    name, meaning = words.reasons[reason]
    considered = words.considered.format(reason=name, meaning=meaning)
    if ground.ground == ILLEGAL:
        return {
            "decision_ground": "DECISION_GROUND_ILLEGAL_CONTENT",
            "illegal_content_legal_ground": ground.reference,
            "illegal_content_explanation": considered,
        }
    also = {None: None, True: "Yes", False: "No"}[ground.also_illegal]
    return {
        "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
        "incompatible_content_ground": ground.reference or words.rule.format(reason=name),
        "incompatible_content_explanation": considered,
        "incompatible_content_illegal": also,
    }


def _voices(event: EventRow) -> float:
    verdict = _decided.decode(event.body).verdict
    return 0.0 if verdict is None else verdict.voices
