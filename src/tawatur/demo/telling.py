"""Tells the story on the terminal: chapters, sentences, small tables, and what held."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.padding import Padding
from rich.table import Table

_WIDEST = 100
_STYLES = {"visible": "green", "blurred": "yellow", "blocked": "red", "yes": "green", "NO": "bold red"}


class Teller:
    """Writes for a reader, never wider than is good to read; keeps what was promised and whether it held."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False)
        self._console.width = min(self._console.width, _WIDEST)
        self._chapters = 0
        self.broken: list[str] = []
        self._held: list[str] = []

    def chapter(self, title: str) -> None:
        """A new part of the story."""
        self._chapters += 1
        self._console.print()
        self._console.print(f"[bold]{self._chapters}. {title}[/bold]")

    def say(self, text: str) -> None:
        """A paragraph; rich markup is understood."""
        self._console.print(Padding(text, (0, 0, 0, 3), expand=False))

    def quote(self, source: str, text: str) -> None:
        """What somebody else says, word for word."""
        self._console.print(Padding(f"[dim]{source}[/dim]\n{text}", (1, 0, 1, 6), expand=False))

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """A small table; words for a picture's state have their colour."""
        table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="dim")
        for head in heads:
            table.add_column(head)
        for row in rows:
            table.add_row(*(f"[{_STYLES[cell]}]{cell}[/]" if cell in _STYLES else cell for cell in row))
        self._console.print(Padding(table, (1, 0, 1, 6), expand=False))

    def expect(self, promise: str, held: bool) -> None:
        """Notes a promise and whether it held."""
        (self._held if held else self.broken).append(promise)

    def conclude(self) -> None:
        """Says of every promise whether it held."""
        self.chapter("What was promised, and what came of it")
        rows = [*(("yes", one) for one in self._held), *(("NO", one) for one in self.broken)]
        self.table(("held", "promise"), rows)

    def addresses(self, rows: Iterable[tuple[str, str]]) -> None:
        """Where to look, never broken over two lines."""
        rows = list(rows)
        widest = max(len(what) for what, _ in rows)
        for what, address in rows:
            self._console.print(f"   {what:<{widest}}  [bold]{address}[/bold]", soft_wrap=True)
        self._console.print()

    def line(self, text: str = "") -> None:
        """One line as it is, never broken."""
        self._console.print(text, soft_wrap=True)
