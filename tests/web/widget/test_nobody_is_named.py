"""A member and anonymous readers look, report and take it back; nothing that the server writes names them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import altcha
import pytest

from tests.ground.server import Server
from tests.survival.world import picture, register
from tests.web.test_privacy import everything as rows

MEMBER, DEVICE = "member-fatima", "device-7f3a91"
ADDRESSES = ["198.51.100.77", "203.0.113.42", "2001:db8:1234:5678::99"]
BROWSER = "Mozilla/5.0 (Linux; Android 14; Very-Special-Phone) Firefox/131.0"
SAID = [MEMBER, "fatima", DEVICE, "Very-Special-Phone", *ADDRESSES]
SAID += ["198.51.100", "203.0.113", "2001:db8:1234", "c63364", "cb0071", "20010db81234"]  # and as digits


@pytest.mark.parametrize("which", ["sqlite_url", pytest.param("postgres_url", marks=pytest.mark.postgresql)])
def test_neither_in_the_database_nor_in_the_log(
    request: pytest.FixtureRequest, new_server: Callable[..., Server], which: str
) -> None:
    url: str = request.getfixturevalue(which)
    server = new_server(url, TAWATUR_LOG_LEVEL="debug").init().start()
    site = server.site()
    with server.client(site) as backend, server.client() as page:
        page.headers["User-Agent"] = BROWSER
        image = register(backend, picture(1))
        told = backend.post("/v1/reporter-tokens", json={"reporter": MEMBER, "device": DEVICE, "network": ADDRESSES[2]})
        shown = [told.json()["token"]]
        for address in ADDRESSES:
            page.headers["X-Forwarded-For"] = address
            asked = page.get("/widget/challenge", params={"image": image})
            found = altcha.Challenge.from_dict(asked.json())
            solution = altcha.solve_challenge(found)
            assert solution is not None
            proof = {"image": image, "payload": altcha.Payload(found, solution).to_base64()}
            shown.append(page.post("/widget/tokens", json=proof).json()["token"])
            assert page.post("/widget/tokens", json=proof).status_code == 409
            page.get("/widget/state", params={"image": image})
            page.post("/widget/views", content=f'{{"images": ["{image}"], "token": "{shown[-1]}"}}')
            page.post("/widget/views", content=f'{{"images": ["{image}"]}}')
            for token in shown:
                bearer = {"Authorization": f"Bearer {token}"}
                page.post(f"/v1/images/{image}/reports", json={"reason": "violence"}, headers=bearer)
        report = page.post(f"/v1/images/{image}/reports", json={"reason": "violence"}, headers=bearer).json()["id"]
        assert page.delete(f"/v1/reports/{report}", headers=bearer).status_code == 200
        assert page.get("/widget/challenge", params={"image": "odd"}).status_code == 404
    assert server.stop() == 0
    kept = server.log_text(last=10**9).encode() + everything(url)
    for path in server.data_dir.rglob("*"):
        if path.is_file():
            kept += path.read_bytes()
    assert b"report.received" in kept
    assert [one for one in [*SAID, *shown] if one.lower().encode() in kept.lower()] == []


def everything(url: str) -> bytes:
    """All that the database holds: the whole file, or on PostgreSQL all rows."""
    if url.startswith("sqlite:///"):
        main = Path(url.removeprefix("sqlite:///"))
        return b"".join(path.read_bytes() for path in main.parent.glob(f"{main.name}*"))
    return rows(url).encode()
