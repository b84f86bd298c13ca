"""The brief: for one report or article, the groups it names and the threats it speaks of, by country."""

from __future__ import annotations

import msgspec

from tawatur.context.lexicon import Lexicon, country_name
from tawatur.context.reading import Reading
from tawatur.context.threats import Threat, threats


class GroupNamed(msgspec.Struct, frozen=True):
    """A group that the text names. `designated`: it is on the United Nations Security Council's list."""

    name: str
    designated: bool


class ThreatTo(msgspec.Struct, frozen=True, rename={"come_from": "from", "go_to": "to"}):
    """A threat to the country that it stands under; countries by ISO 3166, groups by name, `when` in ISO 8601 as far as
    the sentence tells it (a day, a month or a year)."""

    kind: str
    who: tuple[str, ...]
    come_from: str | None
    go_to: str | None
    when: str | None
    sentence: str


class Country(msgspec.Struct, frozen=True):
    """A country that the text names, or a town of which it names; threats may be none."""

    code: str
    name: str
    threats: tuple[ThreatTo, ...]


class Brief(msgspec.Struct, frozen=True):
    """What `tawatur context brief --json` prints. Countries with most threats come first."""

    groups: tuple[GroupNamed, ...]
    countries: tuple[Country, ...]


def brief(reading: Reading, lexicon: Lexicon, language: str) -> Brief:
    """The brief of a text that was read, with names in `ar`, `en` or `fr`."""
    hits = [hit for sentence in reading.sentences for hit in sentence.hits]
    named = dict.fromkeys(hit.term.key for hit in hits if hit.term.kind == "group")
    groups = [lexicon.groups[key] for key in named if lexicon.groups[key].kind != "institution"]
    by_country: dict[str, list[Threat]] = {
        hit.term.key.split("|")[0]: [] for hit in hits if hit.term.kind in ("country", "adjective", "town")
    }
    for threat in threats(reading, lexicon):
        by_country[threat.country].append(threat)

    def told(threat: Threat) -> ThreatTo:
        who = tuple(lexicon.groups[key].names[language] for key in threat.who)
        return ThreatTo(threat.kind, who, threat.come_from, threat.go_to, threat.when, threat.sentence)

    countries = [
        Country(code, country_name(code, language), tuple(map(told, found))) for code, found in by_country.items()
    ]
    return Brief(
        tuple(GroupNamed(group.names[language], group.designated) for group in groups),
        tuple(sorted(countries, key=lambda country: -len(country.threats))),
    )
