"""Every failure is a problem (RFC 9457) that says what to do, and none shows its inside."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from tawatur.moderation import refusals
from tawatur.store.database import DatabaseUnavailable
from tawatur.store.files import StorageUnavailable
from tawatur.store.writer import Overloaded, Refused, Writer
from tawatur.web import problems
from tests.web.place import Place, problem


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/v1/nowhere", 404),
        ("DELETE", "/v1/events", 405),
        ("PUT", "/healthz", 405),
        ("GET", "/healthz/", 404),
        ("GET", "/v1/images/00000000-0000-7000-8000-000000000000/reports", 405),
        ("GET", "/v1/images/not-an-id", 404),
        ("DELETE", "/v1/reports/not-an-id", 404),
        ("GET", "/i/not-an-id", 404),
        ("POST", "/i/00000000-0000-7000-8000-000000000000", 405),
    ],
)
def test_what_does_not_exist_is_a_problem(place: Place, method: str, path: str, status: int) -> None:
    answer = place.client.request(method, path)
    problem(answer, status)
    assert (status == 405) == ("allow" in answer.headers)


@pytest.mark.parametrize("path", ["/v1/images/status", "/v1/images/00000000-0000-7000-8000-000000000000/reviews"])
@pytest.mark.parametrize("body", [b"", b"{", b"[1,", b"null", b"\xff\xfe", b'{"ids": ' + b"[" * 20_000])
def test_a_body_that_is_no_json_is_a_problem(place: Place, path: str, body: bytes) -> None:
    answer = place.client.post(path, content=body, headers={"Content-Type": "application/json"})
    problem(answer, 400 if body.endswith(b"[[[") else 422)


@pytest.mark.parametrize("declared", [True, False])
def test_a_body_that_is_too_large_is_a_problem(place: Place, declared: bool) -> None:
    body = b'{"ids": ["' + b"x" * 70_000 + b'"]}'
    content = body if declared else iter([body[:40_000], body[40_000:]])
    answer = place.client.post("/v1/images/status", content=content, headers={"Content-Type": "application/json"})
    problem(answer, 413)


REFUSALS = [kind for kind in vars(refusals).values() if isinstance(kind, type) and issubclass(kind, Refused)]


@pytest.mark.parametrize("kind", [kind for kind in REFUSALS if kind is not Refused])
def test_every_refusal_has_a_title_of_its_own_and_a_status(kind: type[Refused]) -> None:
    more: tuple[Any, ...] = {refusals.BadPolicy: ("What to do", 7), refusals.TooOften: ("What to do.", 7)}.get(
        kind, ("What to do.",)
    )
    refused = kind(*more)
    answer = problems.of_error(refused)
    told = json.loads(bytes(answer.body))
    assert told["title"] == (kind.__doc__ or "").splitlines()[0].rstrip(".")
    assert told["detail"] == str(refused)
    assert "What to do." in told["detail"]
    assert 400 <= answer.status_code < 500


@pytest.mark.parametrize("error", [DatabaseUnavailable("gone"), StorageUnavailable("full"), Overloaded("busy")])
def test_what_cannot_be_done_now_says_when_to_try_again(
    place: Place, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    image = place.image()

    async def fails(self: Writer, change: object) -> None:
        raise error

    monkeypatch.setattr(Writer, "make", fails)
    answer = place.report(image, "anna")
    told = problem(answer, 503)
    assert int(answer.headers["retry-after"]) > 0
    assert "try again" in told["detail"].lower()


def test_a_mistake_of_ours_shows_nothing_of_its_inside(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    image = place.image()

    async def fails(self: Writer, change: object) -> None:
        raise ZeroDivisionError("hunter2")

    monkeypatch.setattr(Writer, "make", fails)
    for answer in (
        place.report(image, "anna"),
        place.client.post(f"/v1/images/{image}/views", json={"count": 1}),
    ):
        told = problem(answer, 500)
        assert "hunter2" not in str(told)


def test_health_and_readiness(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    assert place.client.get("/healthz").json() == {"status": "ok"}
    assert place.client.get("/readyz").json()["status"] == "ready"
    monkeypatch.setattr(Writer, "alive", False)
    problem(place.client.get("/readyz"), 503)
    assert place.client.get("/healthz").status_code == 200


@pytest.mark.parametrize(("said", "status"), [("database is locked", 503), ("no such table: nowhere", 500)])
def test_who_waits_too_long_for_others_rows_is_told_to_try_again(said: str, status: int) -> None:
    lost = OperationalError("UPDATE", {}, sqlite3.OperationalError(said))
    answer = problems.of_error(lost)
    assert answer.status_code == status
    assert ("retry-after" in answer.headers) == (status == 503)
    assert said.encode() not in answer.body
