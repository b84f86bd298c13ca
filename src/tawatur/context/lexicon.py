"""The words that are looked for: our own in `words/`, countries by CLDR, towns by GeoNames, and imported lists."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib.resources import files
from itertools import product
from typing import Any

import msgspec
from babel import Locale

from tawatur.context import matching
from tawatur.context.clitics import BARE, NOUN
from tawatur.context.lists import Listed
from tawatur.context.matching import Forms, Matcher, Shape, Term
from tawatur.context.normal import folded, is_arabic, normalise
from tawatur.context.towns import is_short, towns

LANGUAGES = ("ar", "en", "fr")
_ARABIC_ENDS = ("", "ه", "ون", "ين", "ان", "ات", "تان", "تين")
_FRENCH_ENDS = ("", "s", "e", "es", "ne", "nes", "que", "ques")
_LIKE = frozenset(one for one in NOUN if "ك" in one)  # "like": it makes of many a word a town's name
_KNOWN_ARABIC, _KNOWN_LATIN = 250_000, 100_000  # people: a smaller town's name of one word is taken for a word
_SHORT_WORD = 4  # letters
_ARTICLES = frozenset(("al", "el", "the", "la", "le", "les"))
_OURS = 10**12  # our own names go before all others
_COUNTRIES = frozenset(Locale("en").territories) - {"EU", "EZ", "UN", "XA", "XB", "ZZ", "QO"}


class Group(msgspec.Struct, frozen=True):
    """An armed or political group or an institution. `designated` is by the United Nations' list."""

    id: str
    kind: str
    names: dict[str, str]
    designated: bool


class Kind(msgspec.Struct, frozen=True):
    """A kind of event: what else its sentence must hold (`armed`, `armed or place`, `violent` or nothing), and whether
    it moves."""

    needs: str
    movement: bool


class Lexicon(msgspec.Struct, frozen=True):
    """All that a reading needs."""

    matcher: Matcher
    groups: dict[str, Group]
    kinds: dict[str, Kind]
    regions: dict[str, dict[str, str]]
    announcers: dict[str, frozenset[str]]


def words(file: str) -> dict[str, Any]:
    """One of the files in `words/`."""
    return tomllib.loads(files("tawatur.context").joinpath("words", f"{file}.toml").read_text("utf-8"))


def country_name(code: str, language: str) -> str:
    """A country's CLDR name in `ar`, `en` or `fr`; its code where there is none."""
    return str(Locale(language).territories.get(code, code))


@lru_cache(maxsize=8)
def lexicon(listed: Listed | None = None) -> Lexicon:
    """The words of the house, with an imported list where there is one. Takes about two seconds and is kept."""
    groups, group_terms = _groups(listed)
    said = words("announced")
    events = words("events")
    regions = words("regions")["region"]
    terms = [
        *group_terms,
        *_countries(),
        *_towns(),
        *_events(events),
        *_announced(said),
        *(pair for region in regions for pair in _pairs(region["names"], matching.name_forms, "region", region["id"])),
    ]
    kinds = {name: Kind(one.get("needs", ""), one.get("movement", False)) for name, one in events.items()}
    announcers = {kind: frozenset(map(matching.words_of, said[kind])) for kind in ("group", "country", "town")}
    return Lexicon(Matcher(terms), groups, kinds, {one["id"]: one["name"] for one in regions}, announcers)


Pairs = Iterator[tuple[str, Term]]


def _pairs(names: Iterable[str], forms: Forms, kind: str, key: str, sure: bool = True) -> Pairs:
    for name in names:
        for pattern, shape in forms(name):
            yield pattern, Term(kind, key, sure, shape)


def _groups(listed: Listed | None) -> tuple[dict[str, Group], list[tuple[str, Term]]]:
    written = words("groups")
    newer = listed is not None and listed.date >= written["as_of"].isoformat()
    known = {entry.reference: entry for entry in listed.entries} if listed else {}
    groups: dict[str, Group] = {}
    terms: list[tuple[str, Term]] = []
    for one in written["group"]:
        entry = known.pop(one.get("un", ""), None)
        designated = entry is not None or ("un" in one and not newer)
        groups[one["id"]] = Group(one["id"], one["kind"], one["name"], designated)
        terms += _pairs(one["clear"], matching.name_forms, "group", one["id"])
        terms += _pairs(one.get("unsure", ()), matching.name_forms, "group", one["id"], sure=False)
    ours = {pattern for pattern, _ in terms}
    for entry in known.values():
        groups[entry.reference] = Group(entry.reference, "listed", dict.fromkeys(LANGUAGES, entry.name), True)
        for name in entry.names:
            many = len([one for one in normalise(name).lower().split() if one not in _ARTICLES]) > 1
            pairs = _pairs([name], matching.name_forms, "group", entry.reference, sure=many)
            terms += [(pattern, term) for pattern, term in pairs if pattern not in ours]
    return groups, terms


