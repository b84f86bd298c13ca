"""Finds all names and words of a lexicon in one pass over a text (Aho-Corasick), each only where it is a word.

The text is normalised first, and so is every name, so one name covers its spellings. What may stand before and after a
match within the same word is decided by its `Shape`; longer matches win over shorter ones that they overlap.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from tawatur.context import clitics
from tawatur.context.normal import folded, is_arabic, normalise

_LETTERS = re.compile(r"[^\W_]*\Z")
_REST = re.compile(r"[^\W_]*")
_LONG_PREFIX = 6  # letters: no clitics are longer
_AUGMENTED = 4  # letters: shorter verbs that begin with an alef keep it
_CAPITALS = 6  # letters: a Latin name of so few, all in capitals, is found in capitals only


class Shape(NamedTuple):
    """What may be written onto a term: sets of what stands before and after it; `None` after it is anything.

    `capital` is 0 where case does not count, 1 where the first letter must be a capital, 2 where all must be.
    """

    before: frozenset[str]
    after: frozenset[str] | None
    capital: int = 0


class Term(NamedTuple):
    """One thing that a lexicon knows. `kind` and `key` say what; an unsure one needs another sign beside it."""

    kind: str
    key: str
    sure: bool
    shape: Shape


class Hit(NamedTuple):
    """A term at `start:end` of the normalised text; `prefix` is what is written onto it before."""

    start: int
    end: int
    term: Term
    prefix: str


SIGNS = frozenset(("armed", "same_group", "games", "violence", "civilians", "handling", "goods"))
_NOTHING = frozenset(("",))
_PLURAL = frozenset(("", "s"))


def name_forms(name: str) -> Iterable[tuple[str, Shape]]:
    """The forms under which a name is looked for. A star at the end of a Latin one stands for any ending."""
    normal = normalise(name.removesuffix("*")).strip()
    if not normal:
        return
    if is_arabic(normal):
        body, article = clitics.article_stripped(normal)
        after = clitics.AFTER_NAME if len(body) >= 5 else clitics.AFTER_SHORT_NAME
        yield folded(body), Shape(clitics.ARTICLED if article else clitics.BARE, after)
        return
    letters = [one for one in normal if one.isalpha()]
    capital = 0
    if letters and normal[0].isupper():
        capital = 2 if len(letters) <= _CAPITALS and all(one.isupper() for one in letters) and len(letters) > 1 else 1
    yield folded(normal), Shape(_NOTHING, None if name.endswith("*") else _NOTHING, capital)


def noun_forms(noun: str) -> Iterable[tuple[str, Shape]]:
    """An Arabic noun with the article or without, in its number and with its possessives."""
    body, _ = clitics.article_stripped(normalise(noun).strip())
    if body.endswith("ه") and len(body) > 3:
        yield body[:-1], Shape(clitics.NOUN, clitics.AFTER_FEMININE)
    else:
        yield body, Shape(clitics.NOUN, clitics.AFTER_NOUN)


def verb_forms(verb: str) -> Iterable[tuple[str, Shape]]:
    """An Arabic verb by its stem, in its persons and with its objects. One that begins with an alef loses it in the
    present, after the letter of the person: استهدف, يستهدف."""
    stem = normalise(verb).strip()
    yield stem, Shape(clitics.VERB, clitics.AFTER_VERB)
    if stem.startswith("ا") and len(stem) >= _AUGMENTED:
        yield stem[1:], Shape(clitics.PRESENT, clitics.AFTER_VERB)


def phrase_forms(phrase: str) -> Iterable[tuple[str, Shape]]:
    """Words that stand together; in Arabic with clitics and the article before the first."""
    normal = normalise(phrase.removesuffix("*")).strip()
    if is_arabic(normal):
        body, article = clitics.article_stripped(normal)
        before = clitics.ARTICLED if article else clitics.NOUN | clitics.VERB
        yield folded(body), Shape(before, clitics.AFTER_NOUN)
    else:
        yield folded(normal), Shape(_NOTHING, None if phrase.endswith("*") else _PLURAL)


Forms = Callable[[str], Iterable[tuple[str, Shape]]]


class Matcher:
    """All terms of a lexicon, ready to be found. Raises ValueError when there are none."""

    def __init__(self, terms: Iterable[tuple[str, Term]]) -> None:
        import ahocorasick

        by_pattern: dict[str, list[Term]] = {}
        for pattern, term in terms:
            held = by_pattern.setdefault(pattern, [])
            if term not in held:
                held.append(term)
        if not by_pattern:
            raise ValueError("A matcher needs at least one term.")
        self._automaton: Any = ahocorasick.Automaton()
        for pattern, held in by_pattern.items():
            self._automaton.add_word(pattern, (len(pattern), tuple(held)))
        self._automaton.make_automaton()

    def find(self, normal: str) -> list[Hit]:
        """Every term in a normalised text, in order; of those that overlap, the one that begins first and is longest.
        Terms of the same span all stand."""
        low = folded(normal)
        found: list[Hit] = []
        size = len(low)
        for last, (length, terms) in self._automaton.iter(low):
            start, end = last + 1 - length, last + 1
            prefix = rest = ""
            if start and low[start - 1].isalnum():
                prefix = _before(low, start)
            if end < size and low[end].isalnum():
                rest = _REST.match(low, end).group()  # type: ignore[union-attr]
            for term in terms:
                shape = term.shape
                if (
                    prefix in shape.before
                    and (shape.after is None or rest in shape.after)
                    and (not shape.capital or _capital(normal, start, end, shape.capital))
                ):
                    found.append(Hit(start, end, term, prefix))
        return _longest(found)


def _before(low: str, start: int) -> str:
    """The letters of the same word before `start`, or `?` where there are more than clitics have."""
    letters = _LETTERS.search(low[max(0, start - _LONG_PREFIX - 1) : start]).group()  # type: ignore[union-attr]
    return letters if len(letters) <= _LONG_PREFIX else "?"


def _capital(normal: str, start: int, end: int, wanted: int) -> bool:
    return normal[start:end].isupper() if wanted == 2 else normal[start].isupper()


def _longest(hits: list[Hit]) -> list[Hit]:
    """Of overlapping hits the first and longest. What is only a sign beside others (`SIGNS`) may stand inside a longer
    term, such as the arms in an arms shipment, but not inside a decoy."""
    hits.sort(key=lambda hit: (hit.start, -hit.end))
    kept: list[Hit] = []
    start = end = -1
    decoy = False
    for hit in hits:
        if hit.start >= end or (hit.start, hit.end) == (start, end):
            kept.append(hit)
            if hit.term.kind not in SIGNS:
                start, end, decoy = hit.start, hit.end, hit.term.kind == "decoy"
        elif hit.term.kind in SIGNS and not decoy:
            kept.append(hit)
    return kept


@lru_cache(maxsize=4096)
def words_of(phrase: str) -> str:
    """A phrase of the lexicon as it stands in a folded text."""
    return folded(normalise(phrase)).strip()
