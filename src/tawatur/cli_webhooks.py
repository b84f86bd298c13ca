"""`tawatur webhook`: where sites have their events sent, and what has not arrived."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from tawatur.terminal import database_ready, out, settings_here

if TYPE_CHECKING:
    from tawatur.store.webhooks import Webhook

webhook_app = typer.Typer(no_args_is_help=True, help="Webhooks: where events are sent, and what has not arrived.")

Key = Annotated[str, typer.Argument(help="The webhook's id, as `tawatur webhook list` prints it.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


@webhook_app.command("create")
def webhook_create(
    site: Annotated[str, typer.Argument(help="The site, by name or id.")],
    url: Annotated[str, typer.Argument(help="Where its events are to be sent.")],
    event: Annotated[list[str] | None, typer.Option(help="Only this type; may be repeated. Default: all.")] = None,
    description: Annotated[str, typer.Option(help="What it is for, in a few words.")] = "",
    after: Annotated[
        int | None, typer.Option(min=0, help="Begin after this position of the log. Default: with what happens now.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Have a site's events sent to an address, and print the secret that they are signed with."""
    from tawatur.moderation.sites import find_site
    from tawatur.moderation.webhooks import NewWebhook, create_webhook
    from tawatur.store.ids import new_id

    database, allowed = database_ready(), settings_here().allowed_networks()
    new = NewWebhook(find_site(database, site).id, url, tuple(event or ()), description[:255], after)
    made = create_webhook(database, new_id, new, allowed, datetime.now(UTC))
    _tell_secret(made, f"Events of {site} are sent to {url}.", as_json)


@webhook_app.command("list")
def webhook_list(
    site: Annotated[str | None, typer.Option(help="Only this site, by name or id.")] = None, as_json: Json = False
) -> None:
    """List all webhooks with how far behind they are."""
    from rich.table import Table

    from tawatur.moderation.sites import find_site
    from tawatur.moderation.webhooks import standings

    database, now = database_ready(), datetime.now(UTC)
    found = standings(database, None if site is None else find_site(database, site).id)
    if as_json:
        for one in found:
            said = {
                "id": one.webhook.id,
                "site": one.webhook.site,
                "url": one.webhook.url,
                "events": one.webhook.types,
                "status": one.webhook.status,
                "waiting": one.waiting,
                "behind_s": one.behind_s(now),
                "failing": one.failing,
                "dead_letters": one.dead,
            }
            sys.stdout.write(msgspec.json.encode(said).decode() + "\n")
        return
    table = Table("webhook", "status", "waiting", "behind", "failing images", "dead letters", "address")
    for one in found:
        behind = str(timedelta(seconds=round(one.behind_s(now)))) if one.waiting else ""
        numbers = (f"{one.waiting:,}", behind, f"{one.failing:,}", f"{one.dead:,}")
        table.add_row(one.webhook.id, one.webhook.status, *numbers, one.webhook.url)
    out.print(table)


@webhook_app.command("rotate")
def webhook_rotate(
    webhook: Key,
    keep_hours: Annotated[int, typer.Option(min=0, max=720, help="How long the earlier secret signs too.")] = 24,
    as_json: Json = False,
) -> None:
    """Make a new secret and print it. Meanwhile both sign."""
    from tawatur.moderation.webhooks import find_webhook, rotate_secret

    database = database_ready()
    found = find_webhook(database, None, webhook)
    changed = rotate_secret(database, found.site, found.id, timedelta(hours=keep_hours), datetime.now(UTC))
    _tell_secret(changed, f"A new secret for {changed.url}; the one before signs too for {keep_hours} hours.", as_json)


@webhook_app.command("remove")
def webhook_remove(webhook: Key) -> None:
    """Send nothing there any more, and forget what has not arrived."""
    from tawatur.moderation.webhooks import find_webhook, remove_webhook

    database = database_ready()
    found = find_webhook(database, None, webhook)
    remove_webhook(database, found.site, found.id)
    out.print(f"Nothing is sent to {found.url} any more.", highlight=False, markup=False)


@webhook_app.command("letters")
def webhook_letters(webhook: Key, as_json: Json = False) -> None:
    """List the dead letters: events that were not taken for a day."""
    from tawatur.moderation.webhooks import dead_letters, find_webhook

    database, after = database_ready(), 0
    found = find_webhook(database, None, webhook)
    while page := dead_letters(database, found, after, 500):
        for one in page:
            if as_json:
                sys.stdout.write(msgspec.json.encode(one).decode() + "\n")
            else:
                told = f"{one.position:>8}  {one.at:%Y-%m-%d %H:%M}  {one.type:18}  {one.image or '-'}  {one.why}"
                sys.stdout.write(told + "\n")
        after = page[-1].position
    if after == 0 and not as_json:
        out.print("There are no dead letters.")


@webhook_app.command("replay")
def webhook_replay(
    webhook: Key,
    position: Annotated[list[int] | None, typer.Option(help="Only the one at this position; may be repeated.")] = None,
) -> None:
    """Have dead letters sent again by the server, under the ids that they had."""
    from tawatur.moderation.webhooks import replay

    count = replay(database_ready(), None, webhook, position, datetime.now(UTC))
    out.print(f"Dead letters that are sent again: {count:,}.", highlight=False)


def _tell_secret(webhook: Webhook, said: str, as_json: bool) -> None:
    from tawatur.moderation.webhooks import secrets

    newest = secrets(settings_here().resolved_secret(), webhook, datetime.now(UTC))[0]
    if as_json:
        told = {"id": webhook.id, "site": webhook.site, "url": webhook.url, "secret": newest}
        sys.stdout.write(msgspec.json.encode(told).decode() + "\n")
        return
    out.print(said, highlight=False, markup=False)
    out.print(f"  webhook  {webhook.id}\n  secret   {newest}", highlight=False, markup=False, soft_wrap=True)
