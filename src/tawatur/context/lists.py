"""The United Nations Security Council's consolidated list, from its XML, or from CSV.

Only entities are taken: the list names people as well, and nothing readable about a person is kept.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ParseError

import msgspec

FILE = "un-list.json"
_BRACKETS = re.compile(r"\(([^()]*)\)")
_ACRONYM = re.compile(r"[A-Z][A-Z0-9-]{2,9}")
_NEEDED = ("reference", "name")
_SHORTEST = 4  # letters; but acronyms may have three


class BadList(ValueError):
    """A file is no list that can be used; the message says why."""


class Entry(msgspec.Struct, frozen=True):
    """One entity: the list's permanent reference, its name, and every name under which it is looked for."""

    reference: str
    name: str
    names: tuple[str, ...]


class Listed(msgspec.Struct, frozen=True):
    """A list of one day (ISO date). `people` is how many persons it names, which were left out."""

    source: str
    date: str
    entries: tuple[Entry, ...]
    people: int = 0


def read_list(data: bytes) -> Listed:
    """The list in a file's bytes: XML when it begins with `<`, else CSV with a column `reference` and a column `name`,
    and if wanted `name_original_script`, `aliases` (parted by `|`) and `list_date`. Raises BadList."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadList(f"The list is not UTF-8: {error.reason} at byte {error.start}.") from None
    return _from_xml(data) if text.lstrip()[:1] == "<" else _from_csv(text)


def save_list(listed: Listed, folder: Path) -> Path:
    """Keeps the list in the data folder, whole or not at all; gives the file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE
    unfinished = path.with_suffix(".part")
    unfinished.write_bytes(msgspec.json.encode(listed))
    unfinished.replace(path)
    return path


def load_list(folder: Path) -> Listed | None:
    """The list that was imported into this folder, or None. Raises BadList where the file is damaged."""
    path = folder / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Listed)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        raise BadList(f"{path} is damaged ({error}); import the list again.") from error


def _from_csv(text: str) -> Listed:
    csv.field_size_limit(1_000_000)
    reader = csv.DictReader(io.StringIO(text))
    head = reader.fieldnames or []
    if missing := [name for name in _NEEDED if name not in head]:
        raise BadList(f"The first line must name a column {' and '.join(missing)}; it has: {', '.join(head)[:200]}.")
    entries, day = [], ""
    try:
        for row in reader:
            where = f"line {reader.line_num}"
            entries.append(_entry(row["reference"], row["name"], row.get("name_original_script"), row, where))
            day = row.get("list_date") or day
    except csv.Error as error:
        raise BadList(f"Line {reader.line_num}: {error}.") from error
    return _whole("csv", day, entries, 0)


def _entry(reference: str | None, name: str | None, script: str | None, row: dict[str, Any], where: str) -> Entry:
    aliases = (row.get("aliases") or "").split("|")
    return _made(reference, name, [script or "", *aliases], where)


def _from_xml(data: bytes) -> Listed:
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root: Element = fromstring(data)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise BadList(f"The list is no XML that can be read: {str(error) or type(error).__name__}.") from error
    if root.tag != "CONSOLIDATED_LIST":
        raise BadList(f"The list's outermost element is {root.tag!r}, not CONSOLIDATED_LIST.")
    entries = []
    for number, one in enumerate(root.iterfind("ENTITIES/ENTITY"), 1):
        aliases = [alias.text or "" for alias in one.iterfind("ENTITY_ALIAS/ALIAS_NAME")]
        names = [one.findtext("NAME_ORIGINAL_SCRIPT") or "", *aliases]
        entries.append(_made(one.findtext("REFERENCE_NUMBER"), one.findtext("FIRST_NAME"), names, f"entity {number}"))
    day = (root.get("dateGenerated") or "")[:10]
    return _whole("xml", day, entries, len(root.findall("INDIVIDUALS/INDIVIDUAL")))


def _made(reference: str | None, name: str | None, others: list[str], where: str) -> Entry:
    reference, name = " ".join((reference or "").split()), " ".join((name or "").split())
    if not reference or not name:
        raise BadList(f"In {where} there is no {'reference' if not reference else 'name'}.")
    return Entry(reference, name, tuple(dict.fromkeys(_names([name, *others]))))


def _names(written: Iterable[str]) -> Iterable[str]:
    """Names one by one: what stands in brackets is a name when it is an acronym or in another script."""
    for text in written:
        clean = " ".join(text.split()).replace("/", " ").strip(' "“”')
        bare = " ".join(_BRACKETS.sub(" ", clean).split())
        inner = [part.strip() for found in _BRACKETS.findall(clean) for part in found.split(";")]
        for name in (bare, *(part for part in inner if _ACRONYM.fullmatch(part))):
            if len(name) >= _SHORTEST or _ACRONYM.fullmatch(name):
                yield name if _ACRONYM.fullmatch(name) or not name.isupper() else name.title()


def _whole(source: str, day: str, entries: list[Entry], people: int) -> Listed:
    if not entries:
        raise BadList("The list names no entity.")
    try:
        date.fromisoformat(day)
    except ValueError:
        raise BadList(f"The list does not say of which day it is: {day!r} is no date such as 2020-11-30.") from None
    return Listed(source, day, tuple(entries), people)
