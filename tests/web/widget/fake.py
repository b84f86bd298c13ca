"""A small Tawatur for the browser alone: what the widget asks, answered as a test wishes, and all that it asked noted.

And a site that uses it, under a policy as strict as can be. Both are real servers on loopback ports: what a browser
allows between origins cannot be tried without.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import altcha
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from tawatur.imaging.placeholder import PLACEHOLDER_MEDIA_TYPE, placeholder
from tawatur.imaging.words import Situation
from tawatur.web.widget.assemble import assembled, vocabulary
from tests.web.place import picture

KEY = "only for this test"
REASONS = ["violence", "terrorism", "sexual", "child_safety", "hate", "deception", "harassment", "privacy", "self_harm"]
REASONS += ["illegal_goods", "spam", "copyright", "other"]
SOON_S = 0.02


class Gate:
    """What the fake answers, to be changed by the test at any time, and what it was asked."""

    def __init__(self) -> None:
        self.states: dict[str, dict[str, str | None]] = {"one": visible(), "two": visible()}
        self.anonymous = True
        self.reasons = list(REASONS)
        self.streams = True
        self.answers: dict[str, int] = {}
        """By path ("challenge", "reports", ...) a status that is answered instead."""
        self.stale = 0
        """So many solutions are refused as used."""
        self.tokens: set[str] = set()
        self.continued: list[str | None] = []
        self.reports: list[dict[str, Any]] = []
        self.withdrawn: list[str] = []
        self.views: list[dict[str, Any]] = []
        self.looked: list[str] = []
        self.requests: list[tuple[str, str]] = []
        self.cookies: list[str] = []

    def app(self) -> Starlette:
        cors = Middleware(
            CORSMiddleware, allow_origins=["*"], allow_methods=["GET", "POST", "DELETE"], allow_headers=["*"]
        )
        routes = [
            Route("/widget/v1.js", self._script),
            Route("/widget/v1.{lang}.json", self._words),
            Route("/widget/state", self._state),
            Route("/widget/changes", self._changes),
            Route("/widget/challenge", self._challenge),
            Route("/widget/tokens", self._tokens, methods=["POST"]),
            Route("/widget/views", self._views, methods=["POST"]),
            Route("/v1/images/{image}/reports", self._reports, methods=["POST"]),
            Route("/v1/reports/{report}", self._withdraw, methods=["DELETE"]),
            Route("/i/{image}", self._image),
        ]
        return Starlette(
            routes=[Route(one.path, self._noted(one), methods=list(one.methods or [])) for one in routes],
            middleware=[cors],
        )

    def _noted(self, route: Route) -> Any:
        name = route.path.rstrip("}").split("/")[-1].split(".")[0].removesuffix("{report")

        async def answer(request: Request) -> Response:
            self.requests.append((request.method, request.url.path))
            self.cookies += [request.headers["cookie"]] if "cookie" in request.headers else []
            if (status := self.answers.get(name)) is not None:
                return JSONResponse({"title": "Not now", "status": status, "detail": "as the test wishes"}, status)
            made: Response = await route.endpoint(request)
            return made

        return answer

    async def _script(self, request: Request) -> Response:
        return Response(assembled(), media_type="text/javascript")

    async def _words(self, request: Request) -> Response:
        return Response(vocabulary(request.path_params["lang"]), media_type="application/json")

    def _said(self, request: Request) -> dict[str, dict[str, str | None]]:
        return {one: self.states[one] for one in request.query_params.getlist("image") if one in self.states}

    async def _state(self, request: Request) -> Response:
        said = {"images": self._said(request), "anonymous": self.anonymous, "reasons": self.reasons}
        return JSONResponse(said, headers={"Cache-Control": "no-store"})

    async def _changes(self, request: Request) -> Response:
        if not self.streams:
            return JSONResponse({"status": 503}, 503, {"Retry-After": "5"})

        async def lines() -> AsyncIterator[str]:
            told: dict[str, Any] = {}
            while self.streams and not await request.is_disconnected():
                now = self._said(request)
                if changed := {one: state for one, state in now.items() if told.get(one) != state}:
                    yield f"event: state\ndata: {json.dumps({'images': changed})}\n\n"
                told = json.loads(json.dumps(now))
                await asyncio.sleep(SOON_S)

        return StreamingResponse(lines(), media_type="text/event-stream")

    async def _challenge(self, request: Request) -> Response:
        if not self.anonymous:
            return JSONResponse({"title": "Members only", "status": 403}, 403)
        made = altcha.create_challenge("PBKDF2/SHA-256", 20, key_prefix="0", hmac_secret=KEY)
        return JSONResponse(made.to_dict())

    async def _tokens(self, request: Request) -> Response:
        said = await request.json()
        if self.stale or not altcha.verify_solution(said["payload"], KEY).verified:
            self.stale -= 1
            return JSONResponse({"title": "Used or too old", "status": 409}, 409)
        self.continued.append(said.get("token"))
        token = f"reader-{len(self.tokens)}"
        self.tokens.add(token)
        return JSONResponse({"token": token, "expires_in": 900}, 201)

    async def _views(self, request: Request) -> Response:
        self.views.append({"type": request.headers.get("content-type"), **json.loads(await request.body())})
        return Response(status_code=204)

    async def _reports(self, request: Request) -> Response:
        token = request.headers["authorization"].removeprefix("Bearer ")
        if token not in self.tokens:
            return JSONResponse({"title": "No valid token", "status": 401}, 401)
        image = request.path_params["image"]
        self.reports.append({"image": image, "token": token, **await request.json()})
        return JSONResponse({"id": f"r{len(self.reports)}", "status": self.states[image]["status"]}, 201)

    async def _withdraw(self, request: Request) -> Response:
        self.withdrawn.append(request.path_params["report"])
        return JSONResponse({"id": request.path_params["report"], "status": "visible"})

    async def _image(self, request: Request) -> Response:
        """As the gate: a placeholder for a blocked picture, another picture for a blurred one."""
        self.looked.append(str(request.url).split("/i/")[1])
        image = request.path_params["image"]
        status, reason = self.states[image]["status"], self.states[image]["reason"]
        if status == "blocked":
            lang = request.query_params.get("lang", "ar")
            return Response(placeholder(160, 120, lang, Situation.REPORTED, reason), media_type=PLACEHOLDER_MEDIA_TYPE)
        hidden = status == "blurred" and request.query_params.get("reveal") != "1"
        seed = int(hashlib.sha256(image.encode()).hexdigest()[:4], 16) + hidden
        return Response(picture(seed), media_type="image/png", headers={"Cache-Control": "no-store"})


def visible() -> dict[str, str | None]:
    return {"status": "visible", "reason": None}


class Site:
    """A page that uses the widget. What stands in it may be changed; its policy allows nothing but the gate."""

    def __init__(self, gate: str, images: tuple[str, ...] = ("one", "two")) -> None:
        self.gate = gate
        self.images = images
        self.address = ""
        self.attributes = ""
        self.token_src: dict[str, Any] | int = 401
        self.asked_for_token: list[str] = []

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/", self.page), Route("/token", self.token), Route("/site.css", self.css)])

    async def css(self, request: Request) -> Response:
        sheet = """
            :root { color-scheme: light dark }
            body { margin: 16px; font-family: 'Noto Sans Arabic', 'Noto Sans'; background: Canvas; color: CanvasText }
            main { max-width: 600px; margin: auto }
            p { margin: 1em 0 }
            img { width: 100%; height: auto }
            .far { margin-top: 3000px }
        """
        return Response(sheet, media_type="text/css")

    async def token(self, request: Request) -> Response:
        self.asked_for_token.append(request.headers.get("cookie", ""))
        if isinstance(self.token_src, int):
            return JSONResponse({}, self.token_src)
        return JSONResponse(self.token_src)

    async def page(self, request: Request) -> Response:
        lang = request.query_params.get("lang", "ar")
        notice = {
            "ar": "تُحجَب هذه الصورة تلقائيًا متى أبلغ عنها عدة أشخاص",
            "en": "This image is blocked automatically when several people report it",
            "fr": "Cette image est bloquée automatiquement dès que plusieurs personnes la signalent",
        }[lang]
        under = "" if request.query_params.get("bare") else f"<p>{notice}</p>"
        alt = {"ar": "ميناء", "en": "A harbour", "fr": "Un port"}[lang]
        figures = "".join(
            f'<tawatur-image image="{image}" {self.attributes} {place}>'
            f'<img src="{self.gate}/i/{image}" alt="{alt} {image}" width="160" height="120">{under}</tawatur-image>'
            for image, place in zip(self.images, ("", 'class="far"'), strict=False)
        )
        body = (
            f'<!doctype html><html lang="{lang}" dir="{"rtl" if lang == "ar" else "ltr"}"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1"><title>A page</title>'
            '<link rel="icon" href="data:,"><link rel="stylesheet" href="/site.css">'
            f'<script type="module" src="{self.gate}/widget/v1.js" crossorigin integrity="{integrity()}"></script>'
            f"</head><body><main><h1>{alt}</h1>{figures}</main></body></html>"
        )
        policy = (
            f"default-src 'none'; script-src {self.gate}; img-src {self.gate} data:; connect-src 'self' {self.gate}; "
        )
        policy += "style-src 'self'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
        return HTMLResponse(body, headers={"Content-Security-Policy": policy, "Set-Cookie": "member=yes; Path=/"})


class Stand:
    """An application whose answers are those of another, which may be changed at any time."""

    origin: str
    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


def integrity() -> str:
    return "sha384-" + base64.b64encode(hashlib.sha384(assembled()).digest()).decode()


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """Serves the app from a thread; gives its origin."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)
