"""The operator's numbers are right, on every server and after every restart, and name nobody."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from tawatur.log.sequencer import sequence
from tawatur.log.tally import counted, tally
from tawatur.settings import Settings
from tawatur.store import cursors, sites, tallies
from tawatur.store.database import Database
from tawatur.store.events import EventRow
from tawatur.web.app import make_app
from tawatur.web.measured import GROUPS, group
from tests.ground.server import Server
from tests.ground.tables import with_tables
from tests.survival.world import picture, register
from tests.web.place import Place, problem

Numbers = dict[tuple[str, tuple[str, ...]], float]


def read(answer: httpx.Response) -> Numbers:
    """Every number by its name and the values of its labels (in the labels' order), as a scraper parses them."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain")
    return {
        (sample.name, tuple(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def numbers(place: Place) -> Numbers:
    database = Database(place.database_url)
    sequence(database)  # on PostgreSQL events get their positions after the answer
    tally(database)  # as the server does every few seconds
    database.close()
    return read(place.client.get("/metrics"))


def grown(before: Numbers, after: Numbers) -> Numbers:
    return {key: value - before.get(key, 0) for key, value in after.items() if value != before.get(key, 0)}


def test_what_happens_is_counted_by_cause_and_reason(place: Place) -> None:
    before = numbers(place)
    image = place.image()
    assert place.crowd(image) == "blocked"
    after = numbers(place)
    assert after["tawatur_queue_cases", ("blocked",)] > before["tawatur_queue_cases", ("blocked",)]
    assert after["tawatur_queue_oldest_seconds", ("blocked",)] > 0
    place.review(image, "rejected")
    made = grown(before, numbers(place))
    assert made["tawatur_reports_total", ("violence",)] == 12
    assert made["tawatur_changes_total", ("reports", "violence", "blocked")] == 1
    assert made["tawatur_changes_total", ("reports", "violence", "blurred")] == 1
    assert made["tawatur_changes_total", ("review", "", "visible")] == 1
    assert made["tawatur_verdicts_total", ("block",)] == 1
    assert made["tawatur_reviews_total", ("rejected", "")] == 1
    assert made["tawatur_request_seconds_count", ("report",)] == 12
    assert made["tawatur_answers_total", ("report", "2xx")] == 12
    assert ("tawatur_verdicts_total", ("allow",)) not in made  # a person restored it, not the engine


def test_files_that_are_not_decoded_are_counted_by_why(place: Place) -> None:
    before = numbers(place)
    for data in (b"not a picture", b"\x89PNG\r\n\x1a\n broken"):
        assert place.client.post("/v1/images", files={"file": ("p.png", data)}).is_client_error
    made = grown(before, numbers(place))
    assert sum(count for (name, _), count in made.items() if name == "tawatur_pictures_refused_total") == 2
    assert made["tawatur_answers_total", ("register", "4xx")] == 2


def test_every_event_is_counted_once_whoever_counts(place: Place) -> None:
    place.image()
    database = Database(place.database_url)
    tally(database)
    assert tally(database) == 0
    with database.read() as connection:
        total = sum(one.count for one in tallies.all_of_them(connection))
        assert total == cursors.position(connection, "metrics") > 0
    database.close()


def test_a_site_whose_breaker_stops_blocks_is_counted(place: Place) -> None:
    rules = "breaker_blocks = 1\n"
    changed = place.client.put("/v1/policy", content=rules, headers={"Content-Type": "application/toml"})
    assert changed.status_code == 200, changed.text
    before = numbers(place)["tawatur_breakers", ()]
    assert place.crowd(place.image()) == "blocked"
    assert numbers(place)["tawatur_breakers", ()] == before + 1


def test_what_does_not_arrive_at_a_webhook_is_counted(place: Place) -> None:
    before = numbers(place)
    nobody = {"url": "http://127.0.0.1:9/hook", "after": 0}
    assert place.client.post("/v1/webhooks", json=nobody).is_client_error  # an address that may not be asked
    made = place.client.post("/v1/webhooks", json={"url": "https://hook.invalid/x", "after": 0})
    assert made.status_code == 201, made.text
    after = numbers(place)
    assert after["tawatur_webhooks_waiting", ()] > before["tawatur_webhooks_waiting", ()]
    assert after["tawatur_webhooks_oldest_seconds", ()] > 0
    assert "hook.invalid" not in place.client.get("/metrics").text
    assert place.client.delete(f"/v1/webhooks/{made.json()['id']}").is_success


def test_nothing_is_of_a_picture_a_site_or_a_person_and_the_series_are_few(place: Place) -> None:
    image = place.image(uploader="uploader-omar")
    place.report(image, "reporter-fatima", comment="seen-in-sabha")
    place.review(image, "upheld", "moderator-leila", reason="violence")
    for path in (f"/i/{image}", f"/v1/images/{image}", "/console/nowhere/at-all", "/" + "x" * 300):
        place.client.get(path)
    text = place.client.get("/metrics").text
    database = Database(place.database_url)
    with database.read() as connection:
        named = [name for site in sites.all_of_them(connection) for name in (site.id, f'"{site.name}"')]
    database.close()
    people = ["uploader-omar", "reporter-fatima", "moderator-leila", "seen-in-sabha", "127.0.0.1"]
    assert [word for word in [image, *people, *named] if word in text] == []
    assert len(numbers(place)) < 400


def test_words_that_are_not_ours_are_counted_as_other() -> None:
    bodies = [
        '{"cause": "Fatima said so", "reason": "because of Omar"}',
        '{"cause": ["x"]}',
        '{"cause": "review"}',
        "{}",
    ]
    page = [EventRow(str(n), n, "site", None, None, "some.type", body) for n, body in enumerate(bodies)]  # type: ignore[arg-type]
    assert counted(page) == {
        ("some.type", "other", "other"): 1,
        ("some.type", "other", ""): 1,
        ("some.type", "review", ""): 1,
        ("some.type", "", ""): 1,
    }


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/i/01a2", "gate"),
        ("GET", "/gate/check", "check"),
        ("POST", "/v1/images", "register"),
        ("GET", "/v1/images/01a2", "api"),
        ("POST", "/v1/images/01a2/reports", "report"),
        ("DELETE", "/v1/reports/01a2", "report"),
        ("POST", "/v1/images/01a2/views", "view"),
        ("POST", "/v1/images/01a2/reviews", "review"),
        ("GET", "/v1/images/a/b/c/d", "api"),
        ("GET", "/widget/state", "widget"),
        ("GET", "/console", "console"),
        ("GET", "/metrics", "operator"),
        ("GET", "/", "other"),
        ("GET", "/wp-login.php", "other"),
    ],
)
def test_a_request_belongs_to_one_of_a_few_groups(method: str, path: str, expected: str) -> None:
    assert group(method, path) == expected
    assert expected in GROUPS


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "Via", "X-Forwarded-Host"])
def test_what_a_web_server_passes_on_finds_nothing(place: Place, header: str) -> None:
    problem(place.client.get("/metrics", headers={header: "127.0.0.1"}), 404)


