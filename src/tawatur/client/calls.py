"""The calls: each function turns its arguments into a request that both clients know how to send."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Generic, TypeVar
from urllib.parse import quote

import msgspec

from tawatur.client.answers import (
    Appeal,
    Appeals,
    Bank,
    Changed,
    Image,
    Notice,
    Page,
    Policy,
    Registered,
    Replayed,
    Status,
    Token,
    Tried,
    UploaderToken,
    Verdict,
    Views,
    Webhook,
)

T = TypeVar("T")


class Call(msgspec.Struct, Generic[T], frozen=True):
    """A request, and the kind of its answer. `key` is the Idempotency-Key; None lets the client make one."""

    method: str
    path: str
    kind: Any
    """`T`, as msgspec takes it."""
    body: Mapping[str, Any] | None = None
    params: Mapping[str, str | int] = {}
    headers: Mapping[str, str] = {}
    form: Mapping[str, str | list[str]] | None = None
    file: tuple[str, bytes] | None = None
    key: str | None = None


def register(
    *,
    file: bytes | Path | BinaryIO | None = None,
    url: str | None = None,
    pdq: str | None = None,
    quality: int | None = None,
    external_id: str | None = None,
    uploader: str | None = None,
    page_url: str | None = None,
    page_text: str | None = None,
    caption: str | None = None,
    address: Sequence[str] = (),
    idempotency_key: str | None = None,
) -> Call[Registered]:
    """Registers a picture: its `file` (bytes, a path or something to read), a `url` to fetch it from, or its hash alone
    (`pdq` and `quality`). `address` says where the site serves it itself. Raises ValueError when it is not one of the
    three."""
    if (file is not None) + (url is not None) + (pdq is not None) != 1:
        raise ValueError("Give one of `file`, `url` and `pdq`.")
    said = _given(external_id=external_id, uploader=uploader, page_url=page_url, page_text=page_text, caption=caption)
    if address:
        said["address"] = [address] if isinstance(address, str) else list(address)
    if file is None:
        said |= _given(url=url, pdq=pdq, quality=quality)
        return Call("POST", "/v1/images", Registered, body=said, key=idempotency_key)
    return Call("POST", "/v1/images", Registered, form=said, file=_read(file), key=idempotency_key)


def add_addresses(image: str, address: Sequence[str], *, idempotency_key: str | None = None) -> Call[Status]:
    """Says where else the site serves the image itself."""
    return Call("POST", _of(image, "addresses"), Status, body={"address": list(address)}, key=idempotency_key)


def image(image: str) -> Call[Image]:
    """One image."""
    return Call("GET", _of(image), Image)


def statuses(ids: Sequence[str]) -> Call[dict[str, str]]:
    """The statuses of up to 1,000 images by id; ids that are no image of the site are left out."""
    return Call("POST", "/v1/images/status", _Statuses, body={"ids": list(ids)})


def views(
    image: str,
    count: int | None = None,
    *,
    viewers: Sequence[str] | None = None,
    idempotency_key: str | None = None,
) -> Call[Views]:
    """Says that `count` more distinct people were shown the image, or who they were: `viewers`, by the same ids as
    reporters. Raises ValueError when it is not one of the two."""
    if (count is None) == (viewers is None):
        raise ValueError("Give one of `count` and `viewers`.")
    said = {"count": count} if viewers is None else {"viewers": list(viewers)}
    return Call("POST", _of(image, "views"), Views, body=said, key=idempotency_key)


def report(
    image: str,
    *,
    reporter: str,
    reason: str,
    comment: str | None = None,
    network: str | None = None,
    device: str | None = None,
    referrer: str | None = None,
    account_created_at: datetime | None = None,
    idempotency_key: str | None = None,
) -> Call[Status]:
    """One reporter's statement that the image breaks a rule; a repeat answers the first one's id. What is known of the
    reporter's means (the IP address as `network`) tells a crowd from several people, and is kept as keyed digests."""
    signals = _given(network=network, device=device, referrer=referrer)
    if account_created_at is not None:
        signals["account_created_at"] = _aware(account_created_at)
    said = {"reporter": reporter, "reason": reason, **_given(comment=comment, signals=signals or None)}
    return Call("POST", _of(image, "reports"), Status, body=said, key=idempotency_key)


def reporter_token(
    reporter: str,
    *,
    account_created_at: datetime | None = None,
    device: str | None = None,
    network: str | None = None,
    ttl: int | None = None,
) -> Call[Token]:
    """A token with which a page reports as this reader, on this site alone, for `ttl` seconds (an hour if not said).
    Without `network` it is the one that the report comes from."""
    said = {"reporter": reporter, **_given(device=device, network=network, ttl=ttl)}
    if account_created_at is not None:
        said["account_created_at"] = _aware(account_created_at)
    return Call("POST", "/v1/reporter-tokens", Token, body=said)


