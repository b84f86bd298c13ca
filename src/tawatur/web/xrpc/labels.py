"""Labels go out here: asked for by record, as a stream with resume, and who it is that labels."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from tawatur.delivery.labelers import did_document, is_its_own
from tawatur.delivery.labels import document
from tawatur.store import labels
from tawatur.store.database import Database, DatabaseUnavailable
from tawatur.store.labels import Label, Labeler
from tawatur.web.house import House, house_of
from tawatur.web.peers import client_address
from tawatur.web.problems import Problem
from tawatur.web.wire import SUBSCRIBE, line_of
from tawatur.web.xrpc.answers import answered, json, labeler_of, told
from tawatur.web.xrpc.failures import XrpcError, invalid

DEFAULT, MOST = 50, 250
"""Labels in one answer."""
PATTERNS = 100
AT_ONCE = 200
"""Labels that are read, and held for a subscriber who is slow."""
SEND_S = 10.0
"""A subscriber who does not take what was sent for this long is cut off, and resumes with its cursor."""
POLL_S = 1.0
_CANNOT_READ_BYTES = "Python SDK (atproto.blue)"
"""The Python package `atproto` (0.0.73) fails on bytes as JSON has them in all of atproto; it gets the base64 alone."""
_LARGEST = 2**63 - 1
_POLICY_VIOLATION, _TRY_AGAIN = 1008, 1013

log = structlog.get_logger(__name__)


@answered
async def query(request: Request) -> Response:
    """GET com.atproto.label.queryLabels: the last word on each record and value, also where it takes one back."""
    labeler = await labeler_of(request)
    asked = request.query_params
    patterns = asked.getlist("uriPatterns")
    if not patterns or len(patterns) > PATTERNS or any("\x00" in one or len(one) > 2048 for one in patterns):
        raise invalid(f"uriPatterns: give 1 to {PATTERNS}, each an address or the start of some with * behind it.")
    if any("*" in one[:-1] for one in patterns):
        raise invalid("uriPatterns: a * may only stand at the end.")
    limit = _number(asked.get("limit"), "limit", DEFAULT, 1, MOST)
    after = _number(asked.get("cursor"), "cursor", 0, 0, _LARGEST)
    sources = asked.getlist("sources")
    if sources and labeler.did not in sources:
        return json({"labels": []})
    database = house_of(request).database
    found = await run_in_threadpool(_about, database, labeler.site, patterns, after, limit)
    plain = _CANNOT_READ_BYTES in request.headers.get("user-agent", "")
    body: dict[str, Any] = {"labels": [_as_json(labeler.did, one, plain) for one in found]}
    if found:
        body["cursor"] = str(found[-1].seq)
    return json(body)


@answered
async def identify(request: Request) -> Response:
    """GET /.well-known/did.json, where the labeler's DID is its address."""
    labeler = await labeler_of(request)
    if not is_its_own(labeler):
        raise XrpcError(404, "NotFound", f"The document of {labeler.did} is not kept here.")
    return json(did_document(labeler))


async def subscribe(socket: WebSocket) -> None:
    """com.atproto.label.subscribeLabels: every label after the cursor, in order, then those that come; without a cursor
    those that come."""
    house, place = house_of(socket), client_address(socket)
    try:
        labeler = await labeler_of(socket)
        cursor = _number(socket.query_params.get("cursor"), "cursor", None, 0, _LARGEST)
        house.places.take(place)
    except (XrpcError, Problem, DatabaseUnavailable) as error:
        status = error.status if isinstance(error, XrpcError | Problem) else 503
        name = error.name if isinstance(error, XrpcError) else "NotAvailable"
        await socket.send_denial_response(told(status, name, str(error)))
        return
    try:
        await socket.accept()
        await _serve(socket, house, labeler, cursor)
    finally:
        house.places.leave(place)


async def _serve(socket: WebSocket, house: House, labeler: Labeler, cursor: int | None) -> None:
    """Sends until the subscriber leaves, is too slow, or the server stops."""
    pump = asyncio.ensure_future(_pump(socket, _frames(house.database, labeler, cursor)))
    gone = asyncio.ensure_future(_gone(socket))
    try:
        await asyncio.wait([pump, gone], return_when=asyncio.FIRST_COMPLETED)
    finally:
        pump.cancel()
        gone.cancel()
    how, _ = await asyncio.gather(pump, gone, return_exceptions=True)
    if isinstance(how, TimeoutError):
        line_of(socket.scope).cut()
    elif gone.cancelled() and not isinstance(how, WebSocketDisconnect):
        if isinstance(how, Exception):
            log.warning("labels_stream_ended", reason=f"{type(how).__name__}: {how}")
        await _close(socket, _POLICY_VIOLATION if how is None else _TRY_AGAIN)


async def _pump(socket: WebSocket, frames: AsyncIterator[bytes]) -> None:
    async for frame in frames:
        async with asyncio.timeout(SEND_S):
            await socket.send_bytes(frame)


async def _gone(socket: WebSocket) -> None:
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass  # whatever a subscriber says, nobody listens


async def _close(socket: WebSocket, code: int) -> None:
    with suppress(TimeoutError, RuntimeError, OSError):
        async with asyncio.timeout(SEND_S):
            await socket.close(code)


async def _frames(database: Database, labeler: Labeler, cursor: int | None) -> AsyncIterator[bytes]:
    """What is sent, frame by frame; ends after an error."""
    after = labeler.last if cursor is None else cursor
    if after > labeler.last:
        yield _error("FutureCursor", f"The cursor is ahead: the latest label has the number {labeler.last}.")
        return
    if 0 < after < labeler.forgotten:
        message = f"Of the labels up to {labeler.forgotten} only those that stand are kept."
        yield _frame({"op": 1, "t": "#info"}, {"name": "OutdatedCursor", "message": message})
    while True:
        found = await run_in_threadpool(_page, database, labeler.site, after)
        for one in found:
            said = {**document(labeler.did, one), "sig": one.signature}
            yield _frame({"op": 1, "t": "#labels"}, {"seq": one.seq, "labels": [said]})
            after = one.seq
        if len(found) < AT_ONCE:
            await asyncio.sleep(POLL_S)


def _frame(header: dict[str, Any], body: dict[str, Any]) -> bytes:
    from libipld import encode_dag_cbor  # comes with the extra

    return encode_dag_cbor(header) + encode_dag_cbor(body)


def _error(name: str, message: str) -> bytes:
    return _frame({"op": -1}, {"error": name, "message": message})


def _as_json(did: str, one: Label, plain: bool) -> dict[str, Any]:
    signature = base64.b64encode(one.signature).decode()
    return {**document(did, one), "sig": signature if plain else {"$bytes": signature.rstrip("=")}}


def _about(database: Database, site: str, patterns: list[str], after: int, limit: int) -> list[Label]:
    exact = [one for one in patterns if not one.endswith("*")]
    starts = [one[:-1] for one in patterns if one.endswith("*")]
    with database.read() as connection:
        return labels.about(connection, site, exact, starts, after, limit)


def _page(database: Database, site: str, after: int) -> list[Label]:
    with database.read() as connection:
        return labels.page(connection, site, after, AT_ONCE)


def _number(text: str | None, name: str, default: Any, least: int, most: int) -> Any:
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 19 and least <= int(text) <= most):
        raise invalid(f"{name}: {text[:40]!r} is not a number from {least} to {most}.")
    return int(text)


routes = [
    Route("/xrpc/com.atproto.label.queryLabels", query, methods=["GET"]),
    Route("/.well-known/did.json", identify, methods=["GET"]),
    WebSocketRoute(SUBSCRIBE, subscribe),
]
