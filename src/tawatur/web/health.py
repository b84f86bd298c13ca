"""Whether the server lives, and whether it can work."""

from __future__ import annotations

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tawatur.store.database import DatabaseUnavailable, NotInitialised
from tawatur.web.house import house_of
from tawatur.web.problems import unavailable

log = structlog.get_logger(__name__)


async def healthz(request: Request) -> Response:
    """The process answers."""
    return JSONResponse({"status": "ok"})


async def readyz(request: Request) -> Response:
    """The database answers, has this release's tables, and the writer works."""
    house = house_of(request)
    if not house.writer.alive:
        return unavailable("The writer has ended; restart the server.")
    try:
        await run_in_threadpool(house.database.check_migrated)
    except (DatabaseUnavailable, NotInitialised) as error:
        log.warning("not_ready", reason=str(error))  # to the operator alone: it names hosts and paths
        return unavailable("The database does not answer or is not of this release; the log says more.")
    return JSONResponse({"status": "ready", "waiting": house.writer.waiting})


raw_routes = [Route("/healthz", healthz), Route("/readyz", readyz)]
