"""Wrong, huge, truncated and malicious requests: each gets a problem (RFC 9457) with a 4xx status, never a 500."""

import contextlib
import json
import random
import socket
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS

from tests.ground.server import Server, Site
from tests.survival.world import assert_problem, picture, register, report, statement

BOUNDARY = "frontier"
FORM = f"multipart/form-data; boundary={BOUNDARY}"
JSON = "application/json"
NOBODY = "01a20a65-612b-7239-8f28-3e989ecda577"


class House:
    """A server with one image, reported once: what hostile requests are thrown at."""

    def __init__(self, server: Server, site: Site) -> None:
        self.server, self.site = server, site
        self.read = 0  # how much of the server's log was looked at
        with server.client(site) as client:
            self.image = register(client, picture(1))
            self.report = report(client, self.image, statement("early")).json()["id"]

    def answer_to(self, raw: bytes, *, within: float = 15.0) -> httpx.Response:
        """What the server says to these bytes on a connection of their own; the client sends no more and waits."""
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=within) as connection:
            with contextlib.suppress(ConnectionError):
                connection.sendall(raw)
            return read_answer(connection, bodiless=raw.startswith(b"HEAD"))

    def head(self, method: str, path: str, *headers: str) -> bytes:
        lines = [f"{method} {path} HTTP/1.1", "Host: x", f"Authorization: Bearer {self.site.api_key}", *headers]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def assert_works(self) -> None:
        """After all that the server serves, and wrote no failure into its log."""
        with self.server.client(self.site) as client:
            assert client.get(f"/v1/images/{self.image}").status_code == 200
            assert client.get(f"/v1/images/{self.image}/verdict").status_code == 200
            assert client.get("/v1/events", params={"limit": 1000}).status_code == 200
            again = report(client, self.image, statement(uuid.uuid4().hex))
            assert again.status_code == 201, again.text
        log = self.server.log_text(last=10**9)
        new, self.read = log[self.read :], len(log)
        failures = [line for line in new.splitlines() if "Traceback" in line or "_failed" in line]
        assert not failures, new[-6000:]


