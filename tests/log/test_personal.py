"""Every key of every event is known to speak of people or not, so that nothing personal is sealed for good."""

from __future__ import annotations

import msgspec
import pytest

from tawatur.log import events
from tawatur.log.events import EVENT_TYPES
from tawatur.log.personal import PERSONAL, NotAsWritten, split

OPEN = """
name family sha256 pdq quality distance count report reason outcome evidence was of corners model version toml
images cause provisional review_by verdict status value probability voices times until review measure part positions
rejected reviewed since appeal about against decided_at answer_by received_at same_person
"""
"""Keys that say nothing of a person. One that does belongs into log/personal.py, before an event has it."""


def test_every_key_of_every_event_is_known_to_be_personal_or_not() -> None:
    keys = {field.encode_name for kind in EVENT_TYPES for field in msgspec.structs.fields(kind)}
    new = keys - set(OPEN.split()) - set(PERSONAL)
    assert new == set(), "say in log/personal.py, or in OPEN here, what these keys are"
    assert set(PERSONAL) - keys == set()


def test_a_body_is_taken_apart_as_it_was_written() -> None:
    signals = events.Signals(network="n")
    said = events.ReportReceived(report="r", reporter="abc", reason="spam", signals=signals)
    parts = split(msgspec.json.encode(said).decode())
    assert parts.open == b'{"type":"report.received","report":"r","reason":"spam"}'
    assert parts.who == b'{"reporter":"abc"}'
    assert parts.means == b'{"signals":{"network":"n"}}'


def test_a_part_that_is_not_there_is_empty() -> None:
    parts = split('{"type":"image.viewed","count":3}')
    assert (parts.who, parts.means) == (b"", b"")


@pytest.mark.parametrize(
    "body",
    [
        '{"type":"x", "count":3}',
        '{"type":"x","count":3} ',
        '{"type":"x","count":3,"count":3}',
        '{"type":"x","coun\\u0074":3}',
        '["type"]',
        "{}}",
        "",
    ],
)
def test_the_same_in_other_letters_is_not_the_same(body: str) -> None:
    with pytest.raises(NotAsWritten):
        split(body)
