"""What one endpoint is sent: all of it, in order for each image, under the events' own ids, whatever it answers."""

from __future__ import annotations

import asyncio
import ipaddress
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import WebhookVerificationError

from tawatur.delivery import attempt as attempts
from tawatur.delivery import courier
from tawatur.delivery.attempt import new_client
from tawatur.delivery.courier import Courier, Means, pause_s
from tawatur.log.events import ReportReceived, line
from tawatur.moderation.fetch import Network, resolve
from tawatur.moderation.webhooks import (
    Change,
    NewWebhook,
    change_webhook,
    create_webhook,
    dead_letters,
    find_webhook,
    remove_webhook,
    replay,
    rotate_secret,
    secrets,
    standings,
)
from tawatur.store import cursors, deliveries, events, webhooks
from tawatur.store.database import Database
from tawatur.store.ids import new_id
from tawatur.store.webhooks import Webhook
from tests.delivery.receivers import Answer, Log, Receiver, endless, only, raw, self_signed, status

SECRET = b"s" * 32
LOOPBACK: list[Network] = [ipaddress.ip_network("127.0.0.0/8")]


@pytest.fixture
def log(database: Database) -> Log:
    return Log(database)


class Line:
    """An endpoint of the log's site; `run` lets a courier bring what there is to bring now."""

    def __init__(self, log: Log, url: str, *types: str) -> None:
        self.log = log
        new = NewWebhook(log.site, url, types)
        self.webhook = create_webhook(log.database, new_id, new, LOOPBACK, log.now())

    def run(self, me: str = "me", allowed: list[Network] = LOOPBACK) -> None:
        async def go() -> None:
            with ThreadPoolExecutor(4) as threads:
                means = Means(self.log.database, SECRET, me, self.log.now, lambda: 1.0, threads)
                async with new_client(resolve, allowed) as client:
                    await Courier(means, self.webhook, client).run()

        asyncio.run(go())

    @property
    def now(self) -> Webhook:
        return find_webhook(self.log.database, self.log.site, self.webhook.id)

    @property
    def secrets(self) -> list[str]:
        return secrets(SECRET, self.now, self.log.now())

    @property
    def cursor(self) -> int:
        with self.log.database.read() as connection:
            return cursors.position(connection, self.webhook.reader)

    def standing(self) -> tuple[int, int, int]:
        """Events that wait, images that fail, dead letters."""
        (found,) = standings(self.log.database, self.log.site)
        return found.waiting, found.failing, found.dead


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as made:
        yield made


def test_each_event_arrives_as_its_line_of_the_log_signed_and_under_its_own_id(log: Log, receiver: Receiver) -> None:
    log.append("before")
    line_ = Line(log, receiver.url)
    ids = log.append("a", "b", None, "a", "b", "a")
    line_.run()
    with log.database.read() as connection:
        stored = [line(event) for event in events.page(connection, log.site, 1, 100)]
    assert sorted((told.said for told in receiver.asked), key=lambda said: int(said["position"])) == stored
    assert {told.id for told in receiver.asked} == set(ids)
    assert all(told.id == told.said["id"] for told in receiver.asked)
    for image in ("a", "b"):
        mine = [told.said["position"] for told in receiver.asked if told.image == image]
        assert mine == sorted(mine)
    (secret,) = line_.secrets
    for told in receiver.asked:
        assert told.verify(secret) == told.said
    with pytest.raises(WebhookVerificationError):
        told.verify("whsec_" + "A" * 43)
    line_.run()
    assert len(receiver.asked) == len(ids)
    assert line_.cursor == len(ids) + 1
    assert line_.standing() == (0, 0, 0)


def test_an_endpoint_is_sent_the_types_that_it_asked_for(log: Log, receiver: Receiver) -> None:
    line_ = Line(log, receiver.url, "report.received")
    log.append("a", "b")
    (report,) = log.append("a", event=ReportReceived(report="p", reporter="r", reason="violence"))
    line_.run()
    assert [told.id for told in receiver.asked] == [report]


