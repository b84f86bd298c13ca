"""Fetching by address reaches public servers only, whatever names, redirects and servers try. Real servers on loopback
addresses stand behind a resolver of the test's own; some of the loopback network plays the public internet."""

import asyncio
import ipaddress
import socketserver
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler

import pytest

from tawatur.moderation import fetch
from tawatur.moderation.fetch import Fetcher, is_public
from tawatur.moderation.refusals import FetchRefused, UnsafeAddress

PUBLIC = ipaddress.ip_network("127.20.0.0/16")
"""What plays the public internet here; the rest of 127.0.0.0/8 stays what it is: private."""

Answer = Callable[[BaseHTTPRequestHandler], None]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers["Host"]))  # type: ignore[attr-defined]
        self.server.answer(self)  # type: ignore[attr-defined]

    def log_message(self, *arguments: object) -> None:
        pass


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, host: str, answer: Answer) -> None:
        super().__init__((host, 0), Handler)
        self.answer = answer
        self.asked: list[tuple[str, str]] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.server_address[1])


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    servers = []

    def start(answer: Answer, host: str = "127.20.0.1") -> Server:
        servers.append(Server(host, answer))
        return servers[-1]

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def body(data: bytes, *, status: int = 200, **headers: str) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **headers}.items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()
        request.wfile.write(data)

    return answer


def redirect(to: str) -> Answer:
    return body(b"", status=302, Location=to)


def names(**known: str | list[str]) -> fetch.Resolve:
    async def resolve(host: str, port: int) -> Sequence[str]:
        if host in known:
            found = known[host]
            return [found] if isinstance(found, str) else found
        return await fetch.resolve(host, port)

    return resolve


def get(url: str, resolver: fetch.Resolve = fetch.resolve, *, max_bytes: int = 10_000) -> bytes:
    return asyncio.run(Fetcher(resolver, [PUBLIC]).fetch(url, max_bytes))


def test_a_public_file_is_fetched_by_its_name(serve: Callable[..., Server]) -> None:
    server = serve(body(b"picture"))
    url = f"http://photos.example:{server.port}/a.jpg"
    assert get(url, names(**{"photos.example": "127.20.0.1"})) == b"picture"
    assert server.asked == [("/a.jpg", f"photos.example:{server.port}")]


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
    ],
)
def test_no_spelling_of_loopback_is_fetched(serve: Callable[..., Server], host: str) -> None:
    server = serve(body(b"secret"), "127.0.0.1")
    with pytest.raises((UnsafeAddress, FetchRefused)):
        get(f"http://{host}:{server.port}/")
    assert server.asked == []


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.0.1",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "0.1.2.3",
        "::1",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "::ffff:10.0.0.1",
        "::10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::7f00:1",
        "2002:7f00:1::",
        "2001:0:7f00:1::",
        "2001:db8::1",
        "not an address",
    ],
)
def test_an_address_that_is_not_public_is_told(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "::ffff:93.184.215.14"])
def test_a_public_address_is_told(address: str) -> None:
    assert is_public(address)


def test_a_name_with_one_private_address_among_public_ones_is_refused(serve: Callable[..., Server]) -> None:
    server = serve(body(b"picture"))
    with pytest.raises(UnsafeAddress):
        get(f"http://both.example:{server.port}/", names(**{"both.example": ["127.20.0.1", "127.0.0.1"]}))
    assert server.asked == []


def test_a_name_that_changes_its_mind_is_asked_once(serve: Callable[..., Server]) -> None:
    public, private = serve(body(b"picture")), serve(body(b"secret"), "127.0.0.1")
    answers = iter([["127.20.0.1"], ["127.0.0.1"], ["127.0.0.1"]])

    async def rebinding(host: str, port: int) -> Sequence[str]:
        return next(answers)

    assert get(f"http://rebind.example:{public.port}/", rebinding) == b"picture"
    assert private.asked == []


