"""What is blocked, blurred, reviewed and allowed, gate by gate."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from tawatur.decision.case import Case, Pair, Record, Report, Site
from tawatur.decision.gates import Gate
from tawatur.decision.guard import needed_beyond_strays
from tawatur.decision.model import PRIORS
from tawatur.decision.policy import DEFAULT_POLICY, Policy, Rule
from tawatur.decision.verdict import Verdict, decide, look_value
from tests.decision.crowds import GOOD, LATER, NOON, case, crowd, mature, report

P = DEFAULT_POLICY


def judged(one: Case, policy: Policy = P) -> Verdict:
    return decide(one, policy, PRIORS, LATER)


def gate(verdict: Verdict, name: str) -> Gate:
    return next(one for one in verdict.gates if one.name == name)


def changed(reason: str, **rule: Any) -> Policy:
    rules = {**P.reasons, reason: msgspec.structs.replace(P.rule(reason), **rule)}
    return msgspec.structs.replace(P, reasons=rules)


def test_nobody_reports() -> None:
    verdict = judged(case(()))
    assert (verdict.action, verdict.reason, verdict.voices, verdict.gates) == ("allow", None, 0.0, ())


def test_a_block_is_provisional_and_says_until_when_and_under_what() -> None:
    verdict = judged(case(crowd(8, "violence", 400)))
    assert verdict.action == "block"
    assert verdict.review_by == LATER + timedelta(hours=24)
    assert (verdict.reason, verdict.voices) == ("violence", 8.0)
    assert verdict.threshold == pytest.approx(10 / 12)
    assert (verdict.policy, verdict.model) == ("default-1", "priors-1")
    assert all(one.holds for one in verdict.gates)


def test_one_stray_report_goes_to_the_queue_and_withholds_nothing() -> None:
    for reason in P.reasons:
        assert judged(case((report("a", reason),), 200)).action == "review"


@pytest.mark.parametrize(("reason", "threshold"), [("spam", 10 / 11), ("hate", 10 / 12), ("terrorism", 10 / 15)])
def test_the_threshold_is_cost_over_cost_and_harm(reason: str, threshold: float) -> None:
    assert judged(case(crowd(2, reason))).threshold == pytest.approx(threshold)


def test_a_reason_that_the_policy_does_not_know_is_judged_as_other() -> None:
    assert judged(case(crowd(3, "bad_taste"))).threshold == pytest.approx(10 / 11)


# The gates, one by one: each case would be blocked but for one.


def shut(verdict: Verdict) -> list[str]:
    return [one.name for one in verdict.gates if not one.holds]


def test_the_floor_rises_with_views_and_with_the_shields() -> None:
    assert gate(judged(case(crowd(9, "terrorism", 400), 250_000)), "floor").needed == 10.0
    raised = judged(case(crowd(8, "terrorism", 400), 40, floor_raise=3.0))
    assert shut(raised) == ["floor"]
    assert raised.action == "blur"
    assert judged(case(crowd(9, "terrorism", 400), 40, floor_raise=3.0)).action == "block"


def test_newcomers_alone_block_nothing_however_strange_they_are_to_each_other() -> None:
    fresh = tuple(report(f"f{place}", "terrorism", place, age=0.01 + 3 * (place % 4)) for place in range(40))
    assert judged(case(fresh)).action == "review"
    assert "established" in shut(judged(case(fresh)))


def test_a_newcomer_with_two_confirmed_reports_is_established() -> None:
    fresh = crowd(4, "terrorism", 3.0)
    spread = tuple(
        msgspec.structs.replace(one, account_created_at=NOON - timedelta(days=3 * k)) for k, one in enumerate(fresh)
    )
    known = {one.reporter: Record(confirmed={"spam": 1.0}, confirmed_reports=2) for one in spread}
    assert judged(case(spread)).action == "review"
    assert judged(case(spread, records=known)).action == "block"


def test_age_is_what_it_was_when_the_report_was_made() -> None:
    fresh = case(crowd(9, "terrorism", 3.0))
    a_year_on = decide(fresh, P, PRIORS, LATER + timedelta(days=365))
    assert a_year_on.action == judged(fresh).action == "review"


def test_once_there_are_records_one_of_the_reporters_must_have_one() -> None:
    reports = crowd(12, "violence", 400)
    assert shut(judged(case(reports, site=mature()))) == ["record"]
    assert judged(case(reports, site=mature(), records={"r00003": GOOD})).action == "block"
    for bad in (
        msgspec.structs.replace(GOOD, probation_until=LATER + timedelta(days=1)),
        msgspec.structs.replace(GOOD, rejected={"violence": 9.0}),
    ):
        assert "record" in shut(judged(case(reports, site=mature(), records={"r00003": bad})))


def test_a_record_supports_two_unreviewed_blocks_at_a_time() -> None:
    reports = crowd(12, "violence", 400)
    for supports, action in [(0, "block"), (1, "block"), (2, "blur")]:
        holder = msgspec.structs.replace(GOOD, supports=supports)
        verdict = judged(case(reports, site=mature(), records={"r00003": holder}))
        assert verdict.action == action
    assert shut(verdict) == ["stakes"]


def test_on_a_young_site_the_same_few_people_can_hold_up_ten_blocks() -> None:
    reports = crowd(8, "violence", 400)
    busy = {one.reporter: Record(supports=10) for one in reports}
    assert shut(judged(case(reports, records=busy))) == ["stakes"]
    less = {one.reporter: Record(supports=9) for one in reports}
    assert judged(case(reports, records=less)).action == "block"


def test_who_holds_up_five_withheld_pictures_carries_no_further_blur() -> None:
    reports = crowd(4, "violence", 400)
    site = mature()
    for record, action in [
        (Record(blurs=4), "blur"),
        (Record(blurs=5), "review"),
        (Record(supports=2, blurs=3), "review"),
        (Record(supports=4), "blur"),
    ]:
        held = {one.reporter: record for one in reports}
        assert judged(case(reports, 20, site=site, records=held)).action == action, record
    two_free = {one.reporter: Record(blurs=99) for one in reports[2:]}
    assert judged(case(reports, 20, site=site, records=two_free)).action == "blur", "as many as it takes are free"


def test_before_there_are_records_the_same_few_people_can_hold_up_ten_blurs() -> None:
    reports = crowd(4, "violence", 400)
    for blurs, action in [(9, "blur"), (10, "review")]:
        held = {one.reporter: Record(blurs=blurs) for one in reports}
        assert judged(case(reports, 20, records=held)).action == action


def test_the_guard_sets_two_voices_aside_and_weighs_the_rest_against_the_views() -> None:
    verdict = judged(case(crowd(4, "violence", 400), 20))
    assert shut(verdict) == ["guard"]
    assert verdict.action == "blur"
    assert gate(verdict, "guard").actual == pytest.approx(2.0)
    assert gate(verdict, "guard").needed == pytest.approx(needed_beyond_strays(20.0, 0.006, 0.01))
    assert judged(case(crowd(4, "violence", 400), 20), changed("violence", guard=False)).action == "block"
    assert judged(case(crowd(5, "violence", 400), 20)).action == "block"


def test_without_views_there_is_no_guard() -> None:
    assert gate(judged(case(crowd(6, "violence", 400), None)), "guard").needed is None


def test_the_gravest_reasons_are_guarded_only_where_people_have_records() -> None:
    reports = crowd(6, "terrorism", 400)
    assert gate(judged(case(reports, 9000)), "guard").needed is None
    guarded = gate(judged(case(reports, 9000, site=mature())), "guard")
    assert guarded.needed is not None
    assert not guarded.holds


def test_nothing_is_withheld_while_immune_and_everything_after() -> None:
    reports = crowd(9, "violence", 400)
    assert judged(case(reports, immune_until=LATER + timedelta(seconds=1))).action == "review"
    assert judged(case(reports, immune_until=LATER)).action == "block"


def test_far_more_blocks_than_usual_send_cases_to_people() -> None:
    reports = crowd(9, "violence", 400)
    for last_hour, usual, action in [(29, 0.0, "block"), (30, 0.0, "review"), (49, 5.0, "block"), (50, 5.0, "review")]:
        site = Site(blocks_last_hour=last_hour, usual_blocks_per_hour=usual)
        assert judged(case(reports, site=site)).action == action


def test_a_blur_can_be_switched_off_for_a_reason() -> None:
    verdict = case(crowd(3, "violence", 400), 20)
    assert judged(verdict).action == "blur"
    assert judged(verdict, changed("violence", blur=False)).action == "review"


def test_two_established_people_may_blur_and_two_of_unknown_age_may_not() -> None:
    assert judged(case(crowd(2, "violence", 400), 20)).action == "blur"
    assert judged(case(crowd(2, "violence"), 20)).action == "review"


# Which reason governs.


def test_a_mixed_crowd_is_judged_by_the_gravest_reason_that_its_own_supporters_carry() -> None:
    spam, terror = crowd(8, "spam", 400, "s"), crowd(4, "terrorism", 400, "t")
    assert judged(case(spam + terror)).reason == "terrorism"
    few = judged(case(spam + terror[:1]))
    assert (few.action, few.reason) == ("block", "spam")
    assert judged(case(terror[:1] + spam[:1], 20)).action == "blur"


def test_those_who_name_something_graver_support_the_milder_reason_too() -> None:
    mixed = crowd(3, "spam", 400, "s") + crowd(3, "hate", 400, "h")
    verdict = judged(case(mixed))
    assert (verdict.action, verdict.reason, verdict.voices) == ("block", "spam", 6.0)


def test_reasons_under_one_rule_are_one_and_take_the_name_of_the_most_voices() -> None:
    mixed = crowd(2, "hate", 400, "h") + crowd(4, "violence", 400, "v")
    assert judged(case(mixed)).reason == "violence"
    linked = crowd(2, "hate", 400, "h") + crowd(9, "violence", 400, "v", device="d")
    assert judged(case(linked)).reason == "hate"


def test_a_stricter_policy_for_a_reason_keeps_it_apart() -> None:
    rules = {**P.reasons, "hate": Rule(harm=2.0, cost_block=30.0)}
    policy = msgspec.structs.replace(P, reasons=rules)
    mixed = case(crowd(6, "violence", 400))
    assert judged(mixed, policy).action == "block"
    assert judged(case(crowd(6, "hate", 400), 60), policy).threshold == pytest.approx(30 / 32)


# Floods.


def shield(count: int, **signals: Any) -> tuple[Report, ...]:
    return tuple(report(f"a{place:05d}", "violence", place / 1e4, **signals) for place in range(count))


@pytest.mark.parametrize(
    "signals", [{"device": "d"}, {"network": "n", "referrer": "c"}, {"referrer": "c"}, {"age": 2.0}]
)
@pytest.mark.parametrize("count", [1, 10, 400])
def test_a_flood_of_linked_reports_hides_nobody(count: int, signals: dict[str, Any]) -> None:
    honest = crowd(7, "violence", 400)
    assert judged(case(shield(count, **signals) + honest, 60)).action == "block"


def test_followers_who_report_first_do_not_weaken_those_whom_they_follow() -> None:
    honest = crowd(7, "violence", 400)
    follower = report("a", "violence", -5, 400)
    records = {one.reporter: Record(reported=12) for one in (*honest, follower)}
    pairs = tuple(Pair("a", one.reporter, 12, 0, 12) for one in honest)
    assert judged(case((follower, *honest), 60, records=records, pairs=pairs)).action == "block"


def test_inflated_views_beyond_the_cap_do_not_shield_what_is_not_guarded() -> None:
    reports = crowd(13, "terrorism", 400)
    assert judged(case(reports, 300)).action == judged(case(reports, 20_000)).action == "block"


# The queue.


def test_a_look_is_worth_the_smaller_error_on_a_visible_image() -> None:
    assert look_value(0.2, 2.0, 10.0, 100.0, "visible", 9.0) == pytest.approx(40.0)
    assert look_value(0.9, 2.0, 10.0, 100.0, "visible", 9.0) == pytest.approx(100.0)


def test_a_withheld_image_gains_with_every_day_that_it_waits() -> None:
    assert look_value(0.9, 2.0, 10.0, 100.0, "blocked", 0.0) == pytest.approx(0.1 * 10 * 105 + 200)
    assert look_value(0.9, 2.0, 10.0, 100.0, "blocked", 1.0) == pytest.approx(4 * 305)
    assert look_value(0.9, 2.0, 2.0, 100.0, "blurred", 0.0) == pytest.approx(0.1 * 2 * 105 + 5)


def test_the_verdict_carries_the_value_of_a_look_at_the_state_it_leads_to() -> None:
    seen = judged(case((report("a", "spam"),), 200, views_per_day=50.0))
    assert seen.queue_value == pytest.approx(look_value(seen.probability, 1.0, 10.0, 50.0, "visible", 0.0))
    blocked = judged(case(crowd(9, "violence", 400), 60))
    assert blocked.queue_value == pytest.approx(look_value(blocked.probability, 2.0, 10.0, 80.0, "blocked", 0.0))
