"""Webhooks of a site: where it has its events sent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import AfterValidator, BaseModel, Field, StringConstraints
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from tawatur.delivery.attempt import Outcome
from tawatur.delivery.webhooks import send_test
from tawatur.moderation.refusals import TooOften
from tawatur.moderation.webhooks import (
    KEPT_HOURS,
    Change,
    NewWebhook,
    Standing,
    change_webhook,
    create_webhook,
    dead_letters,
    find_webhook,
    id_by_request,
    remove_webhook,
    replay,
    request_digest,
    rotate_secret,
    secrets,
    standing_of,
    standings,
)
from tawatur.store.ids import new_id
from tawatur.store.webhooks import Webhook
from tawatur.web.api.fields import Address, IdempotencyKey, idempotency_key, no_nul
from tawatur.web.auth import SiteId
from tawatur.web.house import House, house_of

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])

_LARGEST = 2**63 - 1
Key = Annotated[str, Path(max_length=64, description="The webhook's id, as creating it answered.")]
EventTypes = Annotated[
    list[Annotated[str, StringConstraints(max_length=64)]],
    Field(max_length=100, description="Event types; empty: all."),
]
Description = Annotated[str, StringConstraints(max_length=255), AfterValidator(no_nul)]


class WebhookIn(BaseModel):
    """Where events are to be sent."""

    url: Address = Field(description="An https address of yours; http only where nobody else can listen.")
    events: EventTypes = []
    description: Description = ""
    after: int | None = Field(
        None, ge=0, le=_LARGEST, strict=True, description="A position in the log to begin after; 0: from its beginning."
    )


class ChangeIn(BaseModel):
    """What is to be different; what is left out stays."""

    url: Address | None = None
    events: EventTypes | None = None
    description: Description | None = None
    enabled: bool | None = Field(None, strict=True, description="Switched on again it goes on where it was.")


class WebhookOut(BaseModel):
    id: str
    url: str
    events: list[str]
    description: str
    status: str = Field(description="`on`, `off`, or `gone` where the endpoint answered 410.")
    created_at: datetime
    earlier_secret_until: datetime | None = Field(description="Until then the secret before the last signs too.")


class StandingOut(WebhookOut):
    waiting: int = Field(description="Events that were not taken yet; of those not tried yet, at most 10,000.")
    oldest_at: datetime | None = Field(description="When the earliest of these happened.")
    failing: int = Field(description="Images whose events are not taken and tried again.")
    dead_letters: int
    rests_until: datetime | None = Field(description="Until then nothing is sent, as the endpoint asked.")


class SecretOut(WebhookOut):
    secret: str = Field(description="What signatures are made with; shown here alone.")


class WebhooksOut(BaseModel):
    webhooks: list[StandingOut]


class RotateIn(BaseModel):
    keep_hours: int = Field(
        KEPT_HOURS, ge=0, le=24 * 30, strict=True, description="How long the earlier secret signs too."
    )


class TestOut(BaseModel):
    delivered: bool
    event: str = Field(description="The id that it was sent under.")
    status: int | None
    why: str | None


class LetterOut(BaseModel):
    position: int
    event: str
    type: str
    image: str | None
    at: datetime
    since: datetime = Field(description="When it was tried first.")
    dead_at: datetime
    attempts: int
    why: str


class LettersOut(BaseModel):
    dead_letters: list[LetterOut]
    next: int | None


class ReplayIn(BaseModel):
    positions: list[Annotated[int, Field(ge=0, le=_LARGEST, strict=True)]] | None = Field(
        None, max_length=1000, description="Left out: all."
    )


class ReplayOut(BaseModel):
    replayed: int


@router.post("", status_code=201, summary="Have events sent to an address", response_model=SecretOut)
async def create(request: Request, site: SiteId, body: WebhookIn, idempotency_key: IdempotencyKey = None) -> Any:
    """Each event of the site is sent as a POST with its line of the log, signed as Standard Webhooks has it."""
    house = house_of(request)
    new = NewWebhook(site, body.url, tuple(body.events), body.description, body.after)
    key = _own_id(house, request, site)
    made = await run_in_threadpool(
        create_webhook, house.database, key, new, house.settings.allowed_networks(), datetime.now(UTC)
    )
    house.webhooks.wake()
    return _with_secret(house, made)


@router.get("", summary="The site's webhooks", response_model=WebhooksOut)
async def listed(request: Request, site: SiteId) -> Any:
    """With how far behind each is."""
    found = await run_in_threadpool(standings, house_of(request).database, site)
    return WebhooksOut(webhooks=[_standing(one) for one in found])


@router.get("/{webhook}", summary="One webhook", response_model=StandingOut)
async def one(request: Request, site: SiteId, webhook: Key) -> Any:
    return _standing(await run_in_threadpool(standing_of, house_of(request).database, site, webhook))


@router.patch("/{webhook}", summary="Change a webhook", response_model=WebhookOut)
async def change(request: Request, site: SiteId, webhook: Key, body: ChangeIn) -> Any:
    """What is sent from now on is sent so; a server that is just sending learns it within seconds."""
    house = house_of(request)
    events = None if body.events is None else tuple(body.events)
    wanted = Change(body.url, events, body.description, body.enabled)
    allowed = house.settings.allowed_networks()
    changed = await run_in_threadpool(change_webhook, house.database, site, webhook, wanted, allowed, datetime.now(UTC))
    house.webhooks.wake()
    return WebhookOut(**_said(changed))


@router.delete("/{webhook}", status_code=204, summary="Remove a webhook", response_class=Response)
async def remove(request: Request, site: SiteId, webhook: Key) -> Response:
    """With all that has not arrived."""
    await run_in_threadpool(remove_webhook, house_of(request).database, site, webhook)
    return Response(status_code=204)


@router.post("/{webhook}/rotate", summary="Make a new secret", response_model=SecretOut)
async def rotate(
    request: Request, site: SiteId, webhook: Key, body: RotateIn, idempotency_key: IdempotencyKey = None
) -> Any:
    """For a time both sign, each its own signature in the one header: take the new one into use within it."""
    house = house_of(request)
    keep = timedelta(hours=body.keep_hours)
    given = _digest(house, request, site)
    changed = await run_in_threadpool(
        rotate_secret, house.database, site, webhook, keep, datetime.now(UTC), None if given is None else given.hex()
    )
    return _with_secret(house, changed)


@router.post("/{webhook}/test", summary="Send a test event", response_model=TestOut)
async def try_out(request: Request, site: SiteId, webhook: Key, idempotency_key: IdempotencyKey = None) -> Any:
    """Sends `{"type": "webhook.test", …}` now and once, and tells what the endpoint answered. It stands in no log."""
    house = house_of(request)
    found = await run_in_threadpool(find_webhook, house.database, site, webhook)
    event, outcome = await tried(house, found)
    return TestOut(delivered=outcome.taken, event=event, status=outcome.status, why=outcome.why or None)


@router.get("/{webhook}/dead-letters", summary="What was given up", response_model=LettersOut)
async def letters(
    request: Request,
    site: SiteId,
    webhook: Key,
    after: Annotated[int, Query(ge=0, le=_LARGEST, description="`next` of an earlier page.")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> Any:
    """Events that were not taken for a day. They are listed for 30 days; the log has them for good."""
    database = house_of(request).database
    found = await run_in_threadpool(find_webhook, database, site, webhook)
    page = await run_in_threadpool(dead_letters, database, found, after, limit)
    last = page[-1].position if len(page) == limit else None
    return LettersOut(dead_letters=[LetterOut.model_validate(one, from_attributes=True) for one in page], next=last)


@router.post("/{webhook}/replay", summary="Send dead letters again", response_model=ReplayOut)
async def send_again(
    request: Request, site: SiteId, webhook: Key, body: ReplayIn, idempotency_key: IdempotencyKey = None
) -> Any:
    """Under the ids that they had, and for as long as new ones. Later events of the same images wait meanwhile."""
    house = house_of(request)
    now = datetime.now(UTC)
    count = await run_in_threadpool(replay, house.database, site, webhook, body.positions, now)
    house.webhooks.wake()
    return ReplayOut(replayed=count)


async def tried(house: House, webhook: Webhook) -> tuple[str, Outcome]:
    """Sends a test event: its id, and what came of it. Raises TooOften."""
    if wait := house.tests_pace.take(webhook.site):
        raise TooOften("Test events are sent 20 times a minute at most.", wait)
    event, now = new_id(), datetime.now(UTC)
    return event, await send_test(webhook, house.secret, event, now, house.settings.allowed_networks())


def _digest(house: House, request: Request, site: str) -> bytes | None:
    """What stands for the request's Idempotency-Key at this site; None where it has none."""
    key = idempotency_key(request)
    if key is None:
        return None
    return request_digest(house.secret, site, f"{request.url.path}/{key}")


def _own_id(house: House, request: Request, site: str) -> Callable[[], str]:
    """Ids for what the request makes: a new one, or always the same for the same Idempotency-Key."""
    given = _digest(house, request, site)
    return new_id if given is None else lambda: id_by_request(given)


def _said(webhook: Webhook) -> dict[str, Any]:
    return {
        "id": webhook.id,
        "url": webhook.url,
        "events": webhook.types,
        "description": webhook.description,
        "status": webhook.status,
        "created_at": webhook.created_at,
        "earlier_secret_until": webhook.earlier_until,
    }


def _with_secret(house: House, webhook: Webhook) -> SecretOut:
    newest = secrets(house.secret, webhook, datetime.now(UTC))[0]
    return SecretOut(**_said(webhook), secret=newest)


def _standing(found: Standing) -> StandingOut:
    return StandingOut(
        **_said(found.webhook),
        waiting=found.waiting,
        oldest_at=found.oldest_at,
        failing=found.failing,
        dead_letters=found.dead,
        rests_until=found.webhook.rests_until,
    )
