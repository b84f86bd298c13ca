"""The properties of decision.md, section 6, on any case that can be thought of."""

from __future__ import annotations

import json
from datetime import timedelta

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tawatur.decision.case import Case, Record, Report, Site
from tawatur.decision.evidence import claims, gather
from tawatur.decision.gates import may_withhold
from tawatur.decision.guard import needed_beyond_strays
from tawatur.decision.model import PRIORS, Model
from tawatur.decision.policy import DEFAULT_POLICY, REASONS
from tawatur.decision.verdict import Verdict, decide, explain, recompute, stored
from tests.decision.crowds import GOOD, LATER, NOON, any_case, any_record, any_report, case, crowd, mature, report

P = DEFAULT_POLICY
SEVERITY = {"allow": 0, "review": 1, "blur": 2, "block": 3}
CLOSE = 1e-9


def voices_of(one: Case) -> float:
    """The voices of all who report, whatever they name."""
    found = claims(gather(one, P, LATER), one, P, PRIORS, LATER)
    return max((claim.voices for claim in found), default=0.0)


def judged(one: Case, model: Model = PRIORS) -> Verdict:
    return decide(one, P, model, LATER)


def essence(verdict: Verdict) -> tuple[object, ...]:
    """Everything that a verdict says, without the case that it was said of."""
    said = (verdict.action, verdict.reason, verdict.probability, verdict.threshold, verdict.voices, verdict.gates)
    return (*said, verdict.queue_value, verdict.review_by)


def and_then(one: Case, more: Report, record: Record | None = None) -> Case:
    reports = (*one.reports, more)
    records = one.records if record is None else {**one.records, "zz": record}
    people = dict(one.network_people)
    network = more.network
    if network is not None and (record is None or record.reported <= 1):
        people[network] = people.get(network, 0) + 1  # whoever was never seen before is now
    return msgspec.structs.replace(one, reports=reports, records=records, network_people=people)


# 1. Adding a report.


@settings(max_examples=100)
@given(any_case(), any_report("zz"), any_record())
def test_a_further_report_of_any_kind_never_lowers_the_voices(one: Case, more: Report, record: Record) -> None:
    later = msgspec.structs.replace(more, at=NOON + timedelta(minutes=40))
    assert voices_of(and_then(one, later, record)) >= voices_of(one) - CLOSE


@settings(max_examples=25)
@given(any_case(most=32), any_report("zz"))
def test_nor_among_many(one: Case, more: Report) -> None:
    later = msgspec.structs.replace(more, at=NOON + timedelta(minutes=40))
    assert voices_of(and_then(one, later)) >= voices_of(one) - CLOSE


@settings(max_examples=150)
@given(any_case(), st.sampled_from(REASONS), st.one_of(st.none(), st.floats(14, 4000)), st.booleans())
def test_an_established_unlinked_person_never_lowers_the_probability_or_undoes_an_action(
    one: Case, reason: str, age: float | None, recorded: bool
) -> None:
    more = and_then(one, report("zz", reason, 40, age), GOOD if recorded else None)
    before, after = judged(one), judged(more)
    assert after.probability >= before.probability - CLOSE
    assert SEVERITY[after.action] >= SEVERITY[before.action]


@settings(max_examples=150)
@given(any_case(), st.sampled_from([1.0, 1.5, 2.0, 4.0]), st.sampled_from([1.0, 3.0]))
def test_too_few_reports_withhold_nothing_whoever_makes_them(one: Case, blur: float, block: float) -> None:
    easy = {reason: msgspec.structs.replace(rule, harm=1000.0) for reason, rule in P.reasons.items()}
    policy = msgspec.structs.replace(P, floor_blur=blur, floor_block=block, established=0.0, reasons=easy)
    withheld = decide(one, policy, PRIORS, LATER).action in ("blur", "block")
    assert may_withhold(len(one.reports), policy) or not withheld


