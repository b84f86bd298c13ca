"""Nothing that is stored, logged or exported names a person."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from sqlalchemy import text

from tawatur.log.export import lines
from tawatur.moderation.pseudonyms import Pseudonyms, network_prefix
from tawatur.store import schema
from tawatur.store.database import Database
from tests.ground.postgres import Postgres
from tests.web.place import Place, opened

PEOPLE = ["reporter-fatima", "uploader-omar", "moderator-leila", "viewer-samir"]
MEANS = ["198.51.100.77", "2001:db8:1234:5678::99", "device-7f3a", "campaign-storm"]


def act(place: Place) -> str:
    image = place.image(uploader="uploader-omar")
    place.report(image, "reporter-fatima", signals={"network": MEANS[0], "device": MEANS[2], "referrer": MEANS[3]})
    place.report(image, "reporter-karim", signals={"network": MEANS[1]})
    changed = place.client.put("/v1/policy", content="viewers_days = 30", headers={"Content-Type": "application/toml"})
    answer = place.client.post(f"/v1/images/{image}/views", json={"viewers": ["viewer-samir", "reporter-fatima"]})
    assert (changed.status_code, answer.status_code) == (200, 200)
    place.review(image, "rejected", "moderator-leila")
    return image


def everything(database_url: str) -> str:
    database = Database(database_url)
    found = []
    with database.read() as connection:
        for table in schema.metadata.sorted_tables:
            found += [str(tuple(row)) for row in connection.execute(text(f"SELECT * FROM {table.name}"))]
    database.close()
    return "\n".join(found)


def test_no_id_and_no_address_is_stored_readably(place: Place) -> None:
    act(place)
    kept = everything(place.database_url)
    assert [one for one in [*PEOPLE, "reporter-karim", *MEANS, "198.51.100", "2001:db8"] if one in kept] == []
    assert place.keys.api_key not in kept


def named_in(folder: Path, place: Place) -> list[tuple[Path, bytes]]:
    """Where in the files of a folder somebody is named; what must be in them is looked for in the same way."""
    said = [name.encode() for name in [*PEOPLE, *MEANS, place.keys.api_key]]
    files = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert any(place.keys.site.encode() in data for data in files.values())
    return [(path, name) for path, data in files.items() for name in said if name in data]


def test_nor_in_sqlites_files_or_beside_them(sqlite_url: str, tmp_path: Path) -> None:
    with opened(sqlite_url, tmp_path / "data") as place:
        act(place)
        assert (tmp_path / "tawatur.db-wal").exists()
        assert named_in(tmp_path, place) == []
    assert named_in(tmp_path, place) == []


@pytest.mark.postgresql
def test_nor_in_postgresqls_files_its_log_or_beside_them(own_postgres: Postgres, tmp_path: Path) -> None:
    with opened(own_postgres.url, tmp_path / "data") as place:
        act(place)
    own_postgres.stop()  # which writes all that it has
    assert named_in(own_postgres.folder, place) == []


def test_nor_is_any_exported(place: Place) -> None:
    act(place)
    database = Database(place.database_url)
    exported = b"\n".join(msgspec.json.encode(line) for line in lines(database, place.keys.site)).decode()
    database.close()
    assert [one for one in [*PEOPLE, *MEANS] if one in exported] == []


def test_the_same_person_is_the_same_pseudonym_on_one_site_and_another_on_the_next() -> None:
    here, there = Pseudonyms(b"s" * 32, "here"), Pseudonyms(b"s" * 32, "there")
    assert here.person("anna") == here.person("anna") != there.person("anna")
    assert here.person("anna") != Pseudonyms(b"t" * 32, "here").person("anna")
    assert len({here.person("x"), here.device("x"), here.referrer("x"), here.network("x")}) == 4
    assert len(here.person("anna")) == 32


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.254", True),
        ("192.0.2.1", "192.0.3.1", False),
        ("2001:db8:1:2::1", "2001:db8:1:ffff::9", True),
        ("2001:db8:1::1", "2001:db8:2::1", False),
        ("::ffff:192.0.2.1", "192.0.2.9", True),
        ("::ffff:c000:201", "192.0.2.9", True),
        ("2001:DB8:1::1", "2001:db8:1:0:0:0:0:2", True),
        (" 192.0.2.1 ", "192.0.2.2", True),
        ("home", "home", True),
        ("home", "Home", False),
        ("192.0.2.1x", "192.0.2.2x", False),
        ("192.0.2", "192.0.3", False),
        ("::1", "::2", True),
    ],
)
def test_networks_are_told_apart_by_their_prefix(one: str, other: str, same: bool) -> None:
    assert (network_prefix(one) == network_prefix(other)) is same


@pytest.mark.parametrize("odd", ["", "\x00", "::ffff:1.2.3.4.5", "fe80::1%eth0", "é" * 300, "1.2.3.4/24", "\ud800"[:0]])
def test_whatever_a_site_calls_a_network_is_a_name(odd: str) -> None:
    assert len(Pseudonyms(b"s" * 32, "here").network(odd)) == 32


def test_the_secret_is_not_in_the_database(place: Place) -> None:
    secret = (Path(place.data_dir) / "secret").read_text()
    assert secret not in everything(place.database_url)
