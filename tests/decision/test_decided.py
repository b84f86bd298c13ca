"""What a verdict says, to the letter: each of these falls when one small thing in the deciding changes."""

from __future__ import annotations

from datetime import timedelta
from math import inf, isfinite, log
from typing import Any

import msgspec
import pytest

from tawatur.decision import verdict as engine
from tawatur.decision.case import Case, Record, Site
from tawatur.decision.evidence import claims, gather
from tawatur.decision.model import PRIORS, Model
from tawatur.decision.policy import DEFAULT_POLICY, Policy, Rule
from tawatur.decision.stories import posterior, recalibrated, stray_quantiles, violation_quantiles
from tawatur.decision.verdict import Verdict, decide, explain, look_value, recompute, stored, stories_of
from tests.decision.crowds import GOOD, LATER, case, crowd, mature
from tests.decision.test_verdict import changed, gate, shut

P = DEFAULT_POLICY
STRONG = crowd(12, "violence", 400)


def judged(one: Case, policy: Policy = P, model: Model = PRIORS) -> Verdict:
    return decide(one, policy, model, LATER)


def changes(one: Case, policy: Policy = P) -> dict[str, Any]:
    found: dict[str, Any] = explain(judged(one, policy))["what_would_change_it"]
    return found


# Where nobody reports, and where a person decided.


@pytest.mark.parametrize(("human", "action"), [(None, "allow"), ("rejected", "allow"), ("upheld", "block")])
def test_without_reports_only_a_person_withholds(human: str | None, action: str) -> None:
    verdict = judged(case((), human=human))
    assert (verdict.action, verdict.probability, verdict.queue_value) == (action, 0.0, 0.0)
    assert verdict.review_by is None
    assert verdict.threshold == P.rule("other").block_threshold


@pytest.mark.parametrize("reports", [crowd(1), STRONG])
def test_what_a_person_upheld_is_blocked_for_good_however_few_report(reports: Any) -> None:
    verdict = judged(case(reports, human="upheld"))
    assert (verdict.action, verdict.review_by) == ("block", None)


def test_what_a_person_rejected_asks_again_when_only_the_immunity_holds_a_block_back() -> None:
    def again(**more: Any) -> str:
        return judged(case(STRONG, human="rejected", immune_until=LATER + timedelta(days=1), **more)).action

    assert again() == "review"
    assert again(site=Site(blocks_last_hour=10_000)) == "allow"
    known = {STRONG[0].reporter: GOOD}
    for site in (mature(blocks_last_day=9), mature(blocks_rejected=9)):
        assert judged(case(STRONG, records=known, site=site)).action == "blur"
        assert again(records=known, site=site) == "review", "trust keeps nobody from being asked"
    assert judged(case(crowd(1), human="rejected")).action == "allow"


# Gates.


def test_every_gate_says_what_it_needs_and_what_it_found() -> None:
    verdict = judged(case(crowd(8, "violence", 400)))
    assert [one.name for one in verdict.gates] == [
        "floor",
        "established",
        "record",
        "stakes",
        "immunity",
        "breaker",
        "ahead",
        "trust",
        "guard",
    ]
    assert (gate(verdict, "floor").needed, gate(verdict, "floor").actual) == (P.floor_block, 8.0)


@pytest.mark.parametrize("reasons", [("violence", "spam"), ("terrorism", "violence", "spam")])
def test_several_reasons_must_each_be_carried_by_those_who_name_it(reasons: tuple[str, ...]) -> None:
    reports = tuple(each for reason in reasons for each in crowd(4, reason, 400, reason))
    verdict = judged(case(reports))
    own = gate(verdict, "reason")
    assert own.needed == pytest.approx(verdict.threshold)
    assert own.actual is not None
    assert own.holds == (own.actual >= verdict.threshold)
    assert own.actual <= verdict.probability


def test_a_blur_needs_no_record() -> None:
    blurred = judged(case(crowd(4, "violence", 400), 20, site=mature()))
    assert shut(blurred) == ["record", "guard"]
    assert blurred.action == "blur"


def test_three_people_of_unknown_age_are_just_enough_for_a_blur() -> None:
    """Each counts half towards the 1.5 that it takes, and none holds anything up yet."""
    assert judged(case(crowd(2, "violence"), 20)).action == "review"
    assert judged(case(crowd(3, "violence"), 20)).action == "blur"


# The reason that is told, and whether a person is asked.


def test_the_reason_nearest_to_a_block_is_told() -> None:
    """By P h / ((1 - P) C), which neither the likelier nor the graver reason alone decides."""
    rules = {
        "violence": Rule(harm=2.0, cost_block=4.0, blur=False),
        "spam": Rule(harm=3.0, cost_block=3000.0, blur=False),
    }
    both = crowd(2, "violence", 400, "v") + crowd(4, "spam", 400, "s")
    policy = msgspec.structs.replace(P, reasons=rules, floor_block=50.0)
    found = {one.reason: one for one in claims(gather(case(both), policy, LATER), case(both), policy, PRIORS, LATER)}

    def worth(reason: str) -> float:
        chance, rule = found[reason].probability, policy.rule(reason)
        return log(chance / (1.0 - chance) * rule.harm / rule.cost_block)

    assert found["spam"].probability > found["violence"].probability
    assert worth("violence") > worth("spam")
    assert judged(case(both), policy).reason == "violence"
    dear = {**rules, "violence": Rule(harm=2.0, cost_block=4e6, blur=False)}
    assert judged(case(both), msgspec.structs.replace(policy, reasons=dear)).reason == "spam"
    for reason in ("violence", "spam"):
        assert engine._log_worth(found[reason]) == pytest.approx(worth(reason))


