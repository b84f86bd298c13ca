"""All routes of the console."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from tawatur.moderation.refusals import UnknownAppeal, UnknownImage
from tawatur.web.colours import declared
from tawatur.web.console import (
    account,
    acts,
    answers,
    appeals,
    attacks,
    case,
    numbers,
    openid,
    policy,
    queue,
    sign_in,
    webhooks,
)
from tawatur.web.console.pages import HERE, page
from tawatur.web.console.session import NotAllowed, SecondFactorFirst, SignInFirst, desk_of, to_sign_in
from tawatur.web.type import TYPE

Endpoint = Callable[[Request], Awaitable[Response]]


def _told(endpoint: Endpoint) -> Endpoint:
    """The same, where a refusal is a page and not a problem for programs."""

    @wraps(endpoint)
    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except SignInFirst:
            return to_sign_in(request)
        except SecondFactorFirst:
            return RedirectResponse("/console/account?first=1", 303)
        except NotAllowed as refusal:
            return page(request, "not_allowed.html", None, 403, refused=refusal)
        except (UnknownImage, UnknownAppeal):
            return page(request, "unknown.html", await desk_of(request), 404)

    return answer


def _colours(request: Request) -> Response:
    return Response(declared(":root"), media_type="text/css", headers={"Cache-Control": "max-age=3600"})


class _Files(StaticFiles):
    """Files of ours, each kept by browsers for good under an address that changes with it."""

    def file_response(self, *arguments: object, **options: object) -> Response:
        answer = super().file_response(*arguments, **options)  # type: ignore[arg-type]
        answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        answer.headers["X-Content-Type-Options"] = "nosniff"
        return answer


ROOMS = (
    queue,
    case,
    acts,
    appeals,
    answers,
    attacks,
    numbers,
    policy,
    webhooks,
    sign_in,
    openid,
    account,
)
"""The modules whose pages the console has."""

routes = [
    *(
        Route(route.path, _told(route.endpoint), methods=list(route.methods or ()))
        for room in ROOMS
        for route in room.routes
    ),
    Route("/console/colours.css", _colours),
    Mount("/console/type", _Files(directory=TYPE)),
    Mount("/console/static", _Files(directory=HERE / "static")),
]
