"""What leaves through the gate: never a byte of a blocked picture, by whatever address, header or cached form."""

import hashlib
import http.client
import io
from collections.abc import Callable, Iterator

import httpx
import pytest
from PIL import Image

from tests.ground.server import Server, Site
from tests.survival.world import noise, picture, register, report, statement, upload

MEDIA_TYPES = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "AVIF": "image/avif",
}
SECRET = noise(7, (90, 70))  # every run of 12 bytes in it is like no other


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Site]]:
    folder = tmp_path_factory.mktemp("gate")
    with Server(folder, f"sqlite:///{folder / 'tawatur.db'}") as server:
        site = server.init().site()
        server.start()
        yield server, site


@pytest.fixture
def site_client(house: tuple[Server, Site]) -> Iterator[httpx.Client]:
    server, site = house
    with server.client(site) as client:
        yield client


@pytest.fixture
def reader(house: tuple[Server, Site]) -> Iterator[httpx.Client]:
    with house[0].client() as client:
        yield client


def block(client: httpx.Client, image: str) -> None:
    said = [report(client, image, statement(f"{image}-{n}")).json()["status"] for n in range(5)]
    assert said[-1] == "blocked"


def blur(client: httpx.Client, image: str) -> None:
    for n in range(20):
        if report(client, image, statement(f"{image}-{n}", "deception")).json()["status"] == "blurred":
            return
    raise AssertionError("no number of reports blurred it")


def reveals(body: bytes, original: bytes = SECRET) -> bool:
    """Whether any 12 bytes of the middle of the picture stand in the body."""
    middle = original[1000:-1000]
    return any(body[at : at + 12] in middle for at in range(len(body) - 11))


@pytest.fixture(scope="module")
def blocked(house: tuple[Server, Site]) -> dict[str, str]:
    """A blocked picture: its id, and what a reader's cache holds of the time when it was visible."""
    server, site = house
    with server.client(site) as client:
        image = register(client, SECRET)
        before = client.get(f"/i/{image}")
        is_whole = before.content == SECRET
        assert is_whole
        block(client, image)
    return {"id": image, "etag": before.headers["etag"], "modified": before.headers.get("last-modified", "")}


