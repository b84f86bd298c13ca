"""`tawatur fediverse`: whether a site takes reports from fediverse servers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from tawatur.terminal import database_ready, out, settings_here

fediverse_app = typer.Typer(no_args_is_help=True, help="Reports from fediverse servers, such as Mastodon's.")

SiteName = Annotated[str, typer.Argument(help="The site, by name or id.")]


@fediverse_app.command("on")
def fediverse_on(site: SiteName) -> None:
    """Let a site take reports from fediverse servers, and print its actor's address. Off unless switched on."""
    settings, found = settings_here(), _switch(site, on=True)
    base = (settings.public_url or f"http://{settings.host}:{settings.port}").rstrip("/")
    out.print(f"{site} takes reports at {base}/fediverse/{found}/inbox", highlight=False, markup=False, soft_wrap=True)


@fediverse_app.command("off")
def fediverse_off(site: SiteName) -> None:
    """Take no more reports from fediverse servers; those that came stay."""
    _switch(site, on=False)
    out.print(f"{site} takes no reports from fediverse servers.", highlight=False, markup=False)


def _switch(site: str, *, on: bool) -> str:
    """The site's id. Raises UnknownSite."""
    from tawatur.moderation.flags import switch
    from tawatur.moderation.sites import find_site

    database = database_ready()
    found = find_site(database, site).id
    switch(database, found, datetime.now(UTC), on=on)
    return found
