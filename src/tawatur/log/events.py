"""The closed list of event types. Every change of state appends its events in the same transaction.

An event's JSON is its line in the log, in the form that `tawatur replay` reads: `type`, `at` and `image`,
then the keys of its class here. Keys that are None are left out.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec

from tawatur.decision.learning import Lesson
from tawatur.decision.model import Model
from tawatur.store.events import EventRow

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
"""An aware moment: RFC 3339 with an offset."""


class Event(msgspec.Struct, frozen=True, tag_field="type", omit_defaults=True, kw_only=True):
    """One thing that happened; `at` and the image stand in the row."""


class SiteCreated(Event, frozen=True, tag="site.created"):
    name: str


class ImageRegistered(Event, frozen=True, tag="image.registered"):
    family: str
    sha256: str
    uploader: str | None = None
    page: str | None = None
    external_id: str | None = None
    pdq: str | None = None
    quality: int | None = None
    distance: int | None = None


class ImageAddressed(Event, frozen=True, tag="image.addressed"):
    """The site serves the image itself at these addresses: a path, or `//host/path`."""

    addresses: list[str]


class ImageViewed(Event, frozen=True, tag="image.viewed"):
    """`viewers` are those of the `count` people who are kept, where the site's policy has any kept."""

    count: int
    viewers: list[str] | None = None


