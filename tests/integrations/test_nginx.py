"""integrations/nginx/ as it stands there, in a real nginx, with a real Tawatur and a program of the site's own."""

from __future__ import annotations

import asyncio
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx
import pytest

from tests.ground import nginx
from tests.ground.nginx import Nginx
from tests.ground.server import Server, Site
from tests.survival.test_gate import blur, reveals
from tests.survival.world import noise, report, statement

CONFIGURATION = Path(__file__).parents[2] / "integrations" / "nginx"
KEPT_FOR = 1.2  # seconds; an answer is kept for one

pytestmark = pytest.mark.skipif(nginx.why_absent() is not None, reason=nginx.why_absent() or "")


class Program(ThreadingHTTPServer):
    """The site's own program: serves thumbnails under the path that it is given, decoded once more by itself."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = unquote(urlsplit(self.path).path)
                file = folder / path.removeprefix("/thumbnails/")
                body = file.read_bytes() if path.startswith("/thumbnails/") and file.is_file() else b""
                self.send_response(200 if body else 404)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)


class Front:
    """A site with its own nginx and pictures, behind Tawatur."""

    def __init__(self, tawatur: Server, site: Site, folder: Path, down: str = "closed") -> None:
        self.tawatur, self.site = tawatur, site
        self.photos = folder / "photos"
        (self.photos / "2026").mkdir(parents=True)
        self.program = Program(self.photos)
        threading.Thread(target=self.program.serve_forever, daemon=True).start()
        snippets = folder / "nginx" / "snippets"
        snippets.mkdir(parents=True)
        for file in ("tawatur-server.conf", "tawatur-pictures.conf"):
            shutil.copy(CONFIGURATION / file, snippets)
        http = (CONFIGURATION / "tawatur.conf").read_text() + (CONFIGURATION / "example.conf").read_text()
        for placeholder, real in {
            "127.0.0.1:8000": f"127.0.0.1:{tawatur.port}",
            "127.0.0.1:9000": f"127.0.0.1:{self.program.server_port}",
            "/var/lib/nginx/tawatur": f"{folder}/kept",
            "listen 80;": "listen LISTEN;",
            "twp_CHANGE_ME": site.public_key,
            '"closed"': f'"{down}"',
            "root /srv;": f"root {folder};",
        }.items():
            assert placeholder in http, placeholder
            http = http.replace(placeholder, real)
        self.nginx = Nginx(folder / "nginx", http)
        self.client = httpx.Client(base_url=self.nginx.base_url, trust_env=False, timeout=30)
        self.backend = tawatur.client(site)

    def put(self, name: str, seed: int, *addresses: str, **said: Any) -> tuple[str, bytes]:
        """A picture in the folder, registered under its address and others: its id and bytes."""
        data = noise(seed, (90, 70))
        (self.photos / name).write_bytes(data)
        form = {"address": [f"/photos/{name}", *addresses], **said}
        answer = self.backend.post("/v1/images", files={"file": ("p.png", data)}, data=form)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"]), data

    def block(self, image: str) -> None:
        for n in range(8):
            said = report(self.backend, image, statement(f"{image}-{n}"))
            if said.json()["status"] == "blocked":
                return
        raise AssertionError("eight people did not block it")

    def close(self) -> None:
        self.client.close()
        self.backend.close()
        self.nginx.stop()
        self.program.shutdown()
        self.program.server_close()


@pytest.fixture(scope="module")
def tawatur(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Site]]:
    folder = tmp_path_factory.mktemp("tawatur")
    with Server(folder, f"sqlite:///{folder / 'tawatur.db'}") as server:
        site = server.init().site()
        yield server.start(), site


@pytest.fixture(scope="module")
def front(tawatur: tuple[Server, Site], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    made = Front(*tawatur, tmp_path_factory.mktemp("front"))
    try:
        made.nginx.start()
        yield made
    finally:
        made.close()


@pytest.fixture
def own_front(new_server: Callable[..., Server], sqlite_url: str, tmp_path: Path) -> Iterator[Callable[[str], Front]]:
    """A front whose Tawatur may be taken away."""
    made: list[Front] = []

    def make(down: str) -> Front:
        server = new_server(sqlite_url).init().start()
        made.append(Front(server, server.site(), tmp_path / "front", down))
        made[-1].nginx.start()
        return made[-1]

    yield make
    for front in made:
        front.close()


def raw(port: int, request: bytes) -> bytes:
    """What comes back over a bare connection: no library tidies the request."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(request)
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)


