"""Whether the server lives, and whether it can work."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tawatur.web.house import house_of
from tawatur.web.problems import RETRY_AFTER_S, answer


async def healthz(request: Request) -> Response:
    """The process answers."""
    return JSONResponse({"status": "ok"})


async def readyz(request: Request) -> Response:
    """Every part works (web/readiness.py), or which does not and what to do, within a few seconds."""
    house = house_of(request)
    wrong = await house.readiness.wrong()
    if wrong:
        parts = [{"place": part, "detail": said} for part, said in wrong.items()]
        said = " ".join(f"{part}: {what}" for part, what in wrong.items())
        return answer(503, "Not ready", said, {"Retry-After": RETRY_AFTER_S}, errors=parts)
    return JSONResponse({"status": "ready", "waiting": house.writer.waiting})


raw_routes = [Route("/healthz", healthz), Route("/readyz", readyz)]
