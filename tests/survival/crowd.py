"""Clients that report, withdraw, view and register at once, and remember every answer that they got."""

import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import httpx

from tawatur.moderation.pseudonyms import Pseudonyms
from tests.ground.server import Server, Site
from tests.survival.books import Books
from tests.survival.world import picture, report, statement, upload


@dataclass
class Acknowledged:
    """What the server said that it did."""

    reports: dict[str, tuple[str, str]] = field(default_factory=dict)  # report -> (image, reporter)
    withdrawn: set[str] = field(default_factory=set)
    views: Counter[str] = field(default_factory=Counter)
    images: set[str] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)  # anything but what the crowd was ready for
    broken: int = 0  # requests that were cut off: nobody knows whether they were done
    postponed: int = 0  # 503 with Retry-After
    lock: threading.Lock = field(default_factory=threading.Lock)

    def assert_kept(self, books: Books, pseudonyms: Pseudonyms) -> None:
        """Every acknowledged change is in the database, and in the log."""
        rows = {row["id"]: row for row in books.reports}
        told = {event["report"]: event for event in books.of_type("report.received")}
        for key, (image, reporter) in self.reports.items():
            assert key in rows, f"acknowledged report {key} is lost"
            assert key in told, f"acknowledged report {key} is not in the log"
            digest = pseudonyms.person(reporter)
            assert (rows[key]["image"], rows[key]["reporter"]) == (image, digest)
            assert (told[key]["image"], told[key]["reporter"]) == (image, digest)
        assert not [key for key in self.withdrawn if rows[key]["withdrawn_at"] is None]
        assert self.images <= books.images.keys()
        for image, count in self.views.items():
            assert books.images[image]["views"] >= count


class Crowd:
    """Threads that load a server until `stop`; cut connections and 503 are waited out, all else is remembered."""

    def __init__(
        self,
        servers: list[Server],
        site: Site,
        images: Iterable[str],
        *,
        people: int = 6,
        said: Acknowledged | None = None,
    ) -> None:
        self.said = said or Acknowledged()
        self._servers = servers
        self._site = site
        self._images = list(images)
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._act, args=(n,), daemon=True) for n in range(people)]

    def __enter__(self) -> "Crowd":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive(), "a client still waits for an answer"

    def wait_for_answers(self, more: int, within: float = 60.0) -> None:
        """Returns when that many more reports are acknowledged."""
        wanted = len(self.said.reports) + more
        wait_until(lambda: len(self.said.reports) >= wanted, within, f"{more} more reports acknowledged")

    def _act(self, number: int) -> None:
        chance = random.Random(number)
        mine: list[str] = []
        with self._servers[number % len(self._servers)].client(self._site, timeout=20) as client:
            while not self._stopping.is_set():
                try:
                    self._once(client, chance, mine)
                except httpx.TransportError:
                    self.said.broken += 1
                    self._stopping.wait(0.02)

    def _once(self, client: httpx.Client, chance: random.Random, mine: list[str]) -> None:
        image, said = chance.choice(self._images), self.said
        match chance.random():
            case dice if dice < 0.10 and mine:
                key = mine.pop(chance.randrange(len(mine)))
                if self._done(client.delete(f"/v1/reports/{key}"), 200):
                    with said.lock:
                        said.withdrawn.add(key)
            case dice if dice < 0.20:
                count = chance.randint(1, 3)
                if self._done(client.post(f"/v1/images/{image}/views", json={"count": count}), 200):
                    with said.lock:
                        said.views[image] += count
            case dice if dice < 0.23:
                answer = upload(client, picture(chance.randrange(2**32), size=(32, 24)))
                if self._done(answer, 201):
                    with said.lock:
                        said.images.add(answer.json()["id"])
            case _:
                reporter = uuid.uuid4().hex
                network = f"10.{chance.randrange(3)}.{chance.randrange(4)}.1"
                answer = report(client, image, statement(reporter, network=network))
                if self._done(answer, 201):
                    key = answer.json()["id"]
                    mine.append(key)
                    with said.lock:
                        said.reports[key] = (image, reporter)

    def _done(self, answer: httpx.Response, expected: int) -> bool:
        if answer.status_code == expected:
            return True
        if answer.status_code == 503 and "retry-after" in answer.headers:
            self.said.postponed += 1
            self._stopping.wait(0.05)
        else:
            self.said.refused.append(f"{answer.request.method} {answer.request.url.path}: {answer.text[:200]}")
        return False


def wait_until(holds: Callable[[], bool], within: float, what: str) -> None:
    deadline = time.monotonic() + within
    while not holds():
        assert time.monotonic() < deadline, f"not within {within:.0f} s: {what}"
        time.sleep(0.02)


def pseudonyms_of(server: Server, site: Site) -> Pseudonyms:
    """The pseudonyms that the server gives, made with its secret."""
    given = server.environment.get("TAWATUR_SECRET")
    secret = given.encode() if given else (server.data_dir / "secret").read_bytes().strip()
    return Pseudonyms(secret, site.site)
