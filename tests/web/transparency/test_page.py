"""The report as a page: whole in each language, alone, readable on a phone, and without barriers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tawatur.moderation.numbers import Action, Day, Judged, Numbers, Spread
from tawatur.web.transparency.page import LANGUAGES, Saying, page_of, words_in
from tawatur.web.transparency.tables import APPEALS, CAUSES, REPORTERS, TIMES, tables_of
from tests.ground.browser import PHONE, Readers, barriers, chromium
from tests.web.transparency.test_tables import numbers

SITE = "<b>news</b> & more"
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0


def busy() -> Numbers:
    return numbers(
        reports={"violence": 240, "hate": 61, "spam": 7, "copyright": 2},
        actions=[
            Action("blur", "reports", "violence", 20),
            Action("block", "reports", "violence", 9),
            Action("block", "copy", "violence", 3),
            Action("block", "person", "hate", 4),
        ],
        judged=[Judged("block", "reports", "violence", 8, 1), Judged("blur", "reports", "hate", 3, 2)],
        restored={"review": 3, "lapse": 2, "altered": 1},
        report_to_action=Spread(29, 35 * MINUTE, 9 * HOUR),
        action_to_review=Spread(14, 7.5 * HOUR, 3 * DAY),
        appeal_to_answer=Spread(2, DAY, DAY),
        appeals={"received": 5, "reversed": 1, "stands": 3},
        reporters={"warned": 4, "suspended": 1},
        days=[Day(date(2026, 1, 3), 200, 12, 6, 0, 1), Day(date(2026, 1, 9), 110, 8, 6, 4, 5)],
    )


class Elements(HTMLParser):
    """The elements of a page; raises AssertionError where one is not closed as it was opened."""

    VOID = frozenset({"meta", "path", "rect", "i"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, Any]]] = []
        self._open: list[str] = []
        self.feed(page)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in ("meta", "path", "rect"):
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_page_stands_alone_in_its_language_and_direction(lang: str) -> None:
    page = page_of(busy(), SITE, lang)
    found = Elements(page).seen
    assert found[0] == ("html", {"lang": lang, "dir": "rtl" if lang == "ar" else "ltr"})
    assert not [tag for tag, _ in found if tag in ("script", "img", "link", "iframe", "object")]
    assert not re.findall(r"(?:src|url\()[\"'=(]*(?!data:)https?:", page)
    assert {attributes["href"] for tag, attributes in found if tag == "a"} == {f"{n}.csv" for n in tables_of(busy())}
    assert "&lt;b&gt;news&lt;/b&gt; &amp; more" in page
    assert SITE not in page


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_code_and_column_has_its_word(lang: str) -> None:
    words = words_in(lang)
    tables = tables_of(busy())
    assert {column for table in tables.values() for column in table.columns} == set(words["columns"])
    codes = {*APPEALS, *REPORTERS, *TIMES, *CAUSES.values(), "reports", "copy", "list", "altered", "person", "all"}
    assert codes <= set(words["codes"])
    assert set(tables) == set(words["sections"])


def test_the_languages_say_the_same_things() -> None:
    shapes = [_shape(words_in(lang)) for lang in LANGUAGES]
    assert shapes[0] == shapes[1] == shapes[2]


def _shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shape(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_shape(one) for one in value]
    return sorted(re.findall(r"\{\w+\}", value))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_must_not_be_told_is_in_no_part_of_the_page(lang: str) -> None:
    text = re.sub(r"<style>.*?</style>", "", page_of(busy(), "news", lang), flags=re.DOTALL)
    small, left_out = words_in(lang)["small"], words_in(lang)["left_out"]
    rows = re.findall(r"<th scope=\"row\">([^<]*)</th>((?:<td[^>]*>[^<]*</td>)+)", text)
    told = {name: re.findall(r">([^<]*)</td>", cells) for name, cells in rows}
    saying = Saying(lang)
    assert told[saying.code("copyright")] == [small]
    assert told[saying.code("spam")] == [left_out]
    assert told[saying.code("suspended")] == [small]
    assert told[saying.code("reversed")] == [small]
    assert told[saying.code("appeal_to_answer")] == [small, "–", "–"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_period_in_which_nothing_happened_says_so(lang: str) -> None:
    page = page_of(numbers(), "news", lang)
    Elements(page)
    assert page.count(words_in(lang)["none"]) == 7
    assert words_in(lang)["key"]["no_review"] in page


@pytest.mark.parametrize(
    ("seconds", "en", "ar"),
    [
        (1, "1 second", "ثانية"),
        (89, "89 seconds", "89 ثانية"),
        (120, "2 minutes", "دقيقتان"),
        (5.5 * HOUR, "5.5 hours", "5.5 ساعة"),
        (3 * DAY, "3 days", "3 أيام"),
        (400 * DAY, "400 days", "400 يوم"),
    ],
)
def test_a_time_is_told_as_people_say_it(seconds: float, en: str, ar: str) -> None:
    assert (Saying("en").duration(seconds), Saying("ar").duration(seconds)) == (en, ar)


@pytest.fixture(scope="module")
def readers() -> Iterator[Readers]:
    with chromium() as browser:
        opened = Readers(browser)
        yield opened
        opened.close()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_reader_meets_no_barrier_on_a_phone_and_nothing_is_asked_of_others(
    readers: Readers, tmp_path: Path, lang: str
) -> None:
    (tmp_path / "index.html").write_text(page_of(busy(), "news.example", lang), encoding="utf-8")
    page = readers.another(**PHONE, color_scheme="dark" if lang == "fr" else "light")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((tmp_path / "index.html").as_uri())
    for table in page.locator("summary").all():
        table.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert barriers(page) == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert readers.errors == []
