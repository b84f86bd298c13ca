"""A page's text comes with its picture, is read behind the answer, helps a person to see, and is not kept."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from tawatur.store import schema
from tawatur.store.database import Database
from tawatur.web import contexts
from tests.web.place import Place, opened, picture, problem

PAGE = "قال مسؤول إن داعش شن هجوما في سرت يوم 5 ديسمبر 2016. وتسكن ليلى حداد في شارع الميناء."


def context(place: Place, image: str, lang: str = "en") -> dict[str, Any]:
    answer = place.client.get(f"/v1/images/{image}/verdict", headers={"Accept-Language": lang})
    told: dict[str, Any] = answer.json()["context"]
    return told


def read(place: Place, image: str, lang: str = "en") -> dict[str, Any]:
    """What is told of the page once it was read."""
    for _ in range(600):
        if (told := context(place, image, lang))["state"] != "none":
            return told
        time.sleep(0.1)
    raise AssertionError("the page was never read")


@pytest.fixture
def alone(tmp_path: Path, sqlite_url: str) -> Iterator[Place]:
    with opened(sqlite_url, tmp_path) as made:
        yield made


def test_the_text_is_read_in_the_background_and_only_what_was_found_is_kept(place: Place) -> None:
    made = place.register(1, page_text=PAGE)
    assert made["context"] == "waiting"
    told = read(place, made["id"], "ar")
    assert told["state"] == "read"
    assert told["used_in_decision"] is False
    assert [(one["name"], one["designated"]) for one in told["groups"]] == [("داعش", True)]
    assert [one["name"] for one in told["countries"]] == ["ليبيا"]
    assert [(one["kind"], one["country"], one["when"]) for one in told["events"]] == [("attack", "LY", "2016-12-05")]
    assert told["reads_as_report_about"] == ["attack"]
    assert told["groups"][0]["sentence"]["lang"] == "ar"
    database = Database(place.database_url)
    with database.read() as connection:
        tables = schema.metadata.sorted_tables
        rows = [str(tuple(row)) for t in tables for row in connection.execute(text(f"SELECT * FROM {t.name}"))]
    database.close()
    assert not any("ليلى" in row for row in rows)


def test_it_may_come_as_json_and_as_a_page(place: Place) -> None:
    page = f"<!doctype html><html><body><nav>menu</nav><article><p>{PAGE} {PAGE}</p></article></body></html>"
    body = {"pdq": "a5" * 32, "quality": 100, "page_text": page}
    made = place.client.post("/v1/images", json=body).json()
    assert [one["code"] for one in read(place, made["id"])["countries"]] == ["LY"]


def test_nothing_is_expected_of_a_picture_without_a_page(place: Place) -> None:
    made = place.register(1, page_url="http://127.0.0.1:9/never-asked")  # fetching is off
    assert made["context"] == "none"
    assert context(place, made["id"])["state"] == "none"


def test_a_text_is_bounded(place: Place) -> None:
    assert place.register(1, page_text="ب" * 50_000)["context"] == "waiting"
    for data in ({"page_text": "ب" * 50_001}, {"page_text": "x" * 100_001}):
        told = problem(place.client.post("/v1/images", files={"file": ("p.png", picture(2))}, data=data), 422)
        assert "page_text" in told["detail"]


def test_a_repeat_with_the_same_key_is_the_same_picture_and_is_read_once(alone: Place) -> None:
    sent = {"files": {"file": ("p.png", picture(1))}, "data": {"page_text": PAGE}, "headers": {"Idempotency-Key": "k1"}}
    first, second = (alone.client.post("/v1/images", **sent).json() for _ in range(2))
    assert first == second
    before = read(alone, first["id"])["read_at"]
    assert alone.client.post("/v1/images", **sent).json() == first
    assert context(alone, first["id"])["read_at"] == before


def test_a_site_has_it_deleted(place: Place) -> None:
    image = place.image(1, page_text=PAGE)
    read(place, image)
    assert place.client.delete(f"/v1/images/{image}/context").status_code == 204
    assert context(place, image)["state"] == "none"
    assert place.client.delete(f"/v1/images/{image}/context").status_code == 204
    problem(place.client.delete("/v1/images/00000000-0000-7000-8000-000000000000/context"), 404)


@pytest.mark.parametrize(("sent", "state"), [("\x00", "unreadable"), ("   ", "unreadable"), ("plain words", "read")])
def test_a_text_in_which_there_is_nothing_is_told_as_that(place: Place, sent: str, state: str) -> None:
    told = read(place, place.image(1, page_text=sent))
    assert (told["state"], told["groups"], told["countries"]) == (state, [], [])


def test_without_the_extra_everything_works_and_says_so(
    tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contexts, "missing", lambda: "ahocorasick")
    with opened(sqlite_url, tmp_path) as place:
        made = place.register(1, page_text=PAGE)
        assert made["context"] == "not_installed"
        told = read(place, made["id"])
        assert told["state"] == "not_installed"
        assert "tawatur[context]" in told["note"]
        assert place.register(2)["context"] == "none"


def test_a_child_that_breaks_down_harms_only_its_page(alone: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    create, broken = contexts.asyncio.create_subprocess_exec, ["-c", "import sys; sys.exit(3)"]

    async def first_breaks(program: str, *arguments: str, **options: Any) -> Any:
        monkeypatch.setattr(contexts.asyncio, "create_subprocess_exec", create)
        return await create(program, *broken, **options)

    monkeypatch.setattr(contexts.asyncio, "create_subprocess_exec", first_breaks)
    assert read(alone, alone.image(1, page_text=PAGE))["state"] == "unreadable"
    assert read(alone, alone.image(2, page_text=PAGE))["state"] == "read"


def test_what_is_too_much_is_left_out_and_every_picture_is_registered(
    alone: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contexts, "BYTES_WAITING", 10)
    image = alone.image(1, page_text=PAGE)
    assert context(alone, image)["state"] == "none"
    monkeypatch.setattr(contexts, "BYTES_WAITING", 1_000_000)
    assert read(alone, alone.image(2, page_text=PAGE))["state"] == "read"


class Paper(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        found = self.path == "/sirte"
        body = f"<!doctype html><html><body><article><p>{PAGE} {PAGE}</p></article></body></html>".encode()
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass


def test_where_the_operator_says_so_the_address_is_fetched(tmp_path: Path, sqlite_url: str) -> None:
    paper = ThreadingHTTPServer(("127.0.0.1", 0), Paper)
    threading.Thread(target=paper.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{paper.server_address[1]}"
    try:
        with opened(sqlite_url, tmp_path / "a", context_fetch=True, fetch_allow="127.0.0.0/8") as place:
            made = place.register(1, page_url=f"{base}/sirte")
            assert made["context"] == "waiting"
            assert [one["code"] for one in read(place, made["id"])["countries"]] == ["LY"]
            assert read(place, place.image(2, page_url=f"{base}/gone"))["state"] == "not_fetched"
            sent = place.image(3, page_url=f"{base}/sirte", page_text="Boko Haram attacked Niger.")
            assert [one["code"] for one in read(place, sent)["countries"]] == ["NE"]  # the text goes before the address
    finally:
        paper.shutdown()


def test_an_address_within_the_operators_network_is_not_fetched(tmp_path: Path, sqlite_url: str) -> None:
    with opened(sqlite_url, tmp_path, context_fetch=True) as place:
        assert read(place, place.image(1, page_url="http://127.0.0.1:9/"))["state"] == "not_fetched"
