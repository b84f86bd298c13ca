"""Hash lists as files: CSV and JSON Lines, in and out, and those of `exchange`. What is written here is read here."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from tawatur.moderation import exchange
from tawatur.moderation.banks import KINDS
from tawatur.moderation.exchange import Exchanged, read_exchange, write_exchange
from tawatur.moderation.refusals import BadBank
from tawatur.store.banks import Bank, BankHash

FORMS = ("csv", "jsonl", *exchange.FORMS)
_PDQ = re.compile(r"[0-9a-f]{64}")
_COLUMNS = ("pdq", "hash", "value")

Entry = tuple[str, str | None]


def read_any(text: str, form: str, bank: Bank, tags: Iterable[str] = ()) -> Exchanged:
    """What a list brings this bank. `form` is "list" for `read_list` or "threatexchange" for `read_exchange`. Raises
    BadBank."""
    if bank.kind not in KINDS:
        raise BadBank(f"A bank is of kind block or allow, not {bank.kind!r}.")
    if form == "threatexchange":
        return read_exchange(text, bank.kind, tags)
    if form != "list":
        raise BadBank(f"{form!r} is no form of a list. Use list (CSV or JSON Lines) or threatexchange.")
    return Exchanged(entries=dict(read_list(text)))


def write_any(bank: Bank, entries: Iterable[BankHash], form: str) -> Iterator[str]:
    """The bank as lines of a list in one of `FORMS`. Raises BadBank."""
    if form not in FORMS:
        raise BadBank(f"{form!r} is no form of a list. Use one of: {', '.join(FORMS)}.")
    return write_exchange(bank, entries, form) if form in exchange.FORMS else write_list(entries, form)


def read_list(text: str) -> Iterator[Entry]:
    """The (PDQ, note) entries of a list, JSON Lines or CSV, told apart by the first character.

    JSON Lines have keys `pdq` and, if wanted, `note`. CSV has a first line that names a column `pdq`, `hash` or
    `value`, or none, and then the hash comes first and a note may follow. Raises BadBank with the number of a line
    that is neither.
    """
    return _from_json_lines(text) if text.lstrip()[:1] == "{" else _from_csv(text)


def _from_json_lines(text: str) -> Iterator[Entry]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                entry: Any = msgspec.json.decode(line)
                pdq, note = str(entry["pdq"]), entry.get("note")
            except (msgspec.DecodeError, RecursionError, KeyError, TypeError, AttributeError) as error:
                raise BadBank(f"Line {number} is not a JSON object with a key `pdq`.") from error
            yield _checked(number, pdq), None if note is None else str(note)


def _from_csv(text: str) -> Iterator[Entry]:
    lines = list(csv.reader(io.StringIO(text)))
    head = [cell.strip().lower() for cell in lines[0]] if lines else []
    named = next((head.index(name) for name in _COLUMNS if name in head), None)
    pdq_at = 0 if named is None else named
    note_at = 1 if named is None else (head.index("note") if "note" in head else None)
    for number, row in enumerate(lines, 1):
        if not any(cell.strip() for cell in row) or (number == 1 and named is not None):
            continue
        if len(row) <= pdq_at:
            raise BadBank(f"Line {number} has fewer columns than the first line.")
        note = row[note_at].strip() if note_at is not None and note_at < len(row) else ""
        yield _checked(number, row[pdq_at]), note or None


def _checked(number: int, text: str) -> str:
    pdq = text.strip().lower()
    if not _PDQ.fullmatch(pdq):
        raise BadBank(f"Line {number}: {text[:80]!r} is no PDQ hash; one has 64 hexadecimal digits.")
    return pdq


def write_list(entries: Iterable[BankHash], form: str) -> Iterator[str]:
    """The entries as lines of a list; `form` is "csv" or "jsonl"."""
    if form == "jsonl":
        for entry in entries:
            yield msgspec.json.encode({"pdq": entry.pdq, "note": entry.note}).decode() + "\n"
        return
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["pdq", "note"])
    for entry in entries:
        writer.writerow([entry.pdq, entry.note or ""])
        yield out.getvalue()
        out.seek(0)
        out.truncate()
    yield out.getvalue()
