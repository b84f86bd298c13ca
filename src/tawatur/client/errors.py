"""What can go wrong, for the person who meets it. Each says what happened, which value, and what to do."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec


class TawaturError(Exception):
    """Tawatur did not do what was asked."""


class Refused(TawaturError):
    """Tawatur understood and declined: asking again will not help. `status` is HTTP's, `title` and `detail` say why,
    `errors` names the places in the request that are wrong, if that is it."""

    def __init__(self, status: int, title: str, detail: str, errors: list[dict[str, Any]]) -> None:
        super().__init__(f"{title}: {detail}" if detail else title)
        self.status, self.title, self.detail, self.errors = status, title, detail, errors


class Unavailable(TawaturError):
    """Tawatur could not be reached, or was too busy, at every attempt. Later the same call may succeed."""


class Failed(TawaturError):
    """What came back is not an answer of Tawatur's. The address may be wrong."""


class _Problem(msgspec.Struct):
    title: str
    detail: str = ""
    errors: list[dict[str, Any]] = []


def of_response(response: httpx.Response) -> TawaturError:
    """The error that a response of status 400 or more, or of no use, means."""
    where = f"{response.request.method} {response.request.url}"
    try:
        problem = msgspec.json.decode(response.content, type=_Problem)
    except msgspec.DecodeError:
        return Failed(
            f"{where} was answered {response.status_code} by something that is not Tawatur, or not a release that this "
            "client knows. Check the address."
        )
    if response.status_code >= 500:
        return Unavailable(f"{where} was answered {response.status_code}: {problem.title}. {problem.detail}")
    return Refused(response.status_code, problem.title, problem.detail, problem.errors)
