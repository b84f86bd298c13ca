"""The README's few lines for nginx, as they stand there: readers reach what they need, and nobody else's calls pass."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from tawatur.demo import crowd
from tawatur.demo.backend import Backend
from tawatur.demo.server import running_server
from tests.ground import nginx
from tests.ground.nginx import Nginx
from tests.web.place import picture

README = Path(__file__).parents[2] / "README.md"
PAGE = {"Origin": "https://news.example"}

pytestmark = pytest.mark.skipif(nginx.why_absent() is not None, reason=nginx.why_absent() or "")


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    with (
        running_server(tmp_path_factory.mktemp("server"), 0) as server,
        closing(Backend(server.address, server.keys.api_key)) as made,
    ):
        yield made


@pytest.fixture(scope="module")
def front(backend: Backend, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    found = re.search(r"^ {7}server \{\n.*?^ {7}\}\n", README.read_text(), re.DOTALL | re.MULTILINE)
    assert found
    assert found[0].count("server_name img.example.org;") == 1
    block = found[0].replace("server_name img.example.org;", "listen LISTEN;")
    server = Nginx(tmp_path_factory.mktemp("nginx"), block.replace("http://127.0.0.1:8000", backend.address))
    server.start()
    with httpx.Client(base_url=server.base_url, timeout=30, trust_env=False) as client:
        yield client
    server.stop()


def test_a_reader_sees_reports_and_takes_back_through_it(front: httpx.Client, backend: Backend) -> None:
    image = backend.register("a.png", picture(1), uploader="desk", page_url="https://news.example/", caption="").id
    assert front.get(f"/i/{image}").headers["content-type"] == "image/png"
    assert front.get("/widget/v1.js").headers["content-type"].startswith("text/javascript")
    asked = PAGE | {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    assert front.options(f"/v1/images/{image}/reports", headers=asked).is_success
    (person, *_) = crowd.unconnected("front", datetime.now(UTC))
    named = PAGE | {"Authorization": f"Bearer {backend.reporter_token(person)}"}
    made = front.post(f"/v1/images/{image}/reports", json={"reason": "violence"}, headers=named)
    assert (made.status_code, made.headers["access-control-allow-origin"]) == (201, "*")
    assert front.delete(f"/v1/reports/{made.json()['id']}", headers=named).is_success
    with front.stream("GET", "/widget/changes", params={"image": image}) as stream:
        assert next(stream.iter_lines()) == "event: state", "nothing holds the stream back"


@pytest.mark.parametrize(
    "path", ["/v1/images", "/v1/images/1", "/v1/policy", "/v1/events", "/metrics", "/openapi.json"]
)
def test_the_rest_is_not_there(front: httpx.Client, backend: Backend, path: str) -> None:
    assert front.get(path).status_code == 404
    assert "nginx" in front.get(path).text
