"""What Arabic writes onto a word: conjunctions, prepositions and the article before it, possessives and endings after.

A name or a noun is found only where what stands before and after it in the same word is one of these; anything else
means that it is another word that holds the same letters.
"""

from __future__ import annotations

from itertools import product

_AND = ("", "و", "ف")
_TO = ("", "ب", "ل", "ك")

BARE = frozenset(first + second for first, second in product(_AND, _TO))
"""Before a name without an article: والسودان is not among them, ولتونس is."""

ARTICLED = frozenset([f + p + "ال" for f, p in product(_AND, ("", "ب", "ك"))] + [f + "لل" for f in _AND])
"""Before a name that keeps its article; li and al- are written لل."""

NOUN = BARE | ARTICLED
VERB = frozenset(f + s + p for f, s, p in product(_AND, ("", "س", "ل"), ("", "ي", "ت", "ن", "ا")))

PRESENT = frozenset(f + s + p for f, s, p in product(_AND, ("", "س", "ل"), ("ي", "ت", "ن")))
"""Before the stem of a verb in the present: the letter of the person, which is never missing."""

_OWN = ("", "ه", "ها", "هم", "هما", "هن", "نا", "كم", "ك", "ي")
_NUMBER = ("", "ات", "ين", "ون", "ان", "ا")

AFTER_NAME = frozenset(("", "نا", "هم", "كم", "ها"))
AFTER_SHORT_NAME = frozenset(("",))
AFTER_NOUN = frozenset(number + own for number, own in product(_NUMBER, _OWN))
AFTER_FEMININE = frozenset(["ه", "تين", "تان", *("ت" + own for own in _OWN), *("ات" + own for own in _OWN)])
"""After the stem of a noun in ta marbuta, which is ha at the end of a word and ta before a possessive."""
AFTER_VERB = frozenset(
    end + own
    for end, own in product(("", "ت", "ا", "وا", "و", "ون", "ان", "تا", "ين", "ن", "نا"), ("", "ه", "ها", "هم"))
)


def article_stripped(normal: str) -> tuple[str, bool]:
    """The name without the article at its beginning, and whether it had one. `الله` keeps it."""
    if normal.startswith("ال") and len(normal) > 4 and not normal.startswith("الله"):
        return normal[2:], True
    return normal, False
