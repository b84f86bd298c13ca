"""How images and the records of Bluesky's network name each other.

A site registers a picture with `external_id` set to the address of the record that holds it (a post, a profile), and
may name the record's version: `at://did:plc:…/app.bsky.feed.post/3k…`, or the same with `#bafyrei…` after it. The
`uploader` is the account's DID.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from tawatur.moderation.pseudonyms import Pseudonyms
from tawatur.moderation.refusals import UnknownImage
from tawatur.store import images
from tawatur.store.database import Database
from tawatur.store.images import Image

DID = r"did:[a-z]+:[A-Za-z0-9._:%-]*[A-Za-z0-9._-]"
_RECORD = re.compile(rf"at://(?:{DID})/[A-Za-z0-9.-]{{3,317}}/[A-Za-z0-9._:~-]{{1,512}}")
_VERSION = re.compile(r"b[a-z2-7]{20,150}")
PROFILE = "app.bsky.actor.profile/self"
"""Holds an account's pictures of itself."""
MOST = 20
"""Pictures that one report is about."""


class Subject(msgspec.Struct, frozen=True):
    """A record by its address, and its version where one is meant."""

    uri: str
    cid: str | None = None


def subject_of(external_id: str | None) -> Subject | None:
    """The record that an image's external id names; None where it names none."""
    uri, _, cid = (external_id or "").partition("#")
    if not _RECORD.fullmatch(uri) or (cid and not _VERSION.fullmatch(cid)):
        return None
    return Subject(uri, cid or None)


def images_of_record(database: Database, site: str, uri: str, cid: str) -> list[str]:
    """The pictures that a record holds, also where the site did not name its version. Raises UnknownImage."""
    with database.read() as connection:
        found = images.called(connection, site, [uri, f"{uri}#{cid}"], MOST)
    return _known(found, uri)


def images_of_account(database: Database, pseudonyms: Pseudonyms, site: str, did: str) -> list[str]:
    """The pictures that an account's profile holds. Raises UnknownImage."""
    profile = f"at://{did}/{PROFILE}"
    with database.read() as connection:
        found = images.called(connection, site, [profile], MOST)
        found += images.uploaded(connection, site, pseudonyms.person(did), 10 * MOST)
    mine = [one for one in found if (subject := subject_of(one.external_id)) and subject.uri == profile]
    return _known(mine, did)


def _known(found: list[Image], named: str) -> list[str]:
    if not found:
        raise UnknownImage(f"No picture of {named[:300]} is registered here.")
    return list(dict.fromkeys(one.id for one in found))[:MOST]


_REPORTED: Mapping[str, str] = {
    "com.atproto.moderation.defs#reasonSpam": "spam",
    "com.atproto.moderation.defs#reasonMisleading": "deception",
    "com.atproto.moderation.defs#reasonSexual": "sexual",
    "com.atproto.moderation.defs#reasonRude": "harassment",
    "tools.ozone.report.defs#reasonViolenceExtremistContent": "terrorism",
    "tools.ozone.report.defs#reasonViolenceGlorification": "terrorism",
    "tools.ozone.report.defs#reasonViolenceTrafficking": "illegal_goods",
    "tools.ozone.report.defs#reasonSexualNCII": "privacy",
    "tools.ozone.report.defs#reasonHarassmentHateSpeech": "hate",
    "tools.ozone.report.defs#reasonHarassmentDoxxing": "privacy",
    "tools.ozone.report.defs#reasonMisleadingSpam": "spam",
    "tools.ozone.report.defs#reasonMisleadingBot": "spam",
    "tools.ozone.report.defs#reasonMisleadingScam": "spam",
    "tools.ozone.report.defs#reasonRuleProhibitedSales": "illegal_goods",
}
_FAMILIES: Mapping[str, str] = {
    "tools.ozone.report.defs#reasonViolence": "violence",
    "tools.ozone.report.defs#reasonChildSafety": "child_safety",
    "tools.ozone.report.defs#reasonSexual": "sexual",
    "tools.ozone.report.defs#reasonHarassment": "harassment",
    "tools.ozone.report.defs#reasonMisleading": "deception",
    "tools.ozone.report.defs#reasonSelfHarm": "self_harm",
}
OTHER = "other"
APPEAL = ("com.atproto.moderation.defs#reasonAppeal", "tools.ozone.report.defs#reasonAppeal")


def reason_of(reason_type: str) -> str:
    """Our reason for one of the network's; what it says of nothing that we tell apart is `other`."""
    if reason_type in _REPORTED:
        return _REPORTED[reason_type]
    return next((ours for start, ours in _FAMILIES.items() if reason_type.startswith(start)), OTHER)