def test_a_redirect_within_the_public_internet_is_followed(serve: Callable[..., Server]) -> None:
    end = serve(body(b"picture"), "127.20.0.2")
    start = serve(redirect(f"http://end.example:{end.port}/b"))
    known = names(**{"start.example": "127.20.0.1", "end.example": "127.20.0.2"})
    assert get(f"http://start.example:{start.port}/", known) == b"picture"


def test_a_redirect_into_a_private_network_is_refused(serve: Callable[..., Server]) -> None:
    private = serve(body(b"secret"), "127.0.0.1")
    start = serve(redirect(f"http://127.0.0.1:{private.port}/"))
    with pytest.raises(UnsafeAddress):
        get(f"http://127.20.0.1:{start.port}/")
    assert private.asked == []


def test_a_redirect_on_the_same_host_is_resolved_and_checked_again(serve: Callable[..., Server]) -> None:
    start = serve(redirect("/again"))
    answers = iter([["127.20.0.1"], ["10.0.0.1"]])

    async def rebinding(host: str, port: int) -> Sequence[str]:
        return next(answers)

    with pytest.raises(UnsafeAddress):
        get(f"http://rebind.example:{start.port}/", rebinding)


def test_redirects_that_never_end_are_given_up(serve: Callable[..., Server]) -> None:
    start = serve(redirect("/round"))
    with pytest.raises(FetchRefused, match="redirect"):
        get(f"http://127.20.0.1:{start.port}/")
    assert len(start.asked) == fetch.MAX_REDIRECTS + 1


@pytest.mark.parametrize(
    "url", ["ftp://127.20.0.1/a", "file:///etc/passwd", "gopher://127.20.0.1/", "//x/y", "nothing"]
)
def test_only_http_and_https_are_fetched(url: str) -> None:
    with pytest.raises((UnsafeAddress, FetchRefused)):
        get(url)


def test_an_address_with_a_password_is_refused(serve: Callable[..., Server]) -> None:
    server = serve(body(b"picture"))
    with pytest.raises(UnsafeAddress):
        get(f"http://user:word@127.20.0.1:{server.port}/")


def test_a_file_that_says_it_is_too_large_is_refused_unread(serve: Callable[..., Server]) -> None:
    with pytest.raises(FetchRefused, match="10,001"):
        get(f"http://127.20.0.1:{serve(body(b'x' * 10_001)).port}/")


def test_a_file_that_never_ends_is_cut_off(serve: Callable[..., Server]) -> None:
    def endless(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        try:
            for _ in range(10_000):
                request.wfile.write(b"x" * 1000)
        except OSError:
            pass
        request.close_connection = True

    with pytest.raises(FetchRefused, match="more than"):
        get(f"http://127.20.0.1:{serve(endless).port}/")


def test_a_server_that_hangs_is_given_up(serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "TOTAL_S", 0.5)
    server = serve(lambda request: time.sleep(3))
    begin = time.monotonic()
    with pytest.raises(FetchRefused):
        get(f"http://127.20.0.1:{server.port}/")
    assert time.monotonic() - begin < 2.5


def test_a_compressed_answer_is_refused(serve: Callable[..., Server]) -> None:
    with pytest.raises(FetchRefused, match="compressed"):
        get(f"http://127.20.0.1:{serve(body(b'bomb', Content_Encoding='gzip')).port}/")


@pytest.mark.parametrize("status", [204, 301, 403, 404, 500])
def test_anything_but_200_is_told(serve: Callable[..., Server], status: int) -> None:
    with pytest.raises(FetchRefused, match=str(status)):
        get(f"http://127.20.0.1:{serve(body(b'', status=status)).port}/")


def test_a_name_that_does_not_exist_is_told() -> None:
    async def nothing(host: str, port: int) -> Sequence[str]:
        raise OSError("unknown")

    with pytest.raises(FetchRefused, match="has no address"):
        get("http://nowhere.example/", nothing)
