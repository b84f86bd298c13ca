"""queryLabels, createReport and the stream, each with what may be wrong about a request."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from libipld import decode_dag_cbor_multi
from starlette.websockets import WebSocket, WebSocketState

from tawatur.delivery import label_keys
from tawatur.delivery.labelers import set_up
from tawatur.delivery.labels import label
from tawatur.log.sequencer import sequence
from tawatur.settings import Settings
from tawatur.store import labels as store
from tawatur.store.database import Database
from tawatur.store.labels import Labeler
from tawatur.web.house import House
from tawatur.web.wire import LINE, Line
from tawatur.web.xrpc import dids as resolving
from tawatur.web.xrpc import labels as stream
from tawatur.web.xrpc import tokens
from tests.web.place import Place
from tests.web.xrpc.network import Account, Network

PEER = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"
CID = "bafyreihfaamatsauvlwgbb7drzowa6pngdgpwfsmqwc2pvuhwqthaxh3ju"


def post(name: str) -> str:
    return f"at://{PEER}/app.bsky.feed.post/{name}"


class Labelling:
    """A site that labels at `https://N.example`, and the network that it hears."""

    def __init__(self, place: Place, network: Network, number: int) -> None:
        self.place, self.network = place, network
        self.host = f"{number}.example"
        self.database = Database(place.database_url)
        self.keyring = label_keys.LabelKeyring(place.data_dir)
        self.labeler: Labeler = set_up(
            self.database, self.keyring, place.keys.site, f"https://{self.host}", f"did:web:{self.host}"
        )
        house = self.house
        house.labels.stop()  # the tests say when
        house.fetcher._allowed = Settings(fetch_allow="127.0.0.0/8,::1/128").allowed_networks()
        house.dids = resolving.Dids(house.fetcher, network.address)

    @property
    def house(self) -> House:
        house: House = self.place.client.app.state.house  # type: ignore[attr-defined]
        return house

    def image(self, seed: int, external_id: str) -> str:
        return self.place.image(seed, external_id=external_id, uploader=PEER)

    def upheld(self, seed: int, name: str, reason: str = "spam") -> str:
        image = self.image(seed, post(name))
        assert self.place.review(image, "upheld", reason=reason).is_success
        return image

    def label(self) -> None:
        sequence(self.database)
        label(self.database, self.keyring, self.labeler.site, lambda: datetime.now(UTC))

    def now_labelling(self) -> Labeler:
        with self.database.read() as connection:
            return next(one for one in store.labelers(connection) if one.site == self.labeler.site)

    def query(self, agent: str = "tests", **asked: Any) -> httpx.Response:
        params, headers = {"uriPatterns": "*", **asked}, {"Host": self.host, "User-Agent": agent}
        return self.place.client.get("/xrpc/com.atproto.label.queryLabels", params=params, headers=headers)

    def values(self, **asked: Any) -> list[str]:
        return [one["val"] for one in self.query(**asked).json()["labels"]]

    def report(self, token: str | None, subject: Any = None, **said: Any) -> httpx.Response:
        body = {
            "reasonType": "com.atproto.moderation.defs#reasonSpam",
            "subject": subject or {"$type": "com.atproto.repo.strongRef", "uri": post("r"), "cid": CID},
            **said,
        }
        headers = {"Host": self.host, "Authorization": "" if token is None else f"Bearer {token}"}
        return self.place.client.post("/xrpc/com.atproto.moderation.createReport", json=body, headers=headers)


@pytest.fixture
def network() -> Iterator[Network]:
    with Network() as made:
        yield made


@pytest.fixture
def site(place: Place, network: Network) -> Labelling:
    return Labelling(place, network, time.monotonic_ns())


def failed(answer: httpx.Response, status: int, name: str) -> None:
    assert (answer.status_code, answer.json()["error"]) == (status, name), answer.text
    assert answer.json()["message"]


# -- asking ------------------------------------------------------------------------------------


def test_labels_are_asked_for_by_record_by_start_by_source_and_by_page(site: Labelling) -> None:
    for n, (name, reason) in enumerate([("A1", "violence"), ("a1", "spam"), ("a2", "hate"), ("b", "sexual")]):
        site.upheld(n, name, reason)
    site.label()
    assert site.values() == ["graphic-media", "spam", "intolerant", "porn"]
    assert site.values(uriPatterns=post("a1")) == ["spam"]
    assert site.values(uriPatterns=post("a") + "*") == ["spam", "intolerant"]
    assert site.values(uriPatterns=[post("b"), post("A") + "*"]) == ["graphic-media", "porn"]
    assert site.values(uriPatterns=post("a%") + "*") == []
    assert site.values(sources="did:plc:somebody") == []
    assert len(site.values(sources=[PEER, site.labeler.did])) == 4
    page = site.query(limit=3).json()
    assert len(page["labels"]) == 3
    rest = site.query(limit=3, cursor=page["cursor"]).json()
    assert [one["val"] for one in rest["labels"]] == ["porn"]
    plain = site.query(agent="atproto/0.0.73 Python SDK (atproto.blue)").json()["labels"]
    assert [one["sig"].rstrip("=") for one in plain[:3]] == [one["sig"]["$bytes"] for one in page["labels"]]
    assert "cursor" not in site.query(cursor=rest["cursor"]).json()


@pytest.mark.parametrize(
    "asked",
    [
        {"uriPatterns": []},
        {"uriPatterns": ["x"] * 101},
        {"uriPatterns": "at://*/x"},
        {"uriPatterns": "a\x00"},
        {"limit": "0"},
        {"limit": "251"},
        {"limit": "x"},
        {"cursor": "-1"},
        {"cursor": "9" * 30},
        {"cursor": "٣"},
    ],
)
def test_what_cannot_be_asked_is_told(site: Labelling, asked: dict[str, Any]) -> None:
    failed(site.query(**asked), 400, "InvalidRequest")


def test_every_page_of_the_web_may_ask_and_no_other_host_is_taken_for_a_labeler(site: Labelling) -> None:
    client = site.place.client
    answer = client.get(
        "/xrpc/com.atproto.label.queryLabels",
        params={"uriPatterns": "*"},
        headers={"Host": site.host, "Origin": "https://elsewhere.example"},
    )
    assert answer.headers["access-control-allow-origin"] == "*"
    with site.database.write() as connection:  # a second one, so that no request means the only one
        store.save_labeler(connection, Labeler("other", "did:web:other.example", "https://other.example", "z"))
    for path in ("/xrpc/com.atproto.label.queryLabels", "/.well-known/did.json"):
        failed(client.get(path, headers={"Host": "unknown.example"}), 404, "NotFound")
    assert client.get("/.well-known/did.json", headers={"Host": site.host}).json()["id"] == site.labeler.did


def test_without_the_extra_the_rest_works_and_this_says_what_to_install(
    site: Labelling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tawatur.web.xrpc.answers.installed", lambda: False)
    failed(site.query(), 501, "MethodNotImplemented")
    assert site.place.client.get("/healthz").is_success


# -- reporting ---------------------------------------------------------------------------------


def test_a_report_of_a_record_is_one_of_each_of_its_pictures(site: Labelling) -> None:
    first, second = site.image(1, post("r")), site.image(2, f"{post('r')}#{CID}")
    site.image(3, f"{post('r')}#{CID[:-1]}a")  # another version
    account = site.network.account("reader", ec.SECP256R1())
    assert site.report(account.token(site.labeler.did)).status_code == 200
    assert site.report(account.token(f"{site.labeler.did}#atproto_labeler")).status_code == 200
    reported = [one["image"] for one in site.place.events(limit=1000) if one["type"] == "report.received"]
    assert sorted(reported) == sorted([first, second])


def test_a_report_of_an_account_is_one_of_the_pictures_of_its_profile(site: Labelling) -> None:
    profile = site.image(1, f"at://{PEER}/app.bsky.actor.profile/self#{CID}")
    site.image(2, post("r"))
    token = site.network.account("reader").token(site.labeler.did)
    assert site.report(token, {"$type": "com.atproto.admin.defs#repoRef", "did": PEER}).status_code == 200
    reported = [one["image"] for one in site.place.events(limit=1000) if one["type"] == "report.received"]
    assert reported == [profile]


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("com.atproto.moderation.defs#reasonRude", "harassment"),
        ("com.atproto.moderation.defs#reasonViolation", "other"),
        ("tools.ozone.report.defs#reasonViolenceExtremistContent", "terrorism"),
        ("tools.ozone.report.defs#reasonViolenceGraphicContent", "violence"),
        ("tools.ozone.report.defs#reasonChildSafetyCSAM", "child_safety"),
        ("tools.ozone.report.defs#reasonSexualNCII", "privacy"),
        ("tools.ozone.report.defs#reasonSexualUnlabeled", "sexual"),
        ("tools.ozone.report.defs#reasonSelfHarmED", "self_harm"),
        ("org.example.defs#reasonUnheardOf", "other"),
    ],
)
def test_each_of_the_networks_reasons_is_one_of_ours(site: Labelling, theirs: str, ours: str) -> None:
    site.image(1, post("r"))
    token = site.network.account("reader").token(site.labeler.did)
    assert site.report(token, reasonType=theirs).status_code == 200
    assert [one["reason"] for one in site.place.events(limit=1000) if one["type"] == "report.received"] == [ours]


@pytest.mark.parametrize(
    "said",
    [
        {"reasonType": 5},
        {"reasonType": "com.atproto.moderation.defs#reasonAppeal"},
        {"subject": {"$type": "com.atproto.repo.strongRef", "uri": "at://x"}},
        {"subject": {"$type": "com.atproto.repo.strongRef", "uri": post("unknown"), "cid": CID}},
        {"subject": {"$type": "com.atproto.repo.strongRef", "uri": "a\x00", "cid": CID}},
        {"subject": {"$type": "com.atproto.admin.defs#repoRef", "did": "did:plc:nobody"}},
        {"subject": {"$type": "chat.bsky.convo.defs#messageRef"}},
        {"reason": "x" * 20_001},
    ],
)
def test_a_report_that_cannot_be_taken_is_told(site: Labelling, said: dict[str, Any]) -> None:
    site.image(1, post("r"))
    token = site.network.account("reader").token(site.labeler.did)
    failed(site.report(token, **said), 400, "InvalidRequest")
    assert "report.received" not in site.place.types()


Forge = Callable[[Account, str], str | None]


@pytest.mark.parametrize(
    ("forge", "name"),
    [
        (lambda account, did: None, "AuthMissing"),
        (lambda account, did: "x", "BadJwt"),
        (lambda account, did: "a.b.c", "BadJwt"),
        (lambda account, did: "x" * 5000, "BadJwt"),
        (lambda account, did: account.token("did:web:elsewhere.example"), "BadJwtAudience"),
        (lambda account, did: account.token(did, lxm="com.atproto.repo.createRecord"), "BadJwtLexiconMethod"),
        (lambda account, did: account.token(did, lxm=None), "BadJwtLexiconMethod"),
        (lambda account, did: account.token(did, ends_in=-1), "JwtExpired"),
        (lambda account, did: account.token(did, ends_in=86400), "BadJwt"),
        (lambda account, did: account.token(did, exp="soon"), "BadJwt"),
        (lambda account, did: Account("stranger").token(did), "UnresolvableDid"),
        (lambda account, did: account.token(did, iss="did:web:127.0.0.1/../x"), "UnresolvableDid"),
        (lambda account, did: account.token(did, iss="did:key:zQ3sh"), "UnresolvableDid"),
        (lambda account, did: Account("reader").token(did), "BadJwtSignature"),
        (lambda account, did: account.token(did)[:-4] + "AAAA", "BadJwtSignature"),
        (lambda account, did: account.token(did) + "AAAA", "BadJwtSignature"),
        (lambda account, did: account.token(did, head={"alg": "none"}), "BadJwtSignature"),
        (lambda account, did: account.token(did, head={"alg": "ES256"}), "BadJwtSignature"),
        (lambda account, did: account.token(did, head={"alg": "HS256"}), "BadJwtSignature"),
    ],
)
def test_a_token_that_does_not_prove_who_asks_is_refused(site: Labelling, forge: Forge, name: str) -> None:
    site.image(1, post("r"))
    account = site.network.account("reader")
    failed(site.report(forge(account, site.labeler.did)), 401, name)
    assert "report.received" not in site.place.types()


def test_an_accounts_new_key_counts_at_once_and_its_document_is_not_asked_for_each_time(site: Labelling) -> None:
    site.image(1, post("r"))
    account = site.network.account("reader")
    for _ in range(3):
        assert site.report(account.token(site.labeler.did)).status_code == 200
    assert len(site.network.asked) == 1
    account.change_key()
    assert site.report(account.token(site.labeler.did)).status_code == 200
    for _ in range(5):
        failed(site.report(Account("reader").token(site.labeler.did)), 401, "BadJwtSignature")
    assert len(site.network.asked) <= 3


def test_an_account_of_a_host_of_its_own_reports(site: Labelling) -> None:
    site.image(1, post("r"))
    assert site.report(site.network.host().token(site.labeler.did)).status_code == 200
    assert site.network.asked == ["/.well-known/did.json"]


@pytest.mark.parametrize(
    "change",
    [
        {"id": "did:plc:bbbbbbbbbbbbbbbbbbbbbbbb"},
        {"verificationMethod": None},
        {"verificationMethod": [{"id": "#atproto", "type": "Multikey", "publicKeyMultibase": "zzz"}]},
        {"verificationMethod": [{"id": "#atproto", "type": "Multikey", "publicKeyMultibase": 7}]},
        {"verificationMethod": [{"id": "#other", "type": "Multikey", "publicKeyMultibase": "z"}]},
    ],
)
def test_a_document_that_is_not_the_accounts_is_refused(change: dict[str, Any]) -> None:
    account = Account("reader")
    assert resolving.read_document(account.did, account.document).server == "pds.example"
    with pytest.raises(ValueError, match=r"its|neither|invalid|multibase"):
        resolving.read_document(account.did, {**account.document, **change})


def test_who_reports_very_often_waits(site: Labelling) -> None:
    site.image(1, post("r"))
    account = site.network.account("reader")
    answers = [site.report(account.token(site.labeler.did)) for _ in range(31)]
    failed(answers[-1], 429, "RateLimitExceeded")
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_a_labeler_that_is_switched_off_takes_no_reports(site: Labelling) -> None:
    with site.database.write() as connection:
        store.count_up(connection, site.labeler.site, 0, active=False)
    failed(site.report(site.network.account("reader").token(site.labeler.did)), 400, "InvalidRequest")


def test_tokens_are_for_minutes() -> None:
    assert tokens.LASTS_S <= 3600


# -- listening ---------------------------------------------------------------------------------


def frames(site: Labelling, cursor: int, count: int) -> list[Any]:
    """The first frames that a subscriber with this cursor gets."""

    async def read() -> list[Any]:
        sent = stream._frames(site.database, site.now_labelling(), cursor)
        return [decode_dag_cbor_multi(await anext(sent)) for _ in range(count)]

    return asyncio.run(read())


def test_who_comes_back_very_late_is_told_that_not_all_is_kept(site: Labelling) -> None:
    images = [site.upheld(n, str(n)) for n in range(3)]
    site.label()
    site.place.review(images[0], "rejected")
    site.label()
    with site.database.write() as connection:
        assert store.forget(connection, site.labeler.site, datetime(2100, 1, 1, tzinfo=UTC), 10) == 2
    info, *kept = frames(site, 1, 3)
    assert (info[0], info[1]["name"]) == ({"op": 1, "t": "#info"}, "OutdatedCursor")
    assert [one[1]["seq"] for one in kept] == [2, 3]
    assert [one[1]["seq"] for one in frames(site, 0, 2)] == [2, 3]


class Stuck(WebSocket):
    """A subscriber who takes nothing, and says nothing either."""

    def __init__(self) -> None:
        self.cut = asyncio.Event()
        scope = {"type": "websocket", "extensions": {LINE: Line(asyncio.Event(), self.cut.set)}}
        super().__init__(scope, self._nothing, self._nothing)  # type: ignore[arg-type]
        self.client_state = self.application_state = WebSocketState.CONNECTED

    async def _nothing(self, *_: Any) -> Any:
        await asyncio.Event().wait()


def test_a_subscriber_who_takes_nothing_is_cut_off(site: Labelling, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "SEND_S", 0.05)
    site.upheld(1, "a")
    site.label()

    async def listen() -> bool:
        socket = Stuck()
        await asyncio.wait_for(stream._serve(socket, site.house, site.now_labelling(), 0), 20)
        return socket.cut.is_set()

    assert asyncio.run(listen())
