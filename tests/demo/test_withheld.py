"""The search for leaks finds one when there is one: a check that cannot fail checks nothing."""

from __future__ import annotations

import httpx
import pytest

from tawatur.demo import paper
from tawatur.demo.withheld import leaks

PICTURE = paper.photograph("moose").read_bytes()
PLATE = b'<svg xmlns="http://www.w3.org/2000/svg"><title>Withheld</title></svg>'


def answer(status: int, kind: str, body: bytes) -> httpx.Response:
    return httpx.Response(status, headers={"content-type": kind}, content=body)


@pytest.mark.parametrize(
    "given",
    [
        answer(200, "image/jpeg", b"anything"),
        answer(206, "image/svg+xml", b""),
        answer(304, "image/svg+xml", b""),
        answer(200, "image/svg+xml", PLATE + b'<image href="/x.jpg"/>'),
        answer(200, "image/svg+xml", PLATE + b"data:image/jpeg;base64,"),
        answer(200, "application/octet-stream", PICTURE),
        answer(404, "text/plain", PICTURE[50_000:51_000]),
    ],
)
def test_a_leak_is_seen(given: httpx.Response) -> None:
    assert leaks(given, PICTURE)


@pytest.mark.parametrize(
    "given",
    [
        answer(200, "image/svg+xml; charset=utf-8", PLATE),
        answer(404, "application/problem+json", b'{"title":"There is no such image"}'),
        answer(200, "text/plain", paper.photograph("coffee").read_bytes()),
    ],
)
def test_the_placeholder_a_problem_and_another_picture_are_none(given: httpx.Response) -> None:
    assert not leaks(given, PICTURE)