CONDITIONS: dict[str, Callable[[dict[str, str]], dict[str, str]]] = {
    "plain": lambda before: {},
    "if-none-match": lambda before: {"If-None-Match": before["etag"]},
    "if-none-match, weak": lambda before: {"If-None-Match": f"W/{before['etag']}"},
    "if-none-match, any": lambda before: {"If-None-Match": "*"},
    "if-none-match, many": lambda before: {"If-None-Match": f'"x", {before["etag"]}'},
    "if-modified-since": lambda before: {"If-Modified-Since": before["modified"] or "Wed, 01 Jan 2098 00:00:00 GMT"},
    "if-match": lambda before: {"If-Match": before["etag"]},
    "range": lambda before: {"Range": "bytes=0-99"},
    "range, from the end": lambda before: {"Range": "bytes=-500"},
    "ranges": lambda before: {"Range": "bytes=0-99,2000-2099"},
    "if-range by etag": lambda before: {"Range": "bytes=1000-1999", "If-Range": before["etag"]},
    "if-range by date": lambda before: {"Range": "bytes=1000-1999", "If-Range": before["modified"]},
    "method override": lambda before: {"X-HTTP-Method-Override": "GET", "X-Original-URI": "/images"},
    "forwarded path": lambda before: {"X-Rewrite-URL": "/data", "X-Forwarded-Prefix": "/.."},
    "accept": lambda before: {"Accept": "image/png"},
    "site key": lambda before: {"Authorization": "Bearer tws_no"},
}
QUERIES = ["", "?reveal=1", "?reveal=1&reveal=1", "?reveal=true", "?lang=en&reveal=1", "?raw=1&download=1&size=full"]


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("condition", CONDITIONS)
def test_no_request_gets_a_byte_of_a_blocked_picture(
    reader: httpx.Client, blocked: dict[str, str], condition: str, query: str
) -> None:
    headers = CONDITIONS[condition](blocked)
    answer = reader.get(f"/i/{blocked['id']}{query}", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["tawatur-status"] == "blocked"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert not {"etag", "last-modified", "content-range"} & answer.headers.keys()
    assert not reveals(answer.content)
    head = reader.head(f"/i/{blocked['id']}{query}", headers=headers)
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["cache-control"] == "no-store"
    assert "etag" not in head.headers


def paths_to(image: str, sha256: str) -> list[str]:
    stored = f"images/{sha256[:2]}/{sha256[2:]}"
    return [
        f"/i/{image}/",
        f"/i//{image}",
        f"//i/{image}",
        f"/i/{image}/..",
        f"/i/./{image}",
        f"/i/x/../{image}",
        f"/i%2F{image}",
        f"/i/%2e%2e/{stored}",
        f"/i/..%2f{stored}",
        f"/i/../{stored}",
        f"/i/../../{stored}",
        f"/i/..%5c{stored}",
        f"/i/....//{stored}",
        f"/i/%252e%252e%252f{stored}",
        f"/{stored}",
        f"/data/{stored}",
        f"/i/{sha256}",
        f"/i/{image}.png",
        f"/i/{image}%00.png",
        f"/i/{image}%20",
        f"/i/{image};v=1",
        f"/i/{image.upper()}",
        f"/i/{image}%3Freveal=1",
        f"/v1/images/{image}/file",
        f"/v1/images/{image}/../../../{stored}",
        f"/blurred/{sha256[:2]}/{sha256[2:]}.jpg",
    ]


def test_no_path_leads_to_a_blocked_picture(
    house: tuple[Server, Site], site_client: httpx.Client, blocked: dict[str, str]
) -> None:
    server, site = house
    events = site_client.get("/v1/events", params={"limit": 1000}).json()["events"]
    sha256 = next(e["sha256"] for e in events if e["type"] == "image.registered" and e["image"] == blocked["id"])
    assert (server.data_dir / "images" / sha256[:2] / sha256[2:]).stat().st_size == len(SECRET)
    for path in paths_to(blocked["id"], sha256):
        for method in ("GET", "HEAD"):
            # http.client sends the path as it is; httpx would tidy it first
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
            connection.request(method, path, headers=site.headers)
            answer = connection.getresponse()
            body = answer.read()
            connection.close()
            placeholder = answer.getheader("tawatur-status") == "blocked"
            assert placeholder or 400 <= answer.status < 500, (method, path, answer.status)
            assert not reveals(body), (method, path)


def test_a_copy_registered_while_it_is_blocked_is_blocked_from_its_first_moment(
    site_client: httpx.Client, reader: httpx.Client, blocked: dict[str, str]
) -> None:
    copy = register(site_client, SECRET)
    answer = reader.get(f"/i/{copy}")
    assert answer.headers["tawatur-status"] == "blocked"
    assert not reveals(answer.content)


def test_reports_block_from_the_answer_on(site_client: httpx.Client, reader: httpx.Client) -> None:
    data = noise(8, (90, 70))
    image = register(site_client, data)
    assert reveals(reader.get(f"/i/{image}").content, data)
    block(site_client, image)
    assert not reveals(reader.get(f"/i/{image}").content, data)


def test_a_blurred_picture_is_only_shown_whole_to_who_asks_for_it(
    site_client: httpx.Client, reader: httpx.Client
) -> None:
    data = noise(9, (90, 70))
    image = register(site_client, data)
    etag = reader.get(f"/i/{image}").headers["etag"]
    blur(site_client, image)
    for headers in ({}, {"If-None-Match": etag}, {"Range": "bytes=0-99"}, {"Range": "bytes=0-9", "If-Range": etag}):
        for query in ("", "?reveal=0", "?reveal=", "?reveal=true", "?reveal=0&x=1"):
            answer = reader.get(f"/i/{image}{query}", headers=headers)
            assert answer.status_code == 200
            assert answer.headers["content-type"] == "image/jpeg"
            assert answer.headers["tawatur-status"] == "blurred"
            assert answer.headers["cache-control"] == "no-store"
            assert "etag" not in answer.headers
            assert not reveals(answer.content, data)
            assert Image.open(io.BytesIO(answer.content)).size == (90, 70)
    for headers in ({}, {"If-None-Match": etag}):
        whole = reader.get(f"/i/{image}?reveal=1", headers=headers)
        assert whole.status_code == 200
        assert hashlib.sha256(whole.content).digest() == hashlib.sha256(data).digest()
        assert whole.headers["cache-control"] == "no-store"
        assert whole.headers["tawatur-status"] == "blurred"


@pytest.mark.parametrize("kind", MEDIA_TYPES)
def test_a_visible_picture_comes_with_its_type_and_can_be_kept_but_is_asked_for_each_time(
    site_client: httpx.Client, reader: httpx.Client, kind: str
) -> None:
    data = picture(11, kind)
    image = register(site_client, data)
    answer = reader.get(f"/i/{image}")
    assert (answer.status_code, answer.content) == (200, data)
    assert answer.headers["content-type"] == MEDIA_TYPES[kind]
    assert answer.headers["content-length"] == str(len(data))
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert "no-cache" in answer.headers["cache-control"]
    assert answer.headers["accept-ranges"] == "bytes"
    head = reader.head(f"/i/{image}")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(data))

    etag = answer.headers["etag"]
    for tags in (etag, f"W/{etag}", f'"x", {etag}'):
        unchanged = reader.get(f"/i/{image}", headers={"If-None-Match": tags})
        assert (unchanged.status_code, unchanged.content) == (304, b"")
        assert unchanged.headers["etag"] == etag
    assert reader.get(f"/i/{image}", headers={"If-None-Match": '"x"'}).content == data

    part = reader.get(f"/i/{image}", headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, data[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(data)}"
    assert reader.get(f"/i/{image}", headers={"Range": "bytes=-5"}).content == data[-5:]
    assert reader.get(f"/i/{image}", headers={"Range": "bytes=5-", "If-Range": etag}).content == data[5:]
    assert reader.get(f"/i/{image}", headers={"Range": "bytes=5-", "If-Range": '"x"'}).content == data
    beyond = reader.get(f"/i/{image}", headers={"Range": f"bytes={len(data)}-"})
    assert beyond.status_code == 416


@pytest.mark.parametrize("ranges", ["bytes=9-1", "bytes=a-b", "bytes", "lines=1-2", "bytes=-", "bytes=1-2-3", "\xff"])
def test_a_range_that_is_none_is_refused_or_passed_over(
    site_client: httpx.Client, reader: httpx.Client, ranges: str
) -> None:
    data = picture(11)
    image = register(site_client, data)
    answer = reader.get(f"/i/{image}", headers={b"Range": ranges.encode("latin-1")})
    assert answer.status_code in (200, 400, 416)
    if answer.status_code == 200:
        assert answer.content == data


@pytest.mark.parametrize(
    ("query", "header", "language"),
    [
        ("", None, "ar"),
        ("", "", "ar"),
        ("", "en", "en"),
        ("", "fr-CA,en;q=0.5", "fr"),
        ("", "en;q=0.3,fr;q=0.8,ar;q=0.5", "fr"),
        ("", "ar-EG", "ar"),
        ("", "EN-gb", "en"),
        ("", "de,ja", "ar"),
        ("", "de,en;q=0.1", "en"),
        ("", "*", "ar"),
        ("", "en;q=0, fr", "fr"),
        ("", "en;q=nan,fr;q=x,;;;,q=1", "ar"),
        ("", ",".join(["xx"] * 3000), "ar"),
        ("?lang=fr", "en", "fr"),
        ("?lang=en", "ar", "en"),
        ("?lang=EN-us", "ar", "en"),
        ("?lang=de", "fr", "fr"),
        ("?lang=", "fr", "fr"),
        ("?lang=%00", None, "ar"),
        ("?lang=%D8%B9", "en", "en"),
    ],
)
def test_the_placeholder_speaks_the_readers_language(
    reader: httpx.Client, blocked: dict[str, str], query: str, header: str | None, language: str
) -> None:
    headers = {} if header is None else {"Accept-Language": header}
    answer = reader.get(f"/i/{blocked['id']}{query}", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["content-language"] == language
    assert f'lang="{language}"' in answer.text
    assert "Accept-Language" in answer.headers["vary"]


def test_the_placeholder_says_whether_it_was_reported_came_as_a_copy_or_is_listed(site_client: httpx.Client) -> None:
    words = {
        "en": ("several people reported this image", "a copy of an image that several people", "on a block list"),
        "ar": ("أبلغ عنها عدة أشخاص", "نسخة من صورة أبلغ عنها", "مدرجة في قائمة حجب"),
        "fr": ("plusieurs personnes l’ont signalée", "copie d’une image signalée", "sur une liste de blocage"),
    }
    data, known = noise(801, (90, 70)), noise(802, (90, 70))
    earlier, first = register(site_client, data), register(site_client, data)
    block(site_client, first)
    later = register(site_client, data)
    pdq = upload(site_client, known).json()["pdq"]
    site_client.put("/v1/banks/gate", json={"kind": "block", "reason": "violence"})
    site_client.post("/v1/banks/gate/hashes", json={"pdqs": [pdq]})
    listed = register(site_client, known)
    for language, (reported, copied, on_list) in words.items():
        whys = {earlier: reported, first: reported, later: copied, listed: on_list}
        for image, why in whys.items():
            assert why in site_client.get(f"/i/{image}?lang={language}").text
    site_client.post(f"/v1/images/{first}/reviews", json={"outcome": "upheld", "reviewer": "m"})
    assert "a person has looked" in site_client.get(f"/i/{later}?lang=en").text


def test_an_image_that_does_not_exist_is_a_problem(reader: httpx.Client) -> None:
    for path in ("/i/01a20a65-612b-7239-8f28-3e989ecda577", "/i/nothing", "/i/"):
        answer = reader.get(path)
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
