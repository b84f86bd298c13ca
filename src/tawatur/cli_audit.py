"""`tawatur audit`: prove that the log is what it was."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from tawatur.failures import Failure
from tawatur.terminal import database_ready, err, out, settings_here

if TYPE_CHECKING:
    from tawatur.log.keys import Keyring  # what a command needs is loaded by the command: --help is quick

audit_app = typer.Typer(no_args_is_help=True, help="Seals: prove that nothing in the log was changed.")


@audit_app.command("verify")
def audit_verify(
    head: Annotated[
        Path | None,
        typer.Option(help="Seals that `audit head` printed and that were kept elsewhere.", exists=True, dir_okay=False),
    ] = None,
    key: Annotated[
        str | None, typer.Option(help="The public key to trust. Default: that of the key in the data folder.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Recompute every seal over every event. Where one does not hold, it is named, and the exit code is 1.

    Events of the last 15 minutes may not be sealed yet; older ones must be.
    """
    from rich.progress import Progress

    from tawatur.log.verify import Head, verify

    kept = []
    if head is not None:
        try:
            kept = [msgspec.json.decode(line, type=Head) for line in head.read_bytes().splitlines() if line.strip()]
        except msgspec.DecodeError as error:
            raise Failure(f"{head} is not what `tawatur audit head` prints: {error}.") from None
    trusted = {key.strip().lower()} if key is not None else set(_keyring().all_of_them())
    database = database_ready()
    with Progress(console=err, transient=True) as bar:
        task = bar.add_task("Verifying")
        found = verify(
            database,
            trusted,
            datetime.now(UTC),
            kept,
            lambda done, total: bar.update(task, completed=done, total=total),
        )
    if as_json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
        return
    out.print(f"[bold]The log holds:[/bold] {found.events:,} events under {found.seals:,} seals.", highlight=False)
    for part, count in sorted(found.erased.items()):
        out.print(f"{count:,} events were erased in part ({part}); each is named by an erasure in the log.")
    if found.waiting or found.unpositioned:
        out.print(f"{found.waiting + found.unpositioned:,} events of the last minutes wait to be sealed.")


@audit_app.command("head")
def audit_head() -> None:
    """Print the latest seal, to be kept where this server cannot reach: a mailbox, a printer, another's log.

    Who has it can tell later (`audit verify --head FILE`) whether anything up to it was changed, whoever holds the key.
    """
    from tawatur.log.verify import Head
    from tawatur.store import seals

    with database_ready().read() as connection:
        last = seals.last(connection)
    if last is None:
        raise Failure("Nothing is sealed yet. A running server seals once a minute, `tawatur audit seal` at once.")
    sys.stdout.write(msgspec.json.encode(Head(last.body, last.signature)).decode() + "\n")


@audit_app.command("key")
def audit_key() -> None:
    """Print the public key that seals are signed with now, to be published."""
    from tawatur.log import keys
    from tawatur.store import seals

    with database_ready().read() as connection:
        known = seals.keys(connection)
    sys.stdout.write((keys.read_statement(known[-1]).key if known else _keyring().first().public) + "\n")


@audit_app.command("seal")
def audit_seal() -> None:
    """Seal what is not sealed yet, as a running server does by itself."""
    from tawatur.log.seal import seal

    out.print(f"{seal(database_ready(), _keyring(), lambda: datetime.now(UTC)):,} events are sealed now.")


@audit_app.command("rotate-key")
def audit_rotate_key() -> None:
    """Sign with a new key from the next seal on. The old key vouches for it, and its private half is deleted.

    Where the key is set by TAWATUR_SEAL_KEY, the new one is printed, once: set it, and start the servers again.
    """
    from tawatur.log.seal import change_key

    keyring = _keyring()
    new = change_key(database_ready(), keyring, lambda: datetime.now(UTC))
    err.print("Sealed with a new key from now on. Publish it:", highlight=False)
    sys.stdout.write(new.public + "\n")
    if keyring.given is not None:
        err.print("Set TAWATUR_SEAL_KEY to this, and keep it secret:", highlight=False)
        sys.stdout.write(new.seed + "\n")


def _keyring() -> Keyring:
    from tawatur.log.keys import Keyring

    settings = settings_here()
    return Keyring(settings.data_dir, settings.resolved_seal_key())
