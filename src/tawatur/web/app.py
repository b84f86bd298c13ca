"""Puts the server together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.applications import Starlette
from starlette.middleware import Middleware

from tawatur import __version__
from tawatur.settings import Settings
from tawatur.web import gate, gate_check, health, metrics, problems
from tawatur.web.api import (
    appeals,
    banks,
    decisions,
    erasures,
    events,
    images,
    notices,
    policy,
    reporter_tokens,
    reporters,
    reports,
    webhooks,
)
from tawatur.web.console import routes as console
from tawatur.web.fediverse import inbox as fediverse
from tawatur.web.house import House
from tawatur.web.limits import BodyLimit
from tawatur.web.measured import Measured, Measures
from tawatur.web.notice import page as notice
from tawatur.web.widget import readers, script, state, views
from tawatur.web.widget.cors import PageFacing
from tawatur.web.xrpc import labels as xrpc_labels
from tawatur.web.xrpc import reports as xrpc_reports

_PROBLEM = {
    "type": "object",
    "description": "A problem (RFC 9457): what happened, and what to do.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"place": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}


def make_app(settings: Settings) -> Starlette:
    """The application; the house is opened when the server starts and closed when it ends."""

    measures = Measures()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        house = House(settings, measures)
        app.state.house = api.state.house = house
        house.open()
        try:
            yield
        finally:
            await house.close()

    api = FastAPI(
        title="Tawatur",
        version=__version__,
        summary="An image is blocked automatically when several people report it, "
        "and a crowd that acts as one counts as one.",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    for part in (
        images,
        reports,
        reporters,
        reporter_tokens,
        decisions,
        notices,
        appeals,
        banks,
        policy,
        events,
        webhooks,
        erasures,
        state,
        readers,
        views,
    ):
        api.include_router(part.router, responses={"default": _problem_response()})
    api.openapi = lambda: _openapi(api)  # type: ignore[method-assign]
    problems.install(api)
    # What is asked most is not worth FastAPI's way to it.
    busy = [*reports.raw_routes, *gate.raw_routes, *gate_check.raw_routes, *script.raw_routes]
    app = Starlette(
        routes=[
            *busy,
            *health.raw_routes,
            *metrics.raw_routes,
            *console.routes,
            *notice.routes,
            *xrpc_labels.routes,
            *xrpc_reports.routes,
            *fediverse.routes,
        ],
        lifespan=lifespan,
        middleware=[Middleware(Measured, measures), Middleware(PageFacing), Middleware(BodyLimit)],
    )
    app.router.default = api  # not mounted: a mount would also take a busy path asked with another method, for a 404
    app.router.redirect_slashes = False
    problems.install(app)
    return app


def _problem_response() -> dict[str, Any]:
    return {
        "description": "A problem",
        "content": {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def _openapi(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
        components = document.setdefault("components", {})
        components.setdefault("schemas", {})["Problem"] = _PROBLEM
        for path in document["paths"].values():
            for operation in path.values():
                operation["responses"].pop("422", None)  # told as a problem, like every other failure
        reports.document(document["paths"], components)
        app.openapi_schema = document
    return app.openapi_schema
