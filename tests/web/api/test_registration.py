"""Pictures are registered by file, by address or by hash alone; whatever else comes is told what it should be."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tawatur.moderation.refusals import UnsafeAddress
from tawatur.moderation.sites import create_site
from tawatur.settings import Settings
from tawatur.store.database import Database
from tawatur.store.database_book import DatabaseBook
from tawatur.store.ids import new_id
from tawatur.store.writer import Clock
from tawatur.web.app import make_app
from tests.imaging.pictures import saved, scenery


@pytest.fixture
def client(tmp_path: Path, database: Database, ready_url: str) -> Iterator[TestClient]:
    settings = Settings(data_dir=tmp_path, database_url=ready_url)
    with database.write() as connection:
        book = DatabaseBook(connection, new_id)
        keys = create_site(book, "example.org", Clock()())
        book.flush()
    with TestClient(make_app(settings), headers={"Authorization": f"Bearer {keys.api_key}"}) as client:
        yield client


def upload(client: TestClient, data: bytes, **said: str) -> Any:
    return client.post("/v1/images", files={"file": data}, data=said)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
def test_each_format_is_taken_and_served_as_what_it_is(client: TestClient, kind: str) -> None:
    made = upload(client, saved(scenery(), kind))
    assert made.status_code == 201
    shown = client.get(f"/i/{made.json()['id']}")
    assert shown.headers["content-type"] == f"image/{kind.lower()}"
    assert shown.headers["x-content-type-options"] == "nosniff"


def test_the_answer_says_id_status_gate_and_hash(client: TestClient) -> None:
    made = upload(client, saved(scenery(), "PNG"), external_id="42").json()
    assert made["status"] == "visible"
    assert made["gate_url"].endswith(f"/i/{made['id']}")
    assert len(made["pdq"]) == 64
    again = client.get(f"/v1/images/{made['id']}").json()
    assert (again["external_id"], again["pdq"], again["status"]) == ("42", made["pdq"], "visible")


def test_the_same_bytes_again_are_a_copy(client: TestClient) -> None:
    data = saved(scenery(), "PNG")
    first, second = upload(client, data).json(), upload(client, data).json()
    assert second["copies"] == [first["id"]]


def test_a_smaller_copy_in_another_format_is_a_copy(client: TestClient) -> None:
    first = upload(client, saved(scenery(640, 480), "PNG")).json()
    second = upload(client, saved(scenery(640, 480).resize((600, 450)), "JPEG", quality=70)).json()
    assert second["copies"] == [first["id"]]


@pytest.mark.parametrize(
    ("data", "status", "told"),
    [
        pytest.param(b"", 422, "empty", id="empty"),
        pytest.param(b"hello", 422, "image", id="text"),
        pytest.param(b"%PDF-1.7", 415, "not accepted", id="pdf"),
        pytest.param(b"BM" + bytes(60), 415, "Save it as JPEG", id="bmp"),
        pytest.param(saved(scenery(), "PNG")[:900], 422, "ends too early", id="truncated"),
        pytest.param(bytes(20_000_001), 413, "20,000,000", id="too large"),
    ],
)
def test_what_is_no_picture_is_told_why(client: TestClient, data: bytes, status: int, told: str) -> None:
    answer = upload(client, data)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert told.lower() in (problem["title"] + problem["detail"]).lower()


def test_a_hash_alone_is_enough_to_be_matched_but_shows_nothing(client: TestClient) -> None:
    full = upload(client, saved(scenery(), "PNG")).json()
    made = client.post("/v1/images", json={"pdq": full["pdq"], "quality": 100})
    assert made.status_code == 201
    assert made.json()["copies"] == [full["id"]]
    assert client.get(f"/i/{made.json()['id']}").status_code == 404


def test_an_address_is_fetched_and_registered(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fetch(url: str, max_bytes: int) -> bytes:
        assert url == "https://photos.example/a.jpg"
        return saved(scenery(), "JPEG")

    monkeypatch.setattr(client.app.state.house.fetcher, "fetch", fetch)  # type: ignore[attr-defined]
    made = client.post("/v1/images", json={"url": "https://photos.example/a.jpg", "uploader": "u1"})
    assert made.status_code == 201
    assert client.get(f"/i/{made.json()['id']}").headers["content-type"] == "image/jpeg"


def test_an_address_in_a_private_network_is_refused(client: TestClient) -> None:
    answer = client.post("/v1/images", json={"url": "http://127.0.0.1:1/a.jpg"})
    assert (answer.status_code, answer.json()["title"]) == (422, UnsafeAddress.__doc__)


@pytest.mark.parametrize(
    "body",
    [{}, {"url": "ftp://x/y"}, {"pdq": "00"}, {"pdq": "0" * 64}, {"url": "https://a/b", "pdq": "0" * 64, "quality": 9}],
)
def test_json_that_says_neither_or_both_is_told(client: TestClient, body: dict[str, Any]) -> None:
    answer = client.post("/v1/images", json=body)
    assert answer.status_code == 422
    assert answer.json()["title"] == "The request is not valid"


def test_another_kind_of_body_is_told_what_to_send(client: TestClient) -> None:
    answer = client.post("/v1/images", content=b"x", headers={"Content-Type": "text/plain"})
    assert answer.status_code == 415
    assert "multipart/form-data" in answer.json()["detail"]


def test_without_a_key_nothing_is_taken(client: TestClient) -> None:
    del client.headers["Authorization"]
    assert upload(client, saved(scenery(), "PNG")).status_code == 401


def test_a_bank_over_http_blocks_the_very_next_picture(client: TestClient) -> None:
    pdq = upload(client, saved(scenery(seed=9), "PNG")).json()["pdq"]
    assert client.put("/v1/banks/known", json={"kind": "block", "reason": "violence"}).status_code == 200
    assert client.post("/v1/banks/known/hashes", json={"pdqs": [pdq]}).json() == {"changed": 1}
    assert upload(client, saved(scenery(seed=9), "PNG")).json()["status"] == "blocked"
    assert client.get("/v1/banks").json()["banks"][0]["hashes"] == 1
    assert client.delete(f"/v1/banks/known/hashes/{pdq}").json() == {"changed": 1}
    assert client.post("/v1/banks/nothing/hashes", json={"pdqs": [pdq]}).status_code == 404
    assert client.put("/v1/banks/bad", json={"kind": "block", "reason": "ugly"}).status_code == 422


def test_a_list_goes_into_a_bank_over_http_and_comes_out(client: TestClient) -> None:
    data = saved(scenery(seed=21), "PNG")
    pdq = upload(client, data).json()["pdq"]
    client.put("/v1/banks/theirs", json={"kind": "block", "reason": "violence"})
    bank = "/v1/banks/theirs"
    read = client.post(f"{bank}/import", content=f"pdq,note\n{pdq},a note\n", headers={"Content-Type": "text/csv"})
    assert read.json() == {"added": 1, "removed": 0, "left_out": {}}
    assert upload(client, data).json()["status"] == "blocked"
    updates = client.get(f"{bank}/export", params={"format": "threatexchange"}).text
    assert updates.count(pdq) == 1
    assert client.get(f"{bank}/export").text == f"pdq,note\n{pdq},a note\n"
    client.put("/v1/banks/ours", json={"kind": "allow"})
    read = client.post("/v1/banks/ours/import?format=threatexchange", content=updates.replace("MAL", "NON_MAL"))
    assert read.json() == {"added": 1, "removed": 0, "left_out": {}}
    assert upload(client, data).json()["status"] == "visible"
    read = client.post(f"{bank}/import?format=threatexchange", content=updates.replace("MAL", "NON_MAL"))
    assert read.json() == {"added": 0, "removed": 1, "left_out": {"called harmless": 1}}


@pytest.mark.parametrize(
    ("path", "body", "status", "told"),
    [
        ("theirs/import", b"nonsense", 422, "Line 1"),
        ("theirs/import", b"\xff", 422, "UTF-8"),
        ("theirs/import?format=threatexchange", b"[5]", 422, "Record 1"),
        ("theirs/import?format=xml", b"", 422, "format"),
        ("nobody/import", b"", 404, "nobody"),
        ("theirs/import", b"x" * 9_000_000, 413, "at most"),
    ],
)
def test_a_list_that_cannot_be_read_is_told(client: TestClient, path: str, body: bytes, status: int, told: str) -> None:
    client.put("/v1/banks/theirs", json={"kind": "block"})
    answer = client.post(f"/v1/banks/{path}", content=body)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert told in answer.text
    refused = client.get("/v1/banks/theirs/export?format=xml")
    assert (refused.status_code, "tx-csv" in refused.text) == (422, True)


def test_one_use_is_cut_out_over_http(client: TestClient) -> None:
    data = saved(scenery(seed=11), "PNG")
    first, second = upload(client, data).json()["id"], upload(client, data).json()["id"]
    assert client.post(f"/v1/images/{second}/cut", json={"reviewer": "m"}).json() == {"id": second, "status": "visible"}
    again = client.post(f"/v1/images/{first}/cut", json={"reviewer": "m"})
    assert (again.status_code, again.json()["title"]) == (409, "The image has no copies")


def test_what_a_file_tells_about_people_is_never_served(client: TestClient) -> None:
    exif = scenery().getexif()
    exif[0x010F] = "A camera of somebody"
    exif.get_ifd(0x8825)[2] = (36.8, 0.0, 0.0)
    made = upload(client, saved(scenery(), "JPEG", exif=exif)).json()
    shown = client.get(f"/i/{made['id']}").content
    assert b"somebody" not in shown
    assert b"Exif" not in shown


def test_a_decoder_that_dies_costs_one_request_a_refusal(client: TestClient) -> None:
    sandbox = client.app.state.house.sandbox  # type: ignore[attr-defined]
    assert upload(client, saved(scenery(), "PNG")).status_code == 201
    assert sandbox.pids()
    for pid in sandbox.pids():
        os.kill(pid, signal.SIGKILL)
    assert {upload(client, saved(scenery(), "PNG")).status_code for _ in range(4)} <= {201, 422}
    assert upload(client, saved(scenery(), "PNG")).status_code == 201
