"""`tawatur export dsa|dsa-grounds|transparency`: what a site tells the public of its decisions."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from tawatur.terminal import database_ready, err

if TYPE_CHECKING:
    from tawatur.delivery.dsa_grounds import Grounds  # what a command needs is loaded by the command

SiteName = Annotated[str, typer.Argument(help="The site, by name or id.")]
From = Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day (UTC).")]
To = Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day (UTC), included.")]
LONGEST = timedelta(days=3660)
Lang = Annotated[str, typer.Option(help="ar, en or fr.")]


def export_dsa(
    site: SiteName,
    since: From = None,
    to: To = None,
    after: Annotated[
        int | None, typer.Option(min=0, max=2**63 - 1, help="Only decisions after this position of the log.")
    ] = None,
    new: Annotated[bool, typer.Option("--new", help="Only what no earlier run with --new wrote.")] = False,
    lang: Lang = "en",
    grounds: Annotated[
        Path | None, typer.Option(help="On what ground, in TOML; `export dsa-grounds` prints the default.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file; default: standard output.")] = None,
    ended: Annotated[
        Path | None, typer.Option(help="With --after or --new: a file for what was told before and has ended since.")
    ] = None,
    find: Annotated[str | None, typer.Option(help="Only print what the statement with this puid is about.")] = None,
) -> None:
    """Write statements of reasons for the EU's DSA Transparency Database, as JSON Lines.

    One for each picture that was blurred or blocked, with no personal data, each checked against a schema. Running it
    again gives the same puids.
    """
    from tawatur.delivery import dsa
    from tawatur.delivery.dsa_words import LANGUAGES
    from tawatur.moderation.restrictions import brought_up_to_date
    from tawatur.moderation.sites import find_site
    from tawatur.store.restrictions import Span

    _one_of(lang, LANGUAGES, "--lang")
    if new and (after is not None or since is not None or to is not None):
        said = "It begins where the last one ended; leave --after, --from and --to out."
        raise typer.BadParameter(said, param_hint="--new")
    if ended is not None and not new and after is None:
        raise typer.BadParameter("Say since when with --after or --new.", param_hint="--ended")
    period = _period(since, to)
    database = database_ready()
    where = find_site(database, site).id
    last = brought_up_to_date(database, where)
    if find is not None:
        sys.stdout.write(msgspec.json.encode(dsa.find(database, where, find)).decode() + "\n")
        return
    chosen = _grounds(grounds)
    told = dsa.told_up_to(database, where) if new else after or 0
    count = _write(dsa.statements(database, where, Span(told, last, *period), chosen, lang), output)
    if ended is not None:
        _write(dsa.ended(database, where, told, last), ended)
    if new:
        dsa.note_told(database, where, last)
    err.print(f"{count:,} statements. The next ones: [bold]--after {max(last, told)}[/bold].", highlight=False)


def export_grounds() -> None:
    """Print the document that says on what ground a site withholds images, reason by reason, to change and give to
    `export dsa --grounds`."""
    from tawatur.delivery.dsa_grounds import grounds_toml

    sys.stdout.write(grounds_toml())


def export_transparency(
    site: SiteName,
    since: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="First day (UTC).")],
    to: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day (UTC), included.")],
    lang: Lang = "ar",
    folder: Annotated[
        Path | None, typer.Option("--out", help="A folder for the page and its numbers. Default: named by the days.")
    ] = None,
) -> None:
    """Write a transparency report: an HTML page with plots, and the numbers behind each as CSV.

    What was reported, what was done and by what, how often that was wrong, how long it took, what came of objections.
    """
    from tawatur.log.sequencer import sequence
    from tawatur.moderation.numbers import numbers_of
    from tawatur.moderation.sites import find_site
    from tawatur.web.transparency.page import LANGUAGES, page_of
    from tawatur.web.transparency.tables import tables_of

    _one_of(lang, LANGUAGES, "--lang")
    period = _period(since, to)
    if period[1] - period[0] > LONGEST:
        raise typer.BadParameter(f"A report is about {LONGEST.days:,} days at most.", param_hint="--to")
    database = database_ready()
    where = find_site(database, site)
    sequence(database)
    numbers = numbers_of(database, where.id, *period)
    folder = folder or Path(f"transparency-{since:%Y-%m-%d}-{to:%Y-%m-%d}")
    folder.mkdir(parents=True, exist_ok=True)
    for table in tables_of(numbers).values():
        (folder / f"{table.name}.csv").write_text(table.as_csv(), encoding="utf-8")
    (folder / "index.html").write_text(page_of(numbers, where.name, lang), encoding="utf-8")
    err.print(f"The report is ready: [bold]{folder / 'index.html'}[/bold]", highlight=False, soft_wrap=True)


def _grounds(file: Path | None) -> Grounds:
    from tawatur.delivery.dsa_grounds import DEFAULT_GROUNDS, BadGrounds, read_grounds

    if file is None:
        return DEFAULT_GROUNDS
    try:
        return read_grounds(file.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise BadGrounds(f"{file} is not text in UTF-8.") from None
    except BadGrounds as error:
        raise BadGrounds(f"{file}: {error}") from None


def _period(since: datetime | None, to: datetime | None) -> tuple[datetime, datetime]:
    """From the first moment of a day to the last moment of another."""
    first = datetime(2000, 1, 1, tzinfo=UTC) if since is None else since.replace(tzinfo=UTC)
    until = datetime(2100, 1, 1, tzinfo=UTC) if to is None else to.replace(tzinfo=UTC) + timedelta(days=1)
    if until <= first:
        raise typer.BadParameter(f"It must not be before --from, {first:%Y-%m-%d}.", param_hint="--to")
    return first, until


def _one_of(value: str, allowed: tuple[str, ...], name: str) -> None:
    if value not in allowed:
        raise typer.BadParameter(f"Use one of: {', '.join(allowed)}.", param_hint=name)


def _write(lines: Iterable[dict[str, Any]], output: Path | None) -> int:
    """Writes JSON Lines; a file appears when it is complete. Says how many."""
    count = 0
    if output is None:
        for line in lines:
            sys.stdout.buffer.write(msgspec.json.encode(line) + b"\n")
            count += 1
        sys.stdout.flush()
        return count
    unfinished = output.with_name(output.name + ".part")
    try:
        with unfinished.open("wb") as file:
            for line in lines:
                file.write(msgspec.json.encode(line) + b"\n")
                count += 1
        unfinished.replace(output)
    finally:
        unfinished.unlink(missing_ok=True)
    return count
