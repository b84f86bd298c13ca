"""`tawatur backup` and `tawatur restore`: everything that cannot be made again, in one file and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from tawatur.terminal import database_ready, err, out, settings_here


def backup(
    target: Annotated[
        Path, typer.Argument(help="A file that is not there yet, or a folder for one named by the time.")
    ],
    with_keys: Annotated[
        bool, typer.Option("--with-keys", help="Also the secret and the keys. Guard it like the server then.")
    ] = False,
) -> None:
    """Copy the database and all pictures into one file, as they are at one moment, while the server goes on.

    Without `--with-keys` the secret and the keys that seals and labels are signed with are not in it: keep a copy of
    them elsewhere.
    """
    from tawatur.log.keys import Keyring
    from tawatur.moderation.backup import back_up, keys_of

    settings, database, now = settings_here(), database_ready(), datetime.now(UTC)
    if target.is_dir():
        target = target / f"tawatur-{now:%Y%m%dT%H%M%SZ}.tar"
    if not target.parent.is_dir():
        raise typer.BadParameter(f"There is no folder {target.parent}.", param_hint="TARGET")
    secrets: dict[str, bytes] = {}
    if with_keys:
        keyring = Keyring(settings.data_dir, settings.resolved_seal_key())
        secrets = keys_of(settings.data_dir, settings.resolved_secret(), keyring)
    with _progress() as tell:
        done = back_up(database, settings.data_dir, target, now, tell, secrets)
    size = f"{done.size / 2**20:,.1f} MB"
    out.print(f"{target}: the database and {done.pictures:,} pictures, {size}.", highlight=False, soft_wrap=True)
    for sha256 in done.missing:
        err.print(f"Not in it, for it is damaged or gone: the picture {sha256}.", highlight=False, soft_wrap=True)
    if with_keys:
        out.print("The secret and the keys are in it: guard it like the server itself.")
    else:
        where = f"secret, seal-keys and label-keys in {settings.data_dir}"
        out.print(f"Not in it: {where} (or what is set in their place). Keep a copy elsewhere.", soft_wrap=True)


def restore(
    source: Annotated[Path, typer.Argument(help="What `tawatur backup` wrote.", exists=True, dir_okay=False)],
    force: Annotated[
        bool, typer.Option("--force", help="Replace what is there. The server must not run meanwhile.")
    ] = False,
) -> None:
    """Put a backup into an empty data directory and database. Nothing is written before all of it is checked."""
    from tawatur.log.keys import Keyring
    from tawatur.moderation.restore import restore as put_back
    from tawatur.store.database import Database

    settings = settings_here()
    database = Database(settings.resolved_database_url())
    with _progress() as tell:
        made = put_back(database, settings.data_dir, source, tell, force=force)
    said = f"Restored as of {made.at:%Y-%m-%d %H:%M:%S} UTC: the database and {made.pictures:,} pictures."
    out.print(said, highlight=False)
    known = Keyring(settings.data_dir, settings.resolved_seal_key()).all_of_them()
    lacks = [] if settings.secret is not None or (settings.data_dir / "secret").exists() else ["secret"]
    lacks += [] if made.seal_key is None or made.seal_key in known else ["seal-keys"]
    if lacks:
        err.print(
            f"Before you start the server, put {' and '.join(lacks)} back into {settings.data_dir}: without the secret "
            "everybody is a stranger, and without the key nothing can be sealed.",
            highlight=False,
            soft_wrap=True,
        )
    verify = "tawatur audit verify" + (f" --key {made.seal_key}" if "seal-keys" in lacks else "")
    out.print(f"Next: [bold]{verify}[/bold], and repeat the erasures since then.", highlight=False, soft_wrap=True)


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    """A bar for each part of the work."""
    from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    with Progress(
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeRemainingColumn(),
        console=err, transient=True,
    ) as bar:  # fmt: skip
        tasks: dict[str, TaskID] = {}

        def tell(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what.capitalize(), total=total)
            bar.update(tasks[what], completed=done, total=total)

        yield tell
