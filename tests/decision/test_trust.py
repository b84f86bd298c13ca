"""How far the engine may go ahead of people, and when they have found it wrong too often."""

from __future__ import annotations

from typing import Any

import pytest

from tawatur.decision.case import Case, Site
from tawatur.decision.gates import within_trust
from tawatur.decision.model import PRIORS
from tawatur.decision.policy import DEFAULT_POLICY
from tawatur.decision.verdict import Verdict, decide, explain
from tawatur.decision.words import in_words
from tests.decision.crowds import GOOD, LATER, case, crowd, mature
from tests.decision.test_verdict import gate, shut

P = DEFAULT_POLICY
HOLDERS = {f"r{place:05d}": GOOD for place in range(12)}


def reported(site: Site) -> Case:
    return case(crowd(12, "violence", 400), site=site, records=HOLDERS)


def judged(site: Site) -> Verdict:
    return decide(reported(site), P, PRIORS, LATER)


@pytest.mark.parametrize(
    ("blocks", "seen", "action"), [(0, 0, "block"), (1, 0, "blur"), (1, 1, "block"), (9, 8, "blur"), (9, 9, "block")]
)
def test_one_block_a_day_goes_ahead_of_people_and_the_next_is_blurred(blocks: int, seen: int, action: str) -> None:
    verdict = judged(mature(blocks_last_day=blocks, blocks_seen_last_day=seen))
    assert verdict.action == action
    assert shut(verdict) == ([] if action == "block" else ["ahead"])


def test_a_site_whose_people_uphold_many_lets_as_many_go_ahead() -> None:
    busy: dict[str, Any] = {"blocks_upheld": 70, "blocks_rejected": 2}  # five on a mean day
    assert within_trust(P, mature(**busy)) == 5.0
    assert judged(mature(blocks_last_day=4, **busy)).action == "block"
    assert judged(mature(blocks_last_day=5, **busy)).action == "blur"


def test_a_young_site_is_not_held_to_it() -> None:
    assert judged(Site(blocks_last_day=5, blocks_rejected=3)).action == "block"


@pytest.mark.parametrize(
    ("upheld", "rejected", "action"),
    [(0, 1, "blur"), (8, 1, "blur"), (9, 1, "block"), (18, 2, "block"), (17, 2, "blur")],
)
def test_more_than_one_wrong_block_in_ten_stops_them(upheld: int, rejected: int, action: str) -> None:
    verdict = judged(mature(blocks_upheld=upheld, blocks_rejected=rejected))
    assert verdict.action == action
    assert gate(verdict, "trust").holds is (action == "block")
    assert gate(verdict, "trust").actual == rejected


def test_a_blur_is_told_to_be_near_while_a_block_waits_for_a_person() -> None:
    two = case(crowd(1, "violence", 400), site=mature(blocks_rejected=1))
    change = explain(decide(two, P, PRIORS, LATER))["what_would_change_it"]
    assert change["block"] == {"further_voices": None, "with_record": False, "shut": ["trust"]}
    assert change["blur"]["shut"] == []
    assert change["blur"]["further_voices"] in (1, 2)


@pytest.mark.parametrize("lang", ["ar", "en", "fr"])
@pytest.mark.parametrize("more", [{"blocks_last_day": 1}, {"blocks_rejected": 1}])
def test_why_a_person_must_decide_is_said_in_each_language(lang: str, more: dict[str, int]) -> None:
    held, free = (explain(judged(site)) for site in (mature(**more), mature()))
    assert in_words(held, lang) != in_words(free, lang)
