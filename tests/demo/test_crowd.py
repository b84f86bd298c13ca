"""Who reports in the demo is what the demo says of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tawatur.demo import crowd
from tawatur.moderation.pseudonyms import network_prefix

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def test_unconnected_people_share_nothing_not_even_between_the_groups() -> None:
    people = [person for group in ("morning", "noon", "evening") for person in crowd.unconnected(group, NOW)]
    assert len({person.id for person in people}) == len(people)
    assert len({person.device for person in people}) == len(people)
    assert len({network_prefix(person.network) for person in people}) == len(people)
    assert all(person.referrer is None for person in people)
    assert all(NOW - person.account_created_at > timedelta(days=14) for person in people)


def test_linked_accounts_share_device_network_link_and_the_day_they_were_made() -> None:
    people = crowd.linked(NOW)
    assert len({person.id for person in people}) == 40
    assert len({person.device for person in people}) == 5
    assert len({network_prefix(person.network) for person in people}) == 1
    assert len({person.referrer for person in people}) == 1
    made = [person.account_created_at for person in people]
    assert max(made) - min(made) < timedelta(hours=4)


def test_ages_are_told_roughly() -> None:
    ages = [crowd.age_in_words(person, NOW) for person in crowd.unconnected("morning", NOW)]
    assert ages[:3] == ["6 years", "2 years", "1 month"]
    assert crowd.age_in_words(crowd.linked(NOW)[0], NOW) == "1 day"