def test_what_is_not_taken_holds_back_its_image_alone(log: Log, receiver: Receiver) -> None:
    receiver.answer = only("a")
    line_ = Line(log, receiver.url)
    log.append("a", "b", "a", "c", "b", "a")
    line_.run()
    assert sorted(receiver.positions) == [1, 2, 4, 5]
    assert line_.standing() == (3, 1, 0)
    log.append("a", "b")
    line_.run()
    assert receiver.positions[-1] == 8
    assert line_.cursor == 8
    receiver.answer = status(200)
    log.passes(seconds=5)
    line_.run()
    assert receiver.positions[-4:] == [1, 3, 6, 7]
    assert len({told.id for told in receiver.asked}) == 8
    assert line_.standing() == (0, 0, 0)


def test_it_is_tried_again_less_and_less_often_for_a_day_and_then_given_up(log: Log, receiver: Receiver) -> None:
    line_ = Line(log, receiver.url)
    first, second = log.append("a", "a")
    receiver.answer = lambda request, told: status(500 if told.id == first else 200)(request, told)
    began, tries = log.now(), []
    while line_.standing()[2] == 0:
        line_.run()
        tries.append((log.now() - began).total_seconds())
        assert len(tries) < 60
        log.passes(seconds=pause_s(len(tries), 1.0))
    assert tries[:5] == [0, 5, 15, 35, 75]
    assert max(later - earlier for earlier, later in pairwise(tries)) == 3600
    assert 24 * 3600 <= tries[-1] < 26 * 3600
    assert [told.id for told in receiver.asked] == [first] * len(tries) + [second]
    (letter,) = dead_letters(log.database, line_.webhook, 0, 10)
    assert (letter.event, letter.image, letter.why) == (first, "a", "it answered 500")
    assert letter.attempts == len(tries)

    receiver.answer = status(200)
    assert replay(log.database, log.site, line_.webhook.id, [letter.position], log.now()) == 1
    line_.run()
    assert receiver.asked[-1].id == first
    assert line_.standing() == (0, 0, 0)


def test_dead_letters_are_sent_again_in_order_and_before_what_comes_later(log: Log, receiver: Receiver) -> None:
    receiver.answer = status(500)
    line_ = Line(log, receiver.url)
    log.append("a", "a", "b")
    line_.run()
    for _ in range(3):
        log.passes(days=1)
        line_.run()
    assert line_.standing() == (0, 0, 3)
    del receiver.asked[:]
    assert replay(log.database, log.site, line_.webhook.id, None, log.now()) == 3
    line_.run()
    assert sorted(receiver.positions) == [1, 3]  # the second waits
    log.append("a")
    receiver.answer = status(200)
    log.passes(seconds=5)
    line_.run()
    assert [told.said["position"] for told in receiver.asked[2:] if told.image == "a"] == [1, 2, 4]


def test_pauses_are_spread_by_chance() -> None:
    assert (pause_s(3, 0.0), pause_s(3, 1.0)) == (10, 20)
    assert pause_s(10**6, 1.0) == 3600


OK = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("answer", "taken"),
    [
        (endless, True),
        (raw(OK + b"Content-Length: 5000\r\n\r\nshort"), True),
        (raw(OK + b"Content-Length: 2\r\n\r\n" + b"long" * 50), True),
        (raw(OK + b"Content-Length: 10\r\n\r\nslow", then=2), True),
        (raw(b"", then=30), False),
        (raw(b"HTTP/1.1 200 O"), False),
        (raw(b"HTTP/1.1 200 OK\r\nX: y"), False),
        (raw(b"garbage\r\n\r\n"), False),
        (raw(b"HTTP/1.1 200 OK\r\n" + b"X-Long: " + b"y" * 200_000 + b"\r\n\r\n"), False),
        (raw(b"HTTP/1.1 100 Continue\r\n\r\n" * 50, then=30), False),
        (status(302, Location="http://127.0.0.1:1/"), False),
        (status(404), False),
        (status(500), False),
    ],
)
def test_an_endpoint_that_behaves_badly(
    log: Log, receiver: Receiver, answer: Answer, taken: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "TIMEOUT_S", 4.0)
    monkeypatch.setattr(attempts, "BODY_S", 0.2)
    receiver.answer = answer
    line_ = Line(log, receiver.url)
    log.append("a")
    line_.run()
    assert line_.standing() == ((0, 0, 0) if taken else (1, 1, 0))
    assert len(receiver.asked) == 1
    receiver.answer = status(200)
    log.passes(seconds=5)
    line_.run()
    assert line_.standing() == (0, 0, 0)
    assert len({told.id for told in receiver.asked}) == 1


