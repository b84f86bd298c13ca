"""Endpoints that are sent events, well-behaved and not, and a log to send from."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from standardwebhooks import Webhook as Verifier

from tawatur.log.events import Event, ImageViewed, row
from tawatur.log.sequencer import sequence
from tawatur.store.database import Database
from tawatur.store.database_book import DatabaseBook
from tawatur.store.ids import new_id


class Told(NamedTuple):
    """A request as it came: the parsed body, its headers, its bytes."""

    said: dict[str, Any]
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def image(self) -> str | None:
        return self.said.get("image")

    def verify(self, secret: str) -> Any:
        """What a receiver does: raises where the signature is not this secret's."""
        return Verifier(secret).verify(self.body, self.headers)


Answer = Callable[[BaseHTTPRequestHandler, Told], None]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        told = Told(json.loads(body), {name.lower(): value for name, value in self.headers.items()}, body)
        receiver: Receiver = self.server.receiver  # type: ignore[attr-defined]
        with receiver.lock:
            receiver.asked.append(told)
            receiver.here += 1
            receiver.most_here = max(receiver.most_here, receiver.here)
        try:
            receiver.answer(self, told)
        finally:
            with receiver.lock:
                receiver.here -= 1

    def log_message(self, *arguments: object) -> None:
        pass


class Receiver:
    """A server on loopback. `asked`: all that came, in order; `answer` may be exchanged while it runs."""

    def __init__(self, answer: Answer | None = None, port: int = 0, certificate: Path | None = None) -> None:
        self.scheme = "http" if certificate is None else "https"
        self.lock = threading.Lock()
        self.answer = answer or status(204)
        self.asked: list[Told] = []
        self.here = self.most_here = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._server.receiver = self  # type: ignore[attr-defined]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/hook"

    @property
    def positions(self) -> list[int]:
        return [told.said["position"] for told in self.asked]

    def wait_for(self, what: Callable[[list[Told]], object], within: float = 60.0) -> None:
        """Until it holds of all that came."""
        until = time.monotonic() + within
        while True:
            with self.lock:
                came = list(self.asked)
            if what(came):
                return
            assert time.monotonic() < until, f"{len(came)} came: {[told.said for told in came][-5:]}"
            time.sleep(0.02)


def status(code: int, **headers: str) -> Answer:
    def answer(request: BaseHTTPRequestHandler, told: Told) -> None:
        request.send_response(code)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.send_header("Content-Length", "0")
        request.end_headers()

    return answer


def only(refused: str, code: int = 500) -> Answer:
    """Takes all but what is about one image."""

    def answer(request: BaseHTTPRequestHandler, told: Told) -> None:
        status(code if told.image == refused else 200)(request, told)

    return answer


def raw(data: bytes, then: float = 0.0) -> Answer:
    """These bytes and, after so many seconds, the end of the connection."""

    def answer(request: BaseHTTPRequestHandler, told: Told) -> None:
        request.wfile.write(data)
        request.wfile.flush()
        time.sleep(then)
        request.close_connection = True

    return answer


def endless(request: BaseHTTPRequestHandler, told: Told) -> None:
    """A good status, and a body without an end."""
    request.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    try:
        while True:
            request.wfile.write(b"400\r\n" + b"x" * 1024 + b"\r\n")
    except OSError:
        request.close_connection = True


def self_signed(folder: Path) -> Path:
    """A certificate for 127.0.0.1, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    path = folder / "certificate.pem"
    path.write_bytes(pem + made.public_bytes(serialization.Encoding.PEM))
    return path


class Log:
    """A site's log; its clock is moved by hand."""

    def __init__(self, database: Database, site: str = "s") -> None:
        self.database = database
        self.site = site
        self.at = datetime.now(UTC)

    def now(self) -> datetime:
        return self.at

    def passes(self, **time_: float) -> None:
        self.at += timedelta(**time_)

    def append(self, *images: str | None, event: Event | None = None) -> list[str]:
        """Something about each of these images, in this order; the events' ids."""
        ids = [new_id() for _ in images]
        with self.database.write() as connection:
            book = DatabaseBook(connection, new_id)
            for n, (key, image) in enumerate(zip(ids, images, strict=True)):
                at = self.at + timedelta(microseconds=n)
                book.append(row(key, self.site, image, at, event or ImageViewed(count=n + 1)))
            book.flush()
        sequence(self.database)
        return ids
