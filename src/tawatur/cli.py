"""The command line. Every command says what it did, and what to do when it could not."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.text import Text

from tawatur import __version__
from tawatur.cli_audit import audit_app
from tawatur.cli_backup import backup, restore
from tawatur.cli_context import context_app
from tawatur.cli_fediverse import fediverse_app
from tawatur.cli_labels import labels_app
from tawatur.cli_people import second_factor_rule, user_app
from tawatur.cli_policy import policy_app
from tawatur.cli_privacy import erase, export_person, rotate_key
from tawatur.cli_reporters import reporter_app
from tawatur.cli_transparency import export_dsa, export_grounds, export_transparency
from tawatur.cli_webhooks import webhook_app
from tawatur.failures import Failure
from tawatur.terminal import database_ready as _database
from tawatur.terminal import err, out
from tawatur.terminal import settings_here as _settings

if TYPE_CHECKING:
    from tawatur.store.database import Database  # what a command needs is loaded by the command: --help is quick

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
app.add_typer(user_app, name="user")
app.add_typer(policy_app, name="policy")
app.add_typer(reporter_app, name="reporter")
app.add_typer(webhook_app, name="webhook")
app.add_typer(fediverse_app, name="fediverse")
app.add_typer(export_app, name="export")
app.add_typer(context_app, name="context")
app.add_typer(audit_app, name="audit")
app.add_typer(labels_app, name="labels")
bank_app = typer.Typer(no_args_is_help=True, help="Banks: lists of hashes that block copies, or overrule a match.")
app.add_typer(bank_app, name="bank")

app.command()(erase)
app.command()(backup)
app.command()(restore)
export_app.command("person")(export_person)
export_app.command("dsa")(export_dsa)
export_app.command("dsa-grounds")(export_grounds)
export_app.command("transparency")(export_transparency)
site_app.command("rotate-key")(rotate_key)
site_app.command("second-factor")(second_factor_rule)

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
    """Bring the database up to this release. Make a backup first (`tawatur backup`).

    Stop the server before a release that says so.
    """
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
    from tawatur.store.database_book import DatabaseBook
    from tawatur.store.ids import new_id
    from tawatur.store.writer import Clock

    if not name.strip() or "\x00" in name:
        raise typer.BadParameter("The name must not be empty.")
    database = _database()
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
    after: Annotated[int, typer.Option(min=0, max=2**63 - 1, help="Only events after this position.")] = 0,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file; default: standard output.")] = None,
) -> None:
    """Write the log as JSON Lines, in the form that `tawatur replay` reads."""
    from rich.progress import track

    from tawatur.log.export import lines

    database = _database()
    only = None if site is None else _site_id(database, site)
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


@app.command("hash")
def hash_files(
    files: Annotated[list[Path], typer.Argument(help="Pictures: JPEG, PNG, WebP, GIF, AVIF.", exists=True)],
    as_json: Json = False,
) -> None:
    """Print PDQ, quality and SHA-256 of pictures. What is not a picture is told, and makes the exit code 1."""
    import hashlib

    from tawatur.imaging.decode import ImageRefused, examine

    refused = 0
    for file in files:
        try:
            data = file.read_bytes()
            seen = examine(data)
        except (ImageRefused, OSError) as error:
            err.print(f"{file}: {error}", highlight=False, markup=False)
            refused += 1
            continue
        sha256 = hashlib.sha256(data).hexdigest()
        if as_json:
            line = {"file": str(file), "pdq": seen.pdq, "quality": seen.quality, "sha256": sha256}
            sys.stdout.write(msgspec.json.encode(line).decode() + "\n")
        else:
            sys.stdout.write(f"{seen.pdq or '-':64}  {seen.quality:3}  {sha256}  {file}\n")
    if refused:
        raise typer.Exit(1)


SiteOption = Annotated[str | None, typer.Option(help="The site whose bank it is, by name or id. Default: shared.")]


@bank_app.command("import")
def bank_import(
    file: Annotated[Path, typer.Argument(help="A list with PDQ hashes.", exists=True, dir_okay=False)],
    name: Annotated[str, typer.Option(help="The bank's name; one that is there is added to.")],
    kind: Annotated[str, typer.Option(help="block: copies are blocked. allow: copies are shown whatever matches.")],
    site: SiteOption = None,
    reason: Annotated[str | None, typer.Option(help="The rule that what it blocks breaks.")] = None,
    source: Annotated[str | None, typer.Option(help="Where the list comes from.")] = None,
    distance: Annotated[int, typer.Option(min=0, max=31, help="How many of 256 bits a match may differ.")] = 16,
    until: Annotated[datetime | None, typer.Option(help="Until when it matches (UTC). Default: for good.")] = None,
    form: Annotated[
        str, typer.Option("--format", help="list: CSV or JSON Lines. threatexchange: any of its forms.")
    ] = "list",
    tag: Annotated[
        list[str] | None, typer.Option(help="With threatexchange: only hashes with this tag; may be repeated.")
    ] = None,
) -> None:
    """Read a hash list into a bank: all of it, or, when a line is wrong, nothing.

    Of a ThreatExchange list, a block bank takes the hashes that everybody there calls malicious and an allow bank those
    that everybody calls harmless; what others take back is taken out.
    """
    from tawatur.moderation.banks import change_bank, put_bank
    from tawatur.moderation.exchange import Exchanged
    from tawatur.moderation.hash_lists import read_any
    from tawatur.store.banks import Bank
    from tawatur.store.ids import new_id

    database, owner = _database(), ""
    if site is not None:
        owner = _site_id(database, site)
    now = datetime.now(UTC)
    ends = None if until is None else until.replace(tzinfo=until.tzinfo or UTC)
    bank = Bank(new_id(), owner, name, kind, source, reason, distance, ends, now)
    found: Exchanged = read_any(file.read_text(encoding="utf-8"), form, bank, tag or ())
    added, removed = change_bank(database, put_bank(database, bank), found.entries.items(), found.gone, now)
    out.print(f"{added:,} new hashes in bank [bold]{name}[/bold] ({len(found.entries):,} in the file).")
    if removed:
        out.print(f"{removed:,} hashes were taken out.")
    for why, count in sorted(found.left_out.items()):
        out.print(f"{count:,} left out: {why}.", highlight=False)


@bank_app.command("export")
def bank_export(
    name: Annotated[str, typer.Argument(help="The bank, by name or id.")],
    site: SiteOption = None,
    form: Annotated[str, typer.Option("--format", help="csv, jsonl, threatexchange, tx-csv or tx-lines.")] = "csv",
) -> None:
    """Write a bank's hashes to standard output, in a form that `bank import` reads."""
    from tawatur.moderation.banks import find_bank
    from tawatur.moderation.hash_lists import write_any
    from tawatur.store import banks

    database = _database()
    bank = find_bank(database, "" if site is None else _site_id(database, site), name)
    with database.read() as connection:
        for line in write_any(bank, banks.hashes(connection, bank.id), form):
            sys.stdout.write(line)


