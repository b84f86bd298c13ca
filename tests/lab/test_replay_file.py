"""`tawatur replay`: files of history, good and bad."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tawatur.cli import app
from tawatur.lab.replay_file import BadHistory, Outcome, replay_lines

AT = "2026-01-01T00:{:02}:00Z"


def history() -> list[dict[str, Any]]:
    image = {"image": "i1"}
    lines: list[dict[str, Any]] = [{"type": "image.registered", "at": AT.format(0), **image, "mood": "sunny"}]
    lines += [
        {"type": "report.received", "at": AT.format(n), **image, "reporter": f"r{n}", "reason": "violence"}
        for n in range(1, 11)
    ]
    lines.append({"type": "image.blocked", "at": AT.format(11), **image, "images": ["i1"], "provisional": True})
    lines.append({"type": "image.reviewed", "at": AT.format(12), **image, "outcome": "rejected"})
    return lines


def written(lines: list[dict[str, Any]]) -> list[bytes]:
    return [json.dumps(line).encode() + b"\n" for line in lines]


def run(lines: list[bytes], *, lenient: bool = False) -> tuple[Outcome, list[dict[str, Any]]]:
    out: list[bytes] = []
    outcome = replay_lines(iter(lines), None, out.append, lenient=lenient)
    return outcome, [json.loads(line) for line in out]


def test_what_comes_out_is_the_history_with_what_the_engine_made_of_it() -> None:
    outcome, out = run(written(history()))
    assert out[0]["mood"] == "sunny"
    kinds = [line["type"] for line in out]
    assert kinds.count("report.received") == 10
    assert [kind for kind in kinds if kind in ("image.queued", "image.blurred", "image.blocked", "image.restored")] == [
        "image.queued",
        "image.blurred",
        "image.blocked",
        "image.restored",
    ]
    assert (len(outcome.images), len(outcome.ever["image.blocked"]), outcome.agreement) == (1, 1, 0.0)
    assert run([json.dumps(line).encode() for line in out])[1] == out, "what comes out is a history again"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{", "truncated"),
        (b"[1]", "Expected `object`"),
        (b'{"type": "image.eaten", "at": "2026-01-01T00:00:00Z"}', "no type 'image.eaten'"),
        (b'{"type": "image.viewed", "image": "i1"}', "required field `at`"),
        (b'{"type": "image.viewed", "at": "2025-01-01T00:00:00Z", "image": "i1"}', "in order"),
        (b'\xff\xfe{"type": "image.viewed"}', ""),
    ],
)
def test_a_bad_line_is_an_error_that_names_it_and_skipped_when_lenient(line: bytes, reason: str) -> None:
    lines = written(history())
    lines.insert(5, line + b"\n")
    with pytest.raises(BadHistory, match=r"line 6: ") as error:
        run(lines)
    assert reason in str(error.value)
    outcome, out = run(lines, lenient=True)
    assert [number for number, _ in outcome.problems] == [6]
    assert reason in outcome.problems[0][1]
    assert out == run(written(history()))[1]


def test_empty_lines_and_a_byte_order_mark_do_no_harm() -> None:
    lines = [b"\xef\xbb\xbf" + written(history())[0], b"\n", *written(history())[1:]]
    assert run(lines)[1] == run(written(history()))[1]


def test_the_command_prints_a_table_and_writes_the_file(tmp_path: Path) -> None:
    events, out = tmp_path / "events.jsonl", tmp_path / "out.jsonl"
    events.write_bytes(b"".join(written(history())))
    result = CliRunner().invoke(app, ["replay", str(events), "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert "images blocked by reports" in result.output
    assert "image.blocked" in out.read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["events.jsonl", "out.jsonl"]


def test_a_failed_replay_leaves_the_old_file_as_it_was(tmp_path: Path) -> None:
    events, out = tmp_path / "events.jsonl", tmp_path / "out.jsonl"
    events.write_bytes(b"".join(written(history())) + b"nonsense\n")
    out.write_text("old")
    result = CliRunner().invoke(app, ["replay", str(events), "--out", str(out)])
    assert result.exit_code != 0
    assert out.read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["events.jsonl", "out.jsonl"]


def test_the_command_reads_standard_input_and_a_policy(tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text("floor_block = 50.0\n")
    lines = b"".join(written(history()))
    result = CliRunner().invoke(app, ["replay", "-", "--policy", str(policy)], input=lines)
    assert result.exit_code == 0, result.output
    blocked = next(line for line in result.output.splitlines() if "images blocked by reports" in line)
    assert "0" in blocked.split("│")[2]


def test_a_wrong_policy_is_named_with_its_line(tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text("\nfloor_block = true\n")
    result = CliRunner().invoke(app, ["replay", "-", "--policy", str(policy)], input=b"")
    assert result.exit_code != 0
    assert "policy.toml: line 2: floor_block" in str(result.exception)
