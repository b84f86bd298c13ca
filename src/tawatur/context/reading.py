"""Reads a text: every mention of a group, a place and an event, with its sentence.

A word that has another meaning as well counts where another sign stands beside it: a word that announces it ("the
town of", "the group"), or the same name once clear in the text. An event of everyday words counts where its sentence
speaks of armed people or names a group. What the sentence denies did not happen.
"""

from __future__ import annotations

from bisect import bisect_right

import msgspec

from tawatur.context.denials import undenied
from tawatur.context.lexicon import Lexicon
from tawatur.context.matching import Hit
from tawatur.context.normal import normalise
from tawatur.context.sentences import sentences
from tawatur.context.times import Time, times

PLACES = ("country", "adjective", "town", "region")
_PARTS = ("decoy", "violence", "civilians", "handling", "goods")
_SEEN_BACK = 48  # characters before a name in which a word that announces it is looked for
_TOGETHER = 40  # characters between what is done and what it is done to: "moves guns", "weapons ... are smuggled"
_QUOTES = str.maketrans(dict.fromkeys("\"'«»“”()[]", " "))
_WRITTEN_ON = ("و", "ف", "ب", "ل", "ك")


class Sentence(msgspec.Struct, frozen=True):
    """One sentence as written (`text`) and normalised, with what counts in it, in order; `start` is where `normal`
    begins in the whole normalised text, to which the hits' places refer."""

    text: str
    normal: str
    start: int
    hits: tuple[Hit, ...]
    times: tuple[Time, ...]

    def of(self, *kinds: str) -> list[Hit]:
        """The hits of these kinds."""
        return [hit for hit in self.hits if hit.term.kind in kinds]


class Reading(msgspec.Struct, frozen=True):
    """A text that was read. `normal` is the whole text in one spelling."""

    normal: str
    sentences: tuple[Sentence, ...]


def read(text: str, lexicon: Lexicon) -> Reading:
    """Reads a text in Arabic, English or French."""
    written = sentences(text)
    normals = [normalise(one).strip() for one in written]
    normal = "\n".join(normals)
    starts = [0]
    for one in normals:
        starts.append(starts[-1] + len(one) + 1)
    by_sentence: list[list[Hit]] = [[] for _ in written]
    for hit in _sure(normal, lexicon):
        by_sentence[bisect_right(starts, hit.start) - 1].append(hit)
    made = []
    for number, (text_, normal_) in enumerate(zip(written, normals, strict=True)):
        counted = undenied(normal, _counted(by_sentence[number], lexicon))
        made.append(Sentence(text_, normal_, starts[number], counted, times(normal_)))
    return Reading(normal, tuple(made))


def words_before(normal: str, start: int) -> list[str]:
    """The words before a place in the text and in the same sentence, nearest last, in lower case. A comma or a dot
    stays with its word; quotation marks fall away."""
    cut = max(normal.rfind("\n", 0, start) + 1, start - _SEEN_BACK)
    return normal[cut:start].lower().translate(_QUOTES).split()


def stands(words: list[str], phrases: frozenset[str]) -> bool:
    """Whether one of the phrases ends these words; a conjunction or preposition may be written onto it."""
    for count in (1, 2, 3):
        if len(words) < count:
            return False
        phrase = " ".join(words[-count:])
        if phrase in phrases or (phrase[0] in _WRITTEN_ON and phrase[1:] in phrases):
            return True
    return False


def _sure(normal: str, lexicon: Lexicon) -> list[Hit]:
    hits = lexicon.matcher.find(normal)
    known = {(hit.term.kind, hit.term.key) for hit in hits if hit.term.sure}
    found: list[Hit] = []
    for hit in hits:
        kind = hit.term.kind
        beside = bool(found) and found[-1].term.kind == kind == "country" and _joined(normal[found[-1].end : hit.start])
        named = (
            beside
            or (kind, hit.term.key) in known
            or (not hit.term.sure and _announced(normal, hit, lexicon.announcers.get(kind, frozenset())))
        )
        if named and not hit.term.sure:
            known.add((kind, hit.term.key))
        if hit.term.sure or named:
            found.append(hit)
    return found


def _joined(gap: str) -> bool:
    """Whether what stands between two names only lists them: then one tells what the other is."""
    return gap.lower().strip(" ,،") in ("", "و", "and", "et", "et le", "or", "ou", "أو") and len(gap) <= 8


def _announced(normal: str, hit: Hit, phrases: frozenset[str]) -> bool:
    start = hit.start - len(hit.prefix)
    if hit.prefix and hit.prefix[-1] in "بل" and hit.term.kind != "group":
        return True
    return stands(words_before(normal, start), phrases)


def _counted(hits: list[Hit], lexicon: Lexicon) -> tuple[Hit, ...]:
    if not hits or any(hit.term.kind == "games" for hit in hits):
        return tuple(hit for hit in hits if hit.term.kind not in ("event", "games", "armed", *_PARTS))
    hits = _put_together(hits)
    kinds = {hit.term.kind for hit in hits}
    armed = bool(kinds & {"armed", "same_group"}) or any(
        hit.term.kind == "group" and lexicon.groups[hit.term.key].kind in ("armed", "listed") for hit in hits
    )
    place = bool(kinds & {"country", "town", "region"})
    enough = {"": True, "armed": armed, "armed or place": armed or place, "violent": armed or "violence" in kinds}
    return tuple(
        hit
        for hit in hits
        if hit.term.kind not in _PARTS
        and (
            hit.term.kind != "event"
            or (enough[lexicon.kinds[hit.term.key].needs] and not _of_civilians(hit, hits, lexicon))
        )
    )


def _of_civilians(event: Hit, hits: list[Hit], lexicon: Lexicon) -> bool:
    """Whether it is a movement of people who do not fight: civilians stand nearer to it than any fighters."""
    if event.term.key not in lexicon.kinds or not lexicon.kinds[event.term.key].movement:
        return False
    near = dict.fromkeys(("civilians", "fighters"), _TOGETHER)
    for hit in hits:
        kind = "fighters" if hit.term.kind in ("armed", "same_group", "group") else hit.term.kind
        if kind in near:
            near[kind] = min(near[kind], max(event.start, hit.start) - min(event.end, hit.end))
    return near["civilians"] < min(near["fighters"], _TOGETHER)


def _put_together(hits: list[Hit]) -> list[Hit]:
    """The hits with the events that two words make, what is done and to what, in place of what the first alone would
    say: without its vowels "smuggles" is written as "flees". One sentence tells such a kind once."""
    goods = [hit for hit in hits if hit.term.kind == "goods"]
    told = {hit.term.key for hit in hits if hit.term.kind == "event"}
    made: dict[str, Hit] = {}
    for act in hits if goods else ():
        if act.term.kind == "handling" and act.term.key not in told and any(_meet(act, one) for one in goods):
            made.setdefault(act.term.key, act._replace(term=act.term._replace(kind="event")))
    if not made:
        return hits
    taken = {(one.start, one.end) for one in made.values()}
    kept = [hit for hit in hits if hit.term.kind != "event" or (hit.start, hit.end) not in taken]
    return sorted([*kept, *made.values()], key=lambda hit: hit.start)


def _meet(act: Hit, goods: Hit) -> bool:
    gap = max(act.start, goods.start) - min(act.end, goods.end)
    return act.term.key == goods.term.key and gap <= _TOGETHER