@bank_app.command("list")
def bank_list(as_json: Json = False) -> None:
    """List all banks with their sizes."""
    from rich.table import Table

    from tawatur.store import banks

    with _database().read() as connection:
        known, sizes = banks.all_of_them(connection), banks.sizes(connection)
    if as_json:
        for bank in known:
            line = {**msgspec.structs.asdict(bank), "hashes": sizes.get(bank.id, 0)}
            sys.stdout.write(msgspec.json.encode(line).decode() + "\n")
        return
    table = Table("bank", "kind", "site", "hashes", "distance", "reason", "source", "until")
    for bank in known:
        until = "" if bank.enabled_until is None else f"{bank.enabled_until:%Y-%m-%d %H:%M}"
        size = f"{sizes.get(bank.id, 0):,}"
        row = (bank.name, bank.kind, bank.site or "shared", size, str(bank.distance), bank.reason, bank.source, until)
        table.add_row(*(cell or "" for cell in row))
    out.print(table)


def _site_id(database: Database, name: str) -> str:
    from tawatur.moderation.sites import find_site

    return find_site(database, name).id


@app.command()
def replay(
    events: Annotated[
        str, typer.Argument(help="A history in JSON Lines, as `export events` writes it; - reads stdin.")
    ],
    policy: Annotated[Path | None, typer.Option(help="A policy in TOML; default: the default policy.")] = None,
    output: Annotated[
        Path | None, typer.Option("--out", help="Where to write the history with what the engine made of it.")
    ] = None,
    lenient: Annotated[
        bool, typer.Option("--lenient", help="Skip lines that cannot be used; they are listed.")
    ] = False,
) -> None:
    """Run a history through the engine, under any policy: what would have been blurred, blocked and put before people.

    The very code that decides in production decides here, at the events' own times. Nothing is stored.
    """
    from tawatur.lab.replay_command import read_policy, run

    rules = None if policy is None else read_policy(policy)
    out.print(run(events, rules, output, lenient=lenient, console=err).table())


