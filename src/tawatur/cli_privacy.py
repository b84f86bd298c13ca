"""What an operator does for people: erase what is stored about them, and show it to them."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from tawatur.terminal import database_ready, err, out, settings_here

if TYPE_CHECKING:
    from tawatur.moderation.erasure import Eraser  # what a command needs is loaded by the command: --help is quick
    from tawatur.store.database import Database

Who = Annotated[str, typer.Argument(help="The site's own id of the person, or the pseudonym that the log shows.")]
SiteName = Annotated[str, typer.Option("--site", help="The site, by name or id.")]


def erase(
    kind: Annotated[str, typer.Argument(help="reporter or uploader.")],
    person: Who,
    site: SiteName,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before.")] = False,
) -> None:
    """Erase what is stored about a person. Counts and decisions stand, and the log's seals hold.

    Backups still have it until they are overwritten.
    """
    from tawatur.moderation.erasure import KINDS, erase_person, pseudonym, stored
    from tawatur.moderation.sites import find_site

    if kind not in KINDS:
        raise typer.BadParameter(f"Use one of: {', '.join(KINDS)}.", param_hint="KIND")
    database = database_ready()
    where = find_site(database, site)
    whom = pseudonym(database, settings_here().resolved_secret(), where.id, person)
    if not yes:
        found = stored(database, where.id, whom)
        count = f"{len(found['reports']):,} reports, {len(found['uploaded']):,} images, {len(found['events']):,} events"
        err.print(f"{where.name} has of {person} (pseudonym {whom}): {count}.", highlight=False, soft_wrap=True)
        typer.confirm("Erase? This cannot be taken back.", abort=True, err=True)
    done = erase_person(_eraser(database), where.id, kind, whom)
    database.scrub()
    said = (
        f"{done.reports:,} reports and {done.images:,} images are nobody's now, {done.events:,} events say no more who."
    )
    out.print(said, highlight=False)
    for what in done.kept:
        out.print(f"Kept: {what}.", highlight=False)


def export_person(person: Who, site: SiteName) -> None:
    """Print what is stored about one person as JSON, for the person who asks for it."""
    from tawatur.moderation.erasure import pseudonym, stored
    from tawatur.moderation.sites import find_site

    database = database_ready()
    where = find_site(database, site).id
    whom = pseudonym(database, settings_here().resolved_secret(), where, person)
    found = msgspec.json.encode(stored(database, where, whom))
    sys.stdout.write(msgspec.json.format(found, indent=2).decode() + "\n")


def rotate_key(
    site: Annotated[str, typer.Argument(help="The site, by name or id.")],
    everything: Annotated[bool, typer.Option("--all", help="Also of cases that are not quiet yet.")] = False,
) -> None:
    """Give digests of device, network and link new names, case by case, by keys that are thrown away at once.

    Those of one case stay linked to each other, and to nothing else; not even this server's secret tells whose they
    were. A server does so every day with cases that were quiet for `signals_days`; with `--all` it is done to every
    case now, and a crowd that reports an open case again counts as one voice more.
    """
    from datetime import timedelta

    from tawatur.moderation.cases import policy_now
    from tawatur.moderation.retention import cut_links
    from tawatur.moderation.sites import find_site

    database = database_ready()
    where = find_site(database, site)
    now = datetime.now(UTC)
    days = 0.0 if everything else policy_now(database, where.id).signals_days
    eraser = _eraser(database)
    eraser.carry_out()
    count = cut_links(eraser, where.id, now - timedelta(days=days))
    eraser.carry_out()
    database.scrub()
    out.print(f"{count:,} cases of {where.name} have keys of their own now.", highlight=False)


def _eraser(database: Database) -> Eraser:
    from tawatur.log.keys import Keyring
    from tawatur.moderation.erasure import Eraser
    from tawatur.store.ids import new_id

    settings = settings_here()
    keyring = Keyring(settings.data_dir, settings.resolved_seal_key())
    return Eraser(database, keyring, new_id, lambda: datetime.now(UTC))
