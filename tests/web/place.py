"""A server within the test process, with a site on it, and requests that read like sentences."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image
from starlette.testclient import TestClient

from tawatur import logs
from tawatur.moderation.sites import SiteKeys, create_site
from tawatur.settings import Settings
from tawatur.store.database import Database
from tawatur.store.database_book import DatabaseBook
from tawatur.store.ids import new_id
from tawatur.store.writer import Clock
from tawatur.web.app import make_app
from tests.ground.tables import with_tables


def picture(seed: int = 1, kind: str = "PNG") -> bytes:
    """A small picture; each seed gives one that is no copy of the others."""
    coarse = np.random.default_rng(seed).integers(0, 255, (7, 9, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(coarse).resize((160, 120), Image.Resampling.BICUBIC).save(out, kind)
    return out.getvalue()


class Place:
    """A site on a running server; `client` carries its key."""

    def __init__(self, client: TestClient, keys: SiteKeys, database_url: str, data_dir: Path) -> None:
        self.client = client
        self.keys = keys
        self.database_url = database_url
        self.data_dir = data_dir
        client.headers["Authorization"] = f"Bearer {keys.api_key}"

    def register(self, seed: int = 1, **said: str) -> dict[str, Any]:
        answer = self.client.post("/v1/images", files={"file": ("p.png", picture(seed))}, data=said)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def image(self, seed: int = 1, **said: str) -> str:
        return str(self.register(seed, **said)["id"])

    def report(
        self, image: str, reporter: str, reason: str = "violence", key: str | None = None, **more: Any
    ) -> httpx.Response:
        """By somebody whose account is old, unless told otherwise."""
        body = {
            "reporter": reporter,
            "reason": reason,
            "signals": {"account_created_at": "2020-01-01T00:00:00Z"},
            **more,
        }
        headers = {} if key is None else {"Idempotency-Key": key}
        return self.client.post(f"/v1/images/{image}/reports", json=body, headers=headers)

    def crowd(self, image: str, people: int = 12) -> str:
        return [str(self.report(image, f"r{n}").json()["status"]) for n in range(people)][-1]

    def review(self, image: str, outcome: str, reviewer: str = "mod", **more: Any) -> httpx.Response:
        body = {"outcome": outcome, "reviewer": reviewer, **more}
        return self.client.post(f"/v1/images/{image}/reviews", json=body)

    def events(self, **query: int) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.client.get("/v1/events", params=query).json()["events"]
        return found

    def types(self) -> list[str]:
        return [event["type"] for event in self.events(limit=1000)]

    def another_site(self, name: str = "another") -> SiteKeys:
        return make_site(self.database_url, name)


def make_site(database_url: str, name: str) -> SiteKeys:
    database = Database(database_url)
    with database.write() as connection:
        book = DatabaseBook(connection, new_id)
        made = create_site(book, name, Clock()())
        book.flush()
    database.close()
    return made


@contextmanager
def opened(database_url: str, data_dir: Path, **settings: Any) -> Iterator[Place]:
    """A server on a new database."""
    with_tables(database_url)
    keys = make_site(database_url, "test")
    logs.configure("error")  # as `tawatur serve` does; structlog's own way of showing a failure takes seconds
    app = make_app(Settings(database_url=database_url, data_dir=data_dir, **settings))
    with TestClient(app, raise_server_exceptions=False, client=("127.0.0.1", 50_000)) as client:
        yield Place(client, keys, database_url, data_dir)


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The answer's problem details, which must have the shape of every problem (RFC 9457)."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = answer.json()
    assert told["type"] == "about:blank"
    assert told["status"] == status
    assert told["title"]
    assert told["detail"]
    return told
