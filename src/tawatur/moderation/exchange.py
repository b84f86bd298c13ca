"""Hash lists in the forms of Meta's ThreatExchange and its open library: read and written without that library.

| form | what |
|---|---|
| `threatexchange` | JSON as the API answers `/threat_updates`, `/threat_descriptors`: pages, a list, a record a line |
| `tx-csv` | what `threatexchange dataset -P --csv` prints: `signal_type,signal_str,collab,category,tags` |
| `tx-lines` | a `local_file` collaboration: `pdq` and a hash on each line |

There each hash comes with opinions. Only what all who spoke of it call malicious goes into a block bank, and only what
all call harmless into an allow bank; what is disputed or a mere lead goes into neither. The rules are those of the
library (`threatexchange.exchanges.fetch_state`), and tests compare with it.
A hash that belongs into the bank no longer is taken out of it: give each source a bank of its own.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC
from enum import StrEnum
from typing import Any

import msgspec

from tawatur.moderation.refusals import BadBank
from tawatur.store.banks import Bank, BankHash

FORMS = ("threatexchange", "tx-csv", "tx-lines")
_PDQ = re.compile(r"[0-9a-f]{64}")
_API_TYPE, _SIGNAL_TYPE = "HASH_PDQ", "pdq"
_CSV = ("signal_type", "signal_str", "collab", "category", "tags")
_NOBODY = "0"  # the owner of what we write: no app of theirs
_LONGEST_NOTE = 500


class Opinion(StrEnum):
    """What those who spoke of a hash say of it together."""

    POSITIVE = "POSITIVE_CLASS"
    NEGATIVE = "NEGATIVE_CLASS"
    SEED = "INVESTIGATION_SEED"
    DISPUTED = "DISPUTED"


_OF_KIND = {"block": Opinion.POSITIVE, "allow": Opinion.NEGATIVE}
_OF_STATUS = {"MALICIOUS": Opinion.POSITIVE, "NON_MALICIOUS": Opinion.NEGATIVE}
_OF_REACTION = {"HELPFUL": Opinion.POSITIVE, "DISAGREE_WITH_TAGS": Opinion.NEGATIVE}
_STATUS_OF_KIND = {"block": "MALICIOUS", "allow": "NON_MALICIOUS"}


class Exchanged(msgspec.Struct):
    """What a list brings a bank: hashes with notes, hashes that it takes back, and how many were left out, by why."""

    entries: dict[str, str | None] = {}
    gone: set[str] = set()
    left_out: Counter[str] = msgspec.field(default_factory=Counter)


class _Tag(msgspec.Struct):
    text: str


class _Tags(msgspec.Struct):
    data: list[_Tag] = []


class _Owner(msgspec.Struct):
    id: str | int


class _Reaction(msgspec.Struct):
    key: str
    value: str = ""


class _Descriptor(msgspec.Struct):
    status: str = "UNKNOWN"
    owner: _Owner | None = None
    tags: list[str] | _Tags | None = None
    reactions: list[_Reaction] | None = None
    description: str | None = None
    type: str | None = None
    raw_indicator: str | None = None


class _Descriptors(msgspec.Struct):
    data: list[_Descriptor] = []


class _Update(msgspec.Struct):
    indicator: str
    type: str
    should_delete: bool = False
    descriptors: _Descriptors | None = None


class _Known(msgspec.Struct):
    """What has been read of one hash."""

    opinions: dict[str, Opinion] = {}
    implied: dict[str, Opinion] = {}
    tags: set[str] = set()
    notes: list[str] = []


def read_exchange(text: str, kind: str, tags: Iterable[str] = ()) -> Exchanged:
    """What a list in any of the three forms brings a bank of this kind; with `tags`, only hashes that have one of them.

    What is no PDQ hash is left out and counted. Raises BadBank with the place where the list is in none of the forms.
    """
    wanted = frozenset(tags)
    if text.lstrip()[:1] in ("{", "["):
        return _from_api(text, kind, wanted)
    if text.lstrip().startswith(_CSV[0]):
        return _from_csv(text, kind, wanted)
    return _from_lines(text, kind, wanted)


def write_exchange(bank: Bank, entries: Iterable[BankHash], form: str) -> Iterator[str]:
    """The bank in one of `FORMS`. `tx-lines` can say of a hash only that it is listed, so it takes block banks alone;
    raises BadBank for others."""
    if form == "tx-lines":
        if bank.kind != "block":
            raise BadBank("The form tx-lines cannot say that a hash is harmless. Use threatexchange or tx-csv.")
        return (f"{_SIGNAL_TYPE} {entry.pdq}\n" for entry in entries)
    return _api_page(bank, entries) if form == "threatexchange" else _csv_lines(bank, entries)


# -- reading -------------------------------------------------------------------------------------


def _from_api(text: str, kind: str, wanted: frozenset[str]) -> Exchanged:
    known: dict[str, _Known] = {}
    found = Exchanged()
    for place, record in _records(text):
        try:
            if isinstance(record, dict) and "indicator" in record:
                _take_update(msgspec.convert(record, _Update), known, found)
            else:
                _take_descriptor(msgspec.convert(record, _Descriptor), known, found)
        except msgspec.ValidationError as error:
            raise BadBank(f"{place} is no record of ThreatExchange: {error}.") from error
    for pdq, one in known.items():
        if not (one.opinions or one.implied):
            found.left_out["without an owner"] += 1
            continue
        _judge(found, pdq, _together({**one.implied, **one.opinions}.values()), one.tags, one.notes, kind, wanted)
    return found


def _records(text: str) -> Iterator[tuple[str, Any]]:
    """Each record with its place: of a page or list, of several, or of one record a line."""
    try:
        pages = [msgspec.json.decode(text)]
    except (msgspec.DecodeError, RecursionError) as whole:
        pages = []
        for number, line in enumerate(text.splitlines(), 1):
            try:
                pages += [msgspec.json.decode(line)] if line.strip() else []
            except (msgspec.DecodeError, RecursionError) as error:
                raise BadBank(f"Line {number} is no JSON ({error}), nor is the whole ({whole}).") from error
    number = 0
    for page in pages:
        inner = page.get("data") if isinstance(page, dict) and "indicator" not in page else page
        for record in inner if isinstance(inner, list) else [page]:
            number += 1
            yield f"Record {number}", record


def _take_update(update: _Update, known: dict[str, _Known], found: Exchanged) -> None:
    pdq = _pdq_of(update.type == _API_TYPE, update.indicator, found)
    if pdq is None:
        return
    if update.should_delete or update.descriptors is None:
        known.pop(pdq, None)
        found.gone.add(pdq)
        return
    found.gone.discard(pdq)
    known[pdq] = _Known()  # an update tells all that there is
    for descriptor in update.descriptors.data:
        _note(descriptor, known[pdq])


def _take_descriptor(descriptor: _Descriptor, known: dict[str, _Known], found: Exchanged) -> None:
    if descriptor.raw_indicator is None:
        raise msgspec.ValidationError("it has neither `indicator` nor `raw_indicator`")
    pdq = _pdq_of(descriptor.type == _API_TYPE, descriptor.raw_indicator, found)
    if pdq is not None:
        _note(descriptor, known.setdefault(pdq, _Known()))


def _note(descriptor: _Descriptor, known: _Known) -> None:
    """Adds a descriptor's opinion, and those of the people who reacted to it without a descriptor of their own."""
    if descriptor.owner is None:
        return
    known.opinions[str(descriptor.owner.id)] = _OF_STATUS.get(descriptor.status, Opinion.SEED)
    given = descriptor.tags.data if isinstance(descriptor.tags, _Tags) else descriptor.tags or []
    known.tags.update(tag if isinstance(tag, str) else tag.text for tag in given)
    if descriptor.description:
        known.notes.append(descriptor.description)
    for reaction in descriptor.reactions or []:
        opinion = _OF_REACTION.get(reaction.key)
        for owner in filter(None, reaction.value.split(",")) if opinion is not None else ():
            if opinion is Opinion.POSITIVE:
                known.implied[owner] = Opinion.POSITIVE
            else:
                known.implied.setdefault(owner, Opinion.NEGATIVE)


