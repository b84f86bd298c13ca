"""Failures as problem details (RFC 9457). A refusal's docstring is its title, its message is the detail."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import msgspec
import structlog
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from tawatur.imaging.decode import FormatNotAllowed, ImageRefused, TooManyBytes
from tawatur.imaging.sandbox import DecodersBusy
from tawatur.log.keys import KeyUnusable
from tawatur.log.proof import NotSealedYet, UnknownEvent
from tawatur.log.seal import NotSealed
from tawatur.moderation import refusals
from tawatur.moderation.erasure import NobodyToErase
from tawatur.store.database import DatabaseUnavailable, is_transient
from tawatur.store.files import StorageUnavailable
from tawatur.store.writer import Refused

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = "2"

_STATUS: dict[type[Exception], int] = {
    refusals.UnknownImage: 404,
    refusals.UnknownReport: 404,
    refusals.UnknownReporter: 404,
    refusals.UnknownReason: 422,
    refusals.UnknownOutcome: 422,
    refusals.UnknownMeasure: 422,
    refusals.UnknownScope: 422,
    refusals.AlreadyJudged: 409,
    refusals.TooLateToUndo: 409,
    refusals.UnknownBank: 404,
    refusals.UnsafeAddress: 422,
    refusals.FetchRefused: 422,
    refusals.NothingToCut: 409,
    refusals.UnknownWebhook: 404,
    refusals.NotForOneUse: 409,
    refusals.OwnImage: 403,
    refusals.OwnReport: 403,
    refusals.Outranked: 403,
    refusals.SiteExists: 409,
    refusals.BadPolicy: 422,
    refusals.PolicyMoved: 412,
    refusals.UnknownVersion: 404,
    refusals.KeyReused: 422,
    refusals.TokenRefused: 401,
    refusals.NoAnonymous: 403,
    refusals.WrongProof: 422,
    refusals.UsedProof: 409,
    refusals.TooOften: 429,
    refusals.UnknownAppeal: 404,
    refusals.NothingToAppeal: 409,
    refusals.TooLateToAppeal: 409,
    refusals.AlreadyAppealed: 409,
    refusals.AppealClosed: 409,
    refusals.TooManyAppeals: 429,
    refusals.NotTheirs: 403,
    refusals.TookPart: 403,
    UnknownEvent: 404,
    NobodyToErase: 422,
    NotSealedYet: 409,
    FormatNotAllowed: 415,
    TooManyBytes: 413,
    ImageRefused: 422,
}

log = structlog.get_logger(__name__)


class Problem(Exception):
    """A failure that is about the request itself, not about what it asks for."""

    def __init__(
        self, status: int, detail: str, title: str | None = None, headers: dict[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(detail)
        self.headers = headers
        self.status = status
        self.detail = detail
        self.title = title or HTTPStatus(status).phrase
        self.more = more


def answer(status: int, title: str, detail: str, headers: dict[str, str] | None = None, **more: Any) -> Response:
    """A problem as a response. `about:blank` says that the title tells all there is to tell of the type."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    return Response(msgspec.json.encode(body), status, headers, MEDIA_TYPE)


def of_refusal(error: Refused | ImageRefused) -> Response:
    """What is not done, and why."""
    status = next((_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS), 422)
    title = (type(error).__doc__ or type(error).__name__).strip().splitlines()[0].rstrip(".")
    if isinstance(error, refusals.BadPolicy):
        place = {"place": f"line {error.line}", "detail": error.message}
        return answer(status, title, str(error), line=error.line, errors=[place])
    headers = {"Retry-After": str(error.seconds)} if isinstance(error, refusals.TooOften) else None
    return answer(status, title, str(error), headers)


def unavailable(detail: str) -> Response:
    """The database or the disk cannot be had; nothing that was answered before is lost."""
    return answer(503, "Not available now", detail, {"Retry-After": RETRY_AFTER_S})


def of_validation(errors: list[Any]) -> Response:
    """What in a request is not as it must be, one entry a place."""
    found = [
        {"place": "/".join(str(part) for part in error["loc"]), "detail": str(error["msg"])} for error in errors[:20]
    ]
    first = f"{found[0]['place']}: {found[0]['detail']}" if found else "The request is not as it must be."
    return answer(422, "The request is not valid", first, errors=found)


def of_error(error: Exception) -> Response:
    """The response for any failure; what nobody foresaw is logged and told as a 500 without its inside."""
    match error:
        case Problem():
            return answer(error.status, error.title, error.detail, error.headers, **error.more)
        case Refused() | ImageRefused():
            return of_refusal(error)
        case DatabaseUnavailable():
            log.warning("database_unavailable", reason=str(error))
            return unavailable("The database cannot be reached or is full. Try again; doing it twice does no harm.")
        case DBAPIError() if is_transient(error):  # others held the rows for too long; only the writer tries again
            log.warning("database_busy", reason=str(error.orig))
            return unavailable("Too many changes wait for the database. Nothing was changed; try again.")
        case KeyUnusable() | NotSealed():
            log.error("not_sealed", reason=str(error))
            return unavailable("The log cannot be sealed here. The operator finds the reason in the server's own log.")
        case DecodersBusy():
            return unavailable("Too many pictures are being looked at. Nothing was changed; try again.")
        case StorageUnavailable():
            log.warning("storage_unavailable", reason=str(error))
            return unavailable("The disk is full or does not answer. Nothing was changed; try again.")
        case ClientDisconnect():
            return answer(400, "The request is cut off", "The connection ended before the whole body was here.")
        case RequestValidationError():
            return of_validation(list(error.errors()))
        case HTTPException():
            title = HTTPStatus(error.status_code).phrase
            headers = dict(error.headers) if error.headers else None
            return answer(error.status_code, title, str(error.detail), headers)
        case _:
            log.error("request_failed", exc_info=error)
            return answer(500, "Something went wrong here", "It was noted. Nothing half done was kept.")


def install(app: Starlette) -> None:
    """Makes every failure of the app a problem."""

    async def handle(request: Request, error: Exception) -> Response:
        return of_error(error)

    for kind in (
        Problem,
        Refused,
        ImageRefused,
        DatabaseUnavailable,
        DBAPIError,
        StorageUnavailable,
        DecodersBusy,
        KeyUnusable,
        NotSealed,
        ClientDisconnect,
        RequestValidationError,
        HTTPException,
        Exception,
    ):
        app.add_exception_handler(kind, handle)
