"""The command line teaches, says what it did, and never shows a traceback."""

import io
import json
import os
import socket
import sqlite3
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch

import msgspec
import pytest

from tawatur import cli
from tawatur.log.events import ImageViewed, ReportReceived
from tawatur.log.events import row as event_row
from tawatur.store import deliveries, events
from tawatur.store.database import Database
from tawatur.store.database_book import DatabaseBook
from tawatur.store.deliveries import Delivery
from tawatur.store.ids import new_id
from tawatur.store.reporters import Reporter

TAWATUR = Path(sys.executable).with_name("tawatur")


def tawatur(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs the command line within this process: whatever it does not catch fails the test."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    with (
        patch.object(sys, "argv", ["tawatur", *arguments]),
        patch.dict(os.environ, environment),
        patch.object(cli.out, "_width", 200),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            cli.main()
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
    said = []
    for stream in (out, err):
        stream.flush()
        said.append(stream.buffer.getvalue().decode())  # type: ignore[attr-defined]
    return subprocess.CompletedProcess(arguments, code, *said)


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


def test_the_installed_command_runs_and_ends_without_a_traceback(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TAWATUR_")}
    environment["TAWATUR_DATA_DIR"] = str(tmp_path)
    found = subprocess.run(
        [TAWATUR, "export", "events"], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert (found.returncode, found.stdout) == (1, "")
    fails(found, "tawatur init")


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


def test_a_list_of_threatexchange_goes_in_and_comes_out(home: dict[str, str], tmp_path: Path) -> None:
    listed = tmp_path / "updates.json"
    said = [("ab", "MALICIOUS", "war"), ("cd", "NON_MALICIOUS", "war"), ("ef", "MALICIOUS", "spam")]
    records = [
        {
            "indicator": pair * 32,
            "type": "HASH_PDQ",
            "should_delete": False,
            "descriptors": {"data": [{"id": "1", "owner": {"id": "1"}, "status": status, "tags": [tag]}]},
        }
        for pair, status, tag in said
    ]
    listed.write_text(json.dumps({"data": records}))
    read = ("--format", "threatexchange", "--tag", "war")
    for kind in ("block", "allow"):
        given = ("--name", kind, "--kind", kind, "--until", "2099-01-01", "--distance", "20", "--source", "agency")
        found = tawatur("bank", "import", str(listed), *given, *read, **home)
        assert "1 new hashes" in found.stdout
        assert "1 left out: without the tag" in found.stdout
    assert "ab" * 32 in tawatur("bank", "export", "block", "--format", "tx-lines", **home).stdout
    page = json.loads(tawatur("bank", "export", "allow", "--format", "threatexchange", **home).stdout)
    assert [one["indicator"] for one in page["data"]] == ["cd" * 32]
    banks = [json.loads(line) for line in tawatur("bank", "list", "--json", **home).stdout.splitlines()]
    assert {(one["kind"], one["distance"], one["source"], one["enabled_until"][:4]) for one in banks} == {
        ("block", 20, "agency", "2099"),
        ("allow", 20, "agency", "2099"),
    }
    records[0]["should_delete"] = True
    listed.write_text(json.dumps(records))
    given = ("--name", "block", "--kind", "block", *read)
    assert "1 hashes were taken out" in tawatur("bank", "import", str(listed), *given, **home).stdout
    fails(tawatur("bank", "export", "allow", "--format", "tx-lines", **home), "harmless")
    fails(tawatur("bank", "export", "allow", "--format", "xml", **home), "xml", "tx-csv")
    fails(tawatur("bank", "import", str(listed), "--name", "b", "--kind", "block", "--format", "csv", **home), "csv")


def test_a_database_that_is_not_there_yet_is_told(tmp_path: Path) -> None:
    fails(tawatur("site", "create", "x", TAWATUR_DATA_DIR=str(tmp_path)), "tawatur init")


@pytest.mark.parametrize(
    ("url", "told"),
    [("mysql://x/y", "'mysql' is not supported"), ("nonsense", "no address"), ("sqlite://", "durable")],
)
def test_a_wrong_database_address_is_told(tmp_path: Path, url: str, told: str) -> None:
    fails(tawatur("init", TAWATUR_DATA_DIR=str(tmp_path), TAWATUR_DATABASE_URL=url), told)


def test_a_database_that_does_not_answer_is_told(tmp_path: Path) -> None:
    url = "postgresql://nobody@127.0.0.1:1/nothing"
    fails(tawatur("init", TAWATUR_DATA_DIR=str(tmp_path), TAWATUR_DATABASE_URL=url), "TAWATUR_DATABASE_URL")


def test_a_wrong_setting_is_told_by_its_name(tmp_path: Path) -> None:
    fails(tawatur("init", TAWATUR_DATA_DIR=str(tmp_path), TAWATUR_PORT="many"), "TAWATUR_PORT")


def test_a_setting_with_square_brackets_is_told_as_it_is(tmp_path: Path) -> None:
    """Not taken for markup."""
    (tmp_path / "[red]").write_text("a file, not a folder")
    fails(tawatur("init", TAWATUR_DATA_DIR=str(tmp_path / "[red]" / "data")), "[red]")


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "tawatur.db").write_bytes(b"something else entirely" * 100)
    for command in (["init"], ["site", "create", "x"], ["export", "events"]):
        fails(tawatur(*command, TAWATUR_DATA_DIR=str(tmp_path)), "not a database")


def test_a_database_of_a_newer_release_is_told(home: dict[str, str]) -> None:
    with sqlite3.connect(Path(home["TAWATUR_DATA_DIR"]) / "tawatur.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    for command in (["init"], ["migrate"], ["site", "create", "x"]):
        fails(tawatur(*command, **home), "9999", "newer release")


@pytest.mark.parametrize("after", ["-1", "99999999999999999999", "soon"])
def test_a_position_that_cannot_be_is_told(home: dict[str, str], after: str) -> None:
    fails(tawatur("export", "events", "--after", after, **home), "--after")


def test_a_file_that_cannot_be_written_is_told(home: dict[str, str], tmp_path: Path) -> None:
    fails(tawatur("export", "events", "-o", str(tmp_path / "no" / "such" / "folder"), **home), "No such file")


def test_a_reader_of_the_export_may_stop_early(home: dict[str, str]) -> None:
    database = Database(f"sqlite:///{home['TAWATUR_DATA_DIR']}/tawatur.db")
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    with database.write() as connection:
        made = [event_row(f"{n:05}", "s", f"image {n}", moment, ImageViewed(count=1)) for n in range(5000)]
        events.insert(connection, [msgspec.structs.replace(one, position=n) for n, one in enumerate(made, 1)])
    database.close()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TAWATUR_")}
    with subprocess.Popen(
        [TAWATUR, "export", "events"], env=kept | home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as export:
        assert export.stdout is not None
        assert export.stderr is not None
        assert json.loads(export.stdout.readline())["position"] == 1
        export.stdout.close()
        assert export.stderr.read() == ""


def test_a_port_that_is_taken_is_told(home: dict[str, str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        fails(tawatur("serve", "--port", str(taken.getsockname()[1]), **home), "--port")


def test_a_copy_detection_model_that_is_none_is_told(home: dict[str, str], tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    model = tmp_path / "model.onnx"
    model.write_text("nothing")
    fails(tawatur("serve", TAWATUR_COPY_MODEL=str(model), **home), "TAWATUR_COPY_MODEL_THRESHOLD")
    set_ = {"TAWATUR_COPY_MODEL": str(model), "TAWATUR_COPY_MODEL_THRESHOLD": "0.75", **home}
    fails(tawatur("serve", **set_), str(model), "is no ONNX model")
    fails(tawatur("serve", **{**set_, "TAWATUR_COPY_MODEL_THRESHOLD": "75"}), "COPY_MODEL_THRESHOLD")


def test_a_policy_is_set_shown_and_put_back(home: dict[str, str], tmp_path: Path) -> None:
    made = json.loads(tawatur("site", "create", "example.org", "--json", **home).stdout)
    strict = tmp_path / "strict.toml"
    strict.write_text('version = "strict"\nfloor_block = 5\n')
    found = tawatur("policy", "set", "example.org", str(strict), "--by", "anna", **home)
    assert found.returncode == 0, found.stderr
    assert "version 1 (strict) is in force" in found.stdout
    assert "--version 0" in found.stderr
    assert "floor_block = 5.0" in tawatur("policy", "show", "--site", made["site"], **home).stdout
    assert "already" in tawatur("policy", "set", "example.org", str(strict), **home).stdout
    before = tmp_path / "before.toml"
    before.write_text(tawatur("policy", "show", "--site", "example.org", "--version", "0", **home).stdout)
    assert tawatur("policy", "set", "example.org", str(before), **home).returncode == 0
    assert "floor_block = 3.0" in tawatur("policy", "show", "--site", "example.org", **home).stdout
    log = [json.loads(line) for line in tawatur("export", "events", **home).stdout.splitlines()]
    assert [line["version"] for line in log if line["type"] == "policy.changed"] == [1, 2]
    assert "anna" not in json.dumps(log)


def test_a_policy_that_cannot_be_set_is_told(home: dict[str, str], tmp_path: Path) -> None:
    tawatur("site", "create", "example.org", **home)
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("\nstakes = 2.5\n")
    fails(tawatur("policy", "set", "example.org", str(wrong), **home), "wrong.toml", "line 2", "a whole number")
    wrong.write_bytes(b"\xff")
    fails(tawatur("policy", "set", "example.org", str(wrong), **home), "wrong.toml")
    fails(tawatur("policy", "set", "example.org", str(tmp_path / "none.toml"), **home), "none.toml")
    wrong.write_text("stakes = 3\n")
    fails(tawatur("policy", "set", "nobody", str(wrong), **home), "nobody", "example.org")
    fails(tawatur("policy", "show", "--site", "example.org", "--version", "7", **home), "no version 7")
    fails(tawatur("policy", "show", "--version", "7", **home), "--site")
    fails(tawatur("policy", "show", str(wrong), "--site", "example.org", **home), "not both")


def test_a_policy_is_previewed_on_the_sites_own_log(home: dict[str, str], tmp_path: Path) -> None:
    site = json.loads(tawatur("site", "create", "example.org", "--json", **home).stdout)["site"]
    database = Database(f"sqlite:///{home['TAWATUR_DATA_DIR']}/tawatur.db")
    now = datetime.now(UTC)
    made = [
        event_row(f"{n:05}", site, "i1", now, ReportReceived(report=f"{n}", reporter=f"r{n}", reason="violence"))
        for n in range(12)
    ]
    with database.write() as connection:
        events.insert(connection, [msgspec.structs.replace(one, position=n) for n, one in enumerate(made, 2)])
    database.close()
    changed = tmp_path / "changed.toml"
    changed.write_text('version = "never"\nfloor_block = 1000\nfloor_blur = 1000\n')
    found = tawatur("policy", "preview", "example.org", str(changed), "--days", "3", **home)
    assert found.returncode == 0, found.stderr
    for word in ("blocked", "now: default-1", "then: never", "violence", "blocked less", "i1"):
        assert word in found.stdout
    told = json.loads(tawatur("policy", "preview", "example.org", str(changed), "--json", **home).stdout)
    assert told["differences"]["blocked_less"] == {"count": 1, "images": ["i1"]}
    fails(tawatur("policy", "preview", "nobody", str(changed), **home), "nobody")


def test_a_reporter_is_muted_and_heard_again(home: dict[str, str]) -> None:
    site = json.loads(tawatur("site", "create", "example.org", "--json", **home).stdout)["site"]
    fails(tawatur("reporter", "mute", "example.org", "anna", **home), "anna", "example.org")
    database = Database(f"sqlite:///{home['TAWATUR_DATA_DIR']}/tawatur.db")
    with database.write() as connection:
        book = DatabaseBook(connection, new_id)
        book.add_reporter(Reporter(site, "0" * 32, datetime.now(UTC)))
        book.flush()
    database.close()
    assert "is muted" in tawatur("reporter", "mute", "example.org", "0" * 32, "--why", "spam", **home).stdout
    assert "already" in tawatur("reporter", "mute", "example.org", "0" * 32, **home).stdout
    shown = json.loads(tawatur("reporter", "show", "example.org", "0" * 32, **home).stdout)
    assert (shown["muted"], shown["live"]) == (True, 0)
    assert "heard again" in tawatur("reporter", "unmute", "example.org", "0" * 32, **home).stdout
    assert "taken away: 0" in tawatur("reporter", "void", "example.org", "0" * 32, **home).stdout
    log = [json.loads(line) for line in tawatur("export", "events", **home).stdout.splitlines()]
    muted = [line for line in log if line["type"] == "reporter.muted"]
    assert [(line["by"], line["why"]) for line in muted] == [("operator", "spam")]


def test_webhooks_are_made_listed_and_sent_again(home: dict[str, str]) -> None:
    assert tawatur("site", "create", "paper", **home).returncode == 0
    made = tawatur(
        "webhook", "create", "paper", "https://paper.invalid/hook", "--event", "image.blocked", "--json", **home
    )
    one = json.loads(made.stdout)
    assert one["secret"].startswith("whsec_")
    listed = json.loads(tawatur("webhook", "list", "--json", **home).stdout)
    assert (listed["id"], listed["status"], listed["events"]) == (one["id"], "on", ["image.blocked"])
    assert one["id"] in tawatur("webhook", "list", "--site", "paper", **home).stdout
    turned = json.loads(tawatur("webhook", "rotate", one["id"], "--json", **home).stdout)
    assert turned["secret"] != one["secret"]

    assert "no dead letters" in tawatur("webhook", "letters", one["id"], **home).stdout
    database = Database(f"sqlite:///{Path(home['TAWATUR_DATA_DIR']).absolute()}/tawatur.db")
    now = datetime.now(UTC)
    with database.write() as connection:
        deliveries.save(connection, [Delivery(one["id"], 1, "", now, 30, dead_at=now, why="it answered 500")])
    database.close()
    assert "it answered 500" in tawatur("webhook", "letters", one["id"], **home).stdout
    assert ": 1." in tawatur("webhook", "replay", one["id"], "--position", "1", **home).stdout
    assert ": 0." in tawatur("webhook", "replay", one["id"], **home).stdout
    assert tawatur("webhook", "remove", one["id"], **home).returncode == 0

    fails(tawatur("webhook", "replay", one["id"], **home), "no webhook")
    fails(tawatur("webhook", "create", "paper", "http://10.0.0.1/", **home), "TAWATUR_FETCH_ALLOW")
    fails(tawatur("webhook", "create", "paper", "https://x.example/", "--event", "eaten", **home), "image.blocked")
    fails(tawatur("webhook", "create", "nobody", "https://x.example/", **home), "no site")


def test_a_site_is_switched_on_for_the_fediverse_and_off(home: dict[str, str]) -> None:
    site = json.loads(tawatur("site", "create", "paper", "--json", **home).stdout)["site"]
    on = tawatur("fediverse", "on", "paper", TAWATUR_PUBLIC_URL="https://img.example.org", **home)
    assert f"https://img.example.org/fediverse/{site}/inbox" in on.stdout
    assert tawatur("fediverse", "on", site, **home).returncode == 0
    assert "no reports" in tawatur("fediverse", "off", "paper", **home).stdout
    fails(tawatur("fediverse", "on", "nobody", **home), "no site")