def _together(opinions: Iterable[Opinion]) -> Opinion:
    said = set(opinions)
    if len(said) > 1 and Opinion.NEGATIVE in said:
        return Opinion.DISPUTED
    return Opinion.POSITIVE if Opinion.POSITIVE in said else said.pop()


def _from_csv(text: str, kind: str, wanted: frozenset[str]) -> Exchanged:
    found = Exchanged()
    said: dict[str, tuple[list[Opinion], set[str], list[str]]] = {}
    reader = csv.DictReader(io.StringIO(text.lstrip()), strict=True)
    try:
        for row in reader:
            pdq = _pdq_of(row["signal_type"] == _SIGNAL_TYPE, row["signal_str"] or "", found)
            if pdq is None:
                continue
            opinions, tags, notes = said.setdefault(pdq, ([], set(), []))
            opinions.append(Opinion(row["category"]))
            tags.update((row["tags"] or "").split())
            notes.append(row["collab"] or "")
    except (csv.Error, KeyError, ValueError) as error:
        raise BadBank(f"Line {reader.line_num} is no line of a ThreatExchange data set: {error}.") from error
    for pdq, (opinions, tags, notes) in said.items():
        disputed = Opinion.DISPUTED in opinions
        _judge(found, pdq, Opinion.DISPUTED if disputed else _together(opinions), tags, notes, kind, wanted)
    return found