def test_a_visible_picture_is_served_by_nginx_itself(front: Front) -> None:
    image, data = front.put("a.png", 1)
    answer = front.client.get("/photos/a.png")
    assert (answer.status_code, answer.content) == (200, data)
    assert answer.headers["cache-control"] == "no-cache"
    assert "tawatur-status" not in answer.headers  # it never came from there
    etag = answer.headers["etag"]
    assert front.client.get("/photos/a.png", headers={"If-None-Match": etag}).status_code == 304
    assert front.client.get("/photos/a.png", headers={"Range": "bytes=0-9"}).content == data[:10]
    assert image


def test_what_was_never_registered_is_served(front: Front) -> None:
    (front.photos / "logo.png").write_bytes(noise(2, (9, 9)))
    assert front.client.get("/photos/logo.png").content == noise(2, (9, 9))
    assert front.client.get("/photos/nothing.png").status_code == 404


def test_a_block_holds_after_a_second_at_the_latest_and_readers_see_the_plate(front: Front) -> None:
    image, data = front.put("b.png", 3)
    assert front.client.get("/photos/b.png").content == data
    front.block(image)
    time.sleep(KEPT_FOR)
    answer = front.client.get("/photos/b.png", headers={"Accept-Language": "fr"})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert answer.headers["tawatur-status"] == "blocked"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-language"] == "fr"
    assert front.client.get("/photos/b.png?lang=en").headers["content-language"] == "en"
    assert not reveals(answer.content, data)


def test_a_picture_that_nobody_asked_for_yet_is_withheld_at_once(front: Front) -> None:
    image, data = front.put("c.png", 4)
    front.block(image)
    assert not reveals(front.client.get("/photos/c.png").content, data)


def test_a_restored_picture_comes_back(front: Front) -> None:
    image, data = front.put("d.png", 5)
    front.block(image)
    assert front.client.get("/photos/d.png").content != data
    rejected = front.backend.post(f"/v1/images/{image}/reviews", json={"outcome": "rejected", "reviewer": "mod"})
    assert rejected.json()["status"] == "visible"
    time.sleep(KEPT_FOR)
    assert front.client.get("/photos/d.png").content == data


SPELLINGS = [
    "/photos/2026/{}",
    "/photos/2026/{}?x=1",
    "/photos/2026/{}?reveal=1",
    "/photos/2026/{}#x",
    "/photos/2026/{}?x#y",
    "//photos//2026///{}",
    "/./photos/./2026/./{}",
    "/photos/../photos/2026/{}",
    "/photos/2026/x/../{}",
    "/photos//x/..//2026/{}",
    "/x/y/../../photos/2026/{}",
    "/photos/2026/%2e/{}",
    "/photos/x/%2e%2e/2026/{}",
    "/photos/x/%2E./2026/{}",
    "/photos%2f2026%2F{}",
    "/photos%2f%2f2026/{}",
    "/%70hotos/2026/{}",
    "/photos/%32026/{}",
    "/photos/2026/{}%3f",
    "/photos/2026/{}%20",
    "/photos/2026/{}/",
    "/photos/2026/{}/.",
    "/photos/2026/{}/x/..",
    "/photos/2026/{};v=1",
    "/photos/2026/{}%00",
    "/photos/2026/{}%00.txt",
    "/photos/%252e%252e/2026/{}",
    "/photos\\2026\\{}",
    "/PHOTOS/2026/{}",
    "http://example.org/photos/2026/{}",
    "http://elsewhere.example//photos/2026/{}?x",
    "HTTP://example.org:80/photos/./2026/{}",
    "/thumbnails/2026/{}",
    "/thumbnails//2026/%2e/{}",
    "/thumbnails/x/../2026/{}?x",
    "/thumbnails/%32026/{}",
    "/thumbnails%2f2026%2f{}",
    "/thumbnails/2026%252f{}",
    "/thumbnails/%25%32%30%32%36/{}",
    "/_tawatur/check",
    "/_tawatur/../photos/2026/{}",
]
NAMES = ["e.png", "%65.png", "e%2epng", "%65%2E%70%6E%67"]
METHODS = ["GET {} HTTP/1.1", "HEAD {} HTTP/1.1", "GET {} HTTP/1.0", "GET {}", "POST {} HTTP/1.1"]


