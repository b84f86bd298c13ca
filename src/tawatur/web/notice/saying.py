"""Puts a notice into words: Arabic, English and French, as text, as the HTML of a mail, and as a page."""

from __future__ import annotations

from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import Any

from babel.dates import format_date, format_datetime
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from tawatur.moderation.notice import Notice
from tawatur.web.console.words import DIRECTIONS, NAMES, catalogue, number

HERE = Path(__file__).parent


def title(notice: Notice, lang: str) -> str:
    """What happened, in a few words: the subject of a mail."""
    sentences: Any = _environment(lang).get_template("sentences.txt").module
    return str(sentences.title_of(notice)).strip()


def text(notice: Notice, link: str, lang: str) -> str:
    """The notice as plain text, with the link to its page."""
    return page("notice.txt", lang, n=notice, link=link).strip() + "\n"


def html(notice: Notice, link: str, lang: str) -> str:
    """The notice as the HTML of a mail, without style or script."""
    return page("mail.html", lang, n=notice, link=link)


def page(template: str, lang: str, **facts: Any) -> str:
    return _environment(lang).get_template(template).render(**facts)


@cache
def _environment(lang: str) -> Environment:
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=select_autoescape(["html"]),
        extensions=["jinja2.ext.i18n"],
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    texts = catalogue(lang, HERE / "words")
    made.install_gettext_translations(texts, newstyle=True)  # type: ignore[attr-defined]
    made.globals.update(
        lang=lang,
        direction=DIRECTIONS[lang],
        languages=NAMES,
        day=partial(format_date, format="d MMMM y", locale=lang),
        moment=partial(_moment, lang=lang),
        counted=partial(_counted, lang=lang),
    )
    return made


def _moment(at: datetime, lang: str) -> str:
    """A day and a time, in UTC and saying so: who reads it may be anywhere."""
    between = {"ar": "d MMMM y، HH:mm", "fr": "d MMMM y 'à' HH:mm"}.get(lang, "d MMMM y, HH:mm")
    return f"{format_datetime(at, between, locale=lang)} UTC"


def _counted(one: str, many: str, count: int, lang: str) -> str:
    found = catalogue(lang, HERE / "words").ungettext(one, many, count)
    return found.replace("%(num)s", number(count, lang))
