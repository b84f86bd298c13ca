"""The measures, the tables, and the command."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from tawatur.cli import app
from tawatur.lab.loop import Plan, Trace
from tawatur.lab.measures import calibration_error, interval, measure, success
from tawatur.lab.rules import ScoreRule
from tawatur.lab.scoreboard import as_data, score
from tawatur.lab.world import TOWN, VIOLATING, make_world, shaped

SMALL = shaped(TOWN, readers=400, images=120, days=30)


def test_measures_of_a_hand_made_trace() -> None:
    world = make_world(SMALL, 0)
    count = len(world.images.names)
    bad = world.images.kind == VIOLATING
    trace = Trace(
        blocked_at=np.where(bad, world.images.posted + 7200.0, np.nan),
        blurred_at=np.full(count, np.nan),
        potential=np.full(count, 10.0),
        prevented=np.where(bad, 4.0, 0.0),
        reviewed=np.zeros(count, bool),
        chance=np.where(bad, 0.75, np.nan),
        looks=60,
    )
    found = measure(world, trace)
    assert (found.prevented, found.recall, found.withheld) == pytest.approx((0.4, 1.0, 1.0))
    assert (found.wrong_blocks, found.wrong_blurs) == (0.0, 0.0)
    assert (found.hours_to_block, found.looks_a_day) == pytest.approx((2.0, 2.0))
    assert (found.brier, found.ece) == pytest.approx((0.0625, 0.25))
    measured = tuple(int(image) for image in np.flatnonzero(bad))
    assert success(Plan("", measured), trace, trace) == 1.0
    untouched = Trace(**{**vars(trace), "prevented": np.where(bad, 9.0, 0.0)})
    assert success(Plan("", measured, wants_blocks=False), trace, untouched) == pytest.approx(0.5)


def test_a_forecast_that_comes_true_as_often_as_it_says_has_no_calibration_error() -> None:
    assert calibration_error(np.asarray([0.25] * 4), np.asarray([1.0, 0, 0, 0])) == pytest.approx(0.0)
    assert calibration_error(np.asarray([0.95, 0.05]), np.asarray([0.0, 1.0])) == pytest.approx(0.95)


def test_an_interval_holds_the_mean_and_leaves_out_what_is_not_known() -> None:
    mean, low, high = interval([0.1, 0.2, 0.3, float("nan")])
    assert mean == pytest.approx(0.2)
    assert low < mean < high


def test_one_seed_gives_one_scoreboard() -> None:
    rules = {"3 reports": lambda: ScoreRule(3)}
    found = [as_data([*score(SMALL, ["naive"], 5, 1, rules)][-1][1], SMALL, 5, 1) for _ in range(2)]
    assert found[0] == found[1]
    assert found[0]["rules"][0]["attacks"]["naive"][0] == 1.0


def test_the_command_prints_json_and_tables() -> None:
    asked = ["simulate", "--attack", "naive", "--seeds", "1", "--days", "20", "--rule", "Tawatur", "--attackers", "5"]
    told = CliRunner().invoke(app, [*asked, "--json"])
    assert told.exit_code == 0
    data = json.loads(told.stdout[told.stdout.index("{") :])
    assert data["rules"][0]["rule"] == "Tawatur"
    assert set(data["rules"][0]["attacks"]) == {"naive"}
    assert "naive" in CliRunner().invoke(app, asked).output


@pytest.mark.parametrize("option", [["--attack", "nope"], ["--rule", "nope"], ["--community", "nope"]])
def test_a_wrong_word_is_told_with_the_right_ones(option: list[str]) -> None:
    told = CliRunner().invoke(app, ["simulate", *option])
    assert told.exit_code != 0
    assert "nope is not" in str(told.exception)


def test_plots_are_drawn_where_matplotlib_is(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="plots are an optional extra")
    from tawatur.lab.plots import draw

    lines = [*score(SMALL, [], 5, 1, {"3 reports": lambda: ScoreRule(3)})][-1][1]
    assert all(file.stat().st_size > 10_000 for file in draw(tmp_path, SMALL, lines))
