"""The console's texts: gettext catalogues, one a language; English stands in the templates themselves.

Babel reads the catalogues as they are, so nothing needs compiling. Numbers have Latin digits in Arabic too, unless
somebody wants the others (digits.py).
"""

from __future__ import annotations

import io
from datetime import date, datetime
from functools import cache
from pathlib import Path

from babel.dates import format_date, format_datetime
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import NullTranslations, Translations

from tawatur.web.languages import LANGUAGES

NAMES = {"ar": "العربية", "en": "English", "fr": "Français"}
NARROW = "\u202f"
LETTER_MARK = "\u061c"
"""An invisible Arabic letter: a number after it stands as in Arabic text, its sign on the left, where no word is before
it as well."""
DIRECTIONS = {"ar": "rtl", "en": "ltr", "fr": "ltr"}


@cache
def catalogue(lang: str, folder: Path = Path(__file__).parent) -> NullTranslations:
    """The texts of a language: the console's, or those that another folder has."""
    path = folder / f"{lang}.po"
    if lang == "en" or lang not in LANGUAGES:
        return NullTranslations()
    with path.open("rb") as file:
        texts = read_po(file, locale=lang)
    compiled = io.BytesIO()
    write_mo(compiled, texts)
    compiled.seek(0)
    return Translations(compiled)


def number(value: float, lang: str) -> str:
    """A whole number, or one with a decimal where it is small and not whole."""
    shown = round(value) if value >= 10 or float(value).is_integer() else round(value, 1)
    return str(format_decimal(shown, locale=lang))


def bounded(value: int, most: int, lang: str) -> str:
    """A count that goes no further than `most`, or that there are more."""
    return number(value, lang) if value <= most else f"{number(most, lang)}+"


def share(value: float, lang: str) -> str:
    """A part of something, with two decimals where it is not whole."""
    return str(format_decimal(round(value, 2), locale=lang))


def plain(value: float, lang: str) -> str:
    """A number as it is, with all its decimals up to the sixth."""
    return str(format_decimal(value, "#,##0.######", locale=lang))


def percent(share: float, lang: str) -> str:
    shown = round(100.0 * share)
    return f"{LETTER_MARK}{shown}%" if lang == "ar" else f"{shown}{NARROW}%"


def moment(at: datetime, lang: str) -> str:
    """A day and a time, in UTC."""
    return format_datetime(at, "d MMM، HH:mm" if lang == "ar" else "d MMM, HH:mm", locale=lang)


def day(at: date, lang: str) -> str:
    return format_date(at, "d MMM", locale=lang)
