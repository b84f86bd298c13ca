"""What is found in the labelled texts, and that words with another meaning are left alone."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from benchmarks.context import GOALS, found, score

from tawatur.context.lexicon import Lexicon, lexicon
from tawatur.context.reading import read
from tawatur.context.times import times

LABELLED: list[dict[str, Any]] = tomllib.loads(Path(__file__).with_name("labelled.toml").read_text("utf-8"))["text"]


@pytest.fixture(scope="module")
def known() -> Lexicon:
    return lexicon()


def test_there_are_enough_labelled_texts() -> None:
    assert len(LABELLED) >= 60
    assert sum(one["half"] != "seen" for one in LABELLED) * 2 >= len(LABELLED)


@pytest.mark.parametrize("half", ["seen", "held"])
def test_the_goals_of_precision_and_recall_hold(half: str, known: Lexicon) -> None:
    told = score([one for one in LABELLED if one["half"] == half], known)
    for kind, goal in GOALS.items():
        if goal is not None:
            assert told[kind][0] >= goal[0], kind
            assert told[kind][1] >= goal[1], kind


@pytest.mark.parametrize(
    "name",
    [
        "داعش",
        "تنظيم الدولة",
        "تنظيم الدَّولة الإسلاميّة",
        "الدواعش",
        "Daesh",
        "ISIS",
        "ISIL",
        "l'État islamique",
        "Da‘esh",
    ],
)
def test_one_group_is_found_by_its_names(name: str, known: Lexicon) -> None:
    assert found(read(f"... {name} ...", known), known)["groups"] == {"daesh"}


@pytest.mark.parametrize(
    "text",
    [
        "القاعدة في النحو بسيطة",
        "بحماس شديد",
        "دعم مالي",
        "نصف قطر الدائرة",
        "صلاة المغرب",
        "Isis Moreau paints",
        "it is",
    ],
)
def test_words_that_look_like_names_are_left_alone(text: str, known: Lexicon) -> None:
    told = found(read(text, known), known)
    assert told["groups"] == told["countries"] == set()


def test_an_everyday_word_is_the_group_once_the_text_named_it(known: Lexicon) -> None:
    assert found(read("تنظيم القاعدة. ثم جاءت القاعدة.", known), known)["groups"] == {"qaida"}
    assert len(read("تنظيم القاعدة. ثم جاءت القاعدة.", known).sentences[1].of("group")) == 1


@pytest.mark.parametrize(
    ("text", "iso"),
    [("في ٥ ديسمبر ٢٠١٦", "2016-12-05"), ("5 كانون الأول 2016", "2016-12-05"), ("December 5, 2016", "2016-12-05"),
     ("le 5 décembre 2016", "2016-12-05"), ("عام 2016", "2016"), ("2016-12-05", "2016-12-05"), ("yesterday", "")],
)  # fmt: skip
def test_times_are_read(text: str, iso: str) -> None:
    from tawatur.context.normal import normalise

    assert [time.iso for time in times(normalise(text))] == [iso]


@pytest.mark.parametrize("text", ["ينقل الخبر إلى القراء", "وجده جالسا", "في بيان جديد", "كلس أبيض", "Layla sings."])
def test_words_are_not_taken_for_small_towns(text: str, known: Lexicon) -> None:
    assert found(read(text, known), known)["towns"] == set()


@pytest.mark.parametrize("text", ["في سرت", "من مدينة الخمس", "وبنغازي", "near Kidal", "à Syrte"])
def test_towns_that_reports_name_are_found(text: str, known: Lexicon) -> None:
    assert len(found(read(text, known), known)["towns"]) == 1
