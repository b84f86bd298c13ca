"""One spelling for what is written in many ways.

Arabic: hamza and madda fall away with their seats kept, alef maqsura is ya, ta marbuta is ha, tatweel, harakat and the
small hamza on the line fall away, Persian and Urdu letters become their Arabic kin, digits become 0-9. Latin: accents
and apostrophes fall away, hyphens are spaces. Letter case stays, as it tells a name from a word; see `folded`.
"""

from __future__ import annotations

import re
import unicodedata

_KIN = str.maketrans(
    {
        "ى": "ي", "ی": "ي", "ې": "ي", "ے": "ي", "ۍ": "ي",
        "ة": "ه", "ہ": "ه", "ھ": "ه", "ە": "ه", "ۃ": "ه", "ۀ": "ه",
        "ٱ": "ا", "ک": "ك", "ڪ": "ك", "گ": "ك", "ڭ": "ك", "پ": "ب", "چ": "ج", "ژ": "ز", "ڤ": "ف", "ڨ": "ق",
        "ء": None, "ـ": None,
        "’": "'", "‘": "'", "ʼ": "'", "ʿ": "'", "ʾ": "'", "`": "'", "´": "'", "′": "'",
        "-": " ", "‐": " ", "‑": " ", "‒": " ", "–": " ", "—": " ", "−": " ",
        "Ø": "O", "ø": "o", "ı": "i", "Ł": "L", "ł": "l", "Đ": "D", "đ": "d",
    }
)  # fmt: skip
_DIGITS = {code: str(unicodedata.digit(chr(code))) for start in (0x660, 0x6F0) for code in range(start, start + 10)}


class _Table(dict[int, int | str | None]):
    """What becomes of each character. Asked of Unicode for those that occur alone, as all of them take a while."""

    def __missing__(self, code: int) -> int | None:
        self[code] = kept = None if unicodedata.category(chr(code)) in ("Mn", "Cf") else code
        return kept


_TABLE = _Table({**_KIN, **_DIGITS})
_SPACES = re.compile(r"[^\S\n]+")
_ELIDED = re.compile(r"(?i)(?<!\w)([cdjlmnst]|(?:jus|lors|puis)?qu)'(?=\w)")
_OWNED = re.compile(r"(?i)'(s)\b(?!')")


def normalise(text: str) -> str:
    """The text in one spelling, case kept. Line ends stay where they are, other white space is one space.

    >>> normalise("الدولةُ الإسلاميّـة"), normalise("l'Algérie"), normalise("Al-Qa'ida's")
    ('الدوله الاسلاميه', 'l Algerie', 'Al Qaida s')
    """
    text = unicodedata.normalize("NFKD", text).translate(_TABLE)
    if "'" in text:
        text = _OWNED.sub(r" \1", _ELIDED.sub(r"\1 ", text)).replace("'", "")
    return _SPACES.sub(" ", text)


def folded(normal: str) -> str:
    """Lower case of the same length, so that a place in one is the same place in the other."""
    lower = normal.lower()
    if len(lower) == len(normal):
        return lower
    return "".join(one if len(small := one.lower()) != 1 else small for one in normal)


def is_arabic(text: str) -> bool:
    """Whether any letter of it is of the Arabic script."""
    return any("\u0600" <= one <= "\u06ff" or "\u0750" <= one <= "\u077f" for one in text)
