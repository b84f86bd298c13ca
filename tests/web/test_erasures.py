"""A real server, real reports, a person who asks to be forgotten: then nothing anywhere says who it was."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from tawatur.log.keys import Keyring
from tawatur.log.seal import seal
from tawatur.moderation.pseudonyms import Pseudonyms
from tawatur.store import schema
from tawatur.store.database import Database
from tests.ground.server import Server, ServerError
from tests.web.place import Place, opened, picture, problem

RAW = [
    "reporter-fatima",
    "uploader-omar",
    "moderator-leila",
    "198.51.100.77",
    "198.51.100",
    "device-7f3a",
    "storm-link",
]
COMMENT = "he lives in the house next door"
EMAIL = "leila@newsroom.example"
PAGE = "https://news.example/a-page-nobody-needs"


@pytest.fixture
def real(new_server: Callable[..., Server], database_url: str) -> Server:
    """A server in a process of its own, with its log in a file."""
    return new_server(database_url).init().start()


def act(client: httpx.Client) -> str:
    """Registers a picture and lets people report it; returns its id."""
    said = {"uploader": "uploader-omar", "page_url": PAGE}
    answer = client.post("/v1/images", files={"file": ("p.png", io.BytesIO(picture(3)))}, data=said)
    image = str(answer.raise_for_status().json()["id"])
    for reporter in ("reporter-fatima", "reporter-karim", "reporter-sami"):
        body = {
            "reporter": reporter,
            "reason": "terrorism",
            "comment": COMMENT if reporter == "reporter-fatima" else "bad",
            "signals": {"network": f"198.51.100.{len(reporter)}", "device": "device-7f3a", "referrer": "storm-link"},
        }
        client.post(f"/v1/images/{image}/reports", json=body).raise_for_status()
    client.post(f"/v1/images/{image}/reports", json={"reporter": "x" * 5000, "reason": "spam"})
    client.get(f"/v1/images/{image}/reporter-fatima")
    client.post(
        f"/v1/images/{image}/reviews", json={"outcome": "upheld", "reviewer": "moderator-leila", "reason": "terrorism"}
    ).raise_for_status()
    return image


def rows(url: str) -> str:
    database = Database(url)
    found = []
    with database.read() as connection:
        for table in schema.metadata.sorted_tables:
            found += [f"{table.name} {tuple(row)}" for row in connection.execute(text(f'SELECT * FROM "{table.name}"'))]
    database.close()
    return "\n".join(found)


def files(server: Server) -> bytes:
    """All that lies in the data folder, and SQLite's files."""
    places = [path for path in server.data_dir.rglob("*") if path.is_file()]
    if server.database_url.startswith("sqlite"):
        places += Path(server.database_url.removeprefix("sqlite:///")).parent.glob("tawatur.db*")
    return b"\n".join(path.read_bytes() for path in places)


def found_in(what: list[str], where: str | bytes) -> list[str]:
    return [one for one in what if (one in where if isinstance(where, str) else one.encode() in where)]