@pytest.fixture(scope="module")
def withheld(front: Front) -> bytes:
    image, data = front.put("2026/e.png", 6, "/thumbnails/2026/e.png")
    end = b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    whole = raw(front.nginx.port, b"GET //photos/./2026/%65.png" + end)
    shown = raw(front.nginx.port, b"GET /thumbnails/2026/e.png" + end)
    served = whole.endswith(data) and shown.endswith(data)
    assert served  # it can be had like that before
    front.block(image)
    time.sleep(KEPT_FOR)
    return data


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_no_spelling_lets_a_byte_of_a_blocked_picture_out(front: Front, withheld: bytes, spelling: str) -> None:
    for name in NAMES if "{}" in spelling else [""]:
        for method in METHODS:
            for host in ("example.org", "elsewhere.example", ""):
                line = method.format(spelling.format(name))
                headers = f"\r\nHost: {host}\r\nConnection: close\r\nContent-Length: 0" if " HTTP/" in line else ""
                answer = raw(front.nginx.port, f"{line}{headers}\r\n\r\n".encode())
                assert not reveals(answer, withheld), line


@pytest.mark.parametrize(
    "header",
    [
        "Range: bytes=0-99",
        "Range: bytes=-500",
        "Range: bytes=0-99,2000-2099",
        "If-Range: Wed, 01 Jan 2098 00:00:00 GMT\r\nRange: bytes=500-",
        "If-Modified-Since: Wed, 01 Jan 2098 00:00:00 GMT",
        "If-None-Match: *",
        "X-Original-URI: /photos/logo.png",
        "X-Original-URI: /photos/logo.png\r\nX-Original-URI: /",
        "X-Rewrite-URL: /photos/logo.png",
        "X-Accel-Redirect: /photos/2026/e.png",
        "Authorization: Basic eDp5",
        "Cookie: x=y",
        "Accept-Encoding: gzip",
        "Expect: 100-continue",
        "Upgrade: h2c",
    ],
)
def test_no_header_lets_a_byte_of_a_blocked_picture_out(front: Front, withheld: bytes, header: str) -> None:
    for method in ("GET", "HEAD", "get"):
        for path in ("/photos/2026/e.png", "/thumbnails/2026/e.png"):
            request = f"{method} {path} HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n{header}\r\n\r\n"
            answer = raw(front.nginx.port, request.encode())
            assert not reveals(answer, withheld)
            assert b" 304 " not in answer.splitlines()[0]


def test_names_in_arabic_and_odd_ones_are_withheld_too(front: Front) -> None:
    for seed, name in enumerate(["صورة.png", "a b.png", "100%.png", "50%25.png", "q?.png", "x#y.png", "'\"&;.png"], 20):
        data = noise(seed, (90, 70))
        (front.photos / name).write_bytes(data)
        path = "/photos/" + httpx.URL("http://x").copy_with(params={"p": name}).query.decode()[2:].replace("+", "%20")
        assert front.client.get(path).content == data
        made = front.backend.post("/v1/images", files={"file": data}, data={"address": path})
        front.block(made.json()["id"])
        time.sleep(KEPT_FOR)
        answer = front.client.get(path)
        assert answer.headers["tawatur-status"] == "blocked", name
        assert not reveals(answer.content, data)


