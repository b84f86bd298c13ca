"""People at the console of a site: browsers that are signed in, without a screen."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape
from typing import Any

import httpx
from starlette.testclient import TestClient

from tawatur.moderation import people
from tawatur.store.database import Database
from tawatur.store.ids import new_id
from tests.web.place import Place

WORDS = "a quiet harbour in autumn"
_TOKEN = re.compile(r'name="token" value="([0-9a-f]+)"')


class Browser:
    """Asks the place's server with cookies of its own, and follows no redirect by itself."""

    def __init__(self, place: Place, cookie: str | None = None) -> None:
        self._client = TestClient(
            place.client.app, base_url="http://testserver", client=("127.0.0.1", 50_000), follow_redirects=False
        )
        if cookie is not None:
            self._client.cookies.set("tawatur_console", cookie, path="/console")
        self.cookie = cookie

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self._client.get(path, headers={"Accept-Language": "en", **headers})

    def post(self, path: str, headers: dict[str, str] | None = None, **form: Any) -> httpx.Response:
        told = {"Origin": "http://testserver", "Accept-Language": "en", **(headers or {})}
        return self._client.post(path, data=form, headers=told)

    def token(self, path: str = "/console") -> str:
        """What the forms of a page carry."""
        found = _TOKEN.search(self.get(path).text)
        assert found is not None
        return found[1]

    def send(self, path: str, **form: Any) -> httpx.Response:
        """Sends a form as a page of ours does."""
        return self.post(path, token=self.token(), **form)


def person(place: Place, role: str, email: str | None = None, known_as: str | None = None) -> Browser:
    """Somebody in this role on the place's site, signed in."""
    database = Database(place.database_url)
    now = datetime.now(UTC)
    link = people.add_person(
        database, new_id, email or f"{new_id()}@town.example", role, place.keys.site, now, known_as
    )
    cookie = people.choose_password(database, link, WORDS, now)
    database.close()
    return Browser(place, cookie)


def texts(answer: httpx.Response) -> str:
    """What a page says, without its tags and with single spaces."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())
