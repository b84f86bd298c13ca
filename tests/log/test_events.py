"""The list of event types is closed, and each line has the keys that `tawatur replay` reads."""

import msgspec
import pytest

from tawatur.log import events
from tawatur.log.events import EVENT_TYPES, TYPES, Event


def test_the_list_is_closed_and_names_each_type_once() -> None:
    def below(kind: type[Event]) -> set[type[Event]]:
        return {one for child in kind.__subclasses__() for one in below(child)} or {kind}

    assert below(Event) == set(EVENT_TYPES)
    assert len(set(TYPES)) == len(TYPES)


@pytest.mark.parametrize(
    ("kind", "keys"),
    [
        (events.ImageRegistered, {"uploader", "page", "pdq"}),
        (events.ImageViewed, {"count"}),
        (events.ReportReceived, {"reporter", "reason", "signals"}),
        (events.ReportWithdrawn, {"reporter"}),
        (events.ImageReviewed, {"outcome", "reason"}),
        (events.ImageBlurred, {"provisional", "reason", "verdict"}),
        (events.ImageBlocked, {"provisional", "reason", "verdict"}),
    ],
)
def test_each_type_has_the_keys_of_the_design(kind: type[Event], keys: set[str]) -> None:
    assert keys <= {field.name for field in msgspec.structs.fields(kind)}


def test_signals_have_the_keys_of_the_design() -> None:
    assert {field.name for field in msgspec.structs.fields(events.Signals)} == {
        "network",
        "device",
        "referrer",
        "account_created_at",
        "anonymous",
    }


def test_lines_from_before_anonymous_readers_are_read_and_members_lines_are_as_they_were() -> None:
    old = b'{"network":"n1"}'
    signals = msgspec.json.decode(old, type=events.Signals)
    assert not signals.anonymous
    assert msgspec.json.encode(signals) == old
    assert b'"anonymous":true' in msgspec.json.encode(events.Signals(anonymous=True))
