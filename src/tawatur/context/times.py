"""Dates in a normalised sentence: by day, month or year, and the days that are said from the day of writing."""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec
from babel.dates import get_month_names

from tawatur.context.normal import folded, normalise

_OTHER_MONTHS = {
    1: "كانون الثاني|جانفي", 2: "شباط|فيفري", 3: "آذار", 4: "نيسان|أفريل", 5: "أيار|ماي", 6: "حزيران|جوان",
    7: "تموز|جويلية|يوليوز", 8: "آب|أوت|غشت", 9: "أيلول|شتنبر", 10: "تشرين الأول", 11: "تشرين الثاني|نونبر",
    12: "كانون الأول|دجنبر",
}  # fmt: skip
_FROM_TODAY = (
    "أمس|اليوم|غدا|الأسبوع الماضي|الشهر الماضي|العام الماضي|yesterday|today|tomorrow|last week|last month|last year"
    "|hier|aujourd'hui|demain|la semaine dernière|le mois dernier|l'an dernier"
)


class Time(msgspec.Struct, frozen=True):
    """A time as it stands in the sentence, and in ISO 8601 as far as it is told (`2016`, `2016-12`, `2016-12-05`), or
    empty where it counts from the day of writing."""

    text: str
    iso: str


@lru_cache(maxsize=1)
def _pattern() -> tuple[re.Pattern[str], dict[str, int]]:
    months: dict[str, int] = {}
    for language in ("ar", "en", "fr"):
        for number, name in get_month_names("wide", locale=language).items():
            months[folded(normalise(name))] = number
    for number, names in _OTHER_MONTHS.items():
        months |= dict.fromkeys((folded(normalise(name)) for name in names.split("|")), number)
    names = "|".join(sorted(map(re.escape, months), key=len, reverse=True))
    today = "|".join(folded(normalise(one)) for one in _FROM_TODAY.split("|"))
    year = r"(?:19|20)\d\d"
    return re.compile(
        rf"(?<!\w)(?:(?P<iso>{year} \d\d \d\d)"  # hyphens are spaces by now
        rf"|(?:(?P<day>\d{{1,2}})(?:er|st|nd|rd|th)?(?: من)? )?(?P<month>{names})"
        rf"(?: (?P<after>\d{{1,2}})(?=,| {year}))?(?:,? (?:من )?(?:عام |سنه )?(?P<year>{year}))"
        rf"|(?:في |in |en |عام |سنه |العام )(?P<only>{year})|(?P<today>{today}))(?!\w)"
    ), months


def times(normal: str) -> tuple[Time, ...]:
    """The times that a normalised sentence names."""
    low = folded(normal)
    pattern, months = _pattern()
    found = []
    for one in pattern.finditer(low):
        iso = one["iso"].replace(" ", "-") if one["iso"] else one["only"] or ""
        if one["month"]:
            day = one["day"] or one["after"]
            iso = f"{one['year']}-{months[one['month']]:02}" + (f"-{int(day):02}" if day else "")
        found.append(Time(normal[one.start() : one.end()], iso))
    return tuple(found)