def withdraw(report: str) -> Call[Status]:
    """Takes a report back, as if it had never been made."""
    return Call("DELETE", f"/v1/reports/{_segment(report)}", Status)


def verdict(image: str, *, language: str = "en") -> Call[Verdict]:
    """Why the image stands as it does, in words of "ar", "en" or "fr"."""
    return Call("GET", _of(image, "verdict"), Verdict, params={"lang": language})


def review(
    image: str,
    *,
    outcome: str,
    reviewer: str,
    reason: str | None = None,
    note: str | None = None,
    measure: str | None = None,
    scope: str | None = None,
    idempotency_key: str | None = None,
) -> Call[Status]:
    """A person's decision: `outcome` is upheld, rejected or undecided. Upholding blocks, or blurs with `measure`
    "blur"; with `scope` "this_use" it is about this image alone and not about its copies."""
    said = {
        "outcome": outcome,
        "reviewer": reviewer,
        **_given(reason=reason, note=note, measure=measure, scope=scope),
    }
    return Call("POST", _of(image, "reviews"), Status, body=said, key=idempotency_key)


def cut(image: str, *, reviewer: str, idempotency_key: str | None = None) -> Call[Status]:
    """This use of a picture is not like its copies: it is shown, and stands alone from now on."""
    return Call("POST", _of(image, "cut"), Status, body={"reviewer": reviewer}, key=idempotency_key)


def notice(image: str, *, language: str = "en") -> Call[Notice]:
    """What the image's uploader is told, in words of "ar", "en" or "fr", with a link for them alone."""
    return Call("GET", _of(image, "notice"), Notice, params={"lang": language})


def uploader_token(image: str, *, uploader: str | None = None) -> Call[UploaderToken]:
    """A link for whoever posted the image; Refused (403) where `uploader` is given and is not theirs."""
    return Call("POST", "/v1/uploader-tokens", UploaderToken, body={"image": image, **_given(uploader=uploader)})


def appeal(image: str, text: str, *, uploader: str | None = None, idempotency_key: str | None = None) -> Call[Appeal]:
    """Whoever posted a withheld image objects; a person who took no part answers."""
    said = {"text": text, **_given(uploader=uploader)}
    return Call("POST", _of(image, "appeals"), Appeal, body=said, key=idempotency_key)


def object_to_suspension(reporter: str, text: str, *, idempotency_key: str | None = None) -> Call[Appeal]:
    """A suspended reporter objects."""
    path = f"/v1/reporters/{_segment(reporter)}/appeals"
    return Call("POST", path, Appeal, body={"text": text}, key=idempotency_key)


def appeals(*, status: str = "open", after: str = "", limit: int = 50) -> Call[Appeals]:
    """The site's appeals that wait, or with `status` "all" all of them, oldest first."""
    return Call("GET", "/v1/appeals", Appeals, params={"status": status, "after": after, "limit": limit})


def answer_appeal(
    appeal: str,
    *,
    outcome: str,
    answer: str,
    reviewer: str,
    scope: str | None = None,
    nobody_else: bool | None = None,
    idempotency_key: str | None = None,
) -> Call[Appeal]:
    """A person's answer: what was decided is "reversed", which undoes all that it did, or it "stands"."""
    said = {
        "outcome": outcome,
        "answer": answer,
        "reviewer": reviewer,
        **_given(scope=scope, nobody_else=nobody_else),
    }
    return Call("POST", f"/v1/appeals/{_segment(appeal)}/answer", Appeal, body=said, key=idempotency_key)


def withdraw_appeal(appeal: str) -> Call[Appeal]:
    """Takes an appeal back before it is answered."""
    return Call("DELETE", f"/v1/appeals/{_segment(appeal)}", Appeal)


def events_page(after: int = 0, *, limit: int = 200) -> Call[Page]:
    """What happened on the site after that position. `events` of the clients goes on to the end by itself."""
    return Call("GET", "/v1/events", Page, params={"after": after, "limit": limit})


def banks() -> Call[list[Bank]]:
    """The site's banks, and those that the operator shares."""
    return Call("GET", "/v1/banks", _Banks)


def put_bank(
    name: str,
    *,
    kind: str,
    reason: str | None = None,
    source: str | None = None,
    distance: int | None = None,
    enabled_until: datetime | None = None,
) -> Call[Bank]:
    """Makes a bank, or changes what it does; its hashes stay."""
    until = None if enabled_until is None else enabled_until.isoformat()
    said = {"kind": kind, **_given(reason=reason, source=source, distance=distance, enabled_until=until)}
    return Call("PUT", f"/v1/banks/{_segment(name)}", Bank, body=said)


