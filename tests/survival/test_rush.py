"""Many clients at once, on one image: one block, one event of it, no report lost, no error."""

import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx
import pytest

from tests.ground.server import Server, ServerError, Site
from tests.survival.books import Books
from tests.survival.crowd import Acknowledged, Crowd, pseudonyms_of
from tests.survival.world import picture, register, report, statement, upload

CLIENTS = 32
T = TypeVar("T")


class Follower:
    """Pages through `GET /v1/events` on a thread of its own while others write."""

    def __init__(self, server: Server, site: Site) -> None:
        self.seen: list[dict[str, Any]] = []
        self.refused: list[str] = []
        self._server, self._site = server, site
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)

    def __enter__(self) -> "Follower":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join(30)
        assert not self._thread.is_alive()

    def _follow(self) -> None:
        after = 0
        with self._server.client(self._site) as client:
            while True:
                stopping = self._stopping.is_set()
                answer = client.get("/v1/events", params={"after": after, "limit": 7})
                if answer.status_code != 200:
                    self.refused.append(answer.text)
                    return
                page = answer.json()
                self.seen += page["events"]
                after = page["next"]
                if stopping and not page["events"]:
                    return

    def assert_saw_all(self, books: Books) -> None:
        """Every event once, in the order of the log."""
        assert self.refused == []
        assert [(e["position"], e["id"]) for e in self.seen] == [(e["position"], e["id"]) for e in books.events]


def at_once(clients: list[httpx.Client], act: Callable[[int, httpx.Client], T]) -> list[T]:
    """What each client got; all of them start in the same moment."""
    ready = threading.Barrier(len(clients))
    results: dict[int, T] = {}

    def run(number: int, client: httpx.Client) -> None:
        client.get("/healthz")
        ready.wait(30)
        results[number] = act(number, client)

    threads = [threading.Thread(target=run, args=each, daemon=True) for each in enumerate(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(results) == len(clients), "a client has no answer"
    return [results[number] for number in range(len(clients))]


@dataclass(frozen=True)
class Town:
    """Servers that share one database, and a new site of theirs."""

    servers: list[Server]
    site: Site

    def clients(self) -> list[httpx.Client]:
        return [self.servers[n % len(self.servers)].client(self.site) for n in range(CLIENTS)]

    def books(self) -> Books:
        return Books(self.servers[0].database_url, self.site.site)


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(("sqlite", 1), id="sqlite"),
        pytest.param(("postgresql", 1), id="postgresql", marks=pytest.mark.postgresql),
        pytest.param(("postgresql", 2), id="postgresql-two-servers", marks=pytest.mark.postgresql),
    ],
)
def servers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Server]]:
    """One on SQLite, one on PostgreSQL, or two on one PostgreSQL."""
    kind, count = request.param
    folder = tmp_path_factory.mktemp("rush")
    url = f"sqlite:///{folder / 'tawatur.db'}"
    if kind == "postgresql":
        url = request.getfixturevalue("postgres_server").create_database(f"rush_{uuid.uuid4().hex[:12]}", tables=True)
    running = [Server(folder / str(n), url, TAWATUR_SECRET=uuid.uuid4().hex) for n in range(count)]
    try:
        running[0].init()
        for server in running:
            server.data_dir = running[0].data_dir
            server.environment = running[0].environment
            server.start()
        yield running
    finally:
        for server in running:
            server.kill9()


@pytest.fixture
def town(servers: list[Server]) -> Iterator[Town]:
    yield Town(servers, servers[0].site(uuid.uuid4().hex))
    for server in servers:  # pytest shows this under a test that failed
        print(server.log_text())


def test_thirty_two_clients_that_report_one_image_at_once_block_it_once(town: Town) -> None:
    clients = town.clients()
    image = register(clients[0], picture(1))
    with Follower(town.servers[-1], town.site) as follower:
        answers = at_once(clients, lambda n, client: report(client, image, statement(f"r{n}")))
    assert Counter(answer.status_code for answer in answers) == {201: CLIENTS}
    books = town.books()
    books.assert_sound()
    assert len(books.of_type("image.blocked")) == 1
    assert len(books.of_type("image.blurred")) <= 1
    assert {row["id"] for row in books.reports} == {answer.json()["id"] for answer in answers}
    assert len({row["reporter"] for row in books.reports}) == CLIENTS
    assert len(books.of_type("report.received")) == CLIENTS
    follower.assert_saw_all(books)


def test_the_same_request_twice_at_once_is_done_once_and_answered_alike(town: Town) -> None:
    clients = town.clients()
    image = register(clients[0], picture(1))

    def twice(n: int, client: httpx.Client) -> httpx.Response:
        pair = (
            n // 2 if len(town.servers) == 1 else n % 16 // 2 + n // 16 * 8
        )  # both of a pair, on different servers too
        return report(client, image, statement(f"r{pair}"), **{"Idempotency-Key": f"key-{pair}"})

    answers = at_once(clients, twice)
    assert Counter(answer.status_code for answer in answers) == {201: CLIENTS}
    told = Counter(answer.text for answer in answers)
    assert set(told.values()) == {2}, told
    books = town.books()
    books.assert_sound()
    assert len(books.reports) == CLIENTS // 2
    assert len(books.answers) == CLIENTS // 2
    assert len(books.of_type("image.blocked")) == 1


