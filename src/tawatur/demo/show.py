"""`tawatur demo`: starts a server and a newspaper, lets crowds report, and says whether every promise held."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NoReturn

from tawatur.demo import acts, crowd, paper
from tawatur.demo.acts import Stage
from tawatur.demo.backend import Backend, Registered
from tawatur.demo.readership import Readership
from tawatur.demo.server import Server, running_server
from tawatur.demo.site import Website, listen, running_website
from tawatur.demo.telling import Teller


def run(*, once: bool, port: int) -> None:
    """Tells the whole story. Stays up until Ctrl-C, or ends by itself with `once`.

    `port` is the Tawatur server's (0: a free one). Raises SystemExit(1) when a promise does not hold, and OSError when
    the server does not start.
    """
    _hold_closed_stdin()
    tell = Teller()
    with _ends_in_order(), tempfile.TemporaryDirectory(prefix="tawatur-demo-") as folder:
        tell.line("[bold]Tawatur[/bold]: an image is blocked automatically when several people report it,")
        tell.line("and a crowd that acts as one counts as one. Starting a server and a newspaper ...")
        with (
            running_server(Path(folder), port) as server,
            closing(Backend(server.address, server.keys.api_key)) as backend,
            closing(listen()) as listening,
        ):
            home = f"http://127.0.0.1:{listening.getsockname()[1]}"
            pictures = _register(backend, home)
            readership = Readership(crowd.unconnected("window", datetime.now(UTC)))
            site = Website(pictures, backend, server.address, home, readership, _today)
            with running_website(site.app(), listening):
                _play(Stage(backend, tell, pictures), home)
                _say_where(tell, server.address, home, pictures)
                if not once:
                    _stay(tell, server)


def _today() -> date:
    return datetime.now().astimezone().date()


def _register(backend: Backend, home: str) -> dict[str, Registered]:
    """The newspaper hands every photograph over, each with the page that it stands on."""
    edition = paper.editions()["ar"]
    pages = {story.photograph: (f"{home}/articles/{story.slug}", story.title) for story in edition.stories}
    pages |= {picture.photograph: (f"{home}/", picture.caption) for picture in edition.pictures}
    return {
        name: backend.register(
            name, paper.photograph(name).read_bytes(), uploader="picture-desk", page_url=page, caption=caption
        )
        for name, (page, caption) in pages.items()
    }


def _play(stage: Stage, home: str) -> None:
    """The acts in their order. Raises SystemExit(1) when a promise did not hold."""
    stage.tell.line(
        f"Both are up. The newspaper is Arabic and imagined, its {len(stage.pictures)} photographs are real: {home}/"
    )
    seen_before = stage.backend.look(stage.pictures[acts.VIOLENT].gate_url).headers
    acts.several_people(stage)
    acts.bytes_stay(stage, seen_before)
    acts.one_crowd(stage)
    acts.a_person_decides(stage)
    stage.tell.conclude()
    if stage.tell.broken:
        stage.tell.line(f"[bold red]The demo failed:[/] {'; '.join(stage.tell.broken)}.")
        raise SystemExit(1)


def _say_where(tell: Teller, server: str, home: str, pictures: dict[str, Registered]) -> None:
    tell.addresses(
        [
            ("front page, Arabic", f"{home}/"),
            ("front page, English", f"{home}/?lang=en"),
            ("an article", f"{home}/articles/marsa"),
            ("all pictures, and yours", f"{home}/pictures"),
            ("the blocked picture", pictures[acts.VIOLENT].gate_url),
            ("the attacked one", pictures[acts.ATTACKED].gate_url),
            ("the API", f"{server}/openapi.json"),
        ]
    )


def _stay(tell: Teller, server: Server) -> None:
    """Stays up until the reader ends it. Raises ServerEnded when the server goes first."""
    tell.line("   To report a picture yourself, press the flag under it. Who you are stands at the foot of each page,")
    tell.line("   and there you become the next reader. Once several (about six) have reported the same picture,")
    tell.line("   every open window withholds it.")
    tell.line()
    tell.line("Ctrl-C ends it; nothing stays behind.")
    while True:
        time.sleep(0.5)
        server.check()


@contextmanager
def _ends_in_order() -> Iterator[None]:
    """Ctrl-C, SIGTERM and a closed terminal end everything that was started; that is an end, not a failure."""

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def end(*_: object) -> NoReturn:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)  # impatience must not leave a server behind
        raise KeyboardInterrupt

    before = {number: signal.signal(number, end) for number in numbers}
    try:
        yield
    except KeyboardInterrupt:
        sys.stderr.write("\nEnded.\n")
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _hold_closed_stdin() -> None:
    """Where standard input is closed, the next file opened would take its number and confuse every child."""
    if sys.stdin is None:
        os.open(os.devnull, os.O_RDONLY)
