"""Both clients against a real server, on both databases: what one can do the other can."""

from __future__ import annotations

import asyncio
import inspect
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tawatur.client import AsyncClient, Client, Refused, Unavailable
from tests.ground.server import Server, Site
from tests.survival.world import picture

OLD = datetime(2020, 1, 1, tzinfo=UTC)


class Waiting:
    """The awaiting client, for tests that are written once."""

    def __init__(self, base_url: str, key: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._client = AsyncClient(base_url, key)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def run(*arguments: Any, **named: Any) -> Any:
            made = getattr(self._client, name)(*arguments, **named)
            return self._loop.run_until_complete(made if inspect.isawaitable(made) else _all(made))

        return run


async def _all(events: Any) -> list[Any]:
    return [event async for event in events]


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One for all tests, each of which has a site of its own."""
    folder = tmp_path_factory.mktemp("client")
    url = f"sqlite:///{folder / 'tawatur.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_server").create_database(f"client_{uuid.uuid4().hex[:12]}")
    with Server(folder / "server", url) as made:
        yield made.init().start()


@pytest.fixture(params=["sync", "async"])
def client(request: pytest.FixtureRequest, server: Server) -> Any:
    site = server.site(uuid.uuid4().hex)
    made = Client if request.param == "sync" else Waiting
    return made(server.base_url, site.api_key)


def test_the_whole_way_of_a_picture(client: Any, tmp_path: Path) -> None:
    (tmp_path / "1.png").write_bytes(picture(1))
    made = client.register(
        file=tmp_path / "1.png", uploader="u1", external_id="post 7", page_url="https://n.example/7", address=["/1.png"]
    )
    assert (made.status, made.copies) == ("visible", [])
    with (tmp_path / "1.png").open("rb") as file:
        assert client.register(file=file).copies == [made.id]
    assert client.register(pdq=made.pdq, quality=90).status == "visible"
    assert client.views(made.id, 40).views == 40
    assert client.views(made.id, viewers=["v1", "v2"]).views == 42
    assert client.add_addresses(made.id, ["/small/1.png"]).status == "visible"

    first = client.report(made.id, reporter="r0", reason="violence", network="203.0.113.7", account_created_at=OLD)
    again = client.report(made.id, reporter="r0", reason="violence")
    assert again.id == first.id
    assert client.withdraw(first.id).id == first.id
    for n in range(1, 13):
        said = client.report(made.id, reporter=f"r{n}", reason="violence", account_created_at=OLD)
    assert said.status == "blocked"
    assert client.statuses([made.id, "no such image"]) == {made.id: "blocked"}
    assert client.image(made.id).provisional
    verdict = client.verdict(made.id, language="fr")
    assert verdict.status == "blocked"
    assert verdict.words
    assert client.review(made.id, outcome="rejected", reviewer="m").status == "visible"
    assert client.image(made.id).external_id == "post 7"

    types = [event["type"] for event in client.events(limit=5)]
    assert types[0] == "site.created"
    assert {"image.registered", "image.addressed", "image.blocked", "image.restored"} <= set(types)
    last = client.events_page(limit=1000).next
    assert list(client.events(last)) == []


def test_an_appeal_and_its_answer(client: Any, server: Server) -> None:
    image = client.register(file=picture(5), uploader="u1").id
    client.review(image, outcome="upheld", reviewer="m", reason="hate")
    told = client.notice(image, language="fr")
    assert (told.by, told.may_appeal) == ("person", True)
    assert told.link in told.text
    token = client.uploader_token(image, uploader="u1")
    with server.client() as browser:
        assert browser.get(token.link).status_code == 200
    first = client.appeal(image, "It is a museum piece.", uploader="u1")
    assert [one.id for one in client.appeals().appeals] == [first.id]
    with pytest.raises(Refused) as refused:
        client.answer_appeal(first.id, outcome="reversed", answer="So it is.", reviewer="m")
    assert refused.value.status == 403
    assert client.answer_appeal(first.id, outcome="reversed", answer="So it is.", reviewer="n").answer == "So it is."
    assert client.image(image).status == "visible"
    with pytest.raises(Refused):
        client.withdraw_appeal(first.id)
    with pytest.raises(Refused):
        client.object_to_suspension("nobody", "Why?")


def test_a_page_reports_with_a_token_as_the_same_reader(client: Any, server: Server) -> None:
    image = client.register(file=picture(3)).id
    made = client.reporter_token("r1", account_created_at=OLD, ttl=60)
    assert made.expires_in == 60
    with server.client() as page:
        headers = {"Authorization": f"Bearer {made.token}"}
        said = page.post(f"/v1/images/{image}/reports", json={"reason": "violence"}, headers=headers)
    assert said.status_code == 201
    assert client.report(image, reporter="r1", reason="violence").id == said.json()["id"]


def test_banks_and_the_policy(client: Any) -> None:
    assert client.put_bank("known", kind="block", reason="violence", enabled_until=datetime(2099, 1, 1, tzinfo=UTC))
    assert client.add_hashes("known", ["0f" * 32, "1f" * 32]).changed == 2
    assert client.remove_hash("known", "0f" * 32).changed == 1
    assert [(bank.name, bank.hashes) for bank in client.banks()] == [("known", 1)]
    before = client.policy()
    assert before.version == 0
    changed = client.put_policy(before.toml + "\n# ours\n", changed_by="admin-1", instead_of=0)
    assert (changed.version, client.policy().version) == (1, 1)
    with pytest.raises(Refused) as refused:
        client.put_policy(before.toml, instead_of=0)
    assert refused.value.status == 412


def test_a_refusal_says_what_to_do(client: Any) -> None:
    with pytest.raises(Refused, match=r"No such image.*00000000") as refused:
        client.image("00000000-0000-7000-8000-000000000000")
    assert refused.value.status == 404


def test_a_wrong_key_and_a_wrong_address_are_told(server: Server) -> None:
    with Client(server.base_url, "tws_wrong") as wrong, pytest.raises(Refused, match="No valid key"):
        wrong.banks()
    with Client("http://127.0.0.1:1", "tws_x", attempts=1) as nowhere, pytest.raises(Unavailable, match="reached"):
        nowhere.banks()


def test_a_server_that_comes_back_gets_each_report_once(new_server: Callable[..., Server], sqlite_url: str) -> None:
    """It is killed while a client reports, and started again: what was sent twice is counted once."""
    server = new_server(sqlite_url).init().start()
    site: Site = server.site()
    with Client(server.base_url, site.api_key, attempts=8) as client:
        image = client.register(file=picture(2)).id
        server.kill9()

        async def meanwhile() -> Any:
            async with AsyncClient(server.base_url, site.api_key, attempts=8) as waiting:
                reporting = asyncio.create_task(waiting.views(image, 5))  # type: ignore[arg-type]
                await asyncio.to_thread(server.start)
                return await reporting

        assert asyncio.run(meanwhile()).views == 5
        assert client.image(image).views == 5


def test_where_events_are_sent(client: Any) -> None:
    made = client.create_webhook("https://paper.invalid/hook", events=["image.blocked"], description="the desk")
    assert made.secret.startswith("whsec_")
    assert client.rotate_webhook(made.id, keep_hours=2).secret != made.secret
    assert client.change_webhook(made.id, enabled=False).status == "off"
    (listed,) = client.webhooks()
    assert (listed.id, listed.secret, listed.waiting, listed.dead_letters) == (made.id, None, 0, 0)
    assert not client.try_webhook(made.id).delivered
    with pytest.raises(Refused):
        client.replay_webhook(made.id)
    client.change_webhook(made.id, enabled=True, url="https://other.invalid/")
    assert client.replay_webhook(made.id, [1]).replayed == 0
    assert client.remove_webhook(made.id) is None
    assert client.webhooks() == []
