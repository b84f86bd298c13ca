"""A backup that is taken while people report is whole, and a server that is restored from it goes on."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.ground.postgres import Postgres
from tests.ground.server import Server
from tests.survival.books import Books
from tests.survival.crowd import Crowd, pseudonyms_of
from tests.survival.world import picture, register

SECRET = "s" * 40


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def served(
    request: pytest.FixtureRequest, new_server: Callable[..., Server], tmp_path: Path
) -> Iterator[tuple[Server, Server]]:
    """A server, and one in an empty place for what it backs up."""
    if request.param == "sqlite":
        urls = [f"sqlite:///{tmp_path / name}.db" for name in ("here", "there")]
        yield new_server(urls[0], TAWATUR_SECRET=SECRET), new_server(urls[1], TAWATUR_SECRET=SECRET)
        return
    postgres: Postgres = request.getfixturevalue("postgres_server")
    names = [f"{name}_{tmp_path.name.replace('-', '_')}"[:60] for name in ("here", "there")]
    path = f"{postgres.binaries}{os.pathsep}{os.environ['PATH']}"  # pg_dump of the server's own release
    yield tuple(new_server(postgres.create_database(name), TAWATUR_SECRET=SECRET, PATH=path) for name in names)  # type: ignore[misc]
    for name in names:
        postgres.drop_database(name)


def test_a_backup_under_load_restores_to_a_server_that_goes_on(served: tuple[Server, Server], tmp_path: Path) -> None:
    here, there = served
    site, target = here.init().site(), tmp_path / "tawatur.tar"
    here.start()
    with here.client(site) as client:
        images = [register(client, picture(n)) for n in range(6)]
        with Crowd([here], site, images[:4]) as crowd:
            crowd.wait_for_answers(60)
            here.tawatur("audit", "seal")
            before = dict(crowd.said.reports)
            told = here.tawatur("backup", str(target))
            crowd.wait_for_answers(30)
        assert crowd.said.refused == []
        assert "seal-keys" in told
        assert target.stat().st_mode & 0o777 == 0o600

        shown = there.tawatur("restore", str(target))
        key = here.tawatur("audit", "key").strip()
        assert f"audit verify --key {key}" in " ".join(shown.split())
        there.tawatur("audit", "verify", "--key", key)
        books, now = Books(there.database_url), Books(here.database_url)
        books.assert_sound()
        books.assert_files_are_whole(there.data_dir)
        assert before.keys() <= {row["id"] for row in books.reports} <= {row["id"] for row in now.reports}
        assert [event["id"] for event in books.events] == [event["id"] for event in now.events[: len(books.events)]]

        shutil.copytree(here.data_dir / "seal-keys", there.data_dir / "seal-keys")
        there.start()
        with there.client(site) as restored:
            same = 0
            for image in books.images:
                old, new = client.get(f"/i/{image}"), restored.get(f"/i/{image}")
                if old.headers["tawatur-status"] == new.headers["tawatur-status"]:
                    assert (new.status_code, new.content) == (old.status_code, old.content)
                    same += 1
            assert same >= len(books.images) - 4  # those that are reported may have changed since
            with Crowd([there], site, images[:4]) as again:
                again.wait_for_answers(10)
            assert again.said.refused == []
        there.stop()  # it seals what waits
    there.tawatur("audit", "verify")
    Books(there.database_url).assert_sound()
    again.said.assert_kept(Books(there.database_url), pseudonyms_of(there, site))
