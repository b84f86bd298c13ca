"""One spelling for many; what is found does not hang on how it is written."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tawatur.context.matching import Matcher, Term, name_forms, noun_forms
from tawatur.context.normal import folded, normalise
from tawatur.context.sentences import sentences

ARABIC = "ابتثجحخدذرزسشصضطظعغفقكلمنهوي"
HARAKAT = "\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652\u0640\u200c\u200f"


def matcher(*names: str) -> Matcher:
    return Matcher([(body, Term("group", name, True, shape)) for name in names for body, shape in name_forms(name)])


def keys(found: Matcher, text: str) -> list[str]:
    return [hit.term.key for hit in found.find(normalise(text))]


@given(st.text())
def test_what_is_normal_stays_as_it_is(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    assert len(folded(once)) == len(once)
    assert once.count("\n") == text.count("\n")


@given(st.text(alphabet=ARABIC, min_size=3, max_size=12), st.data())
def test_vowels_tatweel_and_marks_change_no_word(word: str, data: st.DataObject) -> None:
    marks = [data.draw(st.text(alphabet=HARAKAT, max_size=2)) for _ in word]
    assert normalise("".join(letter + mark for letter, mark in zip(word, marks, strict=True))) == normalise(word)


@pytest.mark.parametrize(
    ("one", "other"),
    [("أفريقيا", "افريقيا"), ("القاعدة", "القاعده"), ("مصطفى", "مصطفي"), ("كركوك", "کرکوک"), ("٢٠١٦", "2016"),
     ("۲۰۱۶", "2016"), ("ﻻ", "لا"), ("مسؤول", "مسوول"), ("سيناء", "سينا"), ("Da'esh", "Daesh"), ("l’État", "l Etat"),
     ("al-Qa’ida", "al Qaida")],
)  # fmt: skip
def test_spellings_of_one_word_are_one(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)


@given(st.sampled_from(["", "و", "ف", "ب", "ل", "ك", "وب", "فل", "ول"]), st.sampled_from([" ", "،", ".", "»", ""]))
def test_a_name_is_found_with_what_is_written_onto_it(before: str, after: str) -> None:
    assert keys(matcher("داعش"), f"قال {before}داعش{after} شيئا" if after else f"{before}داعش") == ["داعش"]


@given(st.text(alphabet=ARABIC, min_size=1, max_size=4), st.text(alphabet=ARABIC, min_size=1, max_size=4))
def test_a_name_is_not_found_inside_another_word(before: str, after: str) -> None:
    assert keys(matcher("مالي"), f"{before}مالي{after}") == []


@pytest.mark.parametrize(
    ("text", "found"),
    [("في الجزائر", True), ("والجزائر", True), ("للجزائر", True), ("بالجزائر", True), ("جزائر كثيرة", False),
     ("الجزائري", False)],
)  # fmt: skip
def test_a_name_with_an_article_needs_it(text: str, found: bool) -> None:
    assert bool(keys(matcher("الجزائر"), text)) is found


@pytest.mark.parametrize("word", ["هجوم", "الهجوم", "وللهجوم", "هجومهم", "بهجومين", "فالهجومان"])
def test_a_noun_is_found_in_its_forms(word: str) -> None:
    found = Matcher([(body, Term("event", "attack", True, shape)) for body, shape in noun_forms("هجوم")])
    assert keys(found, f"رأى {word} هنا") == ["attack"]


def test_the_longer_name_wins() -> None:
    assert keys(matcher("تنظيم القاعدة", "تنظيم القاعدة في بلاد المغرب"), "تنظيم القاعدة في بلاد المغرب") == [
        "تنظيم القاعدة في بلاد المغرب"
    ]


@pytest.mark.parametrize(("text", "found"), [("he is here", False), ("fighters of IS", True), ("Is it", False)])
def test_an_acronym_is_found_in_capitals_only(text: str, found: bool) -> None:
    assert bool(keys(matcher("IS"), text)) is found


@given(st.text())
def test_sentences_lose_no_letter(text: str) -> None:
    assert re.sub(r"\W", "", "".join(sentences(text))) == re.sub(r"\W", "", text)


def test_sentences_end_at_marks_and_headlines_not_at_titles() -> None:
    text = "عنوان قصير\nقال د. علي كلمة. ثم مضى؟ نعم!\nDr. Lee spoke. He left."
    assert sentences(text) == ["عنوان قصير", "قال د. علي كلمة.", "ثم مضى؟", "نعم!", "Dr. Lee spoke.", "He left."]


def test_what_never_ends_is_cut() -> None:
    found = sentences("attack in Mali and " * 2000)
    assert max(map(len, found)) <= 1500
    assert " ".join(found) == ("attack in Mali and " * 2000).strip()