def read_answer(connection: socket.socket, *, bodiless: bool = False) -> httpx.Response:
    """The first answer on this connection; closing it without one raises."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            raise AssertionError(f"the connection ended without an answer: {data!r}")
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = httpx.Headers([tuple(line.split(": ", 1)) for line in lines])  # type: ignore[misc]
    while not bodiless and len(body) < int(headers.get("content-length", 0)):
        more = connection.recv(65536)
        if not more:
            break
        body += more
    return httpx.Response(int(first.split()[1]), headers=headers, content=body)


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("hostile")
    url = f"sqlite:///{folder / 'tawatur.db'}"
    if request.param == "postgresql":  # the stricter one about text
        url = request.getfixturevalue("postgres_server").create_database(f"hostile_{uuid.uuid4().hex[:12]}")
    with Server(folder / "server", url) as server:
        site = server.init().site()
        yield House(server.start(), site)


@pytest.fixture
def client(house: House) -> Iterator[httpx.Client]:
    with house.server.client(house.site) as client:
        yield client
    print(house.server.log_text())  # pytest shows it under a test that failed


JSON_ROUTES = [
    "/v1/images",
    "/v1/images/status",
    "/v1/images/{image}/views",
    "/v1/images/{image}/reports",
    "/v1/images/{image}/reviews",
]

NOT_JSON: dict[str, bytes] = {
    "nothing": b"",
    "spaces": b"   ",
    "a word": b"report",
    "half": b'{"reporter": "x", "rea',
    "two": b"{}{}",
    "NUL": b"\x00",
    "UTF-16": '{"count": 0}'.encode("utf-16"),
    "bytes that are no UTF-8": b'{"reporter": "\xff\xfe", "reason": "spam", "ids": ["\xff"], "count": "\xff"}',
    "a lone surrogate in UTF-8": b'{"reporter": "\xed\xa0\x80", "reason": "spam", "outcome": "\xed\xa0\x80"}',
    "an escaped lone surrogate": b'{"reporter": "\\ud800", "reason": "spam", "outcome": "\\udfff", "ids": ["\\ud800"]}',
    "nested lists": b"[" * 30_000 + b"]" * 30_000,
    "nested objects": b'{"a":' * 9_000 + b"1" + b"}" * 9_000,
    "nested in a key": b'{"signals":' + b"[" * 30_000 + b"]" * 30_000 + b"}",
    "nested and open": b'{"ids":' + b"[" * 60_000,
    "a list": b"[]",
    "null": b"null",
    "a number": b"1e999",
    "NaN": b'{"count": NaN}',
    "a form": b"reporter=x&reason=spam&count=1&outcome=upheld",
    "the same key twice": b'{"count": 0, "count": -1, "reporter": "", "reporter": 7}',
    "a long number": b'{"count": ' + b"9" * 6_000 + b"}",
}


@pytest.mark.parametrize("body", NOT_JSON)
@pytest.mark.parametrize("route", JSON_ROUTES)
def test_a_body_that_is_not_the_json_asked_for_is_a_problem(
    house: House, client: httpx.Client, route: str, body: str
) -> None:
    path = route.format(image=house.image)
    answer = client.post(path, content=NOT_JSON[body], headers={"Content-Type": JSON})
    assert_problem(answer, 400, 422)


WRONG_VALUES: dict[str, list[Any]] = {
    "/v1/images": [
        {},
        {"file": "x"},
        {"url": 1},
        {"url": ""},
        {"url": "x" * 60_000},
        {"url": "https://example.com/\x00"},
        {"url": "https://example.com/a b"},
        {"url": "file:///etc/passwd"},
        {"url": "gopher://127.0.0.1/"},
        {"url": "http://"},
        {"url": "http://[::1"},
        {"url": "http://user:pass@127.0.0.1/"},
        {"url": "http://127.0.0.1:1/"},
        {"url": "http://127.0.0.1:99999/"},
        {"url": "http://[::ffff:127.0.0.1]/"},
        {"url": "http://2130706433/"},
        {"url": "http://0x7f.1/"},
        {"url": "http://localhost/"},
        {"url": "http://169.254.169.254/latest/meta-data/"},
        {"url": "http://xn--\u0661/"},
        {"url": "http://" + "a" * 300 + ".invalid/"},
        {"url": "http://" + ".".join("a" * 600) + "/"},
        {"pdq": "x" * 64, "quality": 100},
        {"pdq": "0" * 63, "quality": 100},
        {"pdq": "0" * 64},
        {"pdq": "0" * 64, "quality": 101},
        {"pdq": "0" * 64, "quality": -1},
        {"pdq": "0" * 64, "quality": 10**30},
        {"pdq": "\u0660" * 64, "quality": 100},
        {"pdq": "0" * 64, "quality": 100, "url": "https://example.com/"},
        {"pdq": "0" * 64, "quality": 100, "uploader": "\x00"},
        {"pdq": "0" * 64, "quality": 100, "page_url": "javascript:alert(1)"},
        {"pdq": "0" * 64, "quality": 100, "caption": "x" * 4001},
    ],
    "/v1/images/status": [
        {"ids": "x"},
        {"ids": [1]},
        {"ids": [None]},
        {"ids": ["x\x00"]},
        {"ids": [""]},
        {"ids": ["x" * 256]},
        {"ids": ["x"] * 1001},
        {"ids": {"0": "x"}},
    ],
    "/v1/images/{image}/views": [
        {"count": count} for count in (0, -1, 1.5, "1", True, None, [], 2**31, 2**63, 2**64, 10**300, 1_000_001)
    ],
    "/v1/images/{image}/reports": [
        {"reason": "spam"},
        {"reporter": "x"},
        {"reporter": "", "reason": "spam"},
        {"reporter": "x" * 256, "reason": "spam"},
        {"reporter": "a\x00b", "reason": "spam"},
        {"reporter": 7, "reason": "spam"},
        {"reporter": "x", "reason": "no such reason"},
        {"reporter": "x", "reason": "spam\x00"},
        {"reporter": "x", "reason": "spam", "comment": "x" * 4001},
        {"reporter": "x", "reason": "spam", "comment": "\x00"},
        {"reporter": "x", "reason": "spam", "extra": 1},
        {"reporter": "x", "reason": "spam", "signals": []},
        {"reporter": "x", "reason": "spam", "signals": {"network": "\x00"}},
        {"reporter": "x", "reason": "spam", "signals": {"device": "x" * 256}},
        {"reporter": "x", "reason": "spam", "signals": {"other": 1}},
        *[
            {"reporter": "x", "reason": "spam", "signals": {"account_created_at": at}}
            for at in (
                "yesterday",
                "2020-01-01",
                "2020-01-01T00:00:00",
                "0000-01-01T00:00:00Z",
                "0001-01-01T00:00:00+14:00",  # before the first year in UTC
                "9999-12-31T23:59:59-14:00",  # after the last
                "10000-01-01T00:00:00Z",
                "2020-02-30T00:00:00Z",
                "2020-01-01T00:00:00+99:00",
                1577836800,
                -1,
                1e300,
            )
        ],
    ],
    "/v1/images/{image}/reviews": [
        {"outcome": "maybe", "reviewer": "m"},
        {"outcome": "\x00", "reviewer": "m"},
        {"outcome": "x" * 60_000, "reviewer": "m"},
        {"outcome": "upheld"},
        {"outcome": "upheld", "reviewer": ""},
        {"outcome": "upheld", "reviewer": "\x00"},
        {"outcome": "upheld", "reviewer": "m", "reason": "no such reason"},
        {"outcome": "upheld", "reviewer": "m", "note": "\x00"},
        {"outcome": "upheld", "reviewer": "m", "note": "x" * 4001},
        {"outcome": ["upheld"], "reviewer": {}},
    ],
}


@pytest.mark.parametrize("route", WRONG_VALUES)
def test_values_of_the_wrong_type_or_size_are_a_problem(house: House, client: httpx.Client, route: str) -> None:
    for value in WRONG_VALUES[route]:
        answer = client.post(route.format(image=house.image), content=json.dumps(value), headers={"Content-Type": JSON})
        try:
            assert_problem(answer, 400, 422)
        except AssertionError as error:
            raise AssertionError(f"{str(value)[:200]}: {error}") from None
    house.assert_works()


def test_values_at_the_edge_of_what_is_allowed_are_taken(house: House, client: httpx.Client) -> None:
    image = register(client, picture(2))
    for n, at in enumerate(
        ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "1969-12-31T23:59:59Z", "0001-01-02T00:00:00+14:00")
    ):
        body = statement(f"edge{n}" + "\U0001f5bc" * 200) | {"comment": "\U0001f5bc" * 4000}
        body["signals"]["account_created_at"] = at
        body["signals"]["network"] = "\x1f\x7f\u202e\ufffe\U0010ffff"
        for _ in range(2):
            answer = report(client, image, body)
            assert answer.status_code in (200, 201), answer.text
    assert client.get(f"/v1/images/{image}/verdict").status_code == 200
    assert client.get("/v1/events", params={"limit": 1000}).status_code == 200


def test_a_json_body_of_ten_megabytes_is_too_large(house: House, client: httpx.Client) -> None:
    body = json.dumps({"reporter": "x" * 10_000_000, "reason": "spam"}).encode()
    for route in JSON_ROUTES[1:]:
        path = route.format(image=house.image)
        assert_problem(client.post(path, content=body, headers={"Content-Type": JSON}), 413)
    house.assert_works()


@pytest.mark.parametrize("key", ["its own", "none"])
@pytest.mark.parametrize("route", [*JSON_ROUTES, "/v1/nothing", "/i/{image}", "/healthz"])
def test_an_endless_body_is_answered_and_then_cut_off(house: House, route: str, key: str) -> None:
    headers = ["Transfer-Encoding: chunked", f"Content-Type: {FORM if route == '/v1/images' else JSON}"]
    head = house.head("POST", route.format(image=house.image), *headers)
    if key == "none":
        head = head.replace(house.site.api_key.encode(), b"tws_wrong")
    part = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'.encode()
    chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
    sent = 0
    with socket.create_connection(("127.0.0.1", house.server.port), timeout=15) as connection:
        connection.sendall(head + b"%x\r\n%s\r\n" % (len(part), part))
        with contextlib.suppress(ConnectionError):
            while sent < 200_000_000:
                connection.sendall(chunk)
                sent += len(chunk)
            raise AssertionError("the server takes a body without end")
    assert sent < 60_000_000
    house.assert_works()


def test_an_endless_body_gets_the_problem_before_the_connection_ends(house: House) -> None:
    head = house.head("POST", f"/v1/images/{house.image}/reports", "Transfer-Encoding: chunked")
    with socket.create_connection(("127.0.0.1", house.server.port), timeout=15) as connection:
        connection.sendall(head + b"ffff\r\n" + b" " * 0xFFFF + b"\r\n" + b"ff\r\n" + b" " * 0xFF + b"\r\n")
        assert_problem(read_answer(connection), 413)


@pytest.mark.parametrize("said", ["10", "70000", "999999999999999999999999"])
def test_a_body_shorter_than_it_says_changes_nothing(house: House, said: str) -> None:
    head = house.head("POST", f"/v1/images/{house.image}/reports", f"Content-Length: {said}", f"Content-Type: {JSON}")
    with socket.create_connection(("127.0.0.1", house.server.port), timeout=15) as connection:
        connection.sendall(head + b'{"a":')
    house.assert_works()


def test_a_body_longer_than_it_says_is_not_read_as_part_of_it(house: House) -> None:
    body = json.dumps(statement("longer")).encode()
    head = house.head("POST", f"/v1/images/{house.image}/reports", f"Content-Length: {len(body) - 5}")
    assert_problem(house.answer_to(head + body), 400, 422)
    house.assert_works()


@pytest.mark.parametrize(
    "headers",
    [
        ["Content-Length: -1"],
        ["Content-Length: x"],
        ["Content-Length: 5", "Content-Length: 6"],
        ["Content-Length: 5", "Transfer-Encoding: chunked"],
        ["Transfer-Encoding: gzip"],
        ["Transfer-Encoding: chunked"],
        ["X: " + "x" * 200_000],
        [f"X-{n}: y" for n in range(20_000)],
        ["No colon"],
        [": no name"],
        ["X\x00Y: z"],
        ["Expect: 100-continue", "Content-Length: 2"],
        ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: x", "Sec-WebSocket-Version: 13"],
    ],
    ids=lambda headers: headers[0][:30].replace("\x00", "NUL") if isinstance(headers, list) else headers,
)
def test_what_is_not_http_is_a_problem_too(house: House, headers: list[str]) -> None:
    raw = house.head("POST", f"/v1/images/{house.image}/reports", *headers) + b"zz\r\n{}\r\n"
    assert_problem(house.answer_to(raw), 400, 413, 415, 422, 431)
    house.assert_works()


@pytest.mark.parametrize("endless", [b"x", b"X: y\r\n", b"x" * 63 + b": y\r\n", b"/" * 64])
def test_a_head_without_end_is_a_problem(house: House, endless: bytes) -> None:
    start = b"GET /" if endless.startswith(b"/") else b"GET /healthz HTTP/1.1\r\n"
    with socket.create_connection(("127.0.0.1", house.server.port), timeout=15) as connection:
        connection.sendall(start)
        with contextlib.suppress(ConnectionError):
            for _ in range(50_000_000 // (8192 * len(endless))):
                connection.sendall(endless * 8192)
            raise AssertionError("the server takes a head without end")
    house.assert_works()


def form(*parts: tuple[str, bytes], end: bool = True) -> bytes:
    body = b"".join(
        f"--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode("latin-1") + data + b"\r\n"
        for head, data in parts
    )
    return body + (f"--{BOUNDARY}--\r\n".encode() if end else b"")


PNG = picture(3)
FILE = ('name="file"; filename="a.png"', PNG)
BROKEN_FORMS: dict[str, tuple[str, bytes]] = {
    "nothing": (FORM, b""),
    "no boundary": ("multipart/form-data", form(FILE)),
    "another boundary": ("multipart/form-data; boundary=other", form(FILE)),
    "an empty boundary": ("multipart/form-data; boundary=", form(FILE)),
    "an endless boundary": (f"multipart/form-data; boundary={'x' * 5000}", form(FILE)),
    "JSON": (JSON, b'{"file": "x"}'),
    "plain text": ("text/plain", PNG),
    "the picture alone": ("image/png", PNG),
    "no type that there is": ("\xff/\xfe", PNG),
    "an unknown charset": (f"{FORM}; charset=klingon", form(('name="file"', b"x"))),
    "urlencoded": ("application/x-www-form-urlencoded", b"file=x"),
    "no file": (FORM, form(('name="caption"', b"x"))),
    "a file by another name": (FORM, form(('name="picture"; filename="a.png"', PNG))),
    "text instead of a file": (FORM, form(('name="file"', b"x"))),
    "an empty file": (FORM, form(('name="file"; filename="a.png"', b""))),
    "no end": (FORM, form(FILE, end=False)[:-40]),
    "no headers": (FORM, f"--{BOUNDARY}\r\n\r\nx\r\n--{BOUNDARY}--".encode()),
    "no name": (FORM, form(('filename="a.png"', PNG))),
    "headers without end": (FORM, f"--{BOUNDARY}\r\n".encode() + b"X: " + b"y" * 100_000),
    "a file where text belongs": (FORM, form(FILE, ('name="uploader"; filename="x"', b"x"))),
    "a long caption": (FORM, form(FILE, ('name="caption"', b"x" * 4001))),
    "a caption of two megabytes": (FORM, form(FILE, ('name="caption"', b"x" * 2_000_000))),
    "a NUL in a word": (FORM, form(FILE, ('name="uploader"', b"a\x00b"))),
    "a NUL in the caption": (FORM, form(FILE, ('name="caption"', b"\x00"))),
    "an empty word": (FORM, form(FILE, ('name="external_id"', b""), ('name="uploader"', b"x" * 256))),
    "no web address": (FORM, form(FILE, ('name="page_url"', b"javascript:alert(1)"))),
    "an address with spaces": (FORM, form(FILE, ('name="page_url"', b"https://x/ y"))),
    "a thousand fields": (FORM, form(*[(f'name="f{n}"', b"x") for n in range(1500)], FILE)),
    "no picture": (FORM, form(('name="file"; filename="a.png"', b"GIF89a but no picture"))),
    "half a picture": (FORM, form(('name="file"; filename="a.png"', PNG[: len(PNG) // 2]))),
    "a program": (FORM, form(('name="file"; filename="../../etc/passwd"', b"\x7fELF" + bytes(2000)))),
    "an SVG": (FORM, form(('name="file"; filename="a.svg"', b"<svg xmlns='http://www.w3.org/2000/svg'/>"))),
    "a page": (FORM, form(('name="file"; filename="a.png"', b"<html><script>alert(1)</script></html>"))),
}


@pytest.mark.parametrize("broken", BROKEN_FORMS)
def test_a_form_without_a_picture_is_a_problem(house: House, client: httpx.Client, broken: str) -> None:
    kind, body = BROKEN_FORMS[broken]
    answer = client.post("/v1/images", content=body, headers={b"Content-Type": kind.encode("latin-1")})
    assert_problem(answer, 400, 413, 415, 422)


def test_hostile_names_of_a_file_are_of_no_consequence(house: House, client: httpx.Client) -> None:
    for name in ("../../../../etc/passwd", "\xff\xfe", "a" * 4000, "", 'x"; name="y', "a\r\nb"):
        body = form((f'name="file"; filename="{name}"', PNG))
        answer = client.post("/v1/images", content=body, headers={"Content-Type": FORM})
        assert answer.status_code == 201 or 400 <= answer.status_code < 500
    house.assert_works()


def test_a_file_over_twenty_megabytes_is_too_large(house: House, client: httpx.Client) -> None:
    for size in (20_000_001, 30_000_000):
        body = form(('name="file"; filename="a.png"', bytes(size)))
        assert_problem(client.post("/v1/images", content=body, headers={"Content-Type": FORM}), 413)


ODD_IDS = [
    "x",
    "%00",
    "%00" * 20,
    "a%00b",
    "%ff%fe",
    "%ed%a0%80",
    "%F0%9F%96%BC",
    "..%2f..",
    "%2e%2e",
    "'%20OR%201=1--",
    "x" * 5000,
    "%E2%80%AE",
    NOBODY,
    NOBODY + "%0a",
    NOBODY + "%00",
    NOBODY.upper(),
    "00000000-0000-0000-0000-000000000000",
]
ROUTES_BY_ID = [
    ("GET", "/v1/images/{id}"),
    ("GET", "/v1/images/{id}/verdict"),
    ("POST", "/v1/images/{id}/views"),
    ("POST", "/v1/images/{id}/reports"),
    ("POST", "/v1/images/{id}/reviews"),
    ("DELETE", "/v1/reports/{id}"),
    ("GET", "/i/{id}"),
    ("HEAD", "/i/{id}"),
]
ANY_BODY = {"count": 1, **statement("x", "spam")}
BODIES = {"views": {"count": 1}, "reports": statement("x", "spam"), "reviews": {"outcome": "upheld", "reviewer": "m"}}


@pytest.mark.parametrize(("method", "route"), ROUTES_BY_ID)
def test_an_id_that_is_none_is_not_found(house: House, method: str, route: str) -> None:
    body = json.dumps(BODIES.get(route.rsplit("/", 1)[-1], {})).encode()
    for odd in ODD_IDS:
        length = f"Content-Length: {len(body)}"
        answer = house.answer_to(house.head(method, route.format(id=odd), length, f"Content-Type: {JSON}") + body)
        if method == "HEAD":
            assert answer.status_code == 404, odd
        else:
            assert_problem(answer, 404)
    house.assert_works()


def test_another_sites_images_and_reports_do_not_exist(house: House) -> None:
    other = house.server.site(uuid.uuid4().hex)
    with house.server.client(other) as client:
        for method, route in ROUTES_BY_ID[:6]:
            path = route.format(id=house.report if "reports/{id}" in route else house.image)
            body = BODIES.get(route.rsplit("/", 1)[-1])
            assert_problem(client.request(method, path, json=body), 404)
        assert client.post("/v1/images/status", json={"ids": [house.image]}).json() == {"images": {}}


LONG_KEY = "Bearer tws_" + "x" * 9000


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer x", "Basic eDp5", "Bearer tws_", "bearer \xff", LONG_KEY, "Bearer twp_public", "Bearer a b"],
)
@pytest.mark.parametrize(("method", "route"), [*ROUTES_BY_ID[:6], ("POST", "/v1/images"), ("GET", "/v1/events")])
def test_without_a_good_key_nothing_is_told(house: House, authorization: str, method: str, route: str) -> None:
    headers = {b"Authorization": authorization.encode("latin-1")}
    with house.server.client() as client:
        answer = client.request(method, route.format(id=house.image), headers=headers, json=ANY_BODY)
    assert_problem(answer, 401)


@pytest.mark.parametrize(
    "query",
    (
        f"after=-1 after=x after={2**63} after={10**40} after=1e3 after= after=%ff after=1&after=x "
        "limit=0 limit=1001 limit=%00 limit=1.5"
    ).split(),
)
def test_a_place_in_the_log_that_is_none_is_a_problem(client: httpx.Client, query: str) -> None:
    assert_problem(client.get(f"/v1/events?{query}"), 422)


def test_the_last_place_in_the_log_that_can_be_is_empty(client: httpx.Client) -> None:
    assert client.get("/v1/events", params={"after": 2**63 - 1}).json() == {"events": [], "next": 2**63 - 1}


@pytest.mark.parametrize("key", ["x" * 256, "a b", "\xe9", "a\tb"])
def test_an_idempotency_key_that_is_none_is_a_problem(house: House, client: httpx.Client, key: str) -> None:
    headers = {b"Idempotency-Key": key.encode("latin-1")}
    for what, body in BODIES.items():
        answer = client.post(f"/v1/images/{house.image}/{what}", json=body, headers=headers)
        assert_problem(answer, 422)


def test_an_idempotency_key_of_another_request_is_a_problem(house: House, client: httpx.Client) -> None:
    headers = {"Idempotency-Key": uuid.uuid4().hex}
    path = f"/v1/images/{house.image}/views"
    assert client.post(path, json={"count": 1}, headers=headers).status_code == 200
    assert_problem(client.post(path, json={"count": 2}, headers=headers), 422)
    assert_problem(report(client, house.image, statement("x"), **headers), 422)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])
@pytest.mark.parametrize("path", ["/v1/images", "/v1/events", "/i/x", "/healthz", "/openapi.json", "/", "/v1/nothing"])
def test_a_method_that_is_not_allowed_is_a_problem(client: httpx.Client, method: str, path: str) -> None:
    if method == "BREW":  # no method of HTTP: the parser refuses it before the house sees it
        assert_problem(client.request(method, path), 400)
    else:
        assert_problem(client.request(method, path), 404, 405)


def test_an_image_can_be_rejected_any_number_of_times(client: httpx.Client) -> None:
    image = register(client, picture(4))
    for _ in range(40):
        answer = client.post(f"/v1/images/{image}/reviews", json={"outcome": "rejected", "reviewer": "m"})
        assert answer.status_code == 201, answer.text


def test_bytes_at_random_never_end_in_a_failure(house: House) -> None:
    chance = random.Random(5)
    good = [
        house.head("POST", f"/v1/images/{house.image}/reports", "Content-Length: 37")
        + b'{"reporter":"x","reason":"spam"}     ',
        house.head("POST", "/v1/images", f"Content-Type: {FORM}", "Content-Length: 2000") + form(FILE)[:2000],
        house.head("GET", "/v1/events?after=0&limit=5"),
    ]
    for _ in range(150):
        raw = bytearray(chance.choice(good))
        for _ in range(chance.randint(1, 8)):
            raw[chance.randrange(len(raw))] = chance.randrange(256)
        with contextlib.suppress(AssertionError, OSError):
            status = house.answer_to(bytes(raw), within=3).status_code
            if status >= 500:
                pytest.fail(f"{status} for {bytes(raw)!r}")
    house.assert_works()


@pytest.mark.timeout(200)
def test_the_api_keeps_to_its_description(house: House) -> None:
    schema = schemathesis.openapi.from_url(f"{house.server.base_url}/openapi.json")
    names = ["not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance"]
    checks = CHECKS.get_by_names(names)
    endless = ("/widget/changes", "/v1/events/stream")  # tests/delivery reads these
    operations = [found for result in schema.get_all_operations() if (found := result.ok()).path not in endless]
    assert len(operations) >= 8
    known = {"image": house.image, "report": house.report}

    def conforms(operation: Any, mode: GenerationMode, examples: int) -> None:
        @hypothesis.settings(
            max_examples=examples,
            deadline=None,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @hypothesis.seed(20)
        @hypothesis.given(case=operation.as_strategy(generation_mode=mode), real=st.booleans())
        def run(case: Any, real: bool) -> None:
            if real:
                case.path_parameters.update({k: v for k, v in known.items() if k in case.path_parameters})
            answer = case.call_and_validate(headers=house.site.headers, checks=checks)
            if answer.status_code >= 400:
                assert answer.headers["content-type"] == ["application/problem+json"], answer.headers
                body = answer.json()
                assert body["status"] == answer.status_code
                assert body["title"]
                assert body["detail"]

        run()

    for operation in operations:
        conforms(operation, GenerationMode.POSITIVE, 20)
        with contextlib.suppress(hypothesis.errors.Unsatisfiable):  # an operation that nothing can be wrong about
            conforms(operation, GenerationMode.NEGATIVE, 15)
    house.assert_works()
