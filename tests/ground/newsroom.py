"""The demo's newspaper on a real Tawatur server, without the story that `tawatur demo` tells."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from tawatur.demo import crowd, paper
from tawatur.demo.backend import Backend, Registered
from tawatur.demo.readership import Readership
from tawatur.demo.server import running_server
from tawatur.demo.site import Website, listen, running_website


@dataclass(frozen=True)
class Newsroom:
    """Where the paper is, and what it knows of its pictures. The first browsers each get another reader."""

    home: str
    server: str
    backend: Backend
    pictures: dict[str, Registered]

    def status(self, name: str) -> str:
        return str(self.backend.verdict(self.pictures[name].id)["status"])


@contextmanager
def newsroom(folder: Path) -> Iterator[Newsroom]:
    with (
        running_server(folder, 0) as server,
        closing(Backend(server.address, server.keys.api_key)) as backend,
        closing(listen()) as listening,
    ):
        # Another host name than the server's: for a browser they are then two sites, as they are outside.
        home = f"http://localhost:{listening.getsockname()[1]}"
        names = sorted(path.stem for path in paper.PHOTOGRAPHS.glob("*.jpg"))
        pictures = {
            name: backend.register(
                name, paper.photograph(name).read_bytes(), uploader="desk", page_url=home, caption=name
            )
            for name in names
        }
        readership = Readership(crowd.unconnected("window", datetime.now(UTC)))
        site = Website(pictures, backend, server.address, home, readership, lambda: date(2026, 3, 10))
        with running_website(site.app(), listening):
            yield Newsroom(home, server.address, backend, pictures)
