"""The command line. Every command says what it did, and what to do when it could not."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.console import Console

from tawatur import __version__
from tawatur.failures import Failure

if TYPE_CHECKING:
    from tawatur.settings import Settings  # what a command needs is loaded by the command, so that --help is quick

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    help="Tawatur: an image is blocked automatically when several people report it, "
    "and a crowd that acts as one counts as one.\n\n"
    "Start with `tawatur demo` to see it work, or with `tawatur init`, `tawatur site create NAME` "
    "and `tawatur serve`.\n\n"
    "Settings come from the environment: `TAWATUR_DATA_DIR`, `TAWATUR_DATABASE_URL` and others (docs/settings.md).",
)
site_app = typer.Typer(no_args_is_help=True, help="Sites: publishers or communities that use this server.")
export_app = typer.Typer(no_args_is_help=True, help="Takes what happened out of the house.")
app.add_typer(site_app, name="site")
app.add_typer(export_app, name="export")

out = Console()
err = Console(stderr=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on. Default: TAWATUR_HOST or 127.0.0.1.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port. Default: TAWATUR_PORT or 8000.")] = None,
) -> None:
    """Serve the API and the gate.

    Makes the database when there is none. A worker that dies is started again at once; Ctrl-C ends all.
    Put a web server with TLS in front: the README shows how.
    """
    from tawatur.web.serve import run

    settings = _settings()
    run(settings, host or settings.host, settings.port if port is None else port)


@app.command()
def init() -> None:
    """Create the database, or bring an older one up to date. Doing it twice is harmless."""
    from tawatur.store.database import Database

    settings = _settings()
    settings.resolved_secret()
    database = Database(settings.resolved_database_url())
    database.migrate()
    out.print(f"The database is ready: [bold]{database}[/bold]. Next: [bold]tawatur site create NAME[/bold].")


@app.command()
def migrate() -> None:
    """Bring the database up to this release. Make a backup first; stop the server before a release that says so."""
    init()


@site_app.command("create")
def site_create(
    name: Annotated[str, typer.Argument(help="A name for people, such as the site's domain.")], as_json: Json = False
) -> None:
    """Create a site and print its keys, once.

    The secret key goes into `Authorization: Bearer …` of your backend's requests; never into a page.
    The public key may stand in a page.
    """
    from tawatur.moderation.sites import create_site
    from tawatur.store.database import Database
    from tawatur.store.database_book import DatabaseBook
    from tawatur.store.ids import new_id
    from tawatur.store.writer import Clock

    if not name.strip() or "\x00" in name:
        raise typer.BadParameter("The name must not be empty.")
    database = Database(_settings().resolved_database_url())
    database.check_migrated()
    with database.write() as connection:
        book = DatabaseBook(connection, new_id)
        made = create_site(book, name.strip(), Clock()())
        book.flush()
    if as_json:
        sys.stdout.write(msgspec.json.encode(made).decode() + "\n")
        return
    out.print(f"Site [bold]{name.strip()}[/bold] is ready. Keep the secret key now: it is not shown again.")
    out.print(f"  site        {made.site}\n  secret key  [bold]{made.api_key}[/bold]\n  public key  {made.public_key}")


@export_app.command("events")
def export_events(
    site: Annotated[str | None, typer.Option(help="Only this site, by name or id.")] = None,
    after: Annotated[int, typer.Option(min=0, help="Only events after this position.")] = 0,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file; default: standard output.")] = None,
) -> None:
    """Write the log as JSON Lines, in the form that `tawatur replay` reads."""
    from rich.progress import track

    from tawatur.log.export import lines
    from tawatur.moderation.sites import find_site
    from tawatur.store.database import Database

    database = Database(_settings().resolved_database_url())
    database.check_migrated()
    only = None if site is None else find_site(database, site).id
    found = lines(database, only, after)
    if output is None:
        for one in found:
            sys.stdout.buffer.write(msgspec.json.encode(one) + b"\n")
        return
    unfinished = output.with_name(output.name + ".part")
    with unfinished.open("wb") as file:
        count = 0
        for one in track(found, "Writing events", console=err):
            file.write(msgspec.json.encode(one) + b"\n")
            count += 1
    unfinished.replace(output)
    err.print(f"{count:,} events written to {output}.")


@app.command()
def demo(
    once: Annotated[bool, typer.Option("--once", help="End by itself when the story is told, with exit 0.")] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the demo; 0 takes a free one.")] = 0,
) -> None:
    """Show the promise at work: an Arabic news page with real photographs, and a crowd that reports.

    Runs on this machine alone, in a temporary folder, and leaves nothing behind.
    """
    from tawatur.demo.show import run

    run(once=once, port=port)


@app.callback(invoke_without_command=True)
def _root(version: Annotated[bool, typer.Option("--version", help="Print the version and end.")] = False) -> None:
    if version:
        out.print(__version__, highlight=False)
        raise typer.Exit


def _settings() -> Settings:
    """The settings from the environment, with the logs set up by them."""
    from pydantic import ValidationError

    from tawatur import logs
    from tawatur.settings import Settings

    try:
        settings = Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        raise Failure(f"Setting TAWATUR_{name}: {first['msg']}.") from error
    logs.configure(settings.log_level)
    return settings


def main() -> None:
    """Runs the command line; a foreseen failure is one clear sentence and exit code 1, never a traceback."""
    try:
        app()
    except Failure as error:
        _fail(str(error))
    except (ValueError, OSError) as error:
        _fail(str(error))


def _fail(message: str) -> None:
    err.print(f"[bold]tawatur:[/bold] {message}", highlight=False)
    raise SystemExit(1)