class Signals(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the site told of a reporter's means, as keyed digests; a key that is missing links nobody."""

    network: str | None = None
    device: str | None = None
    referrer: str | None = None
    account_created_at: Moment | None = None
    anonymous: bool = False


class ReportReceived(Event, frozen=True, tag="report.received"):
    report: str
    reporter: str
    reason: str
    signals: Signals | None = None


class ReportWithdrawn(Event, frozen=True, tag="report.withdrawn"):
    report: str
    reporter: str


class ReportVoided(Event, frozen=True, tag="report.voided"):
    """A person who moderates took somebody's report away; saying it again changes nothing."""

    report: str
    reporter: str
    by: str
    why: str | None = None


class ReporterMuted(Event, frozen=True, tag="reporter.muted"):
    """What this reporter said and will say is kept and counts for nothing, until they are unmuted. `images` are those
    that they report now; each was decided anew."""

    reporter: str
    by: str
    images: list[str]
    why: str | None = None


class ReporterUnmuted(Event, frozen=True, tag="reporter.unmuted"):
    reporter: str
    by: str
    images: list[str]
    why: str | None = None


class ReporterWarned(Event, frozen=True, tag="reporter.warned"):
    """People found `rejected` of `reviewed` pictures that this reporter reported since `since` to be fine. The site
    should tell the person: the next time, their reports are suspended."""

    reporter: str
    rejected: int
    reviewed: int
    since: Moment


class ReporterSuspended(Event, frozen=True, tag="reporter.suspended"):
    """After a warning it happened again: until `until` this person's reports are taken and count for nothing. The site
    should tell the person, and that they may object. `times` counts suspensions since the warning."""

    reporter: str
    rejected: int
    reviewed: int
    since: Moment
    until: Moment
    times: int


class ReporterCleared(Event, frozen=True, tag="reporter.cleared"):
    """A person took a warning or suspension back; what was reported meanwhile counts. `images` are those that this
    reporter reports now; each was decided anew."""

    reporter: str
    by: str
    images: list[str]
    why: str | None = None


class ImageReviewed(Event, frozen=True, tag="image.reviewed"):
    """`evidence` is what the engine knew of the image when a person decided; from it the site's numbers are learned.
    `measure` is what upholding it did: "block" (also where it is missing) or "blur"."""

    outcome: str
    reviewer: str
    reason: str | None = None
    measure: str | None = None
    evidence: Lesson | None = None


class ReviewUndone(Event, frozen=True, tag="review.undone"):
    """A person took their latest decision on the image back moments after it: everything is as if it had never been
    made."""

    review: str
    reviewer: str
    outcome: str


class ImageOpened(Event, frozen=True, tag="image.opened"):
    """A person confirmed that they must look at a picture that is shown to nobody, and could until then. It bears on
    no decision; it is here so that nobody can hide having looked."""

    reviewer: str
    until: Moment


class ImageCut(Event, frozen=True, tag="image.cut"):
    """A person cut this use of a picture out of the family `was`; it stands alone in `family`."""

    family: str
    was: str
    reviewer: str


class ImageAltered(Event, frozen=True, tag="image.altered"):
    """The image is taken for an altered copy (cropped, framed, captioned, turned a little) of the blocked image `of`:
    so many corners lie in both alike, or the operator's own model says so."""

    of: str
    corners: int


class ModelLearned(Event, frozen=True, tag="model.learned"):
    """From here on the site's verdicts use these numbers (decision/model.py)."""

    model: Model


class PolicyChanged(Event, frozen=True, tag="policy.changed"):
    """From here on the site's verdicts use this policy: its TOML document, as it was given."""

    version: int
    toml: str
    changed_by: str | None = None


class ShieldsRaised(Event, frozen=True, tag="shields.raised"):
    """From here on, until `until`, the engine needs `times` the voices: over the event's image and its copies, over
    what `uploader` posted, or over the whole site where neither is named."""

    times: float
    until: Moment
    by: str
    uploader: str | None = None


class ShieldsLowered(Event, frozen=True, tag="shields.lowered"):
    """The shields there are down before their time. Those that end at their time are told by nothing."""

    by: str
    uploader: str | None = None


class AppealReceived(Event, frozen=True, tag="appeal.received"):
    """Somebody objects to a decision made at `decided_at`: the uploader, that an image is withheld (`about` "image"),
    or a reporter, that they are suspended ("reporter"). `against` says who decided: "machine" or "person". A person
    should answer by `answer_by`. What they wrote is not in the log."""

    appeal: str
    about: str
    against: str
    decided_at: Moment
    answer_by: Moment
    uploader: str | None = None
    reporter: str | None = None


class AppealDecided(Event, frozen=True, tag="appeal.decided"):
    """A person who took no part before decided it: what was done is "reversed", or it "stands". `answer` is what they
    tell whoever objected; the site should pass it on. `review` is the decision on the image that it made.
    `same_person`: nobody else was there, and who decided first decided again."""

    appeal: str
    about: str
    against: str
    outcome: str
    received_at: Moment
    by: str
    answer: str
    same_person: bool = False
    review: str | None = None
    uploader: str | None = None
    reporter: str | None = None


class AppealWithdrawn(Event, frozen=True, tag="appeal.withdrawn"):
    """Whoever objected took it back, before anybody answered."""

    appeal: str
    about: str
    uploader: str | None = None
    reporter: str | None = None


class AppealEnded(Event, frozen=True, tag="appeal.ended"):
    """Nobody needs to answer any more: what was objected to is over. `cause` says by what, as in a change of state
    ("review": a person showed the image again without an answer), or "cleared"."""

    appeal: str
    about: str
    cause: str
    uploader: str | None = None
    reporter: str | None = None


class AppealReopened(Event, frozen=True, tag="appeal.reopened"):
    """The decision that closed it was taken back moments later; it waits for an answer again."""

    appeal: str
    about: str
    uploader: str | None = None
    reporter: str | None = None


class EventsErased(Event, frozen=True, tag="events.erased"):
    """From here on the events at these positions, runs from first to last, say nothing of people any more (`part`
    "who"), or of their means ("means"); log/personal.py has the keys. `cause`: "request" or "retention"."""

    part: str
    cause: str
    positions: list[tuple[int, int]]


class StateChange(Event, frozen=True):
    """A change of what readers see. `images` are all images of the family; `cause` says what brought it about:
    "reports", "views", "copy", "bank", "altered", "withdrawal", "mute", "unmute", "void", "review", "undo", "cut" or
    "lapse". `verdict` explains it where the engine decided."""

    images: list[str]
    cause: str
    provisional: bool
    reason: str | None = None
    review_by: datetime | None = None
    verdict: dict[str, Any] | None = None


class ImageBlurred(StateChange, frozen=True, tag="image.blurred"):
    pass


class ImageBlocked(StateChange, frozen=True, tag="image.blocked"):
    pass


class ImageRestored(StateChange, frozen=True, tag="image.restored"):
    pass


class ImageShadowed(Event, frozen=True, tag="image.shadowed"):
    """The policy is in shadow: readers would see this `status` from now on if the engine acted. They do not, and
    nothing that stands has changed."""

    images: list[str]
    status: str
    cause: str
    reason: str | None = None
    verdict: dict[str, Any] | None = None


class ImageQueued(Event, frozen=True, tag="image.queued"):
    """A case now waits for a person. `value` is what one look is worth (decision.md, section 5)."""

    value: float
    probability: float
    voices: float
    reason: str | None = None


EVENT_TYPES: tuple[type[Event], ...] = (
    SiteCreated,
    ImageRegistered,
    ImageAddressed,
    ImageViewed,
    ReportReceived,
    ReportWithdrawn,
    ReportVoided,
    ReporterMuted,
    ReporterUnmuted,
    ReporterWarned,
    ReporterSuspended,
    ReporterCleared,
    ImageReviewed,
    ReviewUndone,
    ImageOpened,
    ImageCut,
    ImageAltered,
    ModelLearned,
    PolicyChanged,
    ShieldsRaised,
    ShieldsLowered,
    AppealReceived,
    AppealDecided,
    AppealWithdrawn,
    AppealEnded,
    AppealReopened,
    EventsErased,
    ImageBlurred,
    ImageBlocked,
    ImageRestored,
    ImageShadowed,
    ImageQueued,
)
TYPES: tuple[str, ...] = tuple(str(kind.__struct_config__.tag) for kind in EVENT_TYPES)

STATE_CHANGES: tuple[str, ...] = tuple(
    str(kind.__struct_config__.tag) for kind in EVENT_TYPES if issubclass(kind, StateChange)
)

_encoder = msgspec.json.Encoder()


def row(new_id: str, site: str, image: str | None, at: datetime, event: Event) -> EventRow:
    """The event as a row of the log, without a position yet."""
    return EventRow(new_id, None, site, image, at, str(event.__struct_config__.tag), _encoder.encode(event).decode())


def line(stored: EventRow) -> dict[str, Any]:
    """The event as a line of the log: a flat object, `type`, `at` and `image` first, then its own keys, then `id` and
    `position`."""
    own = msgspec.json.decode(stored.body)
    own.pop("type", None)
    head: dict[str, Any] = {"type": stored.type, "at": rfc3339(stored.at)}
    if stored.image is not None:
        head["image"] = stored.image
    return {**head, **own, "id": stored.id, "position": stored.position}


def rfc3339(at: datetime) -> str:
    """A moment as RFC 3339 in UTC, to the microsecond."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