def why(line_: Line) -> str:
    with line_.log.database.read() as connection:
        return deliveries.of_image(connection, line_.webhook.id, "a", 1)[0].why


def test_an_endpoint_that_is_not_there_or_shows_no_certificate(log: Log, receiver: Receiver) -> None:
    line_ = Line(log, receiver.url.replace("http:", "https:"))
    log.append("a")
    line_.run()
    assert "could not be reached" in why(line_)
    assert receiver.asked == []
    with Receiver() as other:
        pass
    change_webhook(log.database, log.site, line_.webhook.id, Change(url=other.url), LOOPBACK, log.now())
    log.passes(seconds=5)
    line_.run()
    assert "could not be reached" in why(line_)
    assert line_.standing() == (1, 1, 0)


def test_a_name_that_stands_for_a_private_address_is_sent_nothing(log: Log, receiver: Receiver) -> None:
    line_ = Line(log, f"http://localhost:{receiver.port}/hook")
    log.append("a")
    line_.run(allowed=[])
    assert receiver.asked == []
    assert "public address" in why(line_)


def test_gone_is_gone_until_it_is_switched_on_again(log: Log, receiver: Receiver) -> None:
    receiver.answer = status(410)
    line_ = Line(log, receiver.url)
    log.append("a", "b")
    line_.run()
    assert line_.now.status == "gone"
    before = len(receiver.asked)
    receiver.answer = status(200)
    line_.run()
    assert len(receiver.asked) == before
    change_webhook(log.database, log.site, line_.webhook.id, Change(enabled=True), LOOPBACK, log.now())
    line_.run()
    assert sorted(receiver.positions[before:]) == [1, 2]


@pytest.mark.parametrize("code", [429, 503])
def test_who_asks_to_be_left_alone_is(log: Log, receiver: Receiver, code: int) -> None:
    receiver.answer = status(code, Retry_After="300")
    line_ = Line(log, receiver.url)
    log.append(*(["a"] * 3 + ["b"] * 3))
    line_.run()
    rests = line_.now.rests_until
    assert rests is not None
    assert timedelta(seconds=299) <= rests - log.now() <= timedelta(seconds=300)
    assert len(receiver.asked) <= 2  # the first of each image
    receiver.answer = status(200)
    log.passes(seconds=301)
    line_.run()
    assert line_.standing() == (0, 0, 0)
    for image in "ab":
        mine = [told.said["position"] for told in receiver.asked if told.image == image]
        assert mine == sorted(mine)


def test_two_secrets_sign_while_they_are_exchanged(log: Log, receiver: Receiver) -> None:
    line_ = Line(log, receiver.url)
    old = line_.secrets
    rotate_secret(log.database, log.site, line_.webhook.id, timedelta(hours=1), log.now())
    new = line_.secrets
    assert len(new) == 2
    assert new[1:] == old
    log.append("a")
    line_.run()
    for secret in new:
        receiver.asked[-1].verify(secret)
    log.passes(hours=1)
    assert line_.secrets == new[:1]


