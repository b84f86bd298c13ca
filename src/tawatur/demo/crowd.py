"""The people who report: some who have nothing in common, and some who are one crowd under forty names.

Addresses are of the ranges that are set aside for documentation, so that they are nobody's.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec


class Person(msgspec.Struct, frozen=True):
    """A reader, as the publisher knows one: an opaque id and what came with the request."""

    id: str
    network: str
    device: str
    account_created_at: datetime
    referrer: str | None = None


_AGES_DAYS = (2214, 811, 37, 1530, 402, 96, 3105, 655, 1208)
_NETWORKS = (
    "192.0.2.14",
    "2001:db8:51::7",
    "198.51.100.77",
    "2001:db8:9a0::2",
    "203.0.113.5",
    "2001:db8:c4e::31",
    "2001:db8:77::9",
    "2001:db8:3d::4",
    "2001:db8:e10::1",
)


def unconnected(group: str, now: datetime) -> list[Person]:
    """Nine readers who have nothing in common: own networks, own devices, accounts of different ages."""
    return [
        Person(
            id=f"{group}-{place}",
            network=network if group == "morning" else f"2001:db8:{place + 1:x}{len(group):x}f::1",
            device=f"{group}-device-{place}",
            account_created_at=now - timedelta(days=days, minutes=97 * place),
        )
        for place, (days, network) in enumerate(zip(_AGES_DAYS, _NETWORKS, strict=True))
    ]


def linked(now: datetime, count: int = 40) -> list[Person]:
    """One crowd under `count` names: accounts of one afternoon, eight a device, one network, sent by one link."""
    return [
        Person(
            id=f"fan-{place}",
            network=f"203.0.113.{100 + place % 6}",
            device=f"phone-{place // 8}",
            account_created_at=now - timedelta(days=1, minutes=4 * place),
            referrer="https://chat.example/report-this-now",
        )
        for place in range(count)
    ]


def age_in_words(person: Person, now: datetime) -> str:
    """How old an account is, roughly, in English."""
    days = (now - person.account_created_at).days
    for size, word in ((365, "year"), (30, "month"), (7, "week"), (1, "day")):
        if days >= size:
            count = days // size
            return f"{count} {word}{'s' if count > 1 else ''}"
    return "today"
