"""The newspaper's own website: a front page and articles, whose pictures stand behind Tawatur's gate.

It is a site of its own, on its own port, with no script at all. It asks its backend what readers see of each picture,
so that a reader who cannot see learns it too: the placeholder's words are in the image, out of a screen reader's reach.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import httpx
import jinja2
import msgspec
import uvicorn
from PIL import Image
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from tawatur.demo import paper
from tawatur.demo.paper import Edition

Statuses = Callable[[Iterable[str]], Mapping[str, str]]


class Placed(msgspec.Struct, frozen=True):
    """A photograph of the paper that is registered: where readers see it."""

    id: str
    gate_url: str


class Figure(msgspec.Struct, frozen=True):
    """A photograph as a page shows it."""

    address: str
    reveal: str
    status: str
    alt: str
    width: int
    height: int
    author: str
    licence: str


class Website:
    """Renders the paper's pages. `statuses` asks the backend; `gate` is the origin that the pictures come from."""

    def __init__(self, placed: Mapping[str, Placed], statuses: Statuses, gate: str, today: Callable[[], date]) -> None:
        self._placed = placed
        self._statuses = statuses
        self._today = today
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
            "Content-Security-Policy": f"default-src 'none'; img-src 'self' {gate}; style-src 'self'; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
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
                Mount("/static", StaticFiles(directory=paper.HERE / "static")),
            ],
            exception_handlers={404: self.missing},
        )

    def front(self, request: Request) -> Response:
        """The front page: a lead, three more, and the day's pictures."""
        lang, edition = self._edition(request)
        alone = {picture.photograph: picture.alt for picture in edition.pictures}
        figures = self._figures({story.photograph: story.alt for story in edition.stories} | alone, lang, edition)
        return self._page("front.html", request, figures=figures)

    def article(self, request: Request) -> Response:
        """One story with its photograph, and the others to read on."""
        lang, edition = self._edition(request)
        slug = request.path_params["slug"]
        story = next((one for one in edition.stories if one.slug == slug), None)
        if story is None:
            raise HTTPException(404)
        figures = self._figures({story.photograph: story.alt}, lang, edition)
        others = [one for one in edition.stories if one is not story]
        return self._page("article.html", request, figures=figures, story=story, others=others)

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
            here="" if lang == "ar" else "?lang=en",
            other_lang="en" if lang == "ar" else "ar",
            other_address=request.url.path + ("?lang=en" if lang == "ar" else ""),
            today=paper.day_in_words(today, lang),
            day_of=lambda story: paper.day_in_words(today - timedelta(days=story.days_ago), lang),
            **more,
        )
        return HTMLResponse(body, status, {**self._headers, "Content-Language": lang})

    def _figures(self, alts: Mapping[str, str], lang: str, edition: Edition) -> dict[str, Figure]:
        try:
            statuses = self._statuses([self._placed[name].id for name in alts])
        except httpx.HTTPError:
            statuses = {}  # the paper comes out without Tawatur too; the gate alone decides what readers see
        return {name: self._figure(name, alt, statuses, lang, edition) for name, alt in alts.items()}

    def _figure(self, name: str, alt: str, statuses: Mapping[str, str], lang: str, edition: Edition) -> Figure:
        placed, credit = self._placed[name], self._credits[name]
        status = statuses.get(placed.id, "visible")
        width, height = self._sizes[name]
        return Figure(
            address=f"{placed.gate_url}?lang={lang}",
            reveal=f"{placed.gate_url}?lang={lang}&reveal=1",
            status=status,
            alt={"blocked": edition.picture.blocked, "blurred": edition.picture.blurred}.get(status, alt),
            width=width,
            height=height,
            author=credit.author,
            licence=paper.licence_in_words(credit.licence, edition.picture),
        )


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
