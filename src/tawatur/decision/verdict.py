"""From a case to a verdict (decision.md, section 5). Pure: the same case, policy, model and moment always give the
same."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from math import log
from typing import Any, Literal

import msgspec

from tawatur.decision.case import Case
from tawatur.decision.evidence import Claim, claims, gather, views_for_silence
from tawatur.decision.gates import Gate, floor, guard_gate, shared_gates
from tawatur.decision.model import Model
from tawatur.decision.nearby import fewest, joined_by, left_by
from tawatur.decision.policy import Policy
from tawatur.decision.stories import Stories, posterior
from tawatur.decision.voices import independent
from tawatur.decision.who import who_reports

Action = Literal["allow", "review", "blur", "block"]
State = Literal["visible", "blurred", "blocked"]

# Gates that no further report opens: those of a blur, and those of a block.
BEYOND_BLURS = frozenset(("immunity", "breaker"))
BEYOND_BLOCKS = BEYOND_BLURS | {"ahead", "trust"}
ASKED_PAST = frozenset(("immunity", "ahead", "trust"))

_STATE: Mapping[Action, State] = {"allow": "visible", "review": "visible", "blur": "blurred", "block": "blocked"}


class Verdict(msgspec.Struct, frozen=True):
    """What the engine says of a case, with everything that it used.

    `probability` is the largest over the reasons named, each judged by its own supporters; `reason`, `threshold` (for
    its block), `voices` and `gates` (for its block) are of the reason that decided, or came nearest to a block.
    `policy` and `model` are versions; `case`, `rules`, `learned` and `at` are what was decided on, so that the
    verdict can be explained and computed again.
    """

    action: Action
    reason: str | None
    probability: float
    threshold: float
    voices: float
    gates: tuple[Gate, ...]
    queue_value: float
    review_by: datetime | None
    policy: str
    model: str
    case: Case
    rules: Policy
    learned: Model
    at: datetime


def decide(case: Case, policy: Policy, model: Model, now: datetime) -> Verdict:
    """The verdict on one family of pictures. `now` and all times in the case are aware.

    Human beats machine: a picture that a person upheld stays blocked, one that a person rejected is shown, whatever is
    reported; new evidence that would otherwise block it asks a person again.
    """
    found = claims(gather(case, policy, now), case, policy, model, now)
    if not found:
        return _verdict("block" if case.human == "upheld" else "allow", None, (), 0.0, case, policy, model, now)
    judged = [(claim, block_gates(claim, found, case, policy, model, now)) for claim in found]
    probability = max(claim.probability for claim in found)
    claim, gates, action = _first_that_passes(judged, case, policy) or _nearest(judged, probability, policy)
    if case.human == "upheld":
        action = "block"
    elif case.human == "rejected":
        action = "review" if any(_blocks(one, held, to_ask=True) for one, held in judged) else "allow"
    return _verdict(action, claim, gates, probability, case, policy, model, now)


def block_gates(
    claim: Claim, found: list[Claim], case: Case, policy: Policy, model: Model, now: datetime
) -> tuple[Gate, ...]:
    """Every gate of a block. `reason` appears when several are named: those who name this one must carry it alone;
    `plain` where the probability for the queue is another: what coins or habits say for a report withholds nothing."""
    needed = floor(case, policy, policy.floor_block)
    shared = shared_gates(claim, case, policy, now)
    enough = Gate("floor", claim.voices >= needed, needed, claim.voices)
    gates = (enough, *shared, guard_gate(claim, case, policy, model))
    threshold = claim.rule.block_threshold
    if claim.plain != claim.probability:
        gates = (*gates, Gate("plain", claim.plain >= threshold, threshold, claim.plain))
    if len(found) == 1:
        return gates
    return (*gates, Gate("reason", claim.probability >= threshold, threshold, claim.probability))


def _blocks(claim: Claim, gates: tuple[Gate, ...], *, to_ask: bool = False) -> bool:
    """Whether every gate holds; `to_ask`: but for those that keep no person from being asked again."""
    if claim.probability < claim.rule.block_threshold:
        return False
    return all(gate.holds or (to_ask and gate.name in ASKED_PAST) for gate in gates)


def _blurs(claim: Claim, gates: tuple[Gate, ...], case: Case, policy: Policy) -> bool:
    """Of the gates those of established people, immunity and breaker, a floor of 2, stakes of its own, and
    P >= C' / (C' + h).

    A blur needs no record: the first two or three who report seldom include one of the few who have one. Measured on
    three simulated communities that it was not made for: 5 to 12 points more of the violating images withheld,
    no more wrong blocks, wrong blurs 0.8 to 1.0 %. But who holds up five withheld pictures that nobody has looked at
    carries no further blur: twenty accounts that blurred fifteen ordinary pictures a day took moderators' eyes off
    all others (14 points of the prevented harm in one community; with the bound 7, and nothing lost without attack).
    """
    if not claim.rule.blur or claim.plain < claim.rule.blur_threshold:
        return False
    if claim.voices < floor(case, policy, policy.floor_blur):
        return False
    if claim.free_to_blur < min(policy.established, claim.established):
        return False
    return all(gate.holds for gate in gates if gate.name in ("established", "immunity", "breaker"))


Judged = tuple[Claim, tuple[Gate, ...]]


def _first_that_passes(
    judged: list[Judged], case: Case, policy: Policy
) -> tuple[Claim, tuple[Gate, ...], Action] | None:
    """The gravest reason whose supporters block; failing that, the gravest whose supporters blur."""
    for claim, gates in judged:
        if _blocks(claim, gates):
            return claim, gates, "block"
    for claim, gates in judged:
        if _blurs(claim, gates, case, policy):
            return claim, gates, "blur"
    return None


def _nearest(judged: list[Judged], probability: float, policy: Policy) -> tuple[Claim, tuple[Gate, ...], Action]:
    """The reason for which a block is nearest to being worth it: the largest P h / ((1 - P) C)."""
    claim, gates = max(judged, key=lambda one: _log_worth(one[0]))
    return claim, gates, "review" if probability >= policy.review_from else "allow"


def _log_worth(claim: Claim) -> float:
    chance = min(max(claim.probability, 1e-300), 1.0 - 1e-16)
    return log(chance) - log(1.0 - chance) + log(claim.rule.harm) - log(claim.rule.cost_block)


def _verdict(
    action: Action,
    claim: Claim | None,
    gates: tuple[Gate, ...],
    probability: float,
    case: Case,
    policy: Policy,
    model: Model,
    now: datetime,
) -> Verdict:
    rule = claim.rule if claim is not None else policy.rule("other")
    pace = case.views_per_day
    if pace is None:
        pace = model.median_views if model.median_views is not None else policy.default_views
    cost = rule.cost_blur if action == "blur" else rule.cost_block
    provisional = action in ("blur", "block") and case.human is None
    return Verdict(
        action=action,
        reason=claim.reason if claim is not None else None,
        probability=probability,
        threshold=rule.block_threshold,
        voices=claim.voices if claim is not None else 0.0,
        gates=gates,
        queue_value=look_value(probability, rule.harm, cost, pace, _STATE[action], 0.0) if claim is not None else 0.0,
        review_by=now + timedelta(hours=policy.review_within_hours) if provisional else None,
        policy=policy.version,
        model=model.version,
        case=case,
        rules=policy,
        learned=model,
        at=now,
    )


def look_value(p: float, harm: float, cost: float, views_per_day: float, state: State, days_waiting: float) -> float:
    """The value of one human look, which orders the queue.

        visible:            min(P h, (1 - P) C) views_per_day
        blurred:            ((1 - P) C (views_per_day + 5) + 5) (1 + days)^2
        blocked:            ((1 - P) C (views_per_day + 5) + 200) (1 + days)^2

    On a visible image a look saves the smaller of the two errors for every view; on one that is withheld it ends a
    wrong that grows with time, and must come in the end even where P is near 1. `cost` is C for a block and C' for a
    blur. What is blocked on trust comes early: until somebody looks, no other may be blocked, and a ring that P cannot
    tell from honest people strikes on (the 200: what a look at a picture with 120 views a day is worth at most, h = 2).
    """
    if state == "visible":
        return min(p * harm, (1.0 - p) * cost) * views_per_day
    least = 200.0 if state == "blocked" else 5.0
    return ((1.0 - p) * cost * (views_per_day + 5.0) + least) * (1.0 + days_waiting) ** 2


def stories_of(verdict: Verdict) -> Stories:
    """The stories behind the verdict's reason; those of a picture that nobody reports where there is none."""
    case, policy, model = verdict.case, verdict.rules, verdict.learned
    found = claims(gather(case, policy, verdict.at), case, policy, model, verdict.at)
    return _stories_of(next((one for one in found if one.reason == verdict.reason), None), case, policy, model)


