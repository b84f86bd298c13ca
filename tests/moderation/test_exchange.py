"""ThreatExchange's forms: what is written there is read here and the other way round, and means the same."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tawatur.moderation.exchange import FORMS, Exchanged, read_exchange, write_exchange
from tawatur.moderation.refusals import BadBank
from tawatur.store.banks import Bank, BankHash
from tests.moderation.world import START

A, B, C = ("a" * 64, "b" * 64, "c" * 64)


def bank(kind: str = "block", reason: str | None = "terrorism") -> Bank:
    return Bank("b", "", "agency", kind, None, reason, 31, None, START)


def rows(*pdqs: str) -> list[BankHash]:
    return [BankHash("b", pdq, f"note {place}", START) for place, pdq in enumerate(pdqs)]


def descriptor(status: str = "MALICIOUS", owner: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "id": str(owner),
        "owner": {"id": str(owner)},
        "status": status,
        "added_on": "2026-01-01T00:00:00+0000",
        **more,
    }


def update(pdq: str, *descriptors: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "id": "7",
        "indicator": pdq,
        "type": "HASH_PDQ",
        "last_updated": 1,
        "should_delete": False,
        "descriptors": {"data": list(descriptors)},
        **more,
    }


def page(*updates: dict[str, Any]) -> str:
    return json.dumps({"data": list(updates), "paging": {"next": "…"}})


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", ["block", "allow"])
def test_what_is_written_is_read_back_into_a_bank_of_the_same_kind_alone(form: str, kind: str) -> None:
    if (form, kind) == ("tx-lines", "allow"):
        with pytest.raises(BadBank, match="cannot say that a hash is harmless"):
            write_exchange(bank(kind), rows(A), form)
        return
    text = "".join(write_exchange(bank(kind), rows(A, B), form))
    found = read_exchange(text, kind)
    assert list(found.entries) == [A, B]
    assert not found.left_out
    if form == "threatexchange":
        assert found.entries[A] == "note 0; terrorism"
    if form != "tx-lines":
        other = read_exchange(text, "allow" if kind == "block" else "block")
        assert (other.entries, other.gone) == ({}, {A, B})


@pytest.mark.parametrize("form", FORMS)
def test_an_empty_bank_is_an_empty_list(form: str) -> None:
    assert read_exchange("".join(write_exchange(bank(), [], form)), "block") == Exchanged()


def test_opinions_decide_where_a_hash_belongs() -> None:
    lists = page(
        update(A, descriptor("MALICIOUS", 1), descriptor("UNKNOWN", 2)),
        update(B, descriptor("NON_MALICIOUS", 1)),
        update(C, descriptor("MALICIOUS", 1), descriptor("NON_MALICIOUS", 2)),
        update("d" * 64, descriptor("SUSPICIOUS", 1)),
    )
    block, allow = read_exchange(lists, "block"), read_exchange(lists, "allow")
    assert (list(block.entries), block.left_out) == ([A], {"called harmless": 1, "disputed": 1, "only a lead": 1})
    assert (list(allow.entries), allow.left_out) == ([B], {"called malicious": 1, "disputed": 1, "only a lead": 1})
    assert block.gone == {B, C, "d" * 64}


def test_what_is_taken_back_is_gone() -> None:
    lists = page(update(A, descriptor()), update(A, should_delete=True), update(B, should_delete=True), update(C))
    del (gone := update("d" * 64))["descriptors"]
    found = read_exchange(lists, "block")
    assert (found.entries, found.gone) == ({}, {A, B})
    assert found.left_out == {"without an owner": 1}
    assert read_exchange(json.dumps([gone]), "block").gone == {"d" * 64}
    again = read_exchange(page(update(A, should_delete=True), update(A, descriptor())), "block")
    assert (list(again.entries), again.gone) == ([A], set())


def test_descriptors_of_one_hash_are_one() -> None:
    said = [
        {**descriptor(owner=1, tags=["war"]), "raw_indicator": A.upper(), "type": "HASH_PDQ"},
        {**descriptor(owner=2), "raw_indicator": A, "type": "HASH_PDQ", "description": "seen in May"},
        {**descriptor(owner=1), "raw_indicator": "f" * 32, "type": "HASH_MD5"},
        {**descriptor(owner=1), "raw_indicator": "0" * 32, "type": "HASH_PDQ"},
    ]
    for text in (json.dumps({"data": said}), json.dumps(said, indent=1), "\n".join(map(json.dumps, said))):
        found = read_exchange(text, "block")
        assert found.entries == {A: "seen in May; war"}
        assert found.left_out == {"of another type": 1, "no PDQ hash": 1}


def test_only_hashes_with_a_wanted_tag_are_taken() -> None:
    lists = page(
        update(A, descriptor(tags={"data": [{"id": "5", "text": "war"}]})), update(B, descriptor(tags=["x"])), update(C)
    )
    found = read_exchange(lists, "block", ["war", "y"])
    assert (list(found.entries), found.left_out["without the tag"], found.gone) == ([A], 1, set())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"data": [{"indicator": 5}]}', "Record 1"),
        ('{"data": [1]}', "Record 1"),
        ('[{"status": "MALICIOUS"}]', "raw_indicator"),
        ('{"indicator"\n{}', "Line 1"),
        ("[" * 5000, "Line 1"),
        (f"pdq {A}\npdq\n", "Line 2"),
        ("signal_type,signal_str,collab,category,tags\npdq," + A + ",x,GOOD,\n", "Line 2"),
        ("signal_type,signal_str\npdq," + A + "\n", "Line 2"),
        ('signal_type,signal_str,collab,category,tags\npdq,"' + A, "unexpected end"),
    ],
)
def test_what_is_in_no_form_is_told_with_its_place(text: str, told: str) -> None:
    with pytest.raises(BadBank, match=told):
        read_exchange(text, "block")


# -- against the library ---------------------------------------------------------------------------

_statuses = st.sampled_from(["MALICIOUS", "NON_MALICIOUS", "SUSPICIOUS", "UNKNOWN"])
_reactions = st.fixed_dictionaries(
    {
        "key": st.sampled_from(["HELPFUL", "DISAGREE_WITH_TAGS", "SAW_THIS_TOO"]),
        "value": st.lists(st.integers(1, 4), min_size=1, max_size=3).map(lambda ids: ",".join(map(str, ids))),
    }
)
_descriptors = st.lists(
    st.builds(
        descriptor,
        _statuses,
        st.integers(1, 4),
        tags=st.lists(st.sampled_from(["war", "spam"]), max_size=2),
        reactions=st.lists(_reactions, max_size=3),
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=200)
@given(_descriptors)
def test_opinions_mean_what_they_mean_to_the_library(descriptors: list[dict[str, Any]]) -> None:
    pytest.importorskip("threatexchange", reason="threatexchange is not installed")
    from threatexchange.exchanges.clients.fb_threatexchange.threat_updates import ThreatUpdateJSON
    from threatexchange.exchanges.impl.fb_threatexchange_api import FBThreatExchangeIndicatorRecord

    theirs = FBThreatExchangeIndicatorRecord.from_threatexchange_json(9, ThreatUpdateJSON(update(A, *descriptors)))
    assert theirs is not None
    together = theirs.get_as_aggregate_opinion().category.name
    text = page(update(A, *descriptors))
    ours = {kind: A in read_exchange(text, kind).entries for kind in ("block", "allow")}
    assert ours == {"block": together == "POSITIVE_CLASS", "allow": together == "NEGATIVE_CLASS"}


@pytest.mark.parametrize("kind", ["block", "allow"])
def test_the_library_reads_our_page_of_updates(kind: str) -> None:
    pytest.importorskip("threatexchange", reason="threatexchange is not installed")
    from threatexchange.exchanges.clients.fb_threatexchange.descriptor import SimpleDescriptorRollup
    from threatexchange.exchanges.clients.fb_threatexchange.threat_updates import ThreatUpdateJSON
    from threatexchange.exchanges.impl.fb_threatexchange_api import (
        FBThreatExchangeIndicatorRecord,
        FBThreatExchangeSignalExchangeAPI,
    )
    from threatexchange.signal_type.pdq.signal import PdqSignal

    written = json.loads("".join(write_exchange(bank(kind), rows(A, B), "threatexchange")))
    records = {}
    for line in written["data"]:
        one = ThreatUpdateJSON(line)
        records[one.threat_type, one.indicator] = FBThreatExchangeIndicatorRecord.from_threatexchange_json(1, one)
    signals = FBThreatExchangeSignalExchangeAPI.naive_convert_to_signal_type([PdqSignal], None, records)[PdqSignal]
    assert list(signals) == [A, B]
    wanted = {"block": "POSITIVE_CLASS terrorism", "allow": "NEGATIVE_CLASS terrorism"}[kind]
    assert {str(record) for record in signals.values()} == {wanted}
    assert [PdqSignal.validate_signal_str(signal) for signal in signals] == [A, B]
    rollup = SimpleDescriptorRollup.from_threat_updates_json(1, written["data"][0])
    assert rollup is not None
    assert rollup.labels >= {"terrorism"}


def test_the_library_reads_our_file_of_signals_and_we_its(tmp_path: Path) -> None:
    pytest.importorskip("threatexchange", reason="threatexchange is not installed")
    from threatexchange.exchanges.fetch_state import SignalOpinion, SignalOpinionCategory
    from threatexchange.exchanges.impl.file_api import FileCollaborationConfig, LocalFileSignalExchangeAPI
    from threatexchange.signal_type.md5 import VideoMD5Signal
    from threatexchange.signal_type.pdq.signal import PdqSignal

    path = tmp_path / "signals"
    path.write_text("".join(write_exchange(bank(), rows(A, B), "tx-lines")))
    config = FileCollaborationConfig(name="tawatur", enabled=True, filename=str(path))
    (delta,) = LocalFileSignalExchangeAPI.for_collab(config).fetch_iter([PdqSignal], None)
    assert list(delta.updates) == [("pdq", A), ("pdq", B)]

    api = LocalFileSignalExchangeAPI.for_collab(config)
    path.write_text(f"pdq {A}\n{VideoMD5Signal.get_name()} {'f' * 32}\n\npdq {B}")
    with contextlib.suppress(ValueError):  # some of its releases open the file in a mode that does not exist
        api.report_opinion(PdqSignal, C, SignalOpinion(True, SignalOpinionCategory.POSITIVE_CLASS, set()))
    found = read_exchange(path.read_text(), "block")
    assert list(found.entries)[:2] == [A, B]
    assert found.left_out == {"of another type": 1}


def test_we_read_the_data_set_that_the_library_prints(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("threatexchange", reason="threatexchange is not installed")
    from threatexchange.cli.dataset_cmd import DatasetCommand
    from threatexchange.exchanges.fetch_state import SignalOpinionCategory as Category
    from threatexchange.exchanges.impl.fb_threatexchange_api import FBThreatExchangeIndicatorRecord as Record
    from threatexchange.exchanges.impl.fb_threatexchange_api import FBThreatExchangeOpinion
    from threatexchange.signal_type.md5 import VideoMD5Signal
    from threatexchange.signal_type.pdq.signal import PdqSignal

    def said(*categories: Category, tags: set[str] = frozenset()) -> Record:  # type: ignore[assignment]
        return Record([FBThreatExchangeOpinion(False, one, set(tags), n, n) for n, one in enumerate(categories)])

    listed = {
        A: [("one, two", said(Category.POSITIVE_CLASS, tags={"war"}))],
        B: [("one", said(Category.POSITIVE_CLASS)), ("three", said(Category.NEGATIVE_CLASS))],
        C: [("one", said(Category.NEGATIVE_CLASS))],
        "d" * 64: [("one", said(Category.NEGATIVE_CLASS, Category.POSITIVE_CLASS))],
    }
    video = {"f" * 32: [("one", said(Category.POSITIVE_CLASS))]}
    monkeypatch.setattr(DatasetCommand, "get_signals", lambda *_: {PdqSignal: listed, VideoMD5Signal: video})
    monkeypatch.setattr(DatasetCommand, "get_signal_types", lambda *_: set())
    printed = io.StringIO(newline="")
    with contextlib.redirect_stdout(printed):
        DatasetCommand(print_signals=True, csv=True).execute_print_signals(None)
    block, allow = (read_exchange(printed.getvalue(), kind) for kind in ("block", "allow"))
    assert block.entries == {A: "one, two; war"}
    assert list(allow.entries) == [C]
    assert block.left_out == {"of another type": 1, "disputed": 2, "called harmless": 1}
    header = printed.getvalue().splitlines()[0]
    assert "".join(write_exchange(bank(), [], "tx-csv")).splitlines() == [header]
