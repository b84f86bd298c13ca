"""The server's own log is structured, and names nobody, whatever happens to it."""

from __future__ import annotations

import json
import logging
import os
import signal
import time
import uuid
from collections.abc import Callable

import httpx
import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from tawatur import logs
from tawatur.store.database import Database
from tests.ground.postgres import Postgres
from tests.ground.server import Server
from tests.survival.world import picture, register

PASSWORD = "correct horse battery staple"
PEOPLE = ["reporter-fatima", "uploader-omar", "moderator-leila", "leila@example.org", "viewer-samir"]
MEANS = ["203.0.113.77", "device-7f3a", "campaign-storm", "AgentOfSamir/7"]
WORDS = ["seen in sabha", "a caption of omar", "note of leila", "secret-page", "private-photo", "broken-by-karim"]


def live(server: Server, own_postgres: Postgres) -> list[str]:
    """Everything that people do to a server, well and badly; returns what else must stand nowhere."""
    site = server.site()
    server.start()
    secrets = [site.api_key, site.public_key, PASSWORD]
    fields = {
        "uploader": "uploader-omar",
        "caption": "a caption of omar",
        "page_url": "https://example.org/secret-page",
    }
    with server.client(site) as client:
        client.headers.update({"User-Agent": "AgentOfSamir/7", "X-Forwarded-For": "203.0.113.77"})
        image = register(client, picture(1), **fields)
        signals = {"network": "203.0.113.77", "device": "device-7f3a", "referrer": "campaign-storm"}
        said = {"reporter": "reporter-fatima", "reason": "violence", "comment": "seen in sabha", "signals": signals}
        report = client.post(f"/v1/images/{image}/reports", json=said).json()["id"]
        for n in range(9):
            client.post(f"/v1/images/{image}/reports", json={"reporter": f"reporter-fatima-{n}", "reason": "violence"})
        client.delete(f"/v1/reports/{report}")
        client.post(f"/v1/images/{image}/views", json={"viewers": ["viewer-samir"]})
        decision = {"outcome": "upheld", "reviewer": "moderator-leila", "note": "note of leila", "reason": "violence"}
        client.post(f"/v1/images/{image}/reviews", json=decision)
        refused = [
            client.post(f"/v1/images/{image}/reports", json={**said, "reason": "broken-by-karim"}),
            client.post("/v1/images", files={"file": ("private-photo.png", b"no picture")}, data=fields),
            client.post("/v1/images", files={"file": ("private-photo.png", picture(1)[:200])}, data=fields),
            client.post("/v1/images", json={"url": "http://127.0.0.1:1/private-photo", **fields}),
            client.post(f"/v1/images/{image}/reports", content=b'{"reporter": "reporter-fatima", broken-by-karim'),
            client.get("/v1/images/reporter-fatima"),
            client.get("/i/reporter-fatima?secret-page"),
            client.get("/v1/events", headers={"Authorization": "Bearer tws_broken-by-karim"}),
            client.put("/v1/policy", content="broken-by-karim = 1", headers={"Content-Type": "application/toml"}),
        ]
        assert [answer.status_code for answer in refused if not answer.is_client_error] == []
        secrets.append(sign_in(server, client))
        own_postgres.stop()
        for _ in range(2):
            assert client.post(f"/v1/images/{image}/reports", json=said).status_code == 503
        own_postgres.start()
        erasure = {"kind": "reporter", "person": "reporter-fatima"}
        until = time.monotonic() + 30
        while client.post("/v1/erasures", json=erasure).status_code == 503 and time.monotonic() < until:
            time.sleep(0.1)
        fetched = client.post(
            "/v1/images",
            json={"url": "http://127.0.0.1:9/private-photo"},
            headers={"Idempotency-Key": uuid.uuid4().hex},
        )
        assert fetched.status_code == 422
        assert client.get("/console?q=secret-page").status_code in (200, 303)
    (worker,) = server.workers
    os.kill(worker, signal.SIGKILL)  # it is started again
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            with server.client() as client:
                client.get("/healthz")
            break
        except httpx.TransportError:
            time.sleep(0.1)
    server.stop()
    return secrets


def sign_in(server: Server, client: httpx.Client) -> str:
    """Somebody takes their one-time link, and others guess; returns the link's secret."""
    made = server.tawatur("user", "create", "leila@example.org", "--site", "test", "--json")
    link = str(json.loads(made)["link"])
    secret = link.rsplit("/", 1)[-1]
    origin = {"Origin": server.base_url}
    came = client.post(f"/console/welcome/{secret}", data={"password": PASSWORD}, headers=origin)
    assert came.status_code == 303, came.text
    for password, status in ((PASSWORD, 303), (f"wrong {PASSWORD}", 401)):
        form = {"email": "leila@example.org", "password": password}
        assert client.post("/console/sign-in", data=form, headers=origin).status_code == status
    return secret


@pytest.mark.postgresql
def test_a_whole_life_leaves_lines_that_programs_read_and_that_name_nobody(
    new_server: Callable[..., Server], own_postgres: Postgres
) -> None:
    server = new_server(own_postgres.url, TAWATUR_LOG_LEVEL="debug").init()
    secrets = live(server, own_postgres)
    written = server.log.read_text()
    assert [word for word in [*PEOPLE, *MEANS, *WORDS, *secrets, "203.0.113"] if word in written] == []
    lines = [line for line in written.splitlines() if not line.startswith(("---", "Tawatur serves "))]
    told = [json.loads(line) for line in lines]
    assert all({"event", "level", "timestamp"} <= line.keys() for line in told)
    happened = {line["event"] for line in told}
    assert "database_unavailable" in happened
    assert any("Started server process" in event for event in happened)  # what the web server says is of the same form


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_failures_traceback_is_told_without_the_values_in_it(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info", form)
    password = "hunter2"  # a variable that a traceback with values would show
    try:
        try:
            raise ZeroDivisionError(len(password))
        except ZeroDivisionError:
            structlog.get_logger("test").exception("it_failed", part="writer")
            logging.getLogger("asyncio").error("a library says %s", "something")
            logging.getLogger("httpx").info("GET https://example.org/secret-page")
    finally:
        logs.configure("error")
    told = capsys.readouterr().err
    assert "it_failed" in told
    assert "ZeroDivisionError" in told
    assert "a library says something" in told
    assert "hunter2" not in told.replace('password = "hunter2"', "")
    assert "secret-page" not in told
    if form == "json":
        assert [json.loads(line)["level"] for line in told.splitlines()] == ["error", "error"]


def test_a_failed_statement_is_told_without_its_values(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    with pytest.raises(OperationalError) as failed, database.readers.connect() as connection:
        connection.execute(text("SELECT :who FROM nowhere"), {"who": "reporter-fatima"})
    database.close()
    assert "reporter-fatima" not in str(failed.value)
