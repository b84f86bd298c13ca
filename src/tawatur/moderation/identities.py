"""Who a provider's account is here: somebody who was made with `tawatur user create`, and nobody else.

The first time, it is whoever has the e-mail address that the provider says it has verified. From then on it is this
account alone (issuer and subject), so whoever gets that address at the provider later does not become them.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from tawatur.moderation.refusals import NobodyKnown, ProviderRefused
from tawatur.store import identities, people
from tawatur.store.database import Database
from tawatur.store.identities import Identity
from tawatur.store.people import Person


class Told(msgspec.Struct, frozen=True):
    """What a provider says of somebody, its signature checked."""

    issuer: str
    subject: str
    email: str | None = None
    email_verified: bool = False


def person_of(database: Database, told: Told, now: datetime) -> Person:
    """Whose account here that is. Raises ProviderRefused and NobodyKnown."""
    with database.read() as connection:
        known = identities.find(connection, told.issuer, told.subject)
        person = None if known is None else people.by_id(connection, known.person)
        if person is not None:
            return person
        if not told.email:
            raise ProviderRefused("The provider names no e-mail address: it must give out the scope `email`.")
        if not told.email_verified:
            raise ProviderRefused(f"The provider has not verified the address {told.email}.")
        person = people.by_email(connection, told.email.strip().lower())
    if person is None:
        raise NobodyKnown(f"Nobody here has the address {told.email}: an admin runs `tawatur user create`.")
    with database.write() as connection:
        if not identities.pin(connection, Identity(told.issuer, told.subject, person.id, now)):
            raise NobodyKnown(
                f"{told.email} signed in here with another account of the provider before. If that is gone, an admin "
                "runs `tawatur user reset-oidc EMAIL`."
            )
    return person


def forget(database: Database, person: str) -> None:
    """Lets the next verified account with the person's address be theirs."""
    with database.write() as connection:
        identities.remove(connection, person)


def pinned(database: Database, person: str) -> list[Identity]:
    with database.read() as connection:
        return identities.of_person(connection, person)