def test_just_enough_reports_may_withhold() -> None:
    two = case(crowd(2, "terrorism", 400), 10)
    assert judged(two).action == "blur"
    assert may_withhold(2, P)
    assert not may_withhold(1, P)


@settings(max_examples=80)
@given(st.integers(1, 60), st.integers(0, 400), st.sampled_from(["violence", "spam", "terrorism"]))
def test_unanimity_does_not_look_like_a_campaign(count: int, views: int, reason: str) -> None:
    before = judged(case(crowd(count, reason, 400), views))
    after = judged(case(crowd(count + 1, reason, 400), views))
    assert after.probability >= before.probability - CLOSE


@settings(max_examples=80)
@given(any_case(), st.floats(0.05, 8), st.floats(14, 900))
def test_a_bad_record_cannot_protect_an_image_by_reporting_it(one: Case, rejected: float, age: float) -> None:
    bad = Record(rejected={"violence": rejected}, reported=9)
    after = judged(and_then(one, report("zz", "violence", 40, age), bad))
    assert after.probability >= judged(one).probability - CLOSE


# 2. and 3. Order, repetition, one person.


@settings(max_examples=40)
@given(any_case(most=30), st.randoms(use_true_random=False))
def test_the_order_of_delivery_means_nothing(one: Case, chance: object) -> None:
    together = [msgspec.structs.replace(each, at=NOON) for each in one.reports]
    shuffled = list(together)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    first = judged(msgspec.structs.replace(one, reports=tuple(together)))
    second = judged(msgspec.structs.replace(one, reports=tuple(shuffled)))
    assert essence(first) == essence(second)


@settings(max_examples=60)
@given(any_case(), st.integers(1, 5), st.sampled_from(REASONS))
def test_one_person_counts_once_however_often_and_whatever_they_say(one: Case, times: int, reason: str) -> None:
    again = tuple(
        msgspec.structs.replace(each, reason=reason, at=each.at + timedelta(minutes=minute + 1), device=f"d{minute}")
        for each in one.reports[:1]
        for minute in range(times)
    )
    twice = msgspec.structs.replace(one, reports=one.reports + again)
    assert essence(judged(twice)) == essence(judged(one))


def test_reporting_withdrawing_and_reporting_again_changes_nothing() -> None:
    start = case(crowd(3, "violence", 400))
    more = report("zz", "violence", 10, 400)
    with_it = and_then(start, more)
    without = msgspec.structs.replace(with_it, reports=with_it.reports[:-1])
    assert explain(judged(without)) == explain(judged(start))
    assert explain(judged(and_then(without, more))) == explain(judged(with_it))


@settings(max_examples=60)
@given(any_case())
def test_a_muted_reporter_changes_nothing(one: Case) -> None:
    heard = judged(and_then(one, report("zz", "violence", 5, 400), Record(muted=True)))
    assert essence(heard) == essence(judged(one))


# 4. The record gate.


@settings(max_examples=100)
@given(st.integers(1, 300), st.sampled_from(REASONS), st.one_of(st.none(), st.floats(0, 4000)), st.integers(0, 500))
def test_without_a_record_nobody_blocks_once_there_are_records(
    count: int, reason: str, age: float | None, views: int
) -> None:
    verdict = judged(case(crowd(count, reason, age), views, site=mature()))
    assert verdict.action != "block"
    with_one = case(crowd(count, reason, age), views, site=mature(), records={"r00000": GOOD})
    assert SEVERITY[judged(with_one).action] >= SEVERITY[verdict.action]


# 5. The anytime guarantee.


