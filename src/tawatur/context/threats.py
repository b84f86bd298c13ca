"""From what a sentence names to threats: who does what, where, from where and to where. Clear rules, no learning.

1. A sentence is cut into clauses at semicolons, at words such as "while", and at commas where both sides have an event
   and a place of their own.
2. What stands before a place says what it is: from ("from", من), to ("towards", إلى), through ("via", عبر) or in.
   Places that are listed (and, commas) share it.
3. In a clause that begins with a place and ends with an event, an event belongs to the places before it; in any other,
   a place belongs to the event before it, or where there is none to the first after it.
4. Of a movement, the place it comes from has no threat of its own where another place is told. Through is transit,
   but money or arms of which no goal is told are still told as that.
5. When: the first date of the clause, else of the sentence.
6. Who: the groups of the clause, else of the sentence; else, where it speaks of "the group" or of fighters, the group
   that the text names most often. "The group" coordinates with whom the sentence names.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from itertools import pairwise
from typing import Any

import msgspec

from tawatur.context.lexicon import Lexicon, words
from tawatur.context.matching import Hit, words_of
from tawatur.context.reading import Reading, Sentence, words_before
from tawatur.context.times import times

KINDS = (
    "attack", "fighting", "capture", "recruitment", "training_camp", "transit", "financing", "return", "dispersal",
    "coordination", "threat",
)  # fmt: skip
_CUTS = re.compile(r"[,،;؛:]")
_STRONG = ";؛:"
_ROLE_OF_PREFIX = {"ب": "in", "ل": "to"}
_NEAR = 24  # characters between an adjective of nationality and the word that makes a place of it


class Threat(msgspec.Struct, frozen=True):
    """One threat to one country; countries by ISO 3166, groups by id. `when` is an ISO date, month or year, None where
    the sentence tells none."""

    country: str
    kind: str
    who: tuple[str, ...]
    come_from: str | None
    go_to: str | None
    sentence: str
    when: str | None = None


class _Place(msgspec.Struct):
    start: int
    end: int
    country: str
    role: str
    unit: int


class _Event(msgspec.Struct):
    start: int
    kind: str


class _Words(msgspec.Struct, frozen=True):
    roles: dict[str, frozenset[str]]
    between: frozenset[str]
    lists: frozenset[str]
    breaks: re.Pattern[str]
    places: frozenset[str]


@lru_cache(maxsize=1)
def _said() -> _Words:
    said: dict[str, Any] = words("announced")

    def folded_all(phrases: list[str]) -> frozenset[str]:
        return frozenset(map(words_of, phrases))

    breaks = "|".join(map(re.escape, sorted(folded_all(said["between"]["breaks"]), key=len, reverse=True)))
    return _Words(
        {role: folded_all(phrases) for role, phrases in said["roles"].items()},
        folded_all(said["between"]["words"]),
        folded_all(said["between"]["lists"]) | {""},
        re.compile(rf"(?<!\w)(?:{breaks})(?!\w)"),
        folded_all(said["adjective"]["places"]),
    )


def threats(reading: Reading, lexicon: Lexicon) -> list[Threat]:
    """Every threat that the text speaks of, in its order, each once a sentence."""
    found: dict[Threat, None] = {}
    main = _main_group(reading, lexicon)
    for sentence in reading.sentences:
        groups = [hit for hit in sentence.of("group") if lexicon.groups[hit.term.key].kind != "institution"]
        for start, end in _clauses(reading.normal, sentence):
            inside = [hit for hit in groups if start <= hit.start < end] or groups
            who = tuple(dict.fromkeys(hit.term.key for hit in inside))
            when = _when(reading.normal[start:end], sentence)
            speaks_of_it = bool(sentence.of("same_group"))
            for threat in _of_clause(reading.normal, sentence, start, end, who, lexicon):
                together = threat.kind == "coordination" and len(who) == 1
                if speaks_of_it and (not who or together):
                    threat = msgspec.structs.replace(threat, who=tuple(dict.fromkeys((*main, *who))))
                found[msgspec.structs.replace(threat, when=when)] = None
    return list(found)


def _when(clause: str, sentence: Sentence) -> str | None:
    if not any(time.iso for time in sentence.times):
        return None
    return next((time.iso for time in (*times(clause), *sentence.times) if time.iso), None)


def _main_group(reading: Reading, lexicon: Lexicon) -> tuple[str, ...]:
    """The group that the text names most often; of several, the first."""
    named = Counter(
        hit.term.key
        for sentence in reading.sentences
        for hit in sentence.of("group")
        if lexicon.groups[hit.term.key].kind != "institution"
    )
    return tuple(key for key, _ in named.most_common(1))


def _clauses(normal: str, sentence: Sentence) -> list[tuple[int, int]]:
    """The clauses as spans of the whole text: pieces that lack an event or a place join a neighbour."""
    end = sentence.start + len(sentence.normal)
    cuts = [(sentence.start + one.start(), one.group() in _STRONG) for one in _CUTS.finditer(sentence.normal)]
    cuts += [(sentence.start + one.start(), True) for one in _said().breaks.finditer(sentence.normal.lower())]
    edges = [sentence.start, *sorted(at for at, _ in cuts), end]
    pieces: list[tuple[int, int, bool, bool]] = []
    for start, stop in pairwise(edges):
        hits = [hit for hit in sentence.hits if start <= hit.start < stop]
        event = any(hit.term.kind == "event" and hit.term.key in KINDS for hit in hits)
        place = any(hit.term.kind in ("country", "town", "adjective") for hit in hits)
        before = pieces[-1] if pieces else None
        if before is not None and not ((event and place) and (before[2] and before[3])):
            pieces[-1] = (before[0], stop, before[2] or event, before[3] or place)
        else:
            pieces.append((start, stop, event, place))
    return [(start, stop) for start, stop, _, _ in pieces]


def _of_clause(
    normal: str, sentence: Sentence, start: int, end: int, who: tuple[str, ...], lexicon: Lexicon
) -> list[Threat]:
    hits = [hit for hit in sentence.hits if start <= hit.start < end]
    events = [_Event(hit.start, hit.term.key) for hit in hits if hit.term.kind == "event" and hit.term.key in KINDS]
    events = [event for event in events if event.kind != "threat" or not _names_another(event, events)]
    places = _places(normal, hits)
    if not events or not places:
        return []
    pairs = _paired(events, places)
    made = []
    for event, place in pairs:
        movement = lexicon.kinds[event.kind].movement
        if movement and not place.role and event.kind == "dispersal" and place.start > event.start:
            place.role = "from"  # "left Sirte": what is left needs no preposition
    moving = [place for place in places if place.role == "from"]
    for event, place in pairs:
        movement = lexicon.kinds[event.kind].movement
        others = [one for one, other in pairs if other.country != place.country and other.role != "from"]
        if place.role == "from" and movement and others:
            continue
        passes = place.role == "via" and movement
        only_money = event.kind == "financing" and all(one.role != "to" for one in places)
        kind = "transit" if passes and not only_money else event.kind
        source = next((one.country for one in moving if one.country != place.country), None)
        if place.role == "from" and movement:
            source = place.country
        target = place.country if movement and kind != "transit" and place.role == "to" else None
        if kind == "return" and place.role in ("", "in"):
            target = place.country
        if kind == "transit":
            target = next((one.country for one in places if one.role == "to" and one.country != place.country), target)
            if target is None and place.role == "to":
                target = place.country
        if not movement and not (place.role in ("to", "in", "") and source):
            source = None
        made.append(Threat(place.country, kind, who, source, target, sentence.text))
    return made


def _names_another(threat: _Event, events: list[_Event]) -> bool:
    """Whether the threat is one of something that is told itself: of attacks, of an infiltration."""
    return any(other.kind != "threat" and 0 < other.start - threat.start <= _NEAR for other in events)


def _paired(events: list[_Event], places: list[_Place]) -> list[tuple[_Event, _Place]]:
    topic_first = places[0].start < events[0].start and events[-1].start > places[-1].start
    pairs: list[tuple[_Event, _Place]] = []
    if topic_first:
        for event in events:
            unit = max(place.unit for place in places if place.start < event.start)
            pairs += [(event, place) for place in places if place.unit == unit]
        told = {place.country for _, place in pairs}
        for place in places:
            if place.country not in told:
                pairs.append((next((e for e in events if e.start > place.start), events[-1]), place))
        return pairs
    for place in places:
        first = min(one.start for one in places if one.unit == place.unit)
        before = [event for event in events if event.start < first]
        pairs.append((before[-1] if before else events[0], place))
    used = {id(event) for event, _ in pairs}
    for event in events:
        behind = [place for place in places if place.start < event.start and place.role != "from"]
        if id(event) not in used and behind:
            pairs += [(event, place) for place in behind if place.unit == behind[-1].unit]
    return pairs


def _places(normal: str, hits: list[Hit]) -> list[_Place]:
    made: list[_Place] = []
    for number, hit in enumerate(hits):
        if hit.term.kind not in ("country", "town", "adjective"):
            continue
        if hit.term.kind == "adjective" and not _is_place(normal, hit, hits, number):
            continue
        country = hit.term.key.split("|")[0]
        role = _role(normal, hit)
        place = _Place(hit.start - len(hit.prefix), hit.end, country, role, len(made))
        if made and _listed(normal, made[-1].end, hit):
            place.unit = made[-1].unit
            place.role = role or made[-1].role
        made.append(place)
    return made


def _listed(normal: str, end: int, hit: Hit) -> bool:
    gap = normal[end : hit.start - len(hit.prefix)].lower()
    if len(gap) > 30:
        return False
    said = _said()
    kept = [word for word in re.sub(r"[,،]", " ", gap).split() if word not in said.between]
    return " ".join(kept) in said.lists and ("," in gap or "،" in gap or bool(kept) or hit.prefix[:1] == "و")


def _role(normal: str, hit: Hit) -> str:
    prefix = hit.prefix.lstrip("وف").removesuffix("ال")
    if prefix[:1] in _ROLE_OF_PREFIX:
        return _ROLE_OF_PREFIX[prefix[:1]]
    said = _said()
    before = words_before(normal, hit.start - len(hit.prefix))
    while before:
        for count in (3, 2, 1):
            phrase = " ".join(before[-count:])
            for tried in (phrase, phrase[1:] if phrase[:1] in "وف" else phrase):
                for role, phrases in said.roles.items():
                    if len(before) >= count and tried in phrases:
                        return role
        shorter = next((n for n in (3, 2, 1) if len(before) >= n and " ".join(before[-n:]) in said.between), 0)
        if not shorter:
            word = before[-1]
            attached = word[:1] in _ROLE_OF_PREFIX and (word[1:] in said.between or "ا" + word[1:] in said.between)
            return _ROLE_OF_PREFIX[word[0]] if attached else ""
        before = before[:-shorter]
    return ""


def _is_place(normal: str, hit: Hit, hits: list[Hit], number: int) -> bool:
    """Whether an adjective of nationality speaks of a place (its border) or of fighters, not of a state's doings."""
    around = normal[max(0, hit.start - _NEAR) : hit.end + _NEAR].lower().split()
    if any(word.lstrip("وبلف") in _said().places or word in _said().places for word in around):
        return True
    return any(other.term.kind in ("armed", "same_group") and abs(other.start - hit.start) <= _NEAR for other in hits)