def _countries() -> Pairs:
    own = words("countries")
    unsure, never = set(own["unsure"]["names"]), set(own["unsure"]["never"])
    for code in sorted(_COUNTRIES):
        if len(code) != 2:
            continue
        names = {country_name(code, language) for language in LANGUAGES} | set(own["other_names"].get(code, ()))
        for name in sorted(names - never - {code}):
            yield from _pairs([name], matching.name_forms, "country", code, sure=name not in unsure)
    for code, adjectives in own["adjectives"].items():
        for adjective in adjectives:
            yield from _adjective(adjective, code)


def _adjective(adjective: str, code: str) -> Pairs:
    normal = normalise(adjective)
    if is_arabic(normal):
        yield normal, Term("adjective", code, True, Shape(NOUN, frozenset(_ARABIC_ENDS)))
    else:
        yield folded(normal), Term("adjective", code, True, Shape(frozenset(("",)), frozenset(_FRENCH_ENDS)))


def _towns() -> Pairs:
    countries = {pattern for pattern, _ in _countries()}
    own = words("towns")
    unsure = {pattern for name in own["unsure"] for pattern, _ in matching.name_forms(name)}
    known = [(name, town.people, f"{town.country}|{town.name}") for town in towns() for name in town.names]
    ours = [(name, _OURS, f"{country}|{name}") for country, names in own["own"].items() for name in names]
    largest: dict[str, tuple[int, str, Shape]] = {}
    for name, people, key in known + ours:
        for pattern, shape in matching.name_forms(name):
            if pattern not in countries and people > largest.get(pattern, (-1,))[0]:
                before = shape.before - _LIKE
                largest[pattern] = people, key, Shape(before, frozenset(("",)), min(shape.capital, 1))
    for pattern, (people, key, shape) in largest.items():
        if people != _OURS and (pattern in unsure or _like_a_word(pattern, people)):
            article = "ال" if "ال" in shape.before else ""
            for first in own["announced_by"]:
                if is_arabic(first) == is_arabic(pattern):
                    for whole, form in matching.name_forms(f"{first} {article}{pattern}"):
                        yield whole, Term("town", key, True, form._replace(capital=0))
        else:
            yield pattern, Term("town", key, not is_short(pattern), shape)


def _like_a_word(pattern: str, people: int) -> bool:
    """Whether a town's name is so short, for a town so small, that a text rather holds a word or a person's name."""
    if " " in pattern:
        return False
    return people < _KNOWN_ARABIC or len(pattern) <= _SHORT_WORD if is_arabic(pattern) else people < _KNOWN_LATIN


def _events(events: dict[str, Any]) -> Pairs:
    for kind, one in events.items():
        yield from _pairs(one.get("nouns", ()), matching.noun_forms, "event", kind)
        yield from _pairs(one.get("verbs", ()), matching.verb_forms, "event", kind)
        yield from _pairs([*one.get("phrases", ()), *one["latin"]], matching.phrase_forms, "event", kind)
        yield from _pairs(one.get("handling", ()), matching.noun_forms, "handling", kind)
        yield from _pairs(one.get("handling_verbs", ()), matching.verb_forms, "handling", kind)
        yield from _pairs(one.get("handling_latin", ()), matching.phrase_forms, "handling", kind)
        yield from _pairs(one.get("goods", ()), matching.noun_forms, "goods", kind)
        yield from _pairs(one.get("goods_latin", ()), matching.phrase_forms, "goods", kind)


def _announced(said: dict[str, Any]) -> Pairs:
    yield from _pairs(said["armed_nouns"], matching.noun_forms, "armed", "")
    yield from _pairs([*said["armed_phrases"], *said["armed_latin"]], matching.phrase_forms, "armed", "")
    yield from _pairs(said["violent_nouns"], matching.noun_forms, "violence", "")
    yield from _pairs([*said["violent_phrases"], *said["violent_latin"]], matching.phrase_forms, "violence", "")
    yield from _pairs(said["civilians_nouns"], matching.noun_forms, "civilians", "")
    yield from _pairs(said["civilians_latin"], matching.phrase_forms, "civilians", "")
    yield from _pairs(said["same_group"], matching.phrase_forms, "same_group", "")
    yield from _pairs(said["games_nouns"], matching.noun_forms, "games", "")
    yield from _pairs(said["games_latin"], matching.phrase_forms, "games", "")
    for decoy, form in product(said["decoys"], (matching.phrase_forms,)):
        for pattern, shape in form(decoy):
            yield pattern, Term("decoy", "", True, shape._replace(before=shape.before | BARE))
