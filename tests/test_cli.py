"""The command line teaches, says what it did, and never shows a traceback."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

TAWATUR = Path(sys.executable).with_name("tawatur")


def tawatur(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TAWATUR_")}
    return subprocess.run(
        [TAWATUR, *arguments],
        env={**kept, "COLUMNS": "200", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
        check=False,
    )


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    environment = {"TAWATUR_DATA_DIR": str(tmp_path / "data")}
    assert tawatur("init", **environment).returncode == 0
    return environment


def fails(found: subprocess.CompletedProcess[str], *words: str) -> None:
    assert found.returncode != 0
    said = found.stdout + found.stderr
    assert "Traceback" not in said
    for word in words:
        assert word in said


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["serve"],
        ["init"],
        ["migrate"],
        ["site", "create"],
        ["export", "events"],
        ["demo"],
        ["hash"],
        ["bank", "import"],
    ],
)
def test_every_command_explains_itself(command: list[str]) -> None:
    found = tawatur(*command, "--help")
    assert found.returncode == 0
    assert "Usage" in found.stdout


def test_a_site_is_made_and_its_keys_are_told_once(home: dict[str, str]) -> None:
    made = json.loads(tawatur("site", "create", "example.org", "--json", **home).stdout)
    assert set(made) == {"site", "api_key", "public_key"}
    fails(tawatur("site", "create", "example.org", **home), "example.org", "another name")


def test_the_log_is_exported_as_json_lines(home: dict[str, str], tmp_path: Path) -> None:
    for name in ("one", "two"):
        tawatur("site", "create", name, **home)
    every = [json.loads(line) for line in tawatur("export", "events", **home).stdout.splitlines()]
    assert [(one["type"], one["name"], one["position"]) for one in every] == [
        ("site.created", "one", 1),
        ("site.created", "two", 2),
    ]
    assert json.loads(tawatur("export", "events", "--site", "two", **home).stdout)["name"] == "two"
    assert json.loads(tawatur("export", "events", "--after", "1", **home).stdout)["name"] == "two"
    out = tmp_path / "events.jsonl"
    assert tawatur("export", "events", "-o", str(out), **home).returncode == 0
    assert len(out.read_text().splitlines()) == 2
    fails(tawatur("export", "events", "--site", "nobody", **home), "nobody", "one, two")


def test_hashes_are_printed_and_what_is_no_picture_is_told(tmp_path: Path) -> None:
    photographs = Path(__file__).parents[1] / "src/tawatur/demo/photographs"
    (tmp_path / "no.jpg").write_text("no")
    found = tawatur("hash", str(photographs / "moose.jpg"), str(tmp_path / "no.jpg"), "--json")
    assert found.returncode == 1
    assert len(json.loads(found.stdout)["pdq"]) == 64
    assert "no.jpg" in found.stderr


def test_a_bank_goes_in_and_comes_out(home: dict[str, str], tmp_path: Path) -> None:
    listed = tmp_path / "list.csv"
    listed.write_text("pdq,note\n" + "ab" * 32 + ",known\n")
    assert tawatur("bank", "import", str(listed), "--name", "k", "--kind", "block", **home).returncode == 0
    assert tawatur("bank", "export", "k", **home).stdout == listed.read_text()
    (bank,) = [json.loads(line) for line in tawatur("bank", "list", "--json", **home).stdout.splitlines()]
    assert (bank["name"], bank["hashes"]) == ("k", 1)
    listed.write_text("nonsense\n")
    fails(tawatur("bank", "import", str(listed), "--name", "k", "--kind", "block", **home), "Line 1")


def test_a_database_that_is_not_there_yet_is_told(tmp_path: Path) -> None:
    fails(tawatur("site", "create", "x", TAWATUR_DATA_DIR=str(tmp_path)), "tawatur init")


@pytest.mark.parametrize(
    ("url", "told"),
    [("mysql://x/y", "sqlite and postgresql"), ("nonsense", "nonsense"), ("sqlite://", "durable")],
)
def test_a_wrong_database_address_is_told(tmp_path: Path, url: str, told: str) -> None:
    fails(tawatur("init", TAWATUR_DATA_DIR=str(tmp_path), TAWATUR_DATABASE_URL=url), told)


def test_a_database_that_does_not_answer_is_told(tmp_path: Path) -> None:
    url = "postgresql://nobody@127.0.0.1:1/nothing"
    fails(tawatur("init", TAWATUR_DATA_DIR=str(tmp_path), TAWATUR_DATABASE_URL=url), "TAWATUR_DATABASE_URL")


def test_a_wrong_setting_is_told_by_its_name(tmp_path: Path) -> None:
    fails(tawatur("init", TAWATUR_DATA_DIR=str(tmp_path), TAWATUR_PORT="many"), "TAWATUR_PORT")


def test_a_port_that_is_taken_is_told(home: dict[str, str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        fails(tawatur("serve", "--port", str(taken.getsockname()[1]), **home), "--port")
