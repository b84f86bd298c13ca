"""A server of the first release becomes one of this release: what was shown is shown, what happened can be read,
replayed and sealed, and people go on where they were."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

import tawatur.store.migrations
from tawatur.lab.replay_file import replay_lines
from tawatur.store import schema
from tawatur.store.database import Database
from tests.ground.server import Server
from tests.store.first_release import API_KEY, GATE, SECRET, lay, rows

FOLDER = Path(tawatur.store.migrations.__path__[0])
REVISIONS = [script.revision for script in reversed(list(ScriptDirectory(FOLDER).walk_revisions()))]


def contents(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, but for which version it is."""
    with database.read() as connection:
        return {
            table: sorted((tuple(row) for row in connection.execute(text(f"SELECT * FROM {table}"))), key=str)
            for table in inspect(connection).get_table_names()
            if table != "alembic_version"
        }


def go(database: Database, revision: str, *, down: bool = False) -> None:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    with database.writer.begin() as connection:
        config.attributes["connection"] = connection
        (command.downgrade if down else command.upgrade)(config, revision)
    database.close()  # what drivers remember of tables that changed


def test_the_first_releases_tables_become_exactly_this_releases(database_url: str, tmp_path: Path) -> None:
    lay(database_url, tmp_path)
    database = Database(database_url)
    database.migrate()
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, schema.metadata) == []
        for table in ("events", "images", "reports", "reviews", "reporters", "keys"):
            count = connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
            assert count == len(rows(table))
    database.close()


def test_each_migration_can_be_taken_back_and_loses_nothing_that_was_there(sqlite_url: str, tmp_path: Path) -> None:
    lay(sqlite_url, tmp_path)
    database = Database(sqlite_url)
    kept = contents(database)
    for before, after in pairwise(REVISIONS):
        go(database, after)
        made = contents(database)
        go(database, before, down=True)
        assert contents(database) == kept, after
        go(database, after)
        assert contents(database) == made, after
        kept = made
    database.close()


@pytest.mark.postgresql
def test_all_of_them_one_after_the_other_on_postgresql(postgres_url: str, tmp_path: Path) -> None:
    lay(postgres_url, tmp_path)
    database = Database(postgres_url)
    kept = [contents(database)]
    for revision in REVISIONS[1:]:
        go(database, revision)
        kept.append(contents(database))
    for revision, before in zip(reversed(REVISIONS[:-1]), reversed(kept[:-1]), strict=True):
        go(database, revision, down=True)
        assert contents(database) == before, revision
    database.migrate()
    assert contents(database) == kept[-1]
    database.close()


def gate(client: httpx.Client) -> list[dict[str, str]]:
    """What readers see, as the first release's answers were written down."""
    found = []
    for one in GATE:
        answer = client.get(f"/i/{one['image']}", headers={"Accept-Language": "en"})
        seen = {"image": one["image"], "status": answer.headers["tawatur-status"]}
        if seen["status"] == "visible":  # what stands for a withheld picture may look otherwise today
            seen["sha256"] = hashlib.sha256(answer.content).hexdigest()
        found.append(seen)
    return found


def test_a_server_goes_on_with_the_first_releases_data(
    new_server: Callable[..., Server], database_url: str, tmp_path: Path
) -> None:
    server = new_server(database_url, TAWATUR_SECRET=SECRET)
    lay(database_url, server.data_dir)
    server.start()  # which brings the tables up to date
    with httpx.Client(
        base_url=server.base_url, headers={"Authorization": f"Bearer {API_KEY}"}, timeout=60, trust_env=False
    ) as client:
        expected = [
            {
                name: one[name]
                for name in (("image", "status", "sha256") if one["status"] == "visible" else ("image", "status"))
            }
            for one in GATE
        ]
        assert gate(client) == expected
        told = client.get("/v1/events", params={"limit": 1000}).json()["events"]
        then = [row for row in rows("events") if row["site"] == rows("images")[0]["site"]]
        assert [event["id"] for event in told[: len(then)]] == [row["id"] for row in then]
        again = {"reporter": "anna-0", "reason": "violence"}  # the first release knew them by the same pseudonym
        answer = client.post(f"/v1/images/{GATE[0]['image']}/reports", json=again)
        assert answer.status_code == 200, answer.text
        assert client.get(f"/v1/images/{GATE[0]['image']}/verdict").status_code == 200
        review = {"outcome": "rejected", "reviewer": "leila"}
        assert client.post(f"/v1/images/{GATE[0]['image']}/reviews", json=review).status_code == 201
        assert client.get(f"/i/{GATE[0]['image']}").headers["tawatur-status"] == "visible"
        erased = client.post("/v1/erasures", json={"kind": "reporter", "person": "camil-1"})
        assert erased.status_code == 200, erased.text
    assert server.stop() == 0
    assert "The log holds" in server.tawatur("audit", "verify")
    lines = [json.loads(line) for line in server.tawatur("export", "events").splitlines()]
    assert [line["id"] for line in lines[: len(rows("events"))]] == [row["id"] for row in rows("events")]
    replayed: list[bytes] = []
    outcome = replay_lines((json.dumps(line).encode() + b"\n" for line in lines), None, replayed.append, lenient=False)
    assert outcome.problems == []
    blocked = {line["image"] for line in map(json.loads, replayed) if line["type"] == "image.blocked"}
    assert {one["image"] for one in GATE[:3]} <= blocked
    assert GATE[3]["image"] not in blocked  # a crowd that acts as one