@pytest.mark.parametrize("rho0", [0.006, 0.002])
def test_legitimate_images_are_hardly_ever_blocked_however_long_one_watches_and_whoever_helps(rho0: float) -> None:
    """2,000 honest viewers report with probability rho0; an attacker adds the B strongest reports at the worst moment,
    which is whenever they help, and the case is decided anew after every view."""
    lives, views = 20_000, 2_000
    honest = np.random.default_rng(5).random((lives, views)) < rho0
    counts = honest.cumsum(axis=1, dtype=np.int16)
    seen = np.arange(1, views + 1)
    least = np.asarray([needed_beyond_strays(float(n), P.guard_rho0, P.guard_alpha) for n in seen])
    ever = (counts >= least[None, :]).any(axis=1).mean()
    slack = 3 * np.sqrt(P.guard_alpha * (1 - P.guard_alpha) / lives)
    assert ever <= P.guard_alpha + slack


def test_the_whole_engine_keeps_the_guarantee_against_two_adaptive_outsiders() -> None:
    """The same through decide(): the two outsiders are there from the start, which is never worse for them."""
    chance = np.random.default_rng(11)
    outsiders = crowd(P.guard_reports, "hate", 400, "out")
    blocked = lives = 0
    for _ in range(400):
        lives += 1
        reports = outsiders
        for view in np.flatnonzero(chance.random(1500) < P.guard_rho0):
            reports = (*reports, report(f"v{view:05d}", "hate", int(view), 400))
            if judged(case(reports, int(view) + 1)).action == "block":
                blocked += 1
                break
    assert blocked / lives <= P.guard_alpha + 3 * np.sqrt(P.guard_alpha / lives)


# 6. A verdict can be computed again.


@settings(max_examples=40)
@given(any_case(most=30))
def test_recomputing_from_what_is_stored_gives_the_same(one: Case) -> None:
    verdict = judged(one)
    kept = json.loads(json.dumps(stored(verdict)))
    again = recompute(kept)
    assert again == verdict
    assert json.loads(json.dumps(explain(again))) == json.loads(json.dumps(explain(verdict)))


# 7. Human beats machine.


@settings(max_examples=60)
@given(any_case(), st.booleans())
def test_nothing_automatic_overrides_a_person(one: Case, immune: bool) -> None:
    until = LATER + timedelta(hours=24) if immune else None
    rejected = judged(msgspec.structs.replace(one, human="rejected", immune_until=until))
    assert rejected.action in ("allow", "review")
    assert rejected.review_by is None
    upheld = judged(msgspec.structs.replace(one, human="upheld"))
    assert upheld.action == "block"
    assert upheld.review_by is None


def test_heavy_new_evidence_after_a_rejection_asks_a_person_again_and_light_evidence_does_not() -> None:
    until = LATER + timedelta(hours=24)
    heavy = case(crowd(12, "violence", 400), 40, human="rejected", immune_until=until)
    light = case(crowd(2, "violence", 400), 40, human="rejected", immune_until=until)
    assert judged(heavy).action == "review"
    assert judged(light).action == "allow"


# Which reason governs.


@settings(max_examples=80)
@given(st.integers(1, 12), st.integers(0, 300))
def test_one_voice_crying_terrorism_does_not_lower_the_bar_for_a_crowd_that_says_spam(count: int, views: int) -> None:
    spam = crowd(count, "spam", 400)
    cried = (*spam, report("zz", "terrorism", 40, 400))
    said = (*spam, report("zz", "spam", 40, 400))
    assert judged(case(cried, views)).action == "block" or judged(case(said, views)).action != "block"
    if judged(case(cried, views)).action == "block":
        assert judged(case(said, views)).action == "block"


@settings(max_examples=80)
@given(any_case(), st.integers(1, 8))
def test_naming_a_milder_reason_never_undoes_a_block(one: Case, count: int) -> None:
    milder = tuple(report(f"z{place}", "spam", 40 + place, 400) for place in range(count))
    before = judged(one)
    after = judged(msgspec.structs.replace(one, reports=one.reports + milder))
    assert SEVERITY[after.action] >= SEVERITY[before.action]


def test_site_numbers_default_to_a_young_site() -> None:
    assert Site().recorded < P.record_pool
