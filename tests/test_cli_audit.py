"""`tawatur audit`, as an operator uses it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.test_cli import fails, tawatur


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    environment = {"TAWATUR_DATA_DIR": str(tmp_path / "data")}
    assert tawatur("init", **environment).returncode == 0
    for name in ("one", "two"):
        assert tawatur("site", "create", name, **environment).returncode == 0
    return environment


def change(home: dict[str, str], statement: str) -> None:
    with closing(sqlite3.connect(Path(home["TAWATUR_DATA_DIR"]) / "tawatur.db")) as connection, connection:
        connection.execute(statement)


def test_a_sealed_log_is_verified_and_counted(home: dict[str, str]) -> None:
    assert "2 events are sealed" in tawatur("audit", "seal", **home).stdout
    found = tawatur("audit", "verify", **home)
    assert (found.returncode, "2 events under 1 seals" in found.stdout) == (0, True)
    told = json.loads(tawatur("audit", "verify", "--json", **home).stdout)
    assert (told["events"], told["seals"], told["waiting"]) == (2, 1, 0)


def test_what_is_not_sealed_yet_is_told(home: dict[str, str]) -> None:
    found = tawatur("audit", "verify", **home)
    assert (found.returncode, "2 events of the last minutes wait" in found.stdout) == (0, True)
    fails(tawatur("audit", "head", **home), "Nothing is sealed yet")


def test_a_changed_event_is_named_and_the_exit_code_tells(home: dict[str, str]) -> None:
    tawatur("audit", "seal", **home)
    change(home, "UPDATE events SET body = replace(body, 'two', 'too')")
    fails(tawatur("audit", "verify", **home), "position 2 is not what was sealed")


def test_a_head_kept_elsewhere_is_checked(home: dict[str, str], tmp_path: Path) -> None:
    tawatur("audit", "seal", **home)
    kept = tmp_path / "heads"
    kept.write_text(tawatur("audit", "head", **home).stdout)
    assert tawatur("audit", "verify", "--head", str(kept), **home).returncode == 0
    for table in ("seals", "sealed"):
        change(home, f"DELETE FROM {table}")
    change(home, "UPDATE cursors SET position = 0")
    tawatur("audit", "seal", **home)
    assert tawatur("audit", "verify", **home).returncode == 0
    fails(tawatur("audit", "verify", "--head", str(kept), **home), "not the one that was kept elsewhere")
    kept.write_text("{}")
    fails(tawatur("audit", "verify", "--head", str(kept), **home), "not what `tawatur audit head` prints")


def test_the_public_key_is_printed_and_can_be_given(home: dict[str, str]) -> None:
    tawatur("audit", "seal", **home)
    key = tawatur("audit", "key", **home).stdout.strip()
    assert len(key) == 64
    assert tawatur("audit", "verify", "--key", key.upper(), **home).returncode == 0
    fails(tawatur("audit", "verify", "--key", "00" * 32, **home), "a key that is not known here")


def test_a_new_key_follows_the_old_one(home: dict[str, str]) -> None:
    tawatur("audit", "seal", **home)
    old = tawatur("audit", "key", **home).stdout.strip()
    new = tawatur("audit", "rotate-key", **home).stdout.strip()
    assert new == tawatur("audit", "key", **home).stdout.strip() != old
    tawatur("site", "create", "three", **home)
    tawatur("audit", "seal", **home)
    for trusted in (old, new):
        assert tawatur("audit", "verify", "--key", trusted, **home).returncode == 0


def test_a_key_that_is_set_is_used_and_a_new_one_is_printed_once(home: dict[str, str]) -> None:
    mine = home | {"TAWATUR_SEAL_KEY": "5e" * 32}
    tawatur("audit", "seal", **mine)
    fails(tawatur("audit", "seal", **(home | {"TAWATUR_SEAL_KEY": "short"})), "64 hexadecimal digits")
    fails(tawatur("audit", "verify", **home), "a key that is not known here")
    public, seed = tawatur("audit", "rotate-key", **mine).stdout.split()
    tawatur("site", "create", "three", **home)
    fails(tawatur("audit", "seal", **mine), "TAWATUR_SEAL_KEY does not have it")
    assert tawatur("audit", "seal", **(home | {"TAWATUR_SEAL_KEY": seed})).returncode == 0
    assert tawatur("audit", "verify", "--key", public, **home).returncode == 0
