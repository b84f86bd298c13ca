"""What a page says round a picture, small enough to be kept: who, where, what and when, with the sentences.

It is all that is kept of a page's text: at most `MOST` of each, and the sentences that they stand in, each cut at
`LONGEST`. Names are kept in three languages, so that showing it needs none of the extra's libraries.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache

import msgspec

from tawatur.context.lexicon import Lexicon, words
from tawatur.context.matching import Hit, words_of
from tawatur.context.normal import folded, is_arabic
from tawatur.context.reading import Reading, Sentence
from tawatur.context.threats import KINDS, threats

MOST = 12
"""Of groups, of countries, of regions and of events."""
LONGEST = 400
"""Characters of a sentence."""
SIGNS = 2
"""So many signs of a report make a text with events read as one."""
_TOLD = 3  # kinds that a report is said to be about
_FRENCH = frozenset(("le", "la", "les", "des", "du", "une", "et", "dans", "au", "aux", "est", "par", "ses"))
_ENGLISH = frozenset(("the", "of", "and", "to", "was", "is", "by", "from", "its", "that", "with"))


class Quoted(msgspec.Struct, frozen=True):
    """A sentence as it stood there, and its language: `ar`, `en` or `fr`."""

    text: str
    lang: str


class GroupThere(msgspec.Struct, frozen=True):
    """A group by its names in three languages; `sentence` is a place in `Around.sentences`, here and below."""

    names: dict[str, str]
    designated: bool
    sentence: int


class CountryThere(msgspec.Struct, frozen=True):
    """A country (ISO 3166) that is named, or a town of which is."""

    code: str
    sentence: int


class RegionThere(msgspec.Struct, frozen=True):
    """A region, such as the Sahel."""

    names: dict[str, str]
    sentence: int


class EventThere(msgspec.Struct, frozen=True):
    """What happens, in which country, and when (ISO 8601 as far as it is told)."""

    kind: str
    country: str | None
    when: str | None
    sentence: int


class Around(msgspec.Struct, frozen=True):
    """What was found. `about` are the kinds of event that it is a report about, most told first; empty where it does
    not read as one."""

    sentences: tuple[Quoted, ...] = ()
    groups: tuple[GroupThere, ...] = ()
    countries: tuple[CountryThere, ...] = ()
    regions: tuple[RegionThere, ...] = ()
    events: tuple[EventThere, ...] = ()
    about: tuple[str, ...] = ()


def around(reading: Reading, lexicon: Lexicon) -> Around:
    """What a text that was read says, small enough to be kept."""
    quotes: dict[str, int] = {}

    def quoted(sentence: str) -> int:
        return quotes.setdefault(sentence, len(quotes))

    groups: dict[str, GroupThere] = {}
    countries: dict[str, CountryThere] = {}
    regions: dict[str, RegionThere] = {}
    for sentence, hit in ((one, hit) for one in reading.sentences for hit in one.hits):
        key = hit.term.key
        match hit.term.kind:
            case "group" if key not in groups and len(groups) < MOST and lexicon.groups[key].kind != "institution":
                group = lexicon.groups[key]
                groups[key] = GroupThere(group.names, group.designated, quoted(sentence.text))
            case "country" | "adjective" | "town" if len(countries) < MOST and (code := key.split("|")[0]):
                countries.setdefault(code, CountryThere(code, quoted(sentence.text)))
            case "region" if len(regions) < MOST and key not in regions:
                regions[key] = RegionThere(lexicon.regions[key], quoted(sentence.text))
    found = _events(reading, lexicon)
    events = tuple(EventThere(kind, country, when, quoted(text)) for kind, country, when, text in found[:MOST])
    told = Counter(kind for kind, _, _, _ in found)
    about = tuple(kind for kind, _ in told.most_common(_TOLD)) if told and _signs(reading, lexicon) >= SIGNS else ()
    latin = _latin_language([one.normal for one in reading.sentences])
    return Around(
        tuple(Quoted(_cut(text), "ar" if is_arabic(text) else latin) for text in quotes),
        tuple(groups.values()),
        tuple(countries.values()),
        tuple(regions.values()),
        events,
        about,
    )


def _events(reading: Reading, lexicon: Lexicon) -> list[tuple[str, str | None, str | None, str]]:
    """Kind, country, when and sentence: threats with their countries first, then what has none, and arrests."""
    found: dict[tuple[str, str | None, str | None, str], None] = {
        (one.kind, one.country, one.when, one.sentence): None for one in threats(reading, lexicon)
    }
    known = {(kind, sentence) for kind, _, _, sentence in found}
    known |= {("threat", sentence) for _, sentence in known}  # a threat of attacks is told as attack
    for sentence in reading.sentences:
        when = next((time.iso for time in sentence.times if time.iso), None)
        for hit in sentence.of("event"):
            kind = hit.term.key
            if kind in (*KINDS, "arrest") and (kind, sentence.text) not in known:
                found[kind, None, when, sentence.text] = None
    return list(found)


def _signs(reading: Reading, lexicon: Lexicon) -> int:
    """Signs that somebody reports: a date, an institution, an arrest or a statement, and who says so, once or more."""

    def any_of(holds: list[bool]) -> int:
        return min(1, sum(holds))

    sentences = reading.sentences
    dates = any_of([bool(one.times) for one in sentences])
    institutions = any_of([_institution(hit, lexicon) for one in sentences for hit in one.hits])
    done = any_of([hit.term.key in ("arrest", "statement") for one in sentences for hit in one.of("event")])
    return dates + institutions + done + min(2, sum(_says(one) for one in sentences))


def _institution(hit: Hit, lexicon: Lexicon) -> bool:
    return hit.term.kind == "group" and lexicon.groups[hit.term.key].kind == "institution"


def _says(sentence: Sentence) -> bool:
    return _saying().search(folded(sentence.normal)) is not None


@lru_cache(maxsize=1)
def _saying() -> re.Pattern[str]:
    said = "|".join(sorted(map(re.escape, map(words_of, words("reporting")["says"])), key=len, reverse=True))
    return re.compile(rf"(?<!\w)[وف]?(?:{said})(?!\w)")


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + "…"


def _latin_language(normals: list[str]) -> str:
    """`fr` or `en`, whichever the text's small words are of."""
    said = Counter(word for one in normals for word in folded(one).split())
    return "fr" if sum(said[word] for word in _FRENCH) > sum(said[word] for word in _ENGLISH) else "en"
