"""What Tawatur answers. Keys that a newer server adds are passed over."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeAlias

import msgspec

Event: TypeAlias = dict[str, Any]
"""A line of the log: `type`, `at`, `image`, what its type has, `id` and `position`."""


class Registered(msgspec.Struct, frozen=True):
    """A new image. `copies` are the site's other images of the same picture, `likely_copies` those that a person should
    compare with it, `altered_of` the blocked ones that it is taken for a crop, a screenshot or the like of."""

    id: str
    status: str
    gate_url: str
    pdq: str | None = None
    quality: int | None = None
    copies: list[str] = []
    likely_copies: list[str] = []
    altered_of: list[str] = []
    context: str = "none"


class Image(msgspec.Struct, frozen=True):
    """An image and what readers see of it: `status` is visible, blurred or blocked."""

    id: str
    status: str
    provisional: bool
    reason: str | None
    gate_url: str
    registered_at: datetime
    external_id: str | None = None
    pdq: str | None = None
    quality: int | None = None
    views: int | None = None
    review_by: datetime | None = None


class Status(msgspec.Struct, frozen=True):
    """The id of a report, a review or an image, and the status of the image now."""

    id: str
    status: str


class Token(msgspec.Struct, frozen=True):
    """What a page reports with as one reader, and for how many seconds."""

    token: str
    expires_in: int


class Views(msgspec.Struct, frozen=True):
    """How many distinct people were shown the image."""

    id: str
    status: str
    views: int


class Verdict(msgspec.Struct, frozen=True):
    """Why an image stands as it does. For moderators only: `verdict` holds every number that the engine used."""

    image: str
    status: str
    provisional: bool
    words: str
    verdict: dict[str, Any]
    review_by: datetime | None = None
    outcome: str | None = None


class Notice(msgspec.Struct, frozen=True):
    """What an image's uploader is told: `title` and `text` (or `html`) for a message, `link` for them alone."""

    image: str
    status: str
    provisional: bool
    title: str
    text: str
    html: str
    link: str
    may_appeal: bool
    by: str | None = None
    reason: str | None = None
    people: int | None = None
    decided_at: datetime | None = None
    review_by: datetime | None = None
    appeal_until: datetime | None = None


class UploaderToken(msgspec.Struct, frozen=True):
    """With it whoever posted one image reads what was decided and appeals; `link` is the page that it opens."""

    token: str
    link: str
    expires_at: datetime


class Appeal(msgspec.Struct, frozen=True):
    """An appeal `about` an "image" or a "reporter"; `status` is open, reversed, stands, withdrawn or over."""

    id: str
    about: str
    against: str
    status: str
    decided_at: datetime
    received_at: datetime
    answer_by: datetime
    image: str | None = None
    reporter: str | None = None
    text: str | None = None
    answer: str | None = None
    answered_at: datetime | None = None
    same_person: bool = False


class Appeals(msgspec.Struct, frozen=True):
    """A page of the site's appeals; the next one begins after `next`, where it is not None."""

    appeals: list[Appeal]
    next: str | None = None


class Bank(msgspec.Struct, frozen=True):
    """A list of hashes that blocks (`kind` is "block") or overrules a match ("allow")."""

    name: str
    kind: str
    distance: int
    shared: bool
    hashes: int
    reason: str | None = None
    source: str | None = None
    enabled_until: datetime | None = None


class Changed(msgspec.Struct, frozen=True):
    """How many hashes were new, or were taken out."""

    changed: int


class Policy(msgspec.Struct, frozen=True):
    """A version of the site's policy; `toml` is the whole document. Version 0 is the default."""

    version: int
    name: str
    toml: str
    changed_at: datetime | None = None
    changed_by: str | None = None


class Webhook(msgspec.Struct, frozen=True):
    """Where events are sent. `secret` is there where one was just made; the numbers of what has not arrived are there
    in the list of webhooks."""

    id: str
    url: str
    events: list[str]
    description: str
    status: str
    created_at: datetime
    secret: str | None = None
    earlier_secret_until: datetime | None = None
    waiting: int = 0
    oldest_at: datetime | None = None
    failing: int = 0
    dead_letters: int = 0


class Tried(msgspec.Struct, frozen=True):
    """What came of a test event."""

    delivered: bool
    event: str
    status: int | None = None
    why: str | None = None


class Replayed(msgspec.Struct, frozen=True):
    """How many dead letters are sent again."""

    replayed: int


class Page(msgspec.Struct, frozen=True):
    """A page of the log; the next one begins after `next`."""

    events: list[Event]
    next: int
