"""Who may ask: a site, with its secret key."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from tawatur.moderation.sites import digest
from tawatur.store.database import Database
from tests.web.place import Place, problem

CALLS = [
    ("POST", "/v1/images"),
    ("GET", "/v1/images/00000000-0000-7000-8000-000000000000"),
    ("POST", "/v1/images/status"),
    ("POST", "/v1/images/00000000-0000-7000-8000-000000000000/views"),
    ("POST", "/v1/images/00000000-0000-7000-8000-000000000000/reports"),
    ("POST", "/v1/images/00000000-0000-7000-8000-000000000000/reviews"),
    ("GET", "/v1/images/00000000-0000-7000-8000-000000000000/verdict"),
    ("DELETE", "/v1/reports/00000000-0000-7000-8000-000000000000"),
    ("GET", "/v1/events"),
]


@pytest.mark.parametrize(("method", "path"), CALLS)
@pytest.mark.parametrize("kind", ["none", "unknown", "malformed", "public", "basic", "empty"])
def test_without_a_secret_key_nothing_is_told(place: Place, method: str, path: str, kind: str) -> None:
    header = {
        "none": "",
        "unknown": "Bearer tws_" + "A" * 43,
        "malformed": "Bearer ' OR 1=1 --",
        "public": f"Bearer {place.keys.public_key}",
        "basic": f"Basic {place.keys.api_key}",
        "empty": "Bearer ",
    }[kind]
    told = problem(place.client.request(method, path, headers={"Authorization": header}), 401)
    assert told["title"] == "No valid key"
    assert "tws_" in told["detail"]


def test_a_public_key_made_to_look_secret_is_refused(place: Place) -> None:
    disguised = "tws_" + place.keys.public_key.removeprefix("twp_")
    problem(place.client.get("/v1/events", headers={"Authorization": f"Bearer {disguised}"}), 401)


def test_the_scheme_is_read_whatever_its_case(place: Place) -> None:
    header = {"Authorization": f"bearer {place.keys.api_key}"}
    assert place.client.get("/v1/events", headers=header).status_code == 200


def test_keys_are_kept_as_digests_only(place: Place) -> None:
    database = Database(place.database_url)
    with database.read() as connection:
        kept = {row.digest: row.kind for row in connection.execute(text("SELECT digest, kind FROM keys"))}
    database.close()
    assert kept[digest(place.keys.api_key)] == "secret"
    assert kept[digest(place.keys.public_key)] == "public"
    assert not [key for key in kept if key.startswith("tw")]


def test_a_revoked_key_stops_working(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tawatur.web.house.KEYS_REMEMBERED_S", 0.0)
    assert place.client.get("/v1/events").status_code == 200
    database = Database(place.database_url)
    with database.write() as connection:
        connection.execute(
            text("UPDATE keys SET revoked_at = 1 WHERE digest = :digest"), {"digest": digest(place.keys.api_key)}
        )
    database.close()
    problem(place.client.get("/v1/events"), 401)
