"""Lets a site label on Bluesky's network, and says to the network who it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import msgspec

from tawatur.delivery.label_keys import LabelKeyring, require
from tawatur.delivery.labels import reader_of, take_back_all
from tawatur.failures import Failure
from tawatur.store import cursors, labels
from tawatur.store.database import Database
from tawatur.store.labels import Labeler

KEY_NAME = "#atproto_label"
SERVICE_NAME = "#atproto_labeler"
SERVICE_TYPE = "AtprotoLabeler"
_DID = re.compile(r"did:plc:[a-z2-7]{24}|did:web:[A-Za-z0-9.-]{1,253}(?:%3A[0-9]{1,5})?")
_HERE = ("localhost", "127.0.0.1", "::1")


class BadLabeler(Failure):
    """A labeler cannot be set up so."""


def set_up(
    database: Database, keyring: LabelKeyring, site: str, url: str, did: str | None, *, new_key: bool = False
) -> Labeler:
    """The site labels from now on, also what is withheld already; doing it again changes the address or the key.
    Raises BadLabeler, LabelKeyUnusable and NotInstalled."""
    require()
    endpoint = _endpoint(url)
    did = did or f"did:web:{quote(urlsplit(endpoint).netloc, safe='')}"
    if not _DID.fullmatch(did):
        raise BadLabeler(f"{did!r} is no DID that can label. Use did:plc:… of the labeler's account, or did:web:HOST.")
    with database.read() as connection:
        known = labels.labelers(connection)
    taken = next((one for one in known if one.did == did and one.site != site), None)
    before = next((one for one in known if one.site == site), None)
    if taken is not None:
        raise BadLabeler(f"{did} labels for another site here already; each site needs its own.")
    if before is not None and before.last and before.did != did:
        raise BadLabeler(f"This site's labels are those of {before.did}, whose word stays its own. Keep that DID.")
    key = keyring.make(site) if new_key else keyring.find_or_make(site)
    with database.write() as connection:
        cursors.hold(connection, reader_of(site))
        before = next((one for one in labels.labelers(connection) if one.site == site), None)
        now = Labeler(site, did, endpoint, key.public, last=before.last if before else 0)
        labels.save_labeler(connection, msgspec.structs.replace(now, forgotten=before.forgotten if before else 0))
        if before is None or not before.active:
            cursors.move(connection, reader_of(site), 0)
    return now


def switch_off(database: Database, keyring: LabelKeyring, site: str, now: Callable[[], datetime]) -> int:
    """Takes back whatever stands; returns how many labels that were. Raises BadLabeler and LabelKeyUnusable."""
    require()
    labeler_of_site(database, site)
    return take_back_all(database, keyring, site, now)


def labeler_of_site(database: Database, site: str) -> Labeler:
    """The site's labeler, switched on or off. Raises BadLabeler."""
    with database.read() as connection:
        found = next((one for one in labels.labelers(connection) if one.site == site), None)
    if found is None:
        raise BadLabeler("This site does not label. Switch it on with `tawatur labels setup`.")
    return found


def labeler_at(database: Database, host: str) -> Labeler | None:
    """Whom a request to this host means: the labeler at that address, or the only one that there is."""
    with database.read() as connection:
        known = labels.labelers(connection)
    there = [one for one in known if urlsplit(one.endpoint).netloc == host.lower()]
    return there[0] if there else known[0] if len(known) == 1 else None


def did_document(labeler: Labeler) -> dict[str, Any]:
    """What `/.well-known/did.json` says of a labeler with a DID of its own (did:web)."""
    return {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
        "id": labeler.did,
        "verificationMethod": [
            {
                "id": labeler.did + KEY_NAME,
                "type": "Multikey",
                "controller": labeler.did,
                "publicKeyMultibase": labeler.key,
            }
        ],
        "service": [{"id": SERVICE_NAME, "type": SERVICE_TYPE, "serviceEndpoint": labeler.endpoint}],
    }


def is_its_own(labeler: Labeler) -> bool:
    """Whether its DID document is the one at its own address."""
    host = labeler.did.removeprefix("did:web:")
    return host != labeler.did and unquote(host) == urlsplit(labeler.endpoint).netloc


def did_key(public: str) -> str:
    """A public key as accounts' tools take it."""
    return f"did:key:{public}"


def _endpoint(url: str) -> str:
    try:
        parts = urlsplit(url.strip().lower())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    plain = parts.path in ("", "/") and not (parts.query or parts.fragment or parts.username)
    if not host or not plain or parts.scheme not in ("https", "http") or (parts.scheme == "http" and host not in _HERE):
        raise BadLabeler(f"{url!r} is no address of a labeler. Use https://HOST, as the network reaches this server.")
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + (f":{port}" if port else "")