def test_nothing_stored_or_logged_names_a_person_and_erasing_takes_even_pseudonyms(real: Server) -> None:
    server, site = real, real.site()
    secret = (server.data_dir / "secret").read_bytes().strip()
    people = Pseudonyms(secret, site.site)
    fatima, omar, karim = (people.person(one) for one in ("reporter-fatima", "uploader-omar", "reporter-karim"))
    server.tawatur("user", "create", EMAIL, "--role", "moderator")
    with server.client(site) as client:
        image = act(client)
        assert [line for line in rows(server.database_url).splitlines() if EMAIL in line and "people" not in line] == []
        assert found_in(RAW, rows(server.database_url)) == []
        assert found_in(RAW, files(server)) == []
        assert COMMENT in rows(server.database_url)
        before = client.get(f"/v1/images/{image}").json()

        told = client.post("/v1/erasures", json={"kind": "reporter", "person": "reporter-fatima"})
        assert (told.status_code, told.json()["reports"], told.json()["kept"]) == (200, 1, []), told.text
    done = server.tawatur("erase", "uploader", omar, "--site", "test", "--yes")
    assert "0 reports and 1 images are nobody's now, 1 events say no more who." in done
    shown = json.loads(server.tawatur("export", "person", "reporter-fatima", "--site", "test"))
    assert (shown["person"], shown["reports"], shown["events"]) == (fatima, [], [])

    with server.client(site) as client:
        assert client.get(f"/v1/images/{image}").json() == before
        events = client.get("/v1/events", params={"limit": 1000}).json()["events"]
    assert [one["type"] for one in events].count("report.received") == 3
    assert [one["part"] for one in events if one["type"] == "events.erased"] == ["who", "means", "who"]
    gone = [fatima, omar, COMMENT]
    assert found_in(gone, rows(server.database_url)) == []
    assert found_in([karim], rows(server.database_url)) == [karim]
    assert "The log holds" in server.tawatur("audit", "verify")
    server.stop()
    assert found_in([*gone, *RAW], files(server)) == []
    assert found_in([*RAW, COMMENT, PAGE, "news.example", EMAIL], server.log_text(10_000_000)) == []


def test_erasing_asks_before(real: Server) -> None:
    server, site = real, real.site()
    with server.client(site) as client:
        act(client)
    with pytest.raises(ServerError, match="1 reports, 0 images, 1 events"):
        server.tawatur("erase", "reporter", "reporter-fatima", "--site", "test")
    with pytest.raises(ServerError, match="Use one of: reporter, uploader"):
        server.tawatur("erase", "moderator", "reporter-fatima", "--site", "test", "--yes")
    with pytest.raises(ServerError, match="no site"):
        server.tawatur("erase", "reporter", "reporter-fatima", "--site", "nowhere", "--yes")
    shown = json.loads(server.tawatur("export", "person", "reporter-fatima", "--site", "test"))
    assert len(shown["reports"]) == 1
    assert "0 cases of test" in server.tawatur("site", "rotate-key", "test")
    assert "1 cases of test" in server.tawatur("site", "rotate-key", "test", "--all")
    assert "The log holds" in server.tawatur("audit", "verify")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"kind": "reporter"},
        {"kind": "moderator", "person": "a"},
        {"kind": "reporter", "person": ""},
        {"kind": "reporter", "person": "x" * 5000},
        {"kind": 3, "person": "a"},
    ],
)
def test_what_cannot_be_erased_is_told(place: Place, body: dict[str, Any]) -> None:
    problem(place.client.post("/v1/erasures", json=body), 422)


def test_nobody_is_erased_without_a_key_or_by_another_site(place: Place) -> None:
    image = place.image()
    place.report(image, "fatima")
    stranger = place.another_site()
    asked = {"kind": "reporter", "person": "fatima"}
    answer = place.client.post("/v1/erasures", json=asked, headers={"Authorization": f"Bearer {stranger.api_key}"})
    assert answer.json()["reports"] == 0
    problem(place.client.post("/v1/erasures", json=asked, headers={"Authorization": ""}), 401)
    received = next(one for one in place.events(limit=1000) if one["type"] == "report.received")
    assert not received["reporter"].startswith("erased-")
    assert place.client.post("/v1/erasures", json=asked).json()["reports"] == 1


def test_a_server_without_the_key_for_seals_says_so(database_url: str, tmp_path: Path) -> None:
    with opened(database_url, tmp_path / "data", seal_seconds=0) as place:
        database = Database(place.database_url)
        seal(database, Keyring(tmp_path / "another server"), lambda: datetime.now(UTC))
        database.close()
        place.report(place.image(), "fatima")
        told = problem(place.client.post("/v1/erasures", json={"kind": "reporter", "person": "fatima"}), 503)
    assert "cannot be sealed" in told["detail"]
