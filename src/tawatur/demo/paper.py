"""The newspaper as its editors keep it: stories and pictures in two languages, and whose each photograph is."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import msgspec
from babel.dates import format_date

HERE = Path(__file__).parent
PHOTOGRAPHS = HERE / "photographs"
LANGUAGES = ("ar", "en")

_DATE = {"ar": "EEEE، d MMMM y", "en": "EEEE, d MMMM y"}
_ARABIC_INDIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


class Masthead(msgspec.Struct, frozen=True):
    """The paper's name and the words around the pages."""

    name: str
    motto: str
    imagined: str
    pictures: str
    back: str
    read: str
    skip: str
    other: str
    missing: str
    missing_more: str
    list: str
    from_readers: str
    nothing_yet: str
    send: str
    send_more: str
    file: str
    caption: str
    go: str
    refused: str
    reading_as: str
    another: str
    readers: tuple[str, ...]


class PictureWords(msgspec.Struct, frozen=True):
    """What stands under a photograph."""

    notice: str
    credit: str
    comma: str
    public_domain: str


class Picture(msgspec.Struct, frozen=True):
    """A photograph that stands by itself."""

    photograph: str
    caption: str
    alt: str


class Story(msgspec.Struct, frozen=True):
    """An article with its photograph."""

    slug: str
    photograph: str
    days_ago: int
    section: str
    title: str
    standfirst: str
    alt: str
    body: tuple[str, ...]


class Edition(msgspec.Struct, frozen=True):
    """The paper in one language. The first story leads."""

    paper: Masthead
    picture: PictureWords
    stories: tuple[Story, ...]
    pictures: tuple[Picture, ...]


class Credit(msgspec.Struct, frozen=True):
    """Whose a photograph is, as photographs/SOURCES.md says."""

    title: str
    author: str
    licence: str


def editions() -> Mapping[str, Edition]:
    """The paper in each of its languages."""
    return {lang: _edition(HERE / "newspaper" / f"{lang}.toml") for lang in LANGUAGES}


def _edition(path: Path) -> Edition:
    return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Edition)


def photograph(name: str) -> Path:
    """The file of a photograph."""
    return PHOTOGRAPHS / f"{name}.jpg"


def credits_by_photograph() -> Mapping[str, Credit]:
    """Whose each photograph is, read from the table in SOURCES.md."""
    found = {}
    for line in (PHOTOGRAPHS / "SOURCES.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 5 and (name := re.fullmatch(r"`(\w+)\.jpg`", cells[0])):
            found[name[1]] = Credit(title=cells[1].replace("*", ""), author=cells[2], licence=cells[4])
    return found


def licence_in_words(licence: str, words: PictureWords) -> str:
    """A licence as it is told under a photograph: Creative Commons by its name, the public domain in words."""
    return licence if licence.startswith("CC") else words.public_domain


def day_in_words(day: date, lang: str) -> str:
    """A date as that language writes it, in Arabic with Arabic-Indic digits."""
    said = format_date(day, format=_DATE[lang], locale=lang)
    return said.translate(_ARABIC_INDIC) if lang == "ar" else said