def _from_lines(text: str, kind: str, wanted: frozenset[str]) -> Exchanged:
    """A file of signals without opinions: somebody keeps it to match by, so all of it is meant."""
    found = Exchanged()
    for number, line in enumerate(text.splitlines(), 1):
        signal_type, _, signal = line.strip().partition(" ")
        if signal_type and not signal:
            raise BadBank(f"Line {number}: {line[:80]!r} is not a signal type, a space and a hash.")
        pdq = _pdq_of(signal_type == _SIGNAL_TYPE, signal, found) if signal else None
        if pdq is not None:
            _judge(found, pdq, _OF_KIND[kind], set(), [], kind, wanted)
    return found


def _pdq_of(is_pdq: bool, text: str, found: Exchanged) -> str | None:
    """The hash in small letters; None, and counted, for what is none."""
    pdq = text.strip().lower()
    if not is_pdq:
        found.left_out["of another type"] += 1
    elif not _PDQ.fullmatch(pdq):
        found.left_out["no PDQ hash"] += 1
    else:
        return pdq
    return None


def _judge(
    found: Exchanged, pdq: str, opinion: Opinion, tags: set[str], notes: list[str], kind: str, wanted: frozenset[str]
) -> None:
    """Puts the hash where it belongs: among the entries, or among what is left out of a bank of this kind."""
    if wanted and not wanted & tags:
        found.left_out["without the tag"] += 1
    elif opinion is not _OF_KIND[kind]:
        found.left_out[_WHY[opinion]] += 1
        found.gone.add(pdq)  # it may have been listed when people thought otherwise
    else:
        note = "; ".join(dict.fromkeys(filter(None, [*notes, " ".join(sorted(tags))])))
        found.entries[pdq] = note[:_LONGEST_NOTE] or None


_WHY = {
    Opinion.POSITIVE: "called malicious",
    Opinion.NEGATIVE: "called harmless",
    Opinion.SEED: "only a lead",
    Opinion.DISPUTED: "disputed",
}


# -- writing -------------------------------------------------------------------------------------


def _tags(bank: Bank) -> list[str]:
    return [] if bank.reason is None else [bank.reason]


def _api_page(bank: Bank, entries: Iterable[BankHash]) -> Iterator[str]:
    """One page of `/threat_updates`, a record a line."""
    yield '{"data":['
    for number, entry in enumerate(entries, 1):
        added = entry.added_at.astimezone(UTC)
        descriptor = {
            "id": str(number),
            "owner": {"id": _NOBODY},
            "status": _STATUS_OF_KIND[bank.kind],
            "added_on": f"{added:%Y-%m-%dT%H:%M:%S%z}",
            "tags": {"data": [{"text": tag} for tag in _tags(bank)]},
            **({} if entry.note is None else {"description": entry.note}),
        }
        record = {
            "id": str(number),
            "indicator": entry.pdq,
            "type": _API_TYPE,
            "last_updated": int(added.timestamp()),
            "should_delete": False,
            "descriptors": {"data": [descriptor]},
        }
        yield ("\n" if number == 1 else ",\n") + msgspec.json.encode(record).decode()
    yield "\n]}\n"


def _csv_lines(bank: Bank, entries: Iterable[BankHash]) -> Iterator[str]:
    yield ",".join(_CSV) + "\r\n"
    line = io.StringIO()
    writer = csv.writer(line)
    for entry in entries:
        writer.writerow([_SIGNAL_TYPE, entry.pdq, bank.name, _OF_KIND[bank.kind], " ".join(_tags(bank))])
        yield line.getvalue()
        line.seek(0)
        line.truncate()
