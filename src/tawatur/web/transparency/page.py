"""The transparency report as a page that stands alone: no script, and nothing from outside."""

from __future__ import annotations

import base64
import re
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
import msgspec
from babel.dates import format_date, format_timedelta
from babel.numbers import format_decimal, format_percent
from babel.units import format_unit
from markupsafe import Markup

from tawatur.delivery.dsa_words import WORDS as STATEMENT_WORDS
from tawatur.moderation.numbers import Numbers
from tawatur.web.colours import declared
from tawatur.web.transparency import plots
from tawatur.web.transparency.tables import LEFT_OUT, SMALL, Cell, Table, tables_of
from tawatur.web.type import TYPE

HERE = Path(__file__).parent
DIRECTIONS = {"ar": "rtl", "en": "ltr", "fr": "ltr"}
LANGUAGES = tuple(DIRECTIONS)
_UNITS = ((90.0, 1.0, "second"), (90 * 60.0, 60.0, "minute"), (72 * 3600.0, 3600.0, "hour"))
"""Below so many seconds a time is told in this unit, of so many seconds; all others in days."""
_NEVER = 1e9
_ISOLATE, _END = "\N{FIRST STRONG ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"
"""Round a name in another direction of writing, where no element can stand."""


@cache
def words_in(lang: str) -> dict[str, Any]:
    """The report's words in a language."""
    found: dict[str, Any] = msgspec.json.decode((HERE / "words" / f"{lang}.json").read_bytes())
    return found


def page_of(numbers: Numbers, site: str, lang: str) -> str:
    """The report as an HTML page in this language. The CSV files that it links to lie beside it."""
    words, saying = words_in(lang), Saying(lang)
    tables = tables_of(numbers)
    last = (numbers.until - timedelta(microseconds=1)).date()
    return _template().render(
        lang=lang,
        dir=DIRECTIONS[lang],
        words=words,
        saying=saying,
        title=words["title"],
        period=words["period"].format(
            site=f"{_ISOLATE}{site}{_END}", since=saying.day(numbers.since.date()), until=saying.day(last)
        ),
        keys=_keys(numbers, tables, words, saying),
        tables=tables,
        plots=plots,
        style=Markup(_style(lang)),
    )


class Saying:
    """How codes and numbers are said in a language."""

    def __init__(self, lang: str) -> None:
        self.lang = lang
        self._words = words_in(lang)
        self._reasons = STATEMENT_WORDS[lang].reasons

    def code(self, code: Cell) -> str:
        """A code of a table's first columns: a reason, a source, a step, or a day."""
        text = str(code)
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            return self.day(date.fromisoformat(text))
        if text in self._words["codes"] and text != "other":
            return str(self._words["codes"][text])
        return self._reasons[text][0] if text in self._reasons else text

    def cell(self, column: str, value: Cell, table: str = "") -> str:
        """One cell of a table."""
        if value is None:
            return "–"
        if value in (SMALL, LEFT_OUT):
            return str(self._words["small" if value == SMALL else "left_out"])
        if column in ("share", "low", "high"):
            return self.percent(float(value))
        if column.endswith("seconds"):
            return self.duration(float(value))
        if isinstance(value, int):
            return self.number(value)
        return str(self._words["codes"]["other"]) if value == "other" and table == "restored" else self.code(value)

    def number(self, value: float) -> str:
        return str(format_decimal(value, locale=self.lang))

    def percent(self, share: float) -> str:
        shown = "0%" if share in (0, 1) or share >= 0.1 else "0.0%"
        if self.lang == "ar":  # the mark keeps the sign on the same side, whatever stands before it
            return "\N{LEFT-TO-RIGHT MARK}" + str(format_percent(share, format=shown, locale=self.lang))
        return str(format_percent(share, format=shown.replace("%", "\N{NARROW NO-BREAK SPACE}%"), locale=self.lang))

    def day(self, day: date) -> str:
        return str(format_date(day, "d MMMM y", locale=self.lang))

    def one(self, seconds: float) -> str:
        """A time that is a whole number of a unit: one minute, one day, thirty days."""
        return str(format_timedelta(timedelta(seconds=seconds), threshold=1, locale=self.lang))

    def duration(self, seconds: float) -> str:
        """In the largest unit of which there are at least about two."""
        for below, size, unit in _UNITS:
            if seconds < below:
                amount = seconds / size
                shown = round(amount, 1) if amount < 10 and unit == "hour" else round(amount)
                whole = int(shown) if shown == int(shown) else shown
                return str(format_unit(whole, f"duration-{unit}", locale=self.lang))
        days = timedelta(seconds=seconds)
        return str(format_timedelta(days, granularity="day", threshold=_NEVER, locale=self.lang))


def _keys(
    numbers: Numbers, tables: dict[str, Table], words: dict[str, Any], saying: Saying
) -> list[tuple[str, str, str]]:
    """The report in four figures: the number, what it is, and what to know of it."""
    says = words["key"]
    withheld = numbers.acted()
    by_server = withheld - numbers.acted(by="person")
    automatic = says["automatic"].format(share=saying.percent(by_server / withheld)) if withheld else ""
    wrong = numbers.wrong(measure="block")
    low, high = wrong.interval
    of = says["no_review"]
    if wrong.whole:
        of = says["wrong_of"].format(
            rejected=saying.number(wrong.part),
            reviewed=saying.number(wrong.whole),
            low=saying.percent(low),
            high=saying.percent(high),
        )
    total = tables["notices"].total
    quick = tables["times"].rows[0][2]
    return [
        (saying.cell("notices", total[1] if total else 0), says["notices"], ""),
        (saying.number(withheld), says["withheld"], automatic),
        ("–" if wrong.share is None else saying.percent(wrong.share), says["wrong"], of),
        (saying.cell("median_seconds", quick), says["quick"], says["quick_of"] if quick is not None else ""),
    ]


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["extract_sizes"] = lambda row, places: [plots.size(row[place]) for place in places]
    return environment.get_template("page.html")


@cache
def _style(lang: str) -> str:
    faces = (TYPE / "vazirmatn.css").read_text()
    wanted = ("arabic", "latin") if lang == "ar" else ("latin",)
    rules = [rule for rule in re.findall(r"@font-face \{.*?\}", faces, re.DOTALL) if _file(rule) in wanted]
    type_ = "".join(re.sub(r"url\(([\w-]+\.woff2)\)", _inside, rule) for rule in rules)
    return type_ + declared(":root") + (HERE / "page.css").read_text()


def _file(rule: str) -> str:
    found = re.search(r"url\(vazirmatn-([\w-]+)\.woff2\)", rule)
    return found[1] if found else ""


def _inside(address: re.Match[str]) -> str:
    encoded = base64.b64encode((TYPE / address[1]).read_bytes()).decode()
    return f"url(data:font/woff2;base64,{encoded})"