def test_a_blurred_picture_is_blurred_by_the_gate_and_revealed_by_nginx(front: Front) -> None:
    image, data = front.put("f.png", 7)
    blur(front.backend, image)
    answer = front.client.get("/photos/f.png")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    assert answer.headers["tawatur-status"] == "blurred"
    assert not reveals(answer.content, data)
    assert not reveals(front.client.get("/photos/f.png?reveal=0&reveal2=1").content, data)
    whole = front.client.get("/photos/f.png?x=2&reveal=1")
    assert whole.content == data


def test_a_picture_of_which_tawatur_has_only_the_hash_is_withheld_too(front: Front) -> None:
    data = noise(8, (90, 70))
    (front.photos / "g.png").write_bytes(data)
    body = {"pdq": "0f" * 32, "quality": 80, "address": ["/photos/g.png"]}
    image = front.backend.post("/v1/images", json=body).json()["id"]
    blur(front.backend, image)
    answer = front.client.get("/photos/g.png")
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert answer.headers["tawatur-status"] == "blurred"
    assert front.client.get("/photos/g.png?reveal=1").content == data


@pytest.mark.parametrize("down", ["closed", "open"])
def test_while_tawatur_is_down_the_operators_choice_holds(own_front: Callable[[str], Front], down: str) -> None:
    front = own_front(down)
    image, data = front.put("h.png", 9)
    assert front.client.get("/photos/h.png").content == data
    front.tawatur.kill9()
    time.sleep(KEPT_FOR)
    answer = front.client.get("/photos/h.png")
    if down == "open":
        assert (answer.status_code, answer.content) == (200, data)
    else:
        assert answer.status_code == 503
        assert not reveals(answer.content, data)
    front.tawatur.start()
    assert front.client.get("/photos/h.png").content == data
    front.block(image)
    time.sleep(KEPT_FOR)
    assert not reveals(front.client.get("/photos/h.png").content, data)


def test_a_mistaken_public_key_shows_nothing_even_when_open(tawatur: tuple[Server, Site], tmp_path: Path) -> None:
    server, site = tawatur
    wrong = Site(site.site, site.api_key, "twp_mistaken")
    front = Front(server, wrong, tmp_path / "front", "open")
    try:
        front.nginx.start()
        (front.photos / "i.png").write_bytes(noise(10, (90, 70)))
        assert front.client.get("/photos/i.png").status_code == 500
        assert "auth request unexpected status: 422" in front.nginx.log_text()
    finally:
        front.close()


def test_ten_thousand_requests_ask_tawatur_a_few_times(front: Front) -> None:
    image, data = front.put("j.png", 11)
    seconds, bodies = asyncio.run(_many(front.nginx.port, "/photos/j.png", 10_000, 16))
    assert bodies == {data}
    print(f"10,000 requests in {seconds:.1f} s: {10_000 / seconds:,.0f}/s")
    front.block(image)
    time.sleep(KEPT_FOR)
    _, bodies = asyncio.run(_many(front.nginx.port, "/photos/j.png", 1_000, 16))
    assert not any(reveals(body, data) for body in bodies)


async def _many(port: int, path: str, count: int, clients: int) -> tuple[float, set[bytes]]:
    """Asks over kept connections, each request after the last answer; the time it took, and the bodies that came."""
    bodies: set[bytes] = set()
    request = f"GET {path} HTTP/1.1\r\nHost: example.org\r\n\r\n".encode()

    async def client(share: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for n in range(share):
            if n and n % 900 == 0:  # nginx closes a connection after a thousand requests
                writer.close()
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
            bodies.add(await reader.readexactly(length))
        writer.close()

    begin = time.perf_counter()
    await asyncio.gather(*(client(count // clients) for _ in range(clients)))
    return time.perf_counter() - begin, bodies