def test_one_reporter_at_many_clients_counts_once(town: Town) -> None:
    clients = town.clients()
    image = register(clients[0], picture(1))

    def half_alone(n: int, client: httpx.Client) -> httpx.Response:
        who = "the-same" if n % 4 < 2 else f"r{n}"
        return report(client, image, statement(who, network="10.0.0.1"))

    answers = at_once(clients, half_alone)
    assert Counter(answer.status_code for answer in answers) == {201: CLIENTS // 2 + 1, 200: CLIENTS // 2 - 1}
    same = {answer.json()["id"] for n, answer in enumerate(answers) if n % 4 < 2}
    assert len(same) == 1
    books = town.books()
    books.assert_sound()
    assert len(books.reports) == CLIENTS // 2 + 1


def test_one_person_met_on_one_network_at_many_images_at_once_is_one_person_there(town: Town) -> None:
    clients = town.clients()
    images = [register(clients[0], picture(n)) for n in range(8)]

    def meet(n: int, client: httpx.Client) -> httpx.Response:
        return report(client, images[n % 8], statement(f"r{n // 8}", network="10.0.0.1"))

    answers = at_once(clients, meet)
    assert Counter(answer.status_code for answer in answers) == {201: CLIENTS}
    books = town.books()
    books.assert_sound()
    assert [row["people"] for row in books.networks] == [4]
    assert {row["reported"] for row in books.reporters} == {8}


def test_views_counted_at_once_are_all_counted(town: Town) -> None:
    clients = town.clients()
    image = register(clients[0], picture(1))

    def see(n: int, client: httpx.Client) -> list[int]:
        path = f"/v1/images/{image}/views"
        return [client.post(path, json={"count": n + 1}).status_code for _ in range(5)]

    assert {status for mine in at_once(clients, see) for status in mine} == {200}
    books = town.books()
    assert books.images[image]["views"] == 5 * CLIENTS * (CLIENTS + 1) // 2
    books.assert_sound()


def test_the_same_bytes_registered_at_once_are_one_family(town: Town) -> None:
    clients = town.clients()
    for go in range(4):
        same = [picture(100 + 2 * go + n, size=(64, 48)) for n in range(2)]
        answers = at_once(clients, lambda n, client, same=same: upload(client, same[n // 2 % 2]))  # type: ignore[misc]
        assert Counter(answer.status_code for answer in answers) == {201: CLIENTS}
    books = town.books()
    books.assert_sound()
    assert len(books.images) == 4 * CLIENTS
    assert len({row["family"] for row in books.images.values()}) == 4 * 2


def test_reports_withdrawn_while_others_report_leave_the_state_that_the_live_ones_ask_for(town: Town) -> None:
    clients = town.clients()
    image = register(clients[0], picture(1))
    made = [report(clients[n], image, statement(f"early{n}")).json()["id"] for n in range(CLIENTS // 2)]

    def come_and_go(n: int, client: httpx.Client) -> httpx.Response:
        if n < CLIENTS // 2:
            return client.delete(f"/v1/reports/{made[n // 2 * 2]}")  # each is withdrawn by two clients at once
        return report(client, image, statement(f"late{n}"))

    answers = at_once(clients, come_and_go)
    assert {answer.status_code for answer in answers} <= {200, 201}
    books = town.books()
    books.assert_sound()
    assert len(books.of_type("report.withdrawn")) == CLIENTS // 4
    assert len([row for row in books.reports if row["withdrawn_at"] is None]) == CLIENTS * 3 // 4
    assert clients[0].get(f"/v1/images/{image}").json()["status"] == "blocked"


def test_a_mixed_load_loses_nothing_and_a_reader_of_the_log_misses_nothing(town: Town) -> None:
    with town.servers[0].client(town.site) as client:
        images = [register(client, picture(n)) for n in range(6)]
    said = Acknowledged()
    with (
        Follower(town.servers[0], town.site) as one,
        Follower(town.servers[-1], town.site) as other,
        Crowd(town.servers, town.site, images, people=16, said=said),
    ):
        time.sleep(2.5)
    assert said.refused == []
    assert (said.broken, said.postponed) == (0, 0)
    books = town.books()
    books.assert_sound()
    said.assert_kept(books, pseudonyms_of(town.servers[0], town.site))
    assert {row["id"] for row in books.reports} == said.reports.keys()
    for follower in (one, other):
        follower.assert_saw_all(books)


def test_many_readers_of_the_log_do_not_keep_writers_out(town: Town) -> None:
    with town.servers[0].client(town.site) as client:
        images = [register(client, picture(n)) for n in range(4)]
    said = Acknowledged()
    followers = [Follower(town.servers[n % len(town.servers)], town.site) for n in range(24)]
    for follower in followers:
        follower.__enter__()
    with Crowd(town.servers, town.site, images, people=4, said=said) as crowd:
        crowd.wait_for_answers(30)
    for follower in followers:
        follower.__exit__()
    assert said.refused == []
    assert (said.broken, said.postponed) == (0, 0)
    books = town.books()
    books.assert_sound()
    for follower in followers:
        follower.assert_saw_all(books)


def test_servers_that_start_at_once_on_a_new_database_all_find_it_ready(
    new_server: Callable[..., Server], database_url: str
) -> None:
    newcomers = [new_server(database_url, TAWATUR_SECRET=uuid.uuid4().hex) for _ in range(3)]
    failed: list[BaseException] = []

    def init(server: Server) -> None:
        try:
            server.tawatur("init")
        except ServerError as error:
            failed.append(error)

    threads = [threading.Thread(target=init, args=(server,)) for server in newcomers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    assert newcomers[0].site().api_key
