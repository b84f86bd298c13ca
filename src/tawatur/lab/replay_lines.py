"""The lines of a history that a replay takes in: the facts of the log (log/events.py), with every optional key
missing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import Annotated, Any, get_args

import msgspec

from tawatur.decision.model import Model
from tawatur.log.events import TYPES, Moment, Signals
from tawatur.store.writer import Refused

Name = Annotated[str, msgspec.Meta(min_length=1)]


class BadEvent(Refused):
    """A line of a history that cannot be replayed"""


class UnknownType(BadEvent):
    """An event of a type that the log does not have"""


class Line(msgspec.Struct, frozen=True, tag_field="type", kw_only=True):
    at: Moment
    image: Name


class Registered(Line, frozen=True, tag="image.registered"):
    """`family`, `sha256` and `pdq` say which images are one picture; the first of them that is there decides."""

    uploader: str | None = None
    page: str | None = None
    family: str | None = None
    sha256: str | None = None
    pdq: str | None = None
    quality: int | None = None


class Viewed(Line, frozen=True, tag="image.viewed"):
    """`count` more people were shown the image; when it is missing, as many as `viewers` names, or one."""

    count: Annotated[int, msgspec.Meta(ge=0)] | None = None
    viewers: tuple[str, ...] | None = None


class Received(Line, frozen=True, tag="report.received"):
    reporter: Name
    reason: str | None = None
    signals: Signals | None = None


class Withdrawn(Line, frozen=True, tag="report.withdrawn"):
    reporter: Name


class Voided(Line, frozen=True, tag="report.voided"):
    reporter: Name
    by: str = ""


class Muted(msgspec.Struct, frozen=True, tag_field="type", tag="reporter.muted"):
    """A person muted a reporter; which images that bears on is found anew."""

    at: Moment
    reporter: Name
    by: str = ""


class Unmuted(msgspec.Struct, frozen=True, tag_field="type", tag="reporter.unmuted"):
    at: Moment
    reporter: Name
    by: str = ""


class Cleared(msgspec.Struct, frozen=True, tag_field="type", tag="reporter.cleared"):
    """A person took a warning or a suspension back. Who is warned and suspended a replay finds itself."""

    at: Moment
    reporter: Name
    by: str = ""


class Reviewed(Line, frozen=True, tag="image.reviewed"):
    outcome: str
    reason: str | None = None
    reviewer: str = ""
    measure: str | None = None


class Undone(Line, frozen=True, tag="review.undone"):
    """The latest decision on the image was taken back; its review's id is the server's own."""

    reviewer: str = ""


class Cut(Line, frozen=True, tag="image.cut"):
    reviewer: str = ""


class Altered(Line, frozen=True, tag="image.altered"):
    """Pixels are not in a history, so what its server saw in them is."""

    of: Name
    corners: int = 0


class Learned(msgspec.Struct, frozen=True, tag_field="type", tag="model.learned"):
    """A served site learned; a history that says so is replayed with what it learned."""

    at: Moment
    model: Model


class PolicyChanged(msgspec.Struct, frozen=True, tag_field="type", tag="policy.changed"):
    """A served site changed its policy."""

    at: Moment
    toml: str
    version: int | None = None


class Raised(msgspec.Struct, frozen=True, tag_field="type", tag="shields.raised"):
    """A person put the shields up: over an image, an uploader, or the site where neither is named."""

    at: Moment
    times: float
    until: Moment
    image: Name | None = None
    uploader: Name | None = None
    by: str = ""


class Lowered(msgspec.Struct, frozen=True, tag_field="type", tag="shields.lowered"):
    at: Moment
    image: Name | None = None
    uploader: Name | None = None
    by: str = ""


OfAnImage = Registered | Viewed | Received | Withdrawn | Voided | Reviewed | Undone | Cut | Altered
AnyLine = OfAnImage | Learned | PolicyChanged | Raised | Lowered | Muted | Unmuted | Cleared
_LINES: dict[str, type[AnyLine]] = {str(kind.__struct_config__.tag): kind for kind in get_args(AnyLine)}
FACTS: frozenset[str] = frozenset(_LINES)
DERIVED: frozenset[str] = frozenset(TYPES) - _LINES.keys()
"""What the engine said when the history was made; a replay says it anew."""


def read_line(event: Mapping[str, Any]) -> AnyLine | None:
    """The event as a line; None for what a replay says itself. Raises BadEvent and UnknownType."""
    kind = event.get("type")
    try:
        if isinstance(kind, str) and kind in _LINES:
            # A class of its own is known to msgspec from the first time on; what a union is, it finds out each time.
            line = msgspec.convert(event, _LINES[kind])
            return line if line.at.tzinfo is UTC else msgspec.structs.replace(line, at=line.at.astimezone(UTC))
    except msgspec.ValidationError as error:
        raise BadEvent(f"{kind}: {error}") from None
    if kind in DERIVED:
        return None
    if not isinstance(kind, str):
        raise BadEvent(f"the type is {kind!r}; it must be text")
    raise UnknownType(f"there is no type {kind!r}; the types are {', '.join(sorted(FACTS))}")