def _stories_of(claim: Claim | None, case: Case, policy: Policy, model: Model) -> Stories:
    return claim.stories if claim else posterior(0.0, views_for_silence(case, policy, model), 0.0, 0, 0, model)


def explain(verdict: Verdict) -> dict[str, Any]:
    """The explanation of decision.md, section 7, ready for JSON. Costs more than the decision, so only when asked
    for."""
    case, policy, model, now = verdict.case, verdict.rules, verdict.learned, verdict.at
    crowd = gather(case, policy, now)
    found = claims(crowd, case, policy, model, now)
    claim = next((one for one in found if one.reason == verdict.reason), None)
    return {
        "action": verdict.action,
        "reason": verdict.reason,
        "probability": verdict.probability,
        "threshold": verdict.threshold,
        "stories": _stories_of(claim, case, policy, model)._asdict(),
        **who_reports(crowd, claim, case, policy, model, now),
        "gates": [msgspec.structs.asdict(gate) for gate in verdict.gates],
        "what_would_change_it": what_would_change_it(verdict),
        "review_by": verdict.review_by.isoformat() if verdict.review_by is not None else None,
        "queue_value": verdict.queue_value,
        "human": case.human,
        "at": now.isoformat(),
        "shadow": policy.shadow,
        "policy": verdict.policy,
        "model": verdict.model,
    }


