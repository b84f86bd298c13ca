"""Every text of a notice in every language, with as many plurals as each language has."""

from __future__ import annotations

import re

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from tawatur.moderation.notice import ROUND, about
from tawatur.web.notice import saying
from tests.web.console.test_words import OTHERS, Text


def asked() -> set[Text]:
    found = extract_from_dir(
        saying.HERE / "templates",
        method_map=[("**.html", "jinja2"), ("**.txt", "jinja2")],
        keywords={"_": None, "counted": (1, 2)},
    )
    return {text if isinstance(text, str) else tuple(text) for _, _, text, _, _ in found}


def read(lang: str) -> Catalog:
    with (saying.HERE / "words" / f"{lang}.po").open("rb") as file:
        return read_po(file, locale=lang)


@pytest.mark.parametrize("lang", OTHERS)
def test_every_text_is_translated_and_none_is_left_over(lang: str) -> None:
    catalogue = read(lang)
    known = {message.id if isinstance(message.id, str) else tuple(message.id) for message in catalogue if message.id}
    assert len(asked()) > 50
    assert known == asked()
    for message in catalogue:
        said = message.string if isinstance(message.string, tuple) else (message.string,)
        assert all(said), message.id
        if not isinstance(message.id, str):
            assert len(message.string) == catalogue.num_plurals
            continue
        holes = [sorted(re.findall(r"%\(\w+\)s", text)) for text in (message.id, str(message.string))]
        assert holes[0] == holes[1]


@pytest.mark.parametrize(
    ("voices", "said"), [(0.4, 3), (3.9, 3), (4.1, 5), (6, 5), (7.6, 10), (12, 10), (13, 15), (40, 30), (9999, 1000)]
)
def test_people_are_rounded_so_coarsely_that_one_more_is_not_seen(voices: float, said: int) -> None:
    assert about(voices) == said
    assert said in ROUND