@pytest.mark.parametrize(
    ("allow", "peer", "status"),
    [
        ("127.0.0.0/8,::1/128", "203.0.113.9", 404),
        ("127.0.0.0/8,::1/128", "::1", 200),
        ("10.1.0.0/16", "10.1.2.3", 200),
        ("10.1.0.0/16", "127.0.0.1", 404),
        ("", "127.0.0.1", 404),
    ],
)
def test_only_the_operators_networks_may_read(
    tmp_path: Path, sqlite_url: str, allow: str, peer: str, status: int
) -> None:
    app = make_app(Settings(database_url=with_tables(sqlite_url), data_dir=tmp_path, metrics_allow=allow))
    with TestClient(app, client=(peer, 50_000)) as client:
        assert client.get("/metrics").status_code == status


def scraped(server: Server) -> Numbers:
    with server.client() as client:
        return read(client.get("/metrics"))


def counts(numbers: Numbers) -> Numbers:
    return {key: count for key, count in numbers.items() if key[0] in ("tawatur_events_total", "tawatur_reports_total")}


@pytest.mark.postgresql
def test_servers_that_share_a_database_tell_the_same_and_a_killed_worker_forgets_nothing(
    new_server: Callable[..., Server], postgres_url: str
) -> None:
    one, other = new_server(postgres_url), new_server(postgres_url)
    site = one.init().site()
    for server in (one, other):
        server.data_dir = one.data_dir
        server.start()
    with one.client(site) as here, other.client(site) as there:
        image = register(here, picture(1))
        for n in range(6):
            said = {"reporter": f"r{n}", "reason": "spam"}
            assert (here, there)[n % 2].post(f"/v1/images/{image}/reports", json=said).status_code == 201
    until = time.monotonic() + 30
    while scraped(one).get(("tawatur_reports_total", ("spam",)), 0) < 6 and time.monotonic() < until:
        time.sleep(0.1)
    first, second = scraped(one), scraped(other)
    assert first["tawatur_reports_total", ("spam",)] == 6
    assert counts(first) == counts(second)
    own = "tawatur_request_seconds_count", ("report",)
    assert (first[own], second[own]) == (3, 3)
    (worker,) = one.workers
    os.kill(worker, signal.SIGKILL)
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            again = scraped(one)
            break
        except httpx.TransportError:
            time.sleep(0.1)
    assert again["tawatur_reports_total", ("spam",)] == 6
    assert again[own] == 0


def test_the_document_names_every_number_and_no_other(place: Place) -> None:
    document = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
    told = {name for name, _ in numbers(place) if name.startswith("tawatur_")}
    told = {re.sub(r"_(bucket|sum|count)$", "", name) for name in told} | {"tawatur_pictures_refused_total"}
    named = {re.sub(r"_bucket$", "", name) for name in re.findall(r"\btawatur_[a-z_]+", document)}
    assert named == told