def what_would_change_it(verdict: Verdict) -> dict[str, Any]:
    """How far the case is from another verdict, found by deciding it again with more or fewer reports.

    `block` and `blur`: how many `further_voices` (independent, established, for the same reason, at the same views)
    would bring it (None: not even 256 would), `with_record` when one of them needs a confirmed record (a blur needs
    none), and the gates that stay `shut` however many come; None when it is there already or the policy has no blur.
    `release`: how many of the strongest voices would have to withdraw to end a block or blur; None when there is none
    or a person upheld it.
    """
    case, policy = verdict.case, verdict.rules
    withheld = verdict.action in ("blur", "block")
    may_blur = not withheld and policy.rule(verdict.reason or "other").blur
    closed = {gate.name for gate in verdict.gates if not gate.holds}
    # Nobody reports yet: then no gate was asked.
    recorded = not closed.isdisjoint(("record", "stakes")) or not verdict.gates
    pool = case.site.recorded >= policy.record_pool

    @cache
    def action_after(count: int) -> Action:
        more = joined_by(case, count, verdict.reason or "other", policy, verdict.at, recorded=recorded)
        return decide(more, policy, verdict.learned, verdict.at).action

    def until(*actions: Action) -> dict[str, Any]:
        beyond = BEYOND_BLURS if "blur" in actions else BEYOND_BLOCKS
        shut = ["human"] if case.human is not None else sorted(closed & beyond)
        count = None if shut else fewest(lambda more: action_after(more) in actions)
        with_record = pool and recorded and count is not None and "blur" not in actions
        return {"further_voices": count, "with_record": with_record, "shut": shut}

    return {
        "block": None if verdict.action == "block" else until("block"),
        "blur": until("blur", "block") if may_blur else None,
        "release": withdrawals(verdict) if withheld else None,
    }


def withdrawals(verdict: Verdict) -> dict[str, Any] | None:
    """How many of the strongest voices would have to withdraw before a milder verdict; None when a person upheld it."""
    case, policy, model, now = verdict.case, verdict.rules, verdict.learned, verdict.at
    if case.human is not None:
        return None
    crowd = gather(case, policy, now)
    left = independent(crowd.reports, crowd.weights, crowd.newcomers, case, policy, [None])[0]
    strongest = sorted(range(len(left)), key=lambda place: -left[place])
    names = [crowd.reports[place].reporter for place in strongest]
    count = fewest(lambda gone: decide(left_by(case, names[:gone]), policy, model, now).action != verdict.action)
    return {"withdrawn_voices": count}


def stored(verdict: Verdict) -> dict[str, Any]:
    """All that the verdict was computed from, ready for JSON: the case, the policy and the model by value, the
    moment."""
    return {
        "case": msgspec.to_builtins(verdict.case),
        "policy": msgspec.to_builtins(verdict.rules),
        "model": msgspec.to_builtins(verdict.learned),
        "at": verdict.at.isoformat(),
    }


def recompute(kept: Mapping[str, Any]) -> Verdict:
    """Decide again from what `stored` kept; gives the same verdict."""
    return decide(
        msgspec.convert(kept["case"], Case),
        msgspec.convert(kept["policy"], Policy),
        msgspec.convert(kept["model"], Model),
        datetime.fromisoformat(kept["at"]),
    )
