"""What the tests here put into a server: pictures, reports, and where each stands in the API."""

import io
from typing import Any

import httpx
import numpy as np
from PIL import Image

OLD_ACCOUNT = "2020-01-01T00:00:00Z"


def picture(seed: int, kind: str = "PNG", size: tuple[int, int] = (160, 120)) -> bytes:
    """A soft scene of its own for each seed, as a file of that kind."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC).save(out, kind)
    return out.getvalue()


def noise(seed: int, size: tuple[int, int]) -> bytes:
    """A PNG that cannot be made small: about 3 bytes a pixel."""
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG", compress_level=0)
    return out.getvalue()


def upload(client: httpx.Client, data: bytes, **fields: str) -> httpx.Response:
    return client.post("/v1/images", files={"file": ("picture", data)}, data=fields)


def register(client: httpx.Client, data: bytes, **fields: str) -> str:
    """The id of a new image."""
    answer = upload(client, data, **fields)
    assert answer.status_code == 201, answer.text
    image: str = answer.json()["id"]
    return image


def statement(reporter: str, reason: str = "terrorism", **signals: str) -> dict[str, Any]:
    """A report's body, by somebody whose account is years old."""
    return {"reporter": reporter, "reason": reason, "signals": {"account_created_at": OLD_ACCOUNT, **signals}}


def report(client: httpx.Client, image: str, body: dict[str, Any], **headers: str) -> httpx.Response:
    return client.post(f"/v1/images/{image}/reports", json=body, headers=headers)


def assert_problem(answer: httpx.Response, *statuses: int) -> None:
    """It is an RFC 9457 problem with one of these statuses, and says the same status inside."""
    assert answer.status_code in statuses, f"{answer.status_code} instead of {statuses}: {answer.text[:300]}"
    assert answer.headers["content-type"] == "application/problem+json", answer.headers
    body = answer.json()
    assert {"type", "title", "status", "detail"} <= body.keys(), body
    assert body["status"] == answer.status_code
    assert body["title"]
    assert body["detail"]
