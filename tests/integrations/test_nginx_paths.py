"""`path_of` and nginx must understand every path alike: where they did not, a blocked picture could be asked for."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tawatur.moderation.addresses import path_of
from tawatur.moderation.refusals import BadAddress
from tests.ground import nginx
from tests.ground.nginx import Nginx

pytestmark = pytest.mark.skipif(nginx.why_absent() is not None, reason=nginx.why_absent() or "")

PIECES = [
    *(
        b"/",
        b"/",
        b"//",
        b".",
        b"..",
        b"/../",
        b"/./",
        b"a",
        b"b.png",
        b"...",
        b"%2e",
        b"%2E%2e",
        b"%2f",
        b"%2F..",
        b"%5c",
    ),
    *(b"%25", b"%252e", b"%3f", b"%23", b"?", b"#", b"+", b"%2b", b"%20", b"%", b"%4", b"%zz", b"%00", b"%0a"),
    *(
        "\u0635".encode(),
        b"%D8%B5",
        b"%d8",
        b"\xff",
        b"%ff",
        b";",
        b"=",
        b"&",
        b":",
        b"\\",
        b"~",
        b"*",
        b"%61",
        b"%C0%AE",
    ),
]


@pytest.fixture(scope="module")
def echo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    """Answers with the path that it would look for as a file."""
    made = Nginx(tmp_path_factory.mktemp("nginx"), "server { listen LISTEN; location / { return 200 $uri; } }")
    try:
        yield made.start()
    finally:
        made.stop()


def understood(port: int, target: bytes) -> bytes | None:
    """nginx's path; None when it refuses the request."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(b"GET " + target + b" HTTP/1.0\r\n\r\n")
        answer = b""
        while part := connection.recv(65536):
            answer += part
    head, _, body = answer.partition(b"\r\n\r\n")
    return body if b" 200 " in head.splitlines()[0] else None


def test_every_path_means_the_same_file_to_nginx(echo: Nginx) -> None:
    chance = random.Random(20261124)
    agreed = 0
    for _ in range(4000):
        target = b"/" + b"".join(chance.choices(PIECES, k=chance.randrange(1, 9)))
        path = understood(echo.port, target)
        try:
            ours = path_of(target)
        except BadAddress:
            assert path is None, target
            continue
        if path is not None:
            assert ours == "/" + quote(path.strip(b"/")), (target, path)
            agreed += 1
    assert agreed > 1000
