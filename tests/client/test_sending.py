"""When a call is sent again, what it carries, and what is told when nothing helps."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from tawatur.client import AsyncClient, Client, Failed, Refused, TawaturError, Unavailable, sending
from tawatur.client.calls import Call

OK = {"id": "r1", "status": "visible"}
BUSY = {"type": "about:blank", "title": "Not available now", "status": 503, "detail": "Try again."}
Answers = list[httpx.Response | Exception]


class Wire:
    """Answers with what it is given, in turn, and keeps the requests."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []
        self.transport = httpx.MockTransport(self.take)

    def take(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    @property
    def keys(self) -> list[str | None]:
        return [request.headers.get("idempotency-key") for request in self.requests]


Send = Callable[..., Any]


def sync_send(wire: Wire, name: str, *arguments: Any, attempts: int = 4, **named: Any) -> Any:
    with Client("http://t.example", "tws_k", attempts=attempts, http=httpx.Client(transport=wire.transport)) as client:
        return getattr(client, name)(*arguments, **named)


def async_send(wire: Wire, name: str, *arguments: Any, attempts: int = 4, **named: Any) -> Any:
    async def run() -> Any:
        http = httpx.AsyncClient(transport=wire.transport)
        async with AsyncClient("http://t.example", "tws_k", attempts=attempts, http=http) as client:
            return await getattr(client, name)(*arguments, **named)

    return asyncio.run(run())


@pytest.fixture(params=[sync_send, async_send], ids=["sync", "async"])
def send(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Send:
    monkeypatch.setattr(sending, "_FIRST_PAUSE_S", 0.001)
    found: Send = request.param
    return found


def told(status: int, body: Any = BUSY, **headers: str) -> httpx.Response:
    return httpx.Response(status, json=body, headers=headers)


@pytest.mark.parametrize(
    "trouble",
    [httpx.ConnectError("refused"), httpx.ReadTimeout("slow"), told(503), told(502), told(504), told(429)],
    ids=["connect", "timeout", "503", "502", "504", "429"],
)
def test_trouble_is_tried_again_with_the_same_key(send: Send, trouble: httpx.Response | Exception) -> None:
    wire = Wire(trouble, trouble, told(201, OK))
    assert send(wire, "report", "i1", reporter="r", reason="violence").id == "r1"
    assert len(set(wire.keys)) == 1
    assert wire.keys[0]
    assert [request.content for request in wire.requests] == [wire.requests[0].content] * 3


def test_a_file_is_sent_whole_each_time(send: Send) -> None:
    wire = Wire(told(503), told(201, {**OK, "gate_url": "http://t.example/i/i1"}))
    send(wire, "register", file=b"picture bytes", address=["/a.jpg", "/b.jpg"], uploader="u")
    for request in wire.requests:
        body = request.content
        assert b"picture bytes" in body
        assert body.count(b'name="address"') == 2


def test_each_call_has_a_key_of_its_own_unless_one_is_given(send: Send) -> None:
    wire = Wire(*[told(201, OK) for _ in range(3)])
    for key in (None, None, "mine"):
        send(wire, "report", "i1", reporter="r", reason="violence", idempotency_key=key)
    assert wire.keys[2] == "mine"
    assert len(set(wire.keys)) == 3


def test_what_only_reads_carries_no_key(send: Send) -> None:
    wire = Wire(told(200, {"banks": []}))
    assert send(wire, "banks") == []
    assert wire.keys == [None]
    assert wire.requests[0].headers["authorization"] == "Bearer tws_k"


def test_a_refusal_is_told_at_once_with_its_reasons(send: Send) -> None:
    problem = {"title": "The request is not valid", "detail": "body/count: no", "errors": [{"place": "x"}]}
    wire = Wire(told(422, problem))
    with pytest.raises(Refused) as refused:
        send(wire, "views", "i1", 0)
    assert (refused.value.status, refused.value.errors) == (422, [{"place": "x"}])
    assert str(refused.value) == "The request is not valid: body/count: no"
    assert len(wire.requests) == 1


def test_at_the_last_attempt_it_is_told_what_was_wrong(send: Send) -> None:
    with pytest.raises(Unavailable, match=r"503: Not available now\. Try again\. It was tried 2 times"):
        send(Wire(told(503), told(503)), "banks", attempts=2)
    with pytest.raises(Unavailable, match=r"cannot be reached: refused\. It was tried once"):
        send(Wire(httpx.ConnectError("refused")), "banks", attempts=1)


def test_a_500_is_not_tried_again(send: Send) -> None:
    wire = Wire(told(500, {"title": "Something went wrong here", "status": 500, "detail": "It was noted."}))
    with pytest.raises(Unavailable, match="Something went wrong"):
        send(wire, "banks")
    assert len(wire.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [httpx.Response(404, html="<h1>nginx</h1>"), httpx.Response(200, text="hello"), told(200, {"other": 1})],
    ids=["a page", "a text", "other JSON"],
)
def test_what_is_not_tawatur_is_told(send: Send, answer: httpx.Response) -> None:
    with pytest.raises(Failed):
        send(Wire(answer), "banks")


def test_it_comes_back_when_the_server_asks_and_not_before() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=20), usegmt=True)
    for header, least, most in (("7", 7, 7.2), (soon, 17, 20.2), ("nonsense", 0, 5), ("", 0, 5)):
        going = sending.steps(Call("GET", "/x", dict), attempts=3)
        next(going)
        request = httpx.Request("GET", "http://t.example/x")
        pause = going.send(httpx.Response(503, json=BUSY, headers={"Retry-After": header}, request=request))
        assert isinstance(pause, float)
        assert least <= pause <= most, header


def test_who_is_told_to_come_back_in_an_hour_gets_the_error(send: Send) -> None:
    wire = Wire(told(429, {"title": "Too many", "status": 429, "detail": "Slow down."}, **{"Retry-After": "3600"}))
    with pytest.raises(TawaturError, match="Too many: Slow down"):
        send(wire, "banks")
    assert len(wire.requests) == 1


@pytest.mark.parametrize("image", ["", ".", "..", "../sites", "a/b", "a?b=c", "a#b"])
def test_an_id_can_lead_to_no_other_path(send: Send, image: str) -> None:
    wire = Wire(told(404, {"title": "No such image", "status": 404, "detail": ""}))
    with pytest.raises((ValueError, Refused)):
        send(wire, "image", image)
    for request in wire.requests:
        assert request.url.raw_path.count(b"/") == 3
        assert b"?" not in request.url.raw_path


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Client("http://x", "k").register(),
        lambda: Client("http://x", "k").views("i"),
        lambda: Client("http://x", "k").register(file=b"x", url="https://x"),
        lambda: Client("http://x", "k").report("i", reporter="r", reason="x", account_created_at=datetime(2020, 1, 1)),  # noqa: DTZ001
    ],
)
def test_arguments_that_cannot_be_are_told_before_anything_is_sent(wrong: Callable[[], Any]) -> None:
    with pytest.raises(ValueError, match=r"Give one|aware"):
        wrong()