@pytest.mark.parametrize("chance", [0.0, 1.0])
def test_no_certainty_is_too_much_for_the_order(chance: float) -> None:
    one = case(crowd(2))
    (claim,) = claims(gather(one, P, LATER), one, P, PRIORS, LATER)
    assert isfinite(engine._log_worth(claim._replace(probability=chance)))
    assert engine._log_worth(claim._replace(probability=1e-9)) < engine._log_worth(claim)


@pytest.mark.parametrize(("least", "action"), [(0.0, "review"), (0.999, "allow")])
def test_a_person_is_asked_from_a_probability_on(least: float, action: str) -> None:
    one = case(crowd(1), 300)
    assert judged(one, msgspec.structs.replace(P, review_from=least)).action == action
    exactly = msgspec.structs.replace(P, review_from=judged(one).probability)
    assert judged(one, exactly).action == "review"


# What a look is worth, and by when.


def test_a_look_is_worth_what_the_state_the_rule_and_the_views_say() -> None:
    learned = msgspec.structs.replace(PRIORS, median_views=77.0)
    for one, model, pace in [
        (case(crowd(1), views_per_day=9.0), learned, 9.0),
        (case(crowd(1)), learned, 77.0),
        (case(crowd(1)), PRIORS, P.default_views),
        (case(crowd(4, "violence", 400), 20, views_per_day=9.0), PRIORS, 9.0),
        (case(STRONG, views_per_day=9.0), PRIORS, 9.0),
    ]:
        verdict = judged(one, model=model)
        rule = P.rule("violence")
        cost = rule.cost_blur if verdict.action == "blur" else rule.cost_block
        state: Any = {"blur": "blurred", "block": "blocked"}.get(verdict.action, "visible")
        expected = look_value(verdict.probability, rule.harm, cost, pace, state, 0.0)
        assert verdict.queue_value == pytest.approx(expected)
        withheld = verdict.action in ("blur", "block")
        hours = timedelta(hours=P.review_within_hours)
        assert verdict.review_by == (LATER + hours if withheld else None)
    assert judged(case(crowd(4, "violence", 400), 20)).action == "blur"


# What would change it.


def test_from_a_visible_picture_a_blur_is_nearer_than_a_block() -> None:
    found = changes(case(crowd(2, "violence", 400), 250))
    assert found["release"] is None
    assert 0 < found["blur"]["further_voices"] < found["block"]["further_voices"]


def test_a_blurred_picture_tells_of_the_block_and_of_its_release() -> None:
    blurred = case(crowd(4, "violence", 400), 20)
    assert judged(blurred).action == "blur"
    found = changes(blurred)
    assert found["blur"] is None
    assert found["block"]["further_voices"] == 1
    assert found["release"]["withdrawn_voices"] > 0


def test_a_blocked_picture_tells_of_its_release_alone() -> None:
    found = changes(case(STRONG))
    assert (found["block"], found["blur"]) == (None, None)
    assert found["release"]["withdrawn_voices"] > 0


def test_where_the_rule_has_no_blur_none_is_told_and_where_a_block_comes_first_it_is_told_for_both() -> None:
    doubtful = case(crowd(2, "violence", 400), 250)
    assert changes(doubtful, changed("violence", blur=False))["blur"] is None
    found = changes(doubtful, changed("violence", cost_blur=1e9))
    assert found["blur"]["further_voices"] == found["block"]["further_voices"]
    assert found["blur"]["further_voices"] is not None


def test_nobody_reports_and_the_rule_for_other_says_whether_there_could_be_a_blur() -> None:
    assert changes(case((), 40))["blur"]["further_voices"] > 0
    assert changes(case((), 40), changed("other", blur=False))["blur"] is None


def test_the_next_must_have_a_record_only_where_there_is_a_pool_and_nobody_else_opens_the_gate() -> None:
    for recorded, needed in [(P.record_pool - 1, False), (P.record_pool, True), (P.record_pool + 1, True)]:
        site = msgspec.structs.replace(mature(), recorded=recorded)
        assert changes(case(crowd(3, "violence", 400), site=site))["block"]["with_record"] is needed
    held = case(crowd(3, "violence", 400), site=mature(), records={"r00000": GOOD})
    assert changes(held)["block"]["with_record"] is False
    busy = msgspec.structs.replace(GOOD, supports=99)
    staked = case(STRONG, site=mature(), records={"r00000": busy})
    assert shut(judged(staked)) == ["stakes"]
    assert changes(staked)["block"] == {"further_voices": 1, "with_record": True, "shut": []}


