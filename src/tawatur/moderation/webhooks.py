"""Webhooks: where a site has its events sent, with which secrets, and what has not arrived.

Secrets are made from the server's secret and the endpoint's id and number, so the database holds none.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import httpx
import msgspec
from sqlalchemy import Connection

from tawatur.log.events import TYPES
from tawatur.log.sequencer import sequence
from tawatur.moderation.fetch import Network, is_public
from tawatur.moderation.refusals import BadWebhook, KeyReused, UnknownWebhook, UnsafeAddress
from tawatur.store import cursors, deliveries, events, webhooks
from tawatur.store.database import Database
from tawatur.store.deliveries import Count, Delivery
from tawatur.store.events import EventRow
from tawatur.store.webhooks import OFF, ON, Webhook

MOST = 20
"""Endpoints of one site."""
KEPT_HOURS = 24
"""How long the secret before signs too, unless somebody says otherwise."""
MOST_WAITING = 10_000
"""Events behind an endpoint's cursor that are counted."""
TEST = "webhook.test"
"""The type of an event that stands in no log, and is sent to see whether an endpoint takes it."""
_NONE = Count(0, None, 0, 0)


class NewWebhook(msgspec.Struct, frozen=True):
    """What a site asks for. `events` empty: all types, also those of later releases. `after`: a position in the log to
    begin after; None: what happens from now on."""

    site: str
    url: str
    events: tuple[str, ...] = ()
    description: str = ""
    after: int | None = None


class Change(msgspec.Struct, frozen=True):
    """What is to be different; None leaves it as it is."""

    url: str | None = None
    events: tuple[str, ...] | None = None
    description: str | None = None
    enabled: bool | None = None


class Standing(msgspec.Struct, frozen=True):
    """How an endpoint stands. `waiting`: events that it was not sent yet (of those behind its cursor, `MOST_WAITING` at
    most are counted), the earliest of which happened at `oldest_at`; `failing`: images whose events it does not take;
    `dead`: dead letters."""

    webhook: Webhook
    waiting: int
    oldest_at: datetime | None
    failing: int
    dead: int

    def behind_s(self, now: datetime) -> float:
        """Seconds since the earliest event that it was not sent yet; 0 where there is none."""
        return 0.0 if self.oldest_at is None else max(0.0, (now - self.oldest_at).total_seconds())


class DeadLetter(msgspec.Struct, frozen=True):
    """An event that was given up, and the endpoint's last answer; what the event says stands in the log alone."""

    position: int
    event: str
    type: str
    image: str | None
    at: datetime
    since: datetime
    dead_at: datetime
    attempts: int
    why: str


def secrets(server: bytes, webhook: Webhook, now: datetime) -> list[str]:
    """The endpoint's secrets, the newest first; the one before as long as it signs too."""
    made = [_secret(server, webhook.id, webhook.secret)]
    if webhook.earlier_until is not None and now < webhook.earlier_until:
        made.append(_secret(server, webhook.id, webhook.secret - 1))
    return made


def _secret(server: bytes, webhook: str, number: int) -> str:
    made = hmac.digest(server, f"tawatur/webhook/1/{webhook}/{number}".encode(), hashlib.sha256)
    return "whsec_" + base64.b64encode(made).decode()


def request_digest(server: bytes, site: str, told: str) -> bytes:
    """What stands for a request that may be sent twice; `told` tells it from all others of the site."""
    return hmac.digest(server, f"tawatur/webhooks/once/1/{site}/{told}".encode(), hashlib.sha256)


def id_by_request(digest: bytes) -> str:
    """The id of what the request makes, always the same."""
    return str(uuid.UUID(bytes=digest[:16]))


def create_webhook(
    database: Database, new_id: Callable[[], str], new: NewWebhook, allowed: Sequence[Network], now: datetime
) -> Webhook:
    """A new endpoint; the same id again makes none. Raises BadWebhook, UnsafeAddress and KeyReused."""
    made = Webhook(new_id(), new.site, _url(new.url, allowed), _types(new.events), new.description, now)
    sequence(database)  # what was answered before is not news
    with database.write() as connection:
        known = webhooks.one(connection, made.id)
        if known is None and len(webhooks.of_site(connection, new.site)) >= MOST:
            raise BadWebhook(f"A site has at most {MOST} webhooks; remove one first.")
        head = events.head(connection)
        if new.after is not None and new.after > head:
            raise BadWebhook(f"The log ends at position {head}; `after` cannot be {new.after}.")
        if known is None and webhooks.insert(connection, made, head if new.after is None else new.after):
            return made
        known = known or webhooks.one(connection, made.id)
    if known is None or (known.site, known.url, known.events) != (made.site, made.url, made.events):
        raise KeyReused("This Idempotency-Key made another webhook; make a new key for each request.")
    return known


def change_webhook(
    database: Database, site: str, key: str, change: Change, allowed: Sequence[Network], now: datetime
) -> Webhook:
    """Raises UnknownWebhook, BadWebhook and UnsafeAddress. Switched on again it goes on where it was."""
    with database.write() as connection:
        found = _own(webhooks.one(connection, key, lock=True), site, key)
        status = found.status if change.enabled is None else ON if change.enabled else OFF
        changed = msgspec.structs.replace(
            found,
            url=found.url if change.url is None else _url(change.url, allowed),
            events=found.events if change.events is None else _types(change.events),
            description=found.description if change.description is None else change.description,
            status=status,
            version=found.version + 1,
            rests_until=None if change.enabled or change.url else found.rests_until,
        )
        webhooks.save(connection, changed)
    return changed


