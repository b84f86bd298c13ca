"""Every text of the console in every language, with as many plurals as each language has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from tawatur.decision.numbers import RULE_NUMBERS, SECTIONS
from tawatur.web.console import pages, words
from tawatur.web.languages import LANGUAGES

OTHERS = [lang for lang in LANGUAGES if lang != "en"]
Text = str | tuple[str, ...]


def asked() -> set[Text]:
    """What the templates say, and why each number of a policy is what it is."""
    found = extract_from_dir(
        pages.HERE / "templates",
        method_map=[("**.html", "jinja2")],
        keywords={"_": None, "counted": (1, 2)},
    )
    numbers = [*RULE_NUMBERS, *(number for section in SECTIONS for number in section.numbers)]
    of_policies = {section.title for section in SECTIONS} | {number.why for number in numbers}
    return {text if isinstance(text, str) else tuple(text) for _, _, text, _, _ in found} | of_policies


def read(lang: str) -> Catalog:
    with (Path(words.__file__).parent / f"{lang}.po").open("rb") as file:
        return read_po(file, locale=lang)


@pytest.mark.parametrize("lang", OTHERS)
def test_every_text_is_translated_and_none_is_left_over(lang: str) -> None:
    catalogue = read(lang)
    known = {message.id if isinstance(message.id, str) else tuple(message.id) for message in catalogue if message.id}
    assert len(asked()) > 100
    assert known == asked()
    for message in catalogue:
        said = message.string if isinstance(message.string, tuple) else (message.string,)
        assert all(said), message.id
        assert not message.fuzzy


@pytest.mark.parametrize("lang", OTHERS)
def test_a_translation_fills_in_what_the_text_fills_in(lang: str) -> None:
    for message in read(lang):
        if not isinstance(message.id, str):
            assert len(message.string) == read(lang).num_plurals
            continue
        holes = [sorted(re.findall(r"%\(\w+\)s", text)) for text in (message.id, str(message.string))]
        assert holes[0] == holes[1]


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "لا بلاغ"),
        (1, "بلاغ واحد"),
        (2, "بلاغان"),
        (3, "3 بلاغات"),
        (11, "11 بلاغًا"),
        (100, "100 بلاغ"),
        (103, "103 بلاغات"),
    ],
)
def test_arabic_counts_in_six_ways(count: int, said: str) -> None:
    assert pages._counted("one report", "%(num)s reports", count, "ar") == said


def test_the_arabic_catalogue_is_written_in_arabic() -> None:
    for message in read("ar"):
        said = message.string if isinstance(message.string, tuple) else (message.string,)
        for text in said if message.id else ():
            assert re.search(r"[\u0600-\u06ff]", text), message.id


@pytest.mark.parametrize(("count", "said"), [(0, "0"), (10_000, "10,000"), (10_001, "10,000+")])
def test_what_is_counted_no_further_says_so(count: int, said: str) -> None:
    assert words.bounded(count, 10_000, "en") == said