@app.command()
def learn(
    site: Annotated[str | None, typer.Option(help="Only this site, by name or id.")] = None,
) -> None:
    """Learn each site's numbers from what its people decided; the server does so every night.

    How often pictures are reported, what share breaks a rule, how far the engine's chances were right. A site on which
    nobody has decided anything keeps the priors.
    """
    from datetime import UTC, datetime

    from tawatur.moderation.learn import learn_sites

    for name, version in learn_sites(_database(), site, datetime.now(UTC)):
        out.print(f"{name}: [bold]{version}[/bold]", highlight=False)


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


@app.command()
def simulate(
    attack: Annotated[str, typer.Option(help="One attack by name, `all`, or `none`.")] = "all",
    attackers: Annotated[int, typer.Option(min=1, max=500, help="Accounts that attack.")] = 20,
    seeds: Annotated[int, typer.Option(min=1, max=1000, help="Communities to draw; intervals are over them.")] = 3,
    days: Annotated[int | None, typer.Option(min=10, max=365, help="Days to simulate. Default: 90.")] = None,
    community: Annotated[str, typer.Option(help="`town`, `quiet` or `quarrel`: how people are.")] = "town",
    rule: Annotated[list[str] | None, typer.Option(help="Only this rule of the scoreboard; may be repeated.")] = None,
    as_json: Json = False,
    plots: Annotated[Path | None, typer.Option(help="Write plots into this folder (needs Matplotlib).")] = None,
) -> None:
    """Put the engine beside what others do with reports, on a simulated community under attack.

    Everything on one processor takes about four minutes a seed; `--attack none` a tenth of that.
    """
    from tawatur.lab import simulate as lab

    lab.simulate(
        attack=attack,
        attackers=attackers,
        seeds=seeds,
        days=days,
        name=community,
        only=rule or (),
        as_json=as_json,
        plots=plots,
        out=out,
        err=err,
    )


@app.callback(invoke_without_command=True)
def _root(version: Annotated[bool, typer.Option("--version", help="Print the version and end.")] = False) -> None:
    if version:
        out.print(__version__, highlight=False)
        raise typer.Exit


def main() -> None:
    """Runs the command line; a foreseen failure is one clear sentence and exit code 1, never a traceback."""
    try:
        app()
    except Failure as error:
        _fail(str(error))
    except BrokenPipeError:  # whoever read the output has seen enough, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    except (ValueError, OSError) as error:
        _fail(str(error))


def _fail(message: str) -> None:
    err.print("[bold]tawatur:[/bold]", Text(message), highlight=False, soft_wrap=True)
    raise SystemExit(1)
