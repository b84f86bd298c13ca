"""The explanation holds every number, is computed and not canned, and reads well in three languages."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from hypothesis import given, settings

from tawatur.decision.case import Case, Pair, Record
from tawatur.decision.model import PRIORS
from tawatur.decision.nearby import fewest, joined_by, left_by
from tawatur.decision.policy import DEFAULT_POLICY
from tawatur.decision.verdict import Verdict, decide, explain
from tawatur.decision.words import LANGUAGES, TEXTS, in_words, plural
from tests.decision.crowds import GOOD, LATER, any_case, case, crowd, mature, report

P = DEFAULT_POLICY
KEYS = {"stories", "reports", "voices", "discounted", "newcomers", "with_record", "on_probation", "views", "reason"}
KEYS |= {"expected_if_violating", "expected_if_fine", "threshold", "gates", "what_would_change_it", "review_by"}


def judged(one: Case) -> Verdict:
    return decide(one, P, PRIORS, LATER)


def explained(one: Case) -> dict[str, object]:
    return explain(judged(one))


@settings(max_examples=40)
@given(any_case())
def test_it_is_complete_and_ready_for_json_and_for_reading(one: Case) -> None:
    found = explained(one)
    assert set(found) >= KEYS
    assert json.loads(json.dumps(found)) == found
    assert sum(found["stories"].values()) == pytest.approx(1.0)  # type: ignore[attr-defined]
    for lang in (*LANGUAGES, "xx"):
        words = in_words(found, lang)
        assert words
        assert "{" not in words
        assert "None" not in words


def test_it_counts_who_is_new_known_on_probation_and_muted() -> None:
    records = {
        "r00000": GOOD,
        "r00001": Record(probation_until=LATER + timedelta(days=3)),
        "r00002": Record(muted=True),
    }
    found = explained(case((*crowd(4, "violence", 400), report("n", "violence", 9, 2)), records=records))
    assert (found["reports"], found["newcomers"], found["with_record"]) == (4, 1, 1)
    assert (found["on_probation"], found["muted"]) == (1, 1)


@pytest.mark.parametrize(
    ("signals", "why"),
    [
        ({"device": "d"}, "device"),
        ({"network": "d"}, "network"),
        ({"referrer": "d"}, "referrer"),
        ({"age": 1}, "cohort"),
    ],
)
def test_a_discount_names_the_link_that_took_most(signals: dict[str, object], why: str) -> None:
    found = explained(case(crowd(2, "violence", 400, "z") + crowd(5, "violence", **signals)))  # type: ignore[arg-type]
    assert found["discounted"] == [{"count": 4, "why": why}]


def test_discounts_by_a_shared_past() -> None:
    errors, company = Pair("r00000", "r00001", 1, 2), Pair("r00002", "r00003", 30, 0)
    assert explained(case(crowd(4), pairs=(errors, company)))["discounted"] == [
        {"count": 1, "why": "shared_errors"},
        {"count": 1, "why": "co_reports"},
    ]


# What would change it.


def changes(one: Case) -> dict[str, dict[str, object] | None]:
    return explained(one)["what_would_change_it"]  # type: ignore[return-value]


@settings(max_examples=25)
@given(any_case())
def test_the_number_of_further_voices_is_exact(one: Case) -> None:
    verdict = judged(one)
    block = explain(verdict)["what_would_change_it"]["block"]
    if block is None or not block["further_voices"]:
        return
    count, recorded = block["further_voices"], one.site.recorded >= P.record_pool
    for more, action in [(count, True), (count - 1, False)]:
        nearby = joined_by(one, more, verdict.reason or "other", P, LATER, recorded=recorded)
        if more:
            assert (judged(nearby).action == "block") is action


def test_a_shut_gate_is_named_instead() -> None:
    shut = {"further_voices": None, "with_record": False}
    assert changes(case(crowd(9), immune_until=LATER + timedelta(days=1)))["block"] == {**shut, "shut": ["immunity"]}
    assert changes(case(crowd(9), human="rejected"))["block"] == {**shut, "shut": ["human"]}


def test_where_only_a_record_is_missing_one_person_with_a_record_is_enough() -> None:
    expected = {"further_voices": 1, "with_record": True, "shut": []}
    assert changes(case(crowd(9), site=mature()))["block"] == expected


def test_a_block_says_how_many_would_have_to_withdraw() -> None:
    start = case(crowd(8, "violence", 400))
    release = changes(start)["release"]
    assert release is not None
    count = int(release["withdrawn_voices"])  # type: ignore[call-overload]
    names = [one.reporter for one in start.reports]
    assert judged(left_by(start, names[:count])).action != "block"
    assert judged(left_by(start, names[: count - 1])).action == "block"
    assert changes(case(crowd(8), human="upheld"))["release"] is None


@pytest.mark.parametrize("least", [1, 2, 3, 64, 100, 255, 256])
def test_the_fewest_are_found(least: int) -> None:
    assert fewest(lambda count: count >= least) == least


def test_and_none_where_no_number_is_enough() -> None:
    assert fewest(lambda count: count >= 257) is None


# In words.


@pytest.mark.parametrize(
    ("number", "category"),
    [(0, "zero"), (1, "one"), (2, "two"), (3, "few"), (10, "few"), (11, "many"), (99, "many"), (100, "other"),
     (101, "other"), (102, "other"), (103, "few"), (110, "few"), (111, "many"), (1000, "other")],
)  # fmt: skip
def test_arabic_has_six_plurals(number: int, category: str) -> None:
    assert plural(number, "ar") == category


def test_reports_are_counted_as_an_arabic_editor_would() -> None:
    counted = [TEXTS["ar"].reports.of(number, "ar") for number in (0, 1, 2, 3, 11, 100, 103, 1200)]
    assert counted == [
        "لا بلاغات", "بلاغ واحد", "بلاغان", "3 بلاغات", "11 بلاغًا", "100 بلاغ", "103 بلاغات", "1,200 بلاغ",
    ]  # fmt: skip


def a_mixed_case() -> dict[str, object]:
    return explained(case(crowd(4, "violence", 400) + crowd(5, "violence", 3, "s", device="d", network="n"), 190))


def test_in_english() -> None:
    assert in_words(a_mixed_case(), "en") == (
        "9 reports from about 5 independent people in 190 views; for a violating image we would expect 3 to 18, for an "
        "ordinary one at most 1. 4 reports counted for less: the same device as an earlier one. It would take 7 more "
        "independent people to block it."
    )


def test_in_arabic() -> None:
    assert in_words(a_mixed_case(), "ar") == (
        "9 بلاغات من نحو 5 أشخاص مستقلين مقابل 190 مشاهدة؛ ولو كانت الصورة مخالفة لكان المتوقع من 3 إلى 18 بلاغًا، ولو "
        "كانت عادية لكان المتوقع بلاغًا واحدًا على الأكثر. خُفِّض وزن 4 بلاغات: من جهاز سبق الإبلاغ منه. يتطلب حجبها "
        "بلاغات من 7 أشخاص مستقلين آخرين."
    )


def test_in_french() -> None:
    assert in_words(a_mixed_case(), "fr") == (
        "9 signalements provenant d’environ 5 personnes indépendantes pour 190 vues\u202f; nombre attendu\u00a0: de 3 "
        "à 18 pour une image contraire aux règles, 1 au plus pour une image ordinaire. 4 signalements de "
        "moindre poids\u00a0: même appareil qu’un signalement précédent. "
        "Pour la bloquer, il faudrait 7 personnes indépendantes de plus."
    )


def test_every_state_has_its_words() -> None:
    said = {
        in_words(explained(one), "en").rsplit(". ", 1)[-1]
        for one in (
            case(()),
            case((), human="upheld"),
            case(crowd(9)),
            case(crowd(9), human="upheld"),
            case(crowd(9), human="rejected"),
            case(crowd(9), immune_until=LATER + timedelta(1)),
            case(crowd(9), site=mature(blocks_last_hour=99)),
            case(crowd(9), site=mature()),
            case(crowd(2), 10_000_000),
        )
    }
    assert len(said) == 8, said  # upheld reads the same with reports and without
