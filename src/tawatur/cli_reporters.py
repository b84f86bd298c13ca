"""`tawatur reporter`: how reporters stand with a site, and whom it listens to."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from tawatur.terminal import database_ready, out, settings_here

if TYPE_CHECKING:
    from tawatur.moderation.standing import Ask
    from tawatur.store.database import Database
    from tawatur.store.database_book import DatabaseBook

reporter_app = typer.Typer(no_args_is_help=True, help="Reporters: how they stand, and whom a site listens to.")

SiteName = Annotated[str, typer.Argument(help="The site, by name or id.")]
Named = Annotated[str, typer.Argument(help="The site's own id of the reporter, or the digest that events name.")]
Why = Annotated[str | None, typer.Option(help="Why, in words that stay in the log; name nobody.")]


@reporter_app.command("show")
def reporter_show(site: SiteName, reporter: Named) -> None:
    """Print how a reporter stands, as JSON."""
    from tawatur.moderation.standing import standing_of, told

    database, whose, whom = _whom(site, reporter)
    sys.stdout.write(msgspec.json.encode(told(standing_of(database, whose, whom))).decode() + "\n")


@reporter_app.command("mute")
def reporter_mute(site: SiteName, reporter: Named, why: Why = None) -> None:
    """Keep what a reporter says and count it for nothing; the cases that they take part in are decided anew."""
    from tawatur.moderation.standing import mute_reporter

    done = _do(site, reporter, why, mute_reporter)
    out.print(f"{reporter} is muted." if done else f"{reporter} was muted already.", highlight=False)


@reporter_app.command("unmute")
def reporter_unmute(site: SiteName, reporter: Named, why: Why = None) -> None:
    """Count a reporter's reports again, also those that were kept meanwhile."""
    from tawatur.moderation.standing import unmute_reporter

    done = _do(site, reporter, why, unmute_reporter)
    out.print(f"{reporter} is heard again." if done else f"{reporter} was not muted.", highlight=False)


@reporter_app.command("void")
def reporter_void(site: SiteName, reporter: Named, why: Why = None) -> None:
    """Take away all that a reporter says now, for good; what they report from now on counts."""
    from tawatur.moderation.standing import void_reports

    out.print(f"Reports taken away: {_do(site, reporter, why, void_reports)}.", highlight=False)


@reporter_app.command("clear")
def reporter_clear(site: SiteName, reporter: Named, why: Why = None) -> None:
    """Take a warning or a suspension back; what they reported meanwhile counts."""
    from tawatur.moderation.standing import clear_reporter

    done = _do(site, reporter, why, clear_reporter)
    out.print(f"{reporter} begins anew." if done else f"{reporter} was neither warned nor suspended.", highlight=False)


def _whom(site: str, named: str) -> tuple[Database, str, str]:
    """The database, the site and the reporter's digest. Raises UnknownSite and UnknownReporter."""
    from tawatur.moderation.pseudonyms import Pseudonyms
    from tawatur.moderation.refusals import UnknownReporter
    from tawatur.moderation.sites import find_site
    from tawatur.moderation.standing import first_known

    database = database_ready()
    whose = find_site(database, site).id
    digest = Pseudonyms(settings_here().resolved_secret(), whose).person(named)
    whom = first_known(database, whose, [digest, named])
    if whom is None:
        raise UnknownReporter(f"Nobody whom {site} calls {named!r} has reported there.")
    return database, whose, whom


def _do(site: str, named: str, why: str | None, act: Callable[[DatabaseBook, Ask, datetime], int]) -> int:
    """Does it in a transaction of its own, beside whatever server runs."""
    from tawatur.moderation.standing import OPERATOR, Ask
    from tawatur.store.database_book import DatabaseBook
    from tawatur.store.ids import new_id
    from tawatur.store.reading_book import Wants
    from tawatur.store.writer import Clock

    database, whose, whom = _whom(site, named)
    with database.write() as connection:
        book = DatabaseBook(connection, new_id, lock=not database.is_sqlite)
        book.prefetch([Wants(whose, reporters=(whom,), rules=True)])
        done = act(book, Ask(whose, whom, OPERATOR, why), Clock()())
        book.flush()
    return done
