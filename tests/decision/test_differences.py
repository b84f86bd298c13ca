"""Which numbers of two policies differ."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from tawatur.cli import app
from tawatur.decision.policy import DEFAULT_POLICY, differences, parse_policy

CHANGED = """version = "strict"
floor_block = 4.0
lapse = true
[reasons.spam]
harm = 3.0
"""


def test_each_number_that_differs_is_named_with_both_values() -> None:
    assert differences(DEFAULT_POLICY, parse_policy(CHANGED)) == [
        ("version", '"default-1"', '"strict"'),
        ("floor_block", "3.0", "4.0"),
        ("lapse", "false", "true"),
        ("reasons.spam.harm", "1.0", "3.0"),
    ]
    assert differences(DEFAULT_POLICY, DEFAULT_POLICY) == []


def test_the_commands_check_show_and_compare(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_text(CHANGED)
    bad.write_text("floor_block = 4.0\n\nfloor_blurr = 2.0\n")
    run = CliRunner().invoke
    assert "strict" in run(app, ["policy", "check", str(good)]).output
    wrong = run(app, ["policy", "check", str(bad)])
    assert wrong.exit_code != 0
    assert "bad.toml: line 3: floor_blurr is not known here; did you mean floor_blur?" in str(wrong.exception)
    assert parse_policy(run(app, ["policy", "show", str(good)]).output) == parse_policy(CHANGED)
    assert parse_policy(run(app, ["policy", "show"]).output) == DEFAULT_POLICY
    assert "floor_block: 3.0 -> 4.0" in run(app, ["policy", "diff", str(good)]).output
    assert "No number differs." in run(app, ["policy", "diff", str(good), str(good)]).output
