"""The newspaper's own website: a front page, articles, a list of all pictures, a form to send one.

It is a site of its own, on its own port. Its pictures stand behind Tawatur's gate and in Tawatur's element, which needs
two lines of its pages; all that the site adds is to say, when one of its readers reports, who that is.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any, Protocol

import httpx
import jinja2
import msgspec
import uvicorn
from PIL import Image
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from tawatur.demo import paper
from tawatur.demo.backend import Registered
from tawatur.demo.crowd import Person
from tawatur.demo.paper import Edition
from tawatur.demo.readership import Readership
from tawatur.web.colours import declared
from tawatur.web.type import TYPE

LARGEST_BYTES = 20 * 1024 * 1024
MOST_FROM_READERS = 30
ON_FRONT = 4
"""Stories on the front page: the lead and three more."""


class Desk(Protocol):
    """What the site asks of its backend."""

    def register(self, name: str, picture: bytes, *, uploader: str, page_url: str, caption: str) -> Registered: ...

    def reporter_token(self, person: Person) -> str: ...


class Figure(msgspec.Struct, frozen=True):
    """A picture as a page shows it; what readers sent has no author, and no size that would be known."""

    id: str
    address: str
    alt: str
    caption: str = ""
    width: int | None = None
    height: int | None = None
    author: str = ""
    licence: str = ""


class Website:
    """Renders the paper's pages. `gate` is the origin of Tawatur, `home` the site's own."""

    def __init__(
        self,
        placed: Mapping[str, Registered],
        desk: Desk,
        gate: str,
        home: str,
        readership: Readership,
        today: Callable[[], date],
    ) -> None:
        self._placed = placed
        self._desk = desk
        self._gate = gate
        self._home = home
        self._readership = readership
        self._today = today
        self._sent: list[Figure] = []
        self._editions = paper.editions()
        self._credits = paper.credits_by_photograph()
        self._sizes = {name: _size(name) for name in placed}
        self._pages = jinja2.Environment(
            loader=jinja2.FileSystemLoader(paper.HERE / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._headers = {
            "Content-Security-Policy": f"default-src 'none'; img-src 'self' {gate}; script-src {gate}; "
            f"connect-src 'self' {gate}; style-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; "
            "frame-ancestors 'none'; require-trusted-types-for 'script'",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
        }

    def app(self) -> Starlette:
        """The site as an application."""
        return Starlette(
            routes=[
                Route("/", self.front),
                Route("/articles/{slug}", self.article),
                Route("/pictures", self.pictures),
                Route("/send", self.form),
                Route("/send", self.receive, methods=["POST"]),
                Route("/token", self.token),
                Route("/another{path:path}", self.another, methods=["POST"]),
                Route("/static/colours.css", self.colours),
                Mount("/static/type", StaticFiles(directory=TYPE)),
                Mount("/static", StaticFiles(directory=paper.HERE / "static")),
            ],
            exception_handlers={404: self.missing},
        )

    def front(self, request: Request) -> Response:
        """The front page: a lead, three more, and the day's pictures."""
        lang, edition = self._edition(request)
        stories = edition.stories[:ON_FRONT]
        return self._page("front.html", request, figures=self._figures(lang, edition), stories=stories)

    def article(self, request: Request) -> Response:
        """One story with its photograph, and the others to read on."""
        lang, edition = self._edition(request)
        slug = request.path_params["slug"]
        story = next((one for one in edition.stories if one.slug == slug), None)
        if story is None:
            raise HTTPException(404)
        others = [one for one in edition.stories if one is not story]
        return self._page("article.html", request, figures=self._figures(lang, edition), story=story, others=others)

    def pictures(self, request: Request) -> Response:
        """The list: what readers sent, the newest first, and all that the paper printed."""
        lang, edition = self._edition(request)
        figures = self._figures(lang, edition)
        return self._page("pictures.html", request, figures=figures, sent=[*reversed(self._sent)])

    def form(self, request: Request) -> Response:
        """The form with which readers send a picture."""
        return self._page("send.html", request, refused=False)

    async def receive(self, request: Request) -> Response:
        """Hands a reader's picture over to Tawatur, and shows it in the list, or says that it was not taken."""
        async with request.form(max_files=1, max_fields=2) as form:
            file, caption = form.get("file"), form.get("caption")
            whole = isinstance(file, UploadFile) and 0 < (file.size or 0) <= LARGEST_BYTES
            content = await file.read() if isinstance(file, UploadFile) and whole else b""
        caption = caption.strip()[:200] if isinstance(caption, str) else ""
        full = len(self._sent) >= MOST_FROM_READERS
        if not content or not caption or full or not await run_in_threadpool(self._take, request, content, caption):
            return await run_in_threadpool(self._page, "send.html", request, status=422, refused=True)
        return RedirectResponse(f"/pictures{_kept_query(request)}", 303)

    def _take(self, request: Request, content: bytes, caption: str) -> bool:
        who = self._readership.person(request).id
        name = f"from-readers-{len(self._sent) + 1}"
        try:
            made = self._desk.register(name, content, uploader=who, page_url=f"{self._home}/pictures", caption=caption)
        except httpx.HTTPError:
            return False
        lang, _ = self._edition(request)
        self._sent.append(Figure(made.id, f"{made.gate_url}?lang={lang}", caption, caption))
        return True

    def token(self, request: Request) -> Response:
        """In whose name this browser reports: what the element's `token-src` asks, with the reader's own cookie."""
        try:
            token = self._desk.reporter_token(self._readership.person(request))
        except httpx.HTTPError:
            return JSONResponse({}, 503, self._headers)
        return JSONResponse({"token": token}, headers=self._headers)

    def another(self, request: Request) -> Response:
        """Makes this browser another reader's: nobody has as many browsers as it takes people."""
        response = RedirectResponse(f"/{request.path_params['path'].lstrip('/')}{_kept_query(request)}", 303)
        self._readership.deal(response)
        return response

    def colours(self, request: Request) -> Response:
        """The house's colours."""
        return Response(declared(":root"), media_type="text/css")

    async def missing(self, request: Request, _: Exception) -> Response:
        """There is no such page."""
        return self._page("missing.html", request, status=404)

    def _edition(self, request: Request) -> tuple[str, Edition]:
        lang = "en" if request.query_params.get("lang") == "en" else "ar"
        return lang, self._editions[lang]

    def _page(self, template: str, request: Request, *, status: int = 200, **more: Any) -> Response:
        lang, edition = self._edition(request)
        today = self._today()
        body = self._pages.get_template(template).render(
            lang=lang,
            direction="rtl" if lang == "ar" else "ltr",
            edition=edition,
            words=edition.picture,
            gate=self._gate,
            reader=edition.paper.readers[self._readership.place(request)],
            path=request.url.path,
            here=_kept_query(request),
            other_lang="en" if lang == "ar" else "ar",
            other_address=request.url.path + ("?lang=en" if lang == "ar" else ""),
            today=paper.day_in_words(today, lang),
            day_of=lambda story: paper.day_in_words(today - timedelta(days=story.days_ago), lang),
            **more,
        )
        response = HTMLResponse(body, status, {**self._headers, "Content-Language": lang})
        self._readership.remember(request, response)
        return response

    def _figures(self, lang: str, edition: Edition) -> dict[str, Figure]:
        alone = {picture.photograph: (picture.alt, picture.caption) for picture in edition.pictures}
        alts = {story.photograph: (story.alt, story.title) for story in edition.stories} | alone
        return {name: self._figure(name, alt, caption, lang, edition) for name, (alt, caption) in alts.items()}

    def _figure(self, name: str, alt: str, caption: str, lang: str, edition: Edition) -> Figure:
        placed, credit = self._placed[name], self._credits[name]
        width, height = self._sizes[name]
        return Figure(
            id=placed.id,
            address=f"{placed.gate_url}?lang={lang}",
            alt=alt,
            caption=caption,
            width=width,
            height=height,
            author=credit.author,
            licence=paper.licence_in_words(credit.licence, edition.picture),
        )


def _kept_query(request: Request) -> str:
    return "?lang=en" if request.query_params.get("lang") == "en" else ""


def _size(name: str) -> tuple[int, int]:
    with Image.open(paper.photograph(name)) as picture:
        return picture.size


def listen() -> socket.socket:
    """A free loopback port, held from now on."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen(64)
    return listening


@contextmanager
def running_website(app: Starlette, listening: socket.socket) -> Iterator[None]:
    """Serves the site from a thread until the block ends."""
    server = uvicorn.Server(
        uvicorn.Config(app, log_level="error", access_log=False, lifespan="off", server_header=False)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="newspaper", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(5)
        listening.close()