def test_a_shut_gate_that_no_report_opens_is_told_instead_of_a_number() -> None:
    for more in ({"immune_until": LATER + timedelta(days=1)}, {"site": Site(blocks_last_hour=10_000)}):
        found = changes(case(crowd(2, "violence", 400), **more))
        for step in ("block", "blur"):
            assert found[step]["further_voices"] is None
            assert found[step]["with_record"] is False
            assert found[step]["shut"]


def test_the_strongest_voices_are_those_whose_withdrawal_ends_it() -> None:
    weak = {f"r{place:05d}": Record(rejected={"violence": 30.0}, confirmed_reports=1) for place in range(6)}
    mixed = case((*crowd(6, "violence", 400), *crowd(6, "violence", 400, "s")), records=weak)
    assert judged(mixed).action in ("blur", "block")
    count = changes(mixed)["release"]["withdrawn_voices"]
    strong = case(crowd(6, "violence", 400, "s"))
    assert count <= changes(strong)["release"]["withdrawn_voices"] + 1 < 6


# Stories.


def test_as_many_people_saw_a_picture_as_reported_it_at_least() -> None:
    assert posterior(5.0, 2.0, 0.0, 0, 0, PRIORS) == posterior(5.0, 5.0, 0.0, 0, 0, PRIORS)
    assert posterior(0.4, 0.0, 0.0, 0, 0, PRIORS) == posterior(0.4, 1.0, 0.0, 0, 0, PRIORS)
    assert posterior(5.0, 9.0, 0.0, 0, 0, PRIORS) != posterior(5.0, 5.0, 0.0, 0, 0, PRIORS)
    assert posterior(0.4, 2.0, 0.0, 0, 0, PRIORS) != posterior(0.4, 1.0, 0.0, 0, 0, PRIORS)


def test_stories_stay_shares_where_numbers_end() -> None:
    assert recalibrated([0.0, 2.0, 1.0, 1.0], PRIORS) == (0.0, 0.5, 0.25, 0.25)
    assert recalibrated([0.5, 0.0, 0.0, 0.0], PRIORS) == (1.0, 0.0, 0.0, 0.0)
    assert recalibrated([0.5, 0.0, 0.5, 0.0], PRIORS) == pytest.approx((0.5, 0.0, 0.5, 0.0))
    assert recalibrated([5e-324, 0.0, 0.5, 0.5], PRIORS) == pytest.approx((0.0, 0.0, 0.5, 0.5))
    steep = msgspec.structs.replace(PRIORS, recalibration_b=1.6)
    assert recalibrated([5e-324, 0.0, 0.5, 0.5], steep) == (0.0, 0.0, 0.5, 0.5)
    for voices, views in ((0.0, 1e6), (5000.0, 1e6), (1e5, 1e5)):
        assert sum(posterior(voices, views, 0.0, 0, 0, PRIORS)) == pytest.approx(1.0)


def test_an_explanation_says_what_the_verdict_said() -> None:
    verdict = judged(case(STRONG))
    told = explain(verdict)
    assert told["probability"] == verdict.probability
    assert told["queue_value"] == verdict.queue_value
    assert told["review_by"] == (LATER + timedelta(hours=P.review_within_hours)).isoformat()
    assert (told["at"], told["policy"], told["model"]) == (LATER.isoformat(), "default-1", "priors-1")
    assert told["stories"]["violation"] == pytest.approx(verdict.probability)
    assert stories_of(verdict)._asdict() == told["stories"]
    silent = explain(judged(case((), 40)))
    assert silent["stories"] == posterior(0.0, 40.0, 0.0, 0, 0, PRIORS)._asdict()
    assert silent["review_by"] is None


def test_what_a_verdict_was_computed_from_is_kept_and_gives_it_again() -> None:
    verdict = decide(case(STRONG), msgspec.structs.replace(P, stakes=3), PRIORS, LATER)
    kept = stored(verdict)
    assert set(kept) == {"case", "policy", "model", "at"}
    assert kept["at"] == LATER.isoformat()
    assert kept["policy"]["stakes"] == 3
    assert len(kept["case"]["reports"]) == len(STRONG)
    assert recompute(kept) == verdict


def test_quantiles_are_counts_below_which_that_share_stays() -> None:
    """A geometric count (shape 1) of mean m stays below k with probability 1 - (m / (1 + m))^k."""
    model = msgspec.structs.replace(PRIORS, stray_shape=1.0, stray_rate=0.004)
    mean = 0.004 * 1000.0
    for share in (0.1, 0.5, 0.9, 0.95):
        (found,) = stray_quantiles(1000.0, (share,), model)
        assert 1.0 - (mean / (1.0 + mean)) ** found < share <= 1.0 - (mean / (1.0 + mean)) ** (found + 1)
    assert stray_quantiles(1000.0, (0.9, 0.1), model) == tuple(
        stray_quantiles(1000.0, (share,), model)[0] for share in (0.1, 0.9)
    )
    least, most = violation_quantiles(300.0, (0.25, 0.75), PRIORS)
    assert 0 < least < most < inf
