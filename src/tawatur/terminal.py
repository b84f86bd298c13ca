"""What every command has at hand: the terminal, the settings, the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console

from tawatur.failures import Failure

if TYPE_CHECKING:
    from tawatur.settings import Settings  # what a command needs is loaded by the command, so that --help is quick
    from tawatur.store.database import Database

out = Console()
err = Console(stderr=True)


def settings_here() -> Settings:
    """The settings from the environment, with the logs set up by them. Raises Failure."""
    from pydantic import ValidationError

    from tawatur import logs
    from tawatur.settings import Settings

    try:
        settings = Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        raise Failure(f"Setting TAWATUR_{name}: {first['msg']}.") from error
    logs.configure(settings.log_level, settings.log_format)
    return settings


def database_ready() -> Database:
    """The database of the settings, known to have this release's tables."""
    from tawatur.store.database import Database

    database = Database(settings_here().resolved_database_url())
    database.check_migrated()
    return database
