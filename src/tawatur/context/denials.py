"""Events that a sentence denies: "no attack took place", "the ministry denied that there had been fighting".

Three signs, each within the event's clause: a word of denial directly before it, but for words that say nothing;
somebody who denies, unless what they deny is a part in it; or that it did not happen, after it. The words are in
`words/denied.toml`. "Did not stop the attacks" and "not the first attack" deny nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from tawatur.context.lexicon import words
from tawatur.context.matching import Hit, words_of

_BACK = 110  # characters before an event in which a denial is looked for
_AHEAD = 60
_CLAUSE = ",،;؛:.!?؟\n"


class _Signs(NamedTuple):
    before: re.Pattern[str]
    denies: re.Pattern[str]
    but: re.Pattern[str]
    after: re.Pattern[str]
    any_of_them: re.Pattern[str]
    lists: frozenset[str]


@lru_cache(maxsize=1)
def _signs() -> _Signs:
    said = words("denied")
    no, denies, after = (_any_of(said[name]) for name in ("no", "denies", "after"))
    return _Signs(
        before=re.compile(rf"(?<!\w)[وف]?(?:{no})(?: +(?:{_any_of(said['between'])}))* *\Z"),
        denies=re.compile(rf"(?<!\w)[وف]?(?:{denies})(?!\w)"),
        but=re.compile(rf"(?<!\w)(?:[وفبل]|[بك]?ال|عن )?(?:{_any_of(said['but'])})(?!\w)"),
        after=re.compile(rf"\A\w*(?: +\w+){{0,3}}? +(?:{after})(?!\w)"),
        any_of_them=re.compile(rf"(?<!\w)[وف]?(?:{no}|{denies})(?!\w)"),
        lists=frozenset(map(words_of, said["lists"])),
    )


def _any_of(phrases: Iterable[str]) -> str:
    told = {re.escape(words_of(one.removesuffix("*"))) + (r"\w*" if one.endswith("*") else "") for one in phrases}
    return "|".join(sorted(told, key=len, reverse=True))


def undenied(normal: str, hits: tuple[Hit, ...]) -> tuple[Hit, ...]:
    """The hits of one sentence without the events that it denies; `normal` is the whole normalised text."""
    events = [hit for hit in hits if hit.term.kind == "event"]
    if not events:
        return hits
    low = normal[max(0, events[0].start - _BACK) : events[-1].end + _AHEAD].lower()
    if not _signs().any_of_them.search(low):  # most sentences
        return hits
    denied: set[tuple[int, int]] = set()
    for hit in events:
        span = (hit.start, hit.end)
        listed = any(normal[end : hit.start - len(hit.prefix)].strip() in _signs().lists for _, end in denied)
        if listed or _denied(normal, hit):
            denied.add(span)
    return tuple(hit for hit in hits if hit.term.kind != "event" or (hit.start, hit.end) not in denied)


def _denied(normal: str, hit: Hit) -> bool:
    signs = _signs()
    start = hit.start - len(hit.prefix)
    before = normal[max(0, start - _BACK) : start].lower()
    before = before[max(map(before.rfind, _CLAUSE)) + 1 :]
    if signs.before.search(before):
        return True
    if denial := signs.denies.search(before):
        return not signs.but.search(before, denial.end())
    return bool(signs.after.match(normal[hit.end : hit.end + _AHEAD].lower()))
