"""A real server, and Bluesky's network round it: the `atproto` package reports, asks for labels and listens to them."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from atproto import Client, models
from atproto_crypto.verify import verify_signature
from atproto_firehose import parse_subscribe_labels_message
from atproto_subscription.frames import ErrorFrame, Frame, MessageFrame
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.ground.server import Server, Site
from tests.web.xrpc.network import Network, plain_cbor

PEER = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"
POST = f"at://{PEER}/app.bsky.feed.post/3kabc"
CID = "bafyreihfaamatsauvlwgbb7drzowa6pngdgpwfsmqwc2pvuhwqthaxh3ju"
WITHIN_S = 30.0


@pytest.fixture
def network() -> Iterator[Network]:
    with Network() as made:
        yield made


@pytest.fixture
def server(new_server: Callable[..., Server], database_url: str, network: Network) -> Server:
    settings = {"TAWATUR_FETCH_ALLOW": "127.0.0.0/8,::1/128", "TAWATUR_PLC_DIRECTORY": network.address}
    return new_server(database_url, **settings).init().start()


@pytest.fixture
def labelling(server: Server) -> tuple[Server, Site, str]:
    """The server, a site on it that labels, and its DID."""
    site = server.site()
    told = json.loads(server.tawatur("labels", "setup", "test", "--url", server.base_url, "--json"))
    return server, site, told["did"]


def image(server: Server, site: Site, external_id: str) -> str:
    body = {"pdq": "f" * 64, "quality": 100, "external_id": external_id, "uploader": PEER}
    with server.client(site) as client:
        return str(client.post("/v1/images", json=body).raise_for_status().json()["id"])


def review(server: Server, site: Site, image: str, outcome: str, **more: str) -> None:
    body = {"outcome": outcome, "reviewer": "mod", **more}
    with server.client(site) as client:
        client.post(f"/v1/images/{image}/reviews", json=body).raise_for_status()


def labels(server: Server, least: int = 1, **query: Any) -> list[models.ComAtprotoLabelDefs.Label]:
    """What queryLabels answers, as soon as there are so many."""
    client = Client(f"{server.base_url}/xrpc")
    until = time.monotonic() + WITHIN_S
    while True:
        params = models.ComAtprotoLabelQueryLabels.Params(**{"uri_patterns": ["*"], **query})
        found = client.com.atproto.label.query_labels(params).labels
        if len(found) >= least or time.monotonic() > until:
            return found
        time.sleep(0.1)


def listening(server: Server, cursor: int | None = None) -> ClientConnection:
    query = "" if cursor is None else f"?cursor={cursor}"
    return connect(f"ws://127.0.0.1:{server.port}/xrpc/com.atproto.label.subscribeLabels{query}")


def heard(socket: ClientConnection) -> MessageFrame | ErrorFrame:
    found = socket.recv(WITHIN_S)
    assert isinstance(found, bytes)
    return Frame.from_bytes(found)


def is_signed(label: Any, did_key: str) -> bool:
    """Over bytes that no code of ours made, with the key of the DID document."""
    said = {"ver": label.ver, "src": label.src, "uri": label.uri, "cid": label.cid, "val": label.val, "cts": label.cts}
    signature = label.sig if isinstance(label.sig, bytes) else base64.b64decode(label.sig)
    said |= {"neg": True} if label.neg else {}
    message = plain_cbor({key: value for key, value in said.items() if value is not None})
    return bool(verify_signature(did_key, message, signature)) and signature[32] < 0x80


def test_reports_of_the_network_block_a_picture_and_the_network_hears_of_it(
    labelling: tuple[Server, Site, str], network: Network
) -> None:
    server, site, did = labelling
    picture = image(server, site, f"{POST}#{CID}")
    client = Client(f"{server.base_url}/xrpc")
    with listening(server) as socket:
        for n in range(4):
            account = network.account(f"reader {n}")
            account.server = f"https://pds{n}.example"
            data = models.ComAtprotoModerationCreateReport.Data(
                reason_type="com.atproto.moderation.defs#reasonSpam",
                subject=models.ComAtprotoRepoStrongRef.Main(uri=POST, cid=CID),
                reason="seen everywhere",
            )
            made, again = (
                client.com.atproto.moderation.create_report(
                    data, headers={"Authorization": f"Bearer {account.token(did)}"}
                )
                for _ in range(2)
            )
            assert (made.reported_by, made.subject.uri, made.reason) == (account.did, POST, "seen everywhere")
            assert made.id == again.id
        warned = heard(socket)
    assert isinstance(warned, MessageFrame)
    assert parse_subscribe_labels_message(warned).labels[0].val == "!warn"  # type: ignore[union-attr]
    with server.client(site) as asking:
        received = [e for e in asking.get("/v1/events").json()["events"] if e["type"] == "report.received"]
    assert [e["reason"] for e in received] == ["spam"] * 4
    assert len({e["reporter"] for e in received} | {e["signals"]["network"] for e in received}) == 8
    assert not any(e["signals"].get("account_created_at") for e in received)
    assert "did:plc" not in json.dumps([{k: v for k, v in e.items() if k != "external_id"} for e in received])
    review(server, site, picture, "upheld", reason="violence")
    found = labels(server, 2, uri_patterns=[POST])
    assert [(one.val, one.neg) for one in found] == [("!warn", True), ("graphic-media", None)]
    document = httpx.get(f"{server.base_url}/.well-known/did.json", trust_env=False).json()
    (key,) = document["verificationMethod"]
    assert (document["id"], key["id"]) == (did, f"{did}#atproto_label")
    assert document["service"][0]["serviceEndpoint"] == server.base_url
    assert all(is_signed(one, f"did:key:{key['publicKeyMultibase']}") for one in found)
    assert {(one.src, one.uri, one.cid) for one in found} == {(did, POST, CID)}


def test_a_subscriber_resumes_where_it_was_and_hears_what_is_taken_back(labelling: tuple[Server, Site, str]) -> None:
    server, site, _ = labelling
    picture = image(server, site, POST)
    review(server, site, picture, "upheld", reason="spam")
    with listening(server, 0) as socket:
        first = parse_subscribe_labels_message(heard(socket))  # type: ignore[arg-type]
    assert isinstance(first, models.ComAtprotoLabelSubscribeLabels.Labels)
    review(server, site, picture, "rejected")
    server.kill9()
    server.start()
    with listening(server, first.seq) as socket:
        second = parse_subscribe_labels_message(heard(socket))  # type: ignore[arg-type]
    with listening(server, 0) as socket:
        again = [parse_subscribe_labels_message(heard(socket)) for _ in range(2)]  # type: ignore[arg-type]
    assert isinstance(second, models.ComAtprotoLabelSubscribeLabels.Labels)
    assert [(one.seq, one.labels[0].neg) for one in (first, second)] == [(1, None), (2, True)]
    assert again == [first, second]
    with listening(server, 3) as socket:
        refused = heard(socket)
        assert isinstance(refused, ErrorFrame)
        assert refused.body.error == "FutureCursor"
        with pytest.raises(Exception, match="1008"):
            socket.recv(WITHIN_S)
    with pytest.raises(InvalidStatus) as wrong:
        connect(f"ws://127.0.0.1:{server.port}/xrpc/com.atproto.label.subscribeLabels?cursor=x")
    assert wrong.value.response.status_code == 400
    assert json.loads(wrong.value.response.body or b"")["error"] == "InvalidRequest"
    with listening(server, 2):
        assert server.stop() == 0
    written = server.log_text()
    assert "WebSocket" not in written
    assert "connection" not in written
    assert "handshake" not in written


def test_elsewhere_a_request_for_a_websocket_is_taken_as_the_request_it_is(server: Server) -> None:
    with pytest.raises(InvalidStatus) as found:
        connect(f"ws://127.0.0.1:{server.port}/healthz")
    assert found.value.response.status_code == 200
