"""Answers as XRPC has them, and whom a request means."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from tawatur.delivery.label_keys import installed
from tawatur.delivery.labelers import labeler_at
from tawatur.moderation.refusals import TooOften
from tawatur.store.database import DatabaseUnavailable
from tawatur.store.labels import Labeler
from tawatur.store.writer import Refused
from tawatur.web.house import house_of
from tawatur.web.xrpc.failures import XrpcError

Handler = Callable[[Request], Awaitable[Response]]

log = structlog.get_logger(__name__)


def json(body: Any) -> Response:
    return Response(msgspec.json.encode(body), media_type="application/json")


def answered(handler: Handler) -> Handler:
    """Tells failures that were foreseen as XRPC has it."""

    async def handle(request: Request) -> Response:
        try:
            return await handler(request)
        except XrpcError as error:
            return told(error.status, error.name, str(error))
        except TooOften as error:
            return told(429, "RateLimitExceeded", str(error), {"Retry-After": str(error.seconds)})
        except Refused as error:
            return told(400, "InvalidRequest", str(error))
        except DatabaseUnavailable as error:
            log.warning("database_unavailable", reason=str(error))
            return told(503, "NotAvailable", "The database cannot be reached. Try again.", {"Retry-After": "2"})

    return handle


async def labeler_of(connection: HTTPConnection) -> Labeler:
    """The labeler that a request to this host means. Raises XrpcError."""
    if not installed():
        raise XrpcError(501, "MethodNotImplemented", "This server has no labels: the extra `atproto` is not installed.")
    host = connection.headers.get("host", "")
    found = await run_in_threadpool(labeler_at, house_of(connection).database, host)
    if found is None:
        raise XrpcError(404, "NotFound", f"No labeler is at {host[:300]!r}.")
    return found


def told(status: int, name: str, message: str, headers: dict[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode({"error": name, "message": message}), status, headers, "application/json")
