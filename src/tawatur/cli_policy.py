"""`tawatur policy`: read, judge and change policies."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from tawatur.terminal import database_ready, err, out, settings_here

policy_app = typer.Typer(no_args_is_help=True, help="Policies: what harm and error cost, and what a block needs.")

PolicyFile = Annotated[Path, typer.Argument(help="A policy in TOML.")]
SiteName = Annotated[str, typer.Argument(help="The site, by name or id.")]


@policy_app.command("check")
def policy_check(file: PolicyFile) -> None:
    """Say whether a policy can be used; where not, which line is wrong and what is allowed."""
    from tawatur.lab.replay_command import read_policy

    out.print(f"{file}: policy [bold]{read_policy(file).version}[/bold] can be used.", highlight=False)


@policy_app.command("show")
def policy_show(
    file: Annotated[Path | None, typer.Argument(help="A policy in TOML; default: the default policy.")] = None,
    site: Annotated[str | None, typer.Option(help="The policy of this site, by name or id, instead.")] = None,
    version: Annotated[
        int | None, typer.Option(min=0, max=2**31 - 1, help="An earlier version of the site's policy.")
    ] = None,
) -> None:
    """Print a policy in full: every number with its reason and its range, those left out with their defaults."""
    from tawatur.decision.policy import DEFAULT_POLICY, policy_toml
    from tawatur.lab.replay_command import read_policy
    from tawatur.moderation.policies import policy_in_force, policy_version
    from tawatur.moderation.sites import find_site

    if site is None:
        if version is not None:
            raise typer.BadParameter("Say whose version with --site.", param_hint="--version")
        sys.stdout.write(policy_toml(DEFAULT_POLICY if file is None else read_policy(file)))
        return
    if file is not None:
        raise typer.BadParameter("Give a file or a site, not both.", param_hint="--site")
    database = database_ready()
    whose = find_site(database, site).id
    found = policy_in_force(database, whose) if version is None else policy_version(database, whose, version)
    sys.stdout.write(found.toml)


@policy_app.command("diff")
def policy_diff(
    file: PolicyFile,
    other: Annotated[Path | None, typer.Argument(help="What to compare with; default: the default policy.")] = None,
) -> None:
    """Print what a policy changes: each number that differs from the default, or from another policy."""
    from tawatur.decision.policy import DEFAULT_POLICY, differences
    from tawatur.lab.replay_command import read_policy

    before = DEFAULT_POLICY if other is None else read_policy(other)
    found = differences(before, read_policy(file))
    for name, was, now in found:
        out.print(f"{name}: {was} -> [bold]{now}[/bold]", highlight=False)
    if not found:
        out.print("No number differs.")


@policy_app.command("preview")
def policy_preview(
    site: SiteName,
    file: PolicyFile,
    days: Annotated[int, typer.Option(min=1, max=3650, help="How many days to live again.")] = 30,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Say what a policy would have done in the last days, beside the one in force. Changes nothing.

    The site's log is run through the engine twice, from its beginning; only the last days differ and count.
    """
    from datetime import UTC, datetime

    from tawatur.lab.preview_command import run, table
    from tawatur.lab.replay_command import read_policy
    from tawatur.moderation.sites import find_site

    changed = read_policy(file)
    database = database_ready()
    found = run(database, find_site(database, site).id, changed, days, datetime.now(UTC), err)
    if as_json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
    else:
        for one in table(found):
            out.print(one)


@policy_app.command("set")
def policy_set(
    site: SiteName,
    file: PolicyFile,
    by: Annotated[str | None, typer.Option(help="Who changes it; kept as a keyed digest.")] = None,
) -> None:
    """Put a policy in force at a site, at once and in every server process. Earlier versions are kept.

    Open cases are decided by it when something happens to them next. `policy preview` says what it would have done.
    """
    from tawatur.lab.replay_command import read_policy
    from tawatur.moderation.policies import NewPolicy, change_policy_now, policy_in_force
    from tawatur.moderation.pseudonyms import Pseudonyms
    from tawatur.moderation.sites import find_site
    from tawatur.store.writer import Clock

    read_policy(file)
    database = database_ready()
    found = find_site(database, site)
    who = None if by is None else Pseudonyms(settings_here().resolved_secret(), found.id).person(by)
    before = policy_in_force(database, found.id)
    new = NewPolicy(found.id, file.read_text(encoding="utf-8"), who)
    changed = change_policy_now(database, new, Clock()())
    if changed.version == before.version:
        out.print(f"{found.name} has this policy already, as version {before.version}.", highlight=False)
        return
    said = f"{found.name}: policy version [bold]{changed.version}[/bold] ({changed.name}) is in force."
    out.print(said, highlight=False)
    err.print(f"To go back: tawatur policy show --site {found.name} --version {before.version} > before.toml,")
    err.print(f"            tawatur policy set {found.name} before.toml")
