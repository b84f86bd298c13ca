"""`tawatur labels`: label pictures on Bluesky's network."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from tawatur.terminal import database_ready, err, out, settings_here

if TYPE_CHECKING:
    from tawatur.delivery.label_keys import LabelKeyring  # what a command needs is loaded by the command
    from tawatur.store.database import Database
    from tawatur.store.labels import Labeler

labels_app = typer.Typer(no_args_is_help=True, help="Labels: tell Bluesky's network what became of a picture.")

SiteName = Annotated[str, typer.Argument(help="The site, by name or id.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


@labels_app.command("setup")
def labels_setup(
    site: SiteName,
    url: Annotated[str, typer.Option(help="How the network reaches this server: https://HOST.")],
    did: Annotated[
        str | None,
        typer.Option(help="did:plc:… of the labeler's account. Default: did:web:HOST, whose document this server is."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Let a site label from now on, also what is withheld already. Again changes the address, or takes up another key.

    Prints what belongs into the DID document: the key `atproto_label` and the service `atproto_labeler`.
    """
    from tawatur.delivery.labelers import set_up

    database, keyring, whose = _here(site)
    _say(set_up(database, keyring, whose, url, did), as_json)


@labels_app.command("key")
def labels_key(
    site: SiteName,
    new: Annotated[bool, typer.Option("--new", help="Make a new one, and let all labels be signed again.")] = False,
    as_json: Json = False,
) -> None:
    """Print the public key that a site's labels are signed with, for its DID document."""
    from tawatur.delivery.labelers import labeler_of_site, set_up

    database, keyring, whose = _here(site)
    labeler = labeler_of_site(database, whose)
    if new:
        labeler = set_up(database, keyring, whose, labeler.endpoint, labeler.did, new_key=True)
        err.print("Labels are signed with this key from now on, the earlier ones again. Put it into the DID document:")
    _say(labeler, as_json, key_alone=True)


@labels_app.command("record")
def labels_record() -> None:
    """Print the record that the labeler's account publishes as `app.bsky.labeler.service/self`, as JSON."""
    from tawatur.delivery.label_values import service_record

    sys.stdout.write(msgspec.json.format(msgspec.json.encode(service_record(datetime.now(UTC)))).decode() + "\n")


@labels_app.command("off")
def labels_off(site: SiteName) -> None:
    """Take back every label that stands, and label nothing more. `labels setup` begins again."""
    from tawatur.delivery.labelers import switch_off

    database, keyring, whose = _here(site)
    count = switch_off(database, keyring, whose, lambda: datetime.now(UTC))
    out.print(f"Labels taken back: {count:,}. Leave the server running until subscribers have heard of it.")


def _here(site: str) -> tuple[Database, LabelKeyring, str]:
    from tawatur.delivery.label_keys import LabelKeyring, require
    from tawatur.moderation.sites import find_site

    require()
    settings, database = settings_here(), database_ready()
    keyring = LabelKeyring(settings.data_dir, settings.resolved_label_key())
    return database, keyring, find_site(database, site).id


def _say(labeler: Labeler, as_json: bool, *, key_alone: bool = False) -> None:
    from tawatur.delivery.labelers import KEY_NAME, SERVICE_NAME, SERVICE_TYPE, did_key

    if as_json:
        told = {"did": labeler.did, "endpoint": labeler.endpoint, "key": did_key(labeler.key)}
        sys.stdout.write(msgspec.json.encode(told).decode() + "\n")
    elif key_alone:
        sys.stdout.write(did_key(labeler.key) + "\n")
    else:
        sys.stdout.write(
            f"Labels are those of {labeler.did}. Its DID document needs:\n"
            f"  key {KEY_NAME[1:]}: {did_key(labeler.key)}\n"
            f"  service {SERVICE_NAME[1:]}, {SERVICE_TYPE}: {labeler.endpoint}\n"
        )
