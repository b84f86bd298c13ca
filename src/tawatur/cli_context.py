"""`tawatur context`: what an article is about, as a brief by country, and the lists it is read with."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from tawatur.context.needs import missing
from tawatur.failures import Failure
from tawatur.terminal import err, out, settings_here

if TYPE_CHECKING:
    from collections.abc import Callable

    from tawatur.context.brief import Brief

context_app = typer.Typer(
    no_args_is_help=True,
    help="What a page is about: who, where and what, for a person who decides. It never decides itself.",
)
lists_app = typer.Typer(no_args_is_help=True, help="Lists of designated groups.")
context_app.add_typer(lists_app, name="lists")

_MOST_BYTES = 20_000_000
_FOLDER = "context"
_LEFT = "\u200e"  # keeps a terminal that orders Arabic itself from mixing the columns


@context_app.command("brief")
def context_brief(
    source: Annotated[str, typer.Argument(help="A file (text or HTML), - for stdin, or an http(s) address.")],
    lang: Annotated[str, typer.Option(help="The language of the names and headings: ar, en or fr.")] = "ar",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
    svg: Annotated[Path | None, typer.Option(help="Also write a small picture of it into this file.")] = None,
) -> None:
    """Print the threats by country that a report or article speaks of: who, what, where from and to, in which sentence.

    The text may be Arabic, English or French. An address is fetched as pictures are: never from inside your network.
    Words and rules find what is told, not what is true: read the sentence.
    """
    if lang not in ("ar", "en", "fr"):
        raise typer.BadParameter(f"{lang!r} is none of ar, en, fr.", param_hint="--lang")
    found = _brief(source, lang)
    if svg is not None:
        from tawatur.context.picture import picture

        svg.write_text(picture(found, lang), encoding="utf-8")
        err.print(f"The picture is in {svg}.", highlight=False)
    if as_json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
    else:
        _show(found, lang)


@lists_app.command("import")
def lists_import(
    file: Annotated[Path, typer.Argument(help="The consolidated list, XML or CSV.", exists=True, dir_okay=False)],
) -> None:
    """Read the United Nations Security Council's consolidated list, and mark the groups on it as designated.

    XML as the United Nations publish it, or CSV with the columns reference, name, and if wanted name_original_script,
    aliases (parted by |) and list_date. Only entities are kept, never persons. It takes the place of an earlier list.
    """
    from tawatur.context.lists import read_list, save_list

    _extra()
    listed = read_list(file.read_bytes())
    path = save_list(listed, settings_here().data_dir / _FOLDER)
    names = sum(len(entry.names) for entry in listed.entries)
    said = f"{len(listed.entries):,} entities with {names:,} names, as of {listed.date}, are in {path}."
    out.print(said, highlight=False, soft_wrap=True)
    if listed.people:
        out.print(f"{listed.people:,} persons were left out: nothing readable about a person is kept.")


def _extra() -> None:
    if (name := missing()) is not None:
        raise Failure(f"{name} is not installed; `tawatur context` needs: pip install 'tawatur[context]'")


def _brief(source: str, lang: str) -> Brief:
    _extra()
    from tawatur.context.brief import brief
    from tawatur.context.lexicon import lexicon
    from tawatur.context.lists import load_list
    from tawatur.context.page import text_of
    from tawatur.context.reading import read

    text = text_of(_bytes(source))
    with err.status("Reading ..."):
        known = lexicon(load_list(settings_here().data_dir / _FOLDER))
        return brief(read(text, known), known, lang)


def _bytes(source: str) -> bytes:
    if source == "-":
        return sys.stdin.buffer.read(_MOST_BYTES)
    if source.startswith(("http://", "https://")):
        import asyncio

        from tawatur.moderation.fetch import Fetcher

        fetcher = Fetcher(allowed=settings_here().allowed_networks())
        return asyncio.run(fetcher.fetch(source, _MOST_BYTES, accept="text/html, text/plain;q=0.9, */*;q=0.1"))
    path = Path(source)
    if path.is_file() and path.stat().st_size > _MOST_BYTES:
        raise Failure(f"{path} has more than {_MOST_BYTES:,} bytes.")
    return path.read_bytes()


def _show(found: Brief, lang: str) -> None:
    from rich.table import Table
    from rich.text import Text

    from tawatur.context.lexicon import country_name, words

    said = words("brief")
    head = {name: texts[lang] for name, texts in said["table"].items()}
    right = lang == "ar"
    arrow = " ← " if right else " → "

    def cell(text: str) -> Text:
        return Text(f"{_LEFT}{text}{_LEFT}" if right and text else text)

    if found.groups:
        groups = [f"{one.name} ({head['designated']})" if one.designated else one.name for one in found.groups]
        line = f"{head['groups']}: {'؛ ' if right else ''}{('؛ ' if right else '; ').join(groups)}".replace(
            ": ؛ ", ": "
        )
        out.print(Text(line), justify="right" if right else "left")
    if not found.countries:
        out.print(Text(head["nothing"]), justify="right" if right else "left")
        return
    columns = ["country", "kind", "who", "way", "sentence"]
    table = Table(title=head["title"], show_lines=True)
    for name in reversed(columns) if right else columns:
        table.add_column(cell(head[name]), justify="right" if right else "left", overflow="fold")
    for country in found.countries:
        if not country.threats:
            rows = [[country.name, head["none"], "", "", ""]]
        else:
            rows = [
                [
                    country.name if number == 0 else "",
                    said["kinds"][threat.kind][lang],
                    "، ".join(threat.who) if right else ", ".join(threat.who),
                    _way(threat.come_from, threat.go_to, arrow, lambda code: country_name(code, lang)),
                    threat.sentence,
                ]
                for number, threat in enumerate(country.threats)
            ]
        for row in rows:
            table.add_row(*(cell(text) for text in (reversed(row) if right else row)))
    out.print(table)


def _way(start: str | None, end: str | None, arrow: str, name: Callable[[str], str]) -> str:
    if start is None and end is None:
        return ""
    return f"{name(start) if start else '…'}{arrow}{name(end) if end else '…'}"
