"""Makes the console's pages from templates, in the person's language and direction."""

from __future__ import annotations

import hashlib
from functools import cache, partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response

from tawatur.store.families import MOST_COUNTED
from tawatur.web.console import words
from tawatur.web.console.session import LANG_COOKIE, Desk, form_token
from tawatur.web.console.words.digits import ARABIC, eastern_page
from tawatur.web.languages import LANGUAGES, language

HERE = Path(__file__).parent

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def tongue(request: Request) -> str:
    """The person's language: `?lang=`, else what they chose before, else their browser's."""
    chosen = request.cookies.get(LANG_COOKIE, "")
    return chosen if "lang" not in request.query_params and chosen in LANGUAGES else language(request)


def page(request: Request, template: str, desk: Desk | None, status: int = 200, **facts: Any) -> Response:
    """A page, kept by no browser. `facts` are the template's own."""
    lang = tongue(request)
    digits = desk.person.person.digits if lang == "ar" and desk is not None else None
    body = (
        _environment(lang)
        .get_template(template)
        .render(
            desk=desk,
            here=request.url.path,
            token="" if desk is None else form_token(request, desk.cookie),
            digits=digits,
            **facts,
        )
    )
    if digits == ARABIC:
        body = eastern_page(body)
    return Response(body, status, {**HEADERS, "Content-Language": lang}, "text/html")


@cache
def _environment(lang: str) -> Environment:
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        extensions=["jinja2.ext.i18n"],
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.install_gettext_translations(words.catalogue(lang), newstyle=True)  # type: ignore[attr-defined]
    made.globals.update(
        lang=lang,
        direction=words.DIRECTIONS[lang],
        languages=words.NAMES,
        number=partial(words.number, lang=lang),
        bounded=partial(words.bounded, most=MOST_COUNTED, lang=lang),
        percent=partial(words.percent, lang=lang),
        share=partial(words.share, lang=lang),
        moment=partial(words.moment, lang=lang),
        date=partial(words.day, lang=lang),
        plain=partial(words.plain, lang=lang),
        told=words.catalogue(lang).gettext,
        counted=partial(_counted, lang=lang),
        static=_address_of,
    )
    return made


def _counted(one: str, many: str, count: float, lang: str) -> str:
    """A counted noun in the right plural, with the number as the language writes it."""
    text = words.catalogue(lang).ungettext(one, many, round(count))
    return text.replace("%(num)s", words.number(count, lang))


@cache
def _address_of(name: str) -> str:
    """Where a file of ours is; a changed file has another address, so browsers may keep each for good."""
    digest = hashlib.sha256((HERE / "static" / name).read_bytes()).hexdigest()[:12]
    return f"/console/static/{name}?v={digest}"