def add_hashes(name: str, pdqs: Sequence[str], *, note: str | None = None) -> Call[Changed]:
    """Adds up to 500 PDQ hashes to a bank; the next picture that is registered is compared with them."""
    return Call("POST", f"/v1/banks/{_segment(name)}/hashes", Changed, body={"pdqs": list(pdqs), **_given(note=note)})


def remove_hash(name: str, pdq: str) -> Call[Changed]:
    """Takes a hash out of a bank."""
    return Call("DELETE", f"/v1/banks/{_segment(name)}/hashes/{_segment(pdq)}", Changed)


def webhooks() -> Call[list[Webhook]]:
    """Where the site's events are sent, and what has not arrived."""
    return Call("GET", "/v1/webhooks", _Webhooks)


def create_webhook(
    url: str,
    *,
    events: Sequence[str] = (),
    description: str = "",
    after: int | None = None,
    idempotency_key: str | None = None,
) -> Call[Webhook]:
    """Has events sent to an address: of these types, or all. The answer has the secret that they are signed with."""
    said = {"url": url, "events": list(events), "description": description, **_given(after=after)}
    return Call("POST", "/v1/webhooks", Webhook, body=said, key=idempotency_key)


def change_webhook(
    webhook: str,
    *,
    url: str | None = None,
    events: Sequence[str] | None = None,
    description: str | None = None,
    enabled: bool | None = None,
) -> Call[Webhook]:
    """Changes what is given; switched on again, a webhook goes on where it was."""
    types = None if events is None else list(events)
    said = _given(url=url, events=types, description=description, enabled=enabled)
    return Call("PATCH", _hook(webhook), Webhook, body=said)


def remove_webhook(webhook: str) -> Call[None]:
    """Removes it, with all that has not arrived."""
    return Call("DELETE", _hook(webhook), None)


def rotate_webhook(webhook: str, *, keep_hours: int | None = None, idempotency_key: str | None = None) -> Call[Webhook]:
    """Makes a new secret; the one before signs too for so many hours (24 if not said)."""
    return Call("POST", _hook(webhook, "/rotate"), Webhook, body=_given(keep_hours=keep_hours), key=idempotency_key)


def try_webhook(webhook: str) -> Call[Tried]:
    """Sends a test event now."""
    return Call("POST", _hook(webhook, "/test"), Tried)


def replay_webhook(
    webhook: str, positions: Sequence[int] | None = None, *, idempotency_key: str | None = None
) -> Call[Replayed]:
    """Has dead letters sent again: those at these positions, or all."""
    said = _given(positions=None if positions is None else list(positions))
    return Call("POST", _hook(webhook, "/replay"), Replayed, body=said, key=idempotency_key)


def policy() -> Call[Policy]:
    """The policy in force."""
    return Call("GET", "/v1/policy", Policy)


def put_policy(toml: str, *, changed_by: str | None = None, instead_of: int | None = None) -> Call[Policy]:
    """Puts a policy in force. With `instead_of` only while that version is in force: otherwise Refused (412)."""
    headers = {} if instead_of is None else {"If-Match": f'"{instead_of}"'}
    return Call("PUT", "/v1/policy", Policy, body={"toml": toml, **_given(changed_by=changed_by)}, headers=headers)


class _Statuses(msgspec.Struct):
    images: dict[str, str]

    def unwrapped(self) -> dict[str, str]:
        return self.images


class _Banks(msgspec.Struct):
    banks: list[Bank]

    def unwrapped(self) -> list[Bank]:
        return self.banks


class _Webhooks(msgspec.Struct):
    webhooks: list[Webhook]

    def unwrapped(self) -> list[Webhook]:
        return self.webhooks


def _hook(webhook: str, what: str = "") -> str:
    return f"/v1/webhooks/{_segment(webhook)}{what}"


def _of(image: str, what: str = "") -> str:
    return f"/v1/images/{_segment(image)}" + (f"/{what}" if what else "")


def _segment(text: str) -> str:
    """A piece of a path that can be no other path."""
    if re.fullmatch(r"\.{0,2}", text):
        raise ValueError(f"{text!r} is no id.")
    return quote(text, safe="")


def _aware(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise ValueError("account_created_at must be aware of its time zone.")
    return moment.isoformat()


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _read(file: bytes | Path | BinaryIO) -> tuple[str, bytes]:
    """Read as a whole, so that it can be sent again; Tawatur takes 20 MB at most."""
    if isinstance(file, bytes):
        return "picture", file
    if isinstance(file, Path):
        return "picture", file.read_bytes()
    return "picture", file.read()