def test_what_is_erased_meanwhile_is_not_told(log: Log, receiver: Receiver) -> None:
    receiver.answer = status(500)
    line_ = Line(log, receiver.url)
    log.append("a", event=ReportReceived(report="p", reporter="somebody", reason="violence"))
    line_.run()
    assert receiver.asked[0].said["reporter"] == "somebody"
    with log.database.write() as connection:
        connection.exec_driver_sql("UPDATE events SET body = replace(body, 'somebody', 'erased-p')")
    receiver.answer = status(200)
    log.passes(seconds=5)
    line_.run()
    assert receiver.asked[1].said["reporter"] == "erased-p"
    assert receiver.asked[1].id == receiver.asked[0].id


def test_who_holds_an_endpoint_sends_to_it_alone(log: Log, receiver: Receiver) -> None:
    line_ = Line(log, receiver.url)
    log.append("a")
    with log.database.write() as connection:
        assert webhooks.take(connection, line_.webhook.id, "another", log.now(), log.now() + courier.HOLD)
    line_.run()
    assert receiver.asked == []
    log.passes(seconds=courier.HOLD.total_seconds())
    line_.run()
    assert len(receiver.asked) == 1
    assert line_.now.held_by is None


def test_nobody_waits_for_a_process_that_is_no_more(log: Log, receiver: Receiver) -> None:
    line_ = Line(log, receiver.url)
    log.append("a")
    child = subprocess.Popen(
        [sys.executable, "-c", "from tawatur.delivery import holder; print(holder.new_name()); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    name = child.stdout.readline().strip()
    with log.database.write() as connection:
        assert webhooks.take(connection, line_.webhook.id, name, log.now(), log.now() + courier.HOLD)
    line_.webhook = line_.now
    line_.run()
    assert receiver.asked == []
    child.kill()
    child.communicate()
    line_.run()
    assert len(receiver.asked) == 1


@pytest.mark.parametrize("happens", ["taken over", "removed"])
def test_who_lost_an_endpoint_changes_nothing_any_more(log: Log, receiver: Receiver, happens: str) -> None:
    line_ = Line(log, receiver.url)
    log.append("a")

    def lose(request: Any, told: Any) -> None:
        with log.database.write() as connection:
            later = log.now() + 2 * courier.HOLD
            if happens == "removed":
                webhooks.remove(connection, line_.webhook)
            else:
                assert webhooks.take(connection, line_.webhook.id, "another", later, later)
        status(200)(request, told)

    receiver.answer = lose
    line_.run()
    assert line_.cursor == 0
    if happens == "taken over":
        assert line_.now.held_by == "another"


def test_an_endpoint_that_is_removed_leaves_nothing(log: Log, receiver: Receiver) -> None:
    receiver.answer = status(500)
    line_ = Line(log, receiver.url)
    log.append("a", "a")
    line_.run()
    remove_webhook(log.database, log.site, line_.webhook.id)
    with log.database.read() as connection:
        assert cursors.all_of_them(connection) == []
        for table in ("webhooks", "webhook_deliveries"):
            assert connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar() == 0


def test_where_too_much_waits_the_log_keeps_the_rest(
    log: Log, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier, "MOST_FAILING", 20)
    monkeypatch.setattr(courier, "WINDOW", 10)
    receiver.answer = status(500)
    line_ = Line(log, receiver.url)
    log.append(*(f"i{n}" for n in range(60)))
    line_.run()
    assert 20 - courier.AT_ONCE < line_.cursor <= 30  # those that were on their way may come after later ones
    assert line_.standing()[0] == 60
    receiver.answer = status(200)
    for _ in range(3):
        log.passes(seconds=5)
        line_.run()
    assert line_.standing() == (0, 0, 0)
    assert set(receiver.positions) == set(range(1, 61))


def test_a_certificate_that_nobody_vouches_for_is_sent_nothing(log: Log, tmp_path: Path) -> None:
    with Receiver(certificate=self_signed(tmp_path)) as receiver:
        line_ = Line(log, receiver.url)
        log.append("a")
        line_.run()
        assert receiver.asked == []
        assert "certificate" in why(line_).lower()
