"""`tawatur user`: the people who keep a site clean."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from tawatur.terminal import database_ready, out, settings_here

if TYPE_CHECKING:
    from tawatur.store.database import Database
    from tawatur.store.sites import Site

user_app = typer.Typer(no_args_is_help=True, help="People who work in the console, and what they may do.")

Email = Annotated[str, typer.Argument(help="Their e-mail address; it is what they sign in with.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


@user_app.command("create")
def user_create(
    email: Email,
    role: Annotated[str, typer.Option(help="reader: look; moderator: decide cases; admin: everything.")] = "moderator",
    site: Annotated[str | None, typer.Option(help="By name or id. May be left out where there is one site.")] = None,
    known_as: Annotated[
        str | None,
        typer.Option(help="Their id among the site's own users, so that they never decide on what is their own."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Give somebody a role on a site, and print a link that lets them choose a password, once, within three days.

    For somebody who has an account already, their role on this site becomes the new one.
    """
    from tawatur.moderation.people import add_person
    from tawatur.moderation.pseudonyms import Pseudonyms
    from tawatur.store.ids import new_id

    database = database_ready()
    whose = _site(database, site)
    pseudonym = None if known_as is None else Pseudonyms(settings_here().resolved_secret(), whose.id).person(known_as)
    token = add_person(database, new_id, email, role, whose.id, datetime.now(UTC), pseudonym)
    _tell(email, token, as_json, f"{email} is {role} of {whose.name}.")


@user_app.command("link")
def user_link(email: Email, as_json: Json = False) -> None:
    """Print a new link for somebody who lost theirs, or their password. Earlier links stop working."""
    from tawatur.moderation.people import new_link

    _tell(email, new_link(database_ready(), email, datetime.now(UTC)), as_json, f"A new link for {email}.")


@user_app.command("remove")
def user_remove(email: Email) -> None:
    """Take an account away, at once and everywhere. What they decided stays."""
    from tawatur.moderation.people import remove_person

    remove_person(database_ready(), email)
    out.print(f"{email} has no account any more.", highlight=False)


@user_app.command("reset-totp")
def user_reset_totp(email: Email) -> None:
    """Take away the second factor of somebody who lost telephone and recovery codes. Make sure that it is them."""
    from tawatur.moderation import second_factor
    from tawatur.moderation.people import find_person

    database = database_ready()
    second_factor.remove(database, find_person(database, email).id)
    out.print(f"{email} signs in without a second factor now, and sets up a new one under My account.", highlight=False)


@user_app.command("reset-oidc")
def user_reset_oidc(email: Email) -> None:
    """Forget which account at the OpenID provider somebody is: the next verified one with their address will be."""
    from tawatur.moderation import identities
    from tawatur.moderation.people import find_person

    database = database_ready()
    identities.forget(database, find_person(database, email).id)
    out.print(f"{email} is whoever the provider next says has that address.", highlight=False)


@user_app.command("list")
def user_list(as_json: Json = False) -> None:
    """List everybody who has an account, with their roles."""
    from tawatur.moderation.people import listed
    from tawatur.store import sites

    database = database_ready()
    with database.read() as connection:
        names = {site.id: site.name for site in sites.all_of_them(connection)}
    for one in listed(database):
        roles = {names.get(member.site, member.site): member.role for member in one.memberships}
        if as_json:
            told = {
                "email": one.person.email,
                "roles": roles,
                "has_password": one.person.password is not None,
                "second_factor": one.second_factor,
            }
            sys.stdout.write(msgspec.json.encode(told).decode() + "\n")
        else:
            waits = "" if one.person.password is not None else "  (has not chosen a password yet)"
            said = ", ".join(f"{role} of {name}" for name, role in roles.items())
            factor = "  (second factor)" if one.second_factor else ""
            out.print(f"{one.person.email}  {said}{factor}{waits}", highlight=False)


def second_factor_rule(
    name: Annotated[str, typer.Argument(metavar="SITE", help="By name or id.")],
    rule: Annotated[str, typer.Argument(help="required or optional.")],
) -> None:
    """Ask a second factor of everybody who works on a site, or leave it to each person."""
    from tawatur.moderation.sites import find_site, require_second_factor

    if rule not in ("required", "optional"):
        raise typer.BadParameter("Say required or optional.", param_hint="RULE")
    database = database_ready()
    site = find_site(database, name)
    require_second_factor(database, site.id, rule == "required")
    who = "needs a second factor" if rule == "required" else "may set up a second factor"
    out.print(f"Everybody who works on {site.name} {who}.", highlight=False)


def _site(database: Database, named: str | None) -> Site:
    from tawatur.moderation.sites import find_site
    from tawatur.store import sites

    if named is not None:
        return find_site(database, named)
    with database.read() as connection:
        known = sites.all_of_them(connection)
    if len(known) == 1:
        return known[0]
    names = ", ".join(site.name for site in known) or "none yet: `tawatur site create NAME`"
    raise typer.BadParameter(f"Say which site. Sites here: {names}.", param_hint="--site")


def _tell(email: str, token: str, as_json: bool, said: str) -> None:
    settings = settings_here()
    base = (settings.public_url or f"http://{settings.host}:{settings.port}").rstrip("/")
    link = f"{base}/console/welcome/{token}"
    if as_json:
        sys.stdout.write(msgspec.json.encode({"email": email.strip().lower(), "link": link}).decode() + "\n")
        return
    out.print(f"{said} Send them this link; it works once, for three days:", highlight=False)
    out.print(link, soft_wrap=True, highlight=False)