def remove_webhook(database: Database, site: str, key: str) -> None:
    """Takes it away, with all that has not arrived. Raises UnknownWebhook."""
    with database.write() as connection:
        found = _own(webhooks.one(connection, key, lock=True), site, key)
        deliveries.remove(connection, found.id)
        webhooks.remove(connection, found)


def rotate_secret(
    database: Database, site: str, key: str, keep: timedelta, now: datetime, request: str | None = None
) -> Webhook:
    """A new secret signs from now on, and the one before as well for as long as `keep`. The same `request` again (a
    digest) changes nothing. Raises UnknownWebhook."""
    with database.write() as connection:
        found = _own(webhooks.one(connection, key, lock=True), site, key)
        if request is not None and found.rotated_by == request:
            return found
        changed = msgspec.structs.replace(
            found, secret=found.secret + 1, earlier_until=now + keep, rotated_by=request, version=found.version + 1
        )
        webhooks.save(connection, changed)
    return changed


def find_webhook(database: Database, site: str | None, key: str) -> Webhook:
    """The site's endpoint, or with None anybody's. Raises UnknownWebhook."""
    with database.read() as connection:
        return _own(webhooks.one(connection, key), site, key)


def replay(database: Database, site: str | None, key: str, positions: Sequence[int] | None, now: datetime) -> int:
    """Has dead letters delivered again, with the ids that they had: those at these positions, or all; how many. Raises
    UnknownWebhook, and BadWebhook where the endpoint is switched off."""
    with database.write() as connection:
        found = _own(webhooks.one(connection, key, lock=True), site, key)
        if found.status != ON:
            raise BadWebhook("The webhook is switched off; switch it on first.")
        return deliveries.revive(connection, found.id, positions, now)


def dead_letters(database: Database, webhook: Webhook, after: int, limit: int) -> list[DeadLetter]:
    """The first dead letters after that position, in the log's order."""
    with database.read() as connection:
        found = deliveries.dead(connection, webhook.id, after, limit)
        told = webhooks.told(connection, webhook.site, [one.position for one in found])
    return [_letter(one, told[one.position]) for one in found if one.position in told]


def standings(database: Database, site: str | None = None) -> list[Standing]:
    """How the site's endpoints stand, or everybody's."""
    sequence(database)  # what was answered counts
    with database.read() as connection:
        known = webhooks.every(connection) if site is None else webhooks.of_site(connection, site)
        return _standings(connection, known)


def standing_of(database: Database, site: str, key: str) -> Standing:
    """How one endpoint stands. Raises UnknownWebhook."""
    sequence(database)
    with database.read() as connection:
        return _standings(connection, [_own(webhooks.one(connection, key), site, key)])[0]


def _standings(connection: Connection, known: Sequence[Webhook]) -> list[Standing]:
    counts = deliveries.counts(connection, [one.id for one in known])
    head = events.head(connection)
    found = []
    for one in known:
        count = counts.get(one.id, _NONE)
        unread = webhooks.places(connection, one, cursors.position(connection, one.reader), head, MOST_WAITING)
        first = min([place for place in (count.first, unread[0].position if unread else None) if place], default=None)
        told = {} if first is None else webhooks.told(connection, one.site, [first])
        oldest = told[first].at if first in told else None
        found.append(Standing(one, count.waiting + len(unread), oldest, count.images, count.dead))
    return found


def _letter(one: Delivery, event: EventRow) -> DeadLetter:
    assert one.dead_at is not None
    return DeadLetter(
        position=one.position,
        event=event.id,
        type=event.type,
        image=event.image,
        at=event.at,
        since=one.since,
        dead_at=one.dead_at,
        attempts=one.attempts,
        why=one.why,
    )


def _own(found: Webhook | None, site: str | None, key: str) -> Webhook:
    if found is None or (site is not None and found.site != site):
        raise UnknownWebhook(f"There is no webhook {key[:80]!r}.")
    return found


def _types(wanted: Sequence[str]) -> str:
    unknown = sorted(set(wanted) - set(TYPES))
    if unknown:
        raise BadWebhook(f"There is no event type {unknown[0][:80]!r}. There are: {', '.join(TYPES)}.")
    return ",".join(dict.fromkeys(wanted))


def _url(text: str, allowed: Sequence[Network]) -> str:
    """The address, where events can be sent to it as far as one can see before its name is looked up."""
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, UnicodeError) as error:
        raise BadWebhook(f"{text[:200]!r} is no address: {error}.") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise BadWebhook(f"{text[:200]!r} is no http or https address.")
    if url.port is not None and not 0 < url.port < 65536:
        raise BadWebhook(f"The port must be from 1 to 65535, not {url.port}.")
    if url.userinfo or url.fragment:
        raise BadWebhook("The address must have no user name, no password and no fragment.")
    try:
        address = ipaddress.ip_address(url.host)
    except ValueError:
        return text
    if not is_public(str(address), allowed):
        raise UnsafeAddress(f"{address} is not public; the operator can allow it with TAWATUR_FETCH_ALLOW.")
    return text
