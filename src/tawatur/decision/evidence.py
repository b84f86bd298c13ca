"""What bears on a case, counted once: who reports, what each report weighs, and which reports carry which reason.

**Which reason governs.** Reports may name different reasons, and a graver reason has a lower threshold. If the
gravest named reason governed, one voice crying terrorism would lower the bar for a crowd that says spam; if the most
named one did, reports of spam could undo a block that others carry for terrorism. So each reason is judged by its own
supporters: those who name it or something at least as grave (whoever says terrorism says at least that a rule is
broken). An image is blocked when any reason passes on the voices of its own supporters. Further reports only add to
each of these groups, so naming a milder reason can never undo a block, and naming a graver one lends it only one's
own voice.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from heapq import nlargest
from typing import NamedTuple

from tawatur.decision.case import Case, Record, Report, Viewers
from tawatur.decision.links import habits
from tawatur.decision.model import Model
from tawatur.decision.policy import REASONS, Policy, Rule
from tawatur.decision.record import NO_RECORD, on_probation, opens_record_gate, weight
from tawatur.decision.stories import Stories, posterior
from tawatur.decision.viewers import NO_COINS, told, views_told, worth
from tawatur.decision.voices import independent

_ORDER = {reason: place for place, reason in enumerate(REASONS)}


class Crowd(NamedTuple):
    """The reports that count, in order of arrival, one a reporter, with what is known of each reporter; `told` is what
    each says in the probability before links, where the site says who looked."""

    reports: list[Report]
    records: list[Record]
    weights: list[float]
    newcomers: list[bool]
    standing: list[float]
    told: list[float] | None = None


class Claim(NamedTuple):
    """One reason and the evidence of its supporters. `plain` is the probability on which a picture may be withheld:
    without what coins say for a report, and with shared histories linking in full."""

    reason: str
    rule: Rule
    members: list[bool] | None
    reports: int
    voices: float
    strongest: float
    established: float
    free_established: float
    free_to_blur: float
    with_record: int
    free_with_record: int
    probability: float
    stories: Stories
    plain: float


def gather(case: Case, policy: Policy, now: datetime) -> Crowd:
    """Order the reports by arrival (ties by reporter), keep one a reporter, leave out muted ones, and weigh each."""
    crowd = Crowd([], [], [], [], [])
    seen: set[str] = set()
    for report in sorted(case.reports, key=_arrival):
        record = case.records.get(report.reporter, NO_RECORD)
        if report.reporter in seen or record.muted or (report.anonymous and not policy.anonymous):
            continue
        seen.add(report.reporter)
        counts = standing(report, record, policy)
        crowd.reports.append(report)
        crowd.records.append(record)
        worth_of = 1.0 if record is NO_RECORD else weight(record, report.reason, case.site, policy, now)
        crowd.weights.append(worth_of * policy.anonymous_weight if _unknown(report, record, policy) else worth_of)
        crowd.newcomers.append(counts == 0.0 and is_newcomer(report, record, policy))
        crowd.standing.append(counts)
    return crowd if case.viewers is None else _with_coins(crowd, case, case.viewers, policy)


def _with_coins(crowd: Crowd, case: Case, viewers: Viewers, policy: Policy) -> Crowd:
    """The crowd where a report weighs no more than its reporter's coins say."""
    coins = [viewers.reporters.get(report.reporter, NO_COINS) for report in crowd.reports]
    pairs = list(zip(crowd.weights, coins, strict=True))
    return crowd._replace(
        weights=[min(weight, worth(one, viewers.site, policy)) for weight, one in pairs],
        told=[told(one, viewers, weight, policy) for weight, one in pairs],
    )


def _arrival(report: Report) -> tuple[datetime, str]:
    return report.at, report.reporter


def _unknown(report: Report, record: Record, policy: Policy) -> bool:
    """Nobody answers for this reader yet: neither a site that knows them, nor confirmed reports of theirs."""
    return report.anonymous and record.confirmed_reports < policy.newcomer_confirmed


def age_known(report: Report, newcomer: bool) -> bool:
    """Whether the report says how old an account is: an anonymous reader's age is that of a token, which says nothing
    where a policy takes them for more than newcomers."""
    return report.account_created_at is not None and (newcomer or not report.anonymous)


def is_newcomer(report: Report, record: Record, policy: Policy) -> bool:
    """The account was younger than 14 days when it reported, and fewer than 2 of its reports were confirmed.

    Its age at the report, not now: otherwise a flood would ripen into established voices by waiting. An anonymous
    reader is one at any age, for a token can be made today and used next month.
    """
    if _unknown(report, record, policy):
        return True
    if record.confirmed_reports >= policy.newcomer_confirmed or report.account_created_at is None:
        return False
    return report.at - report.account_created_at < timedelta(days=policy.newcomer_days)


def standing(report: Report, record: Record, policy: Policy) -> float:
    """What a voice counts towards the established gate: a newcomer's 0, one of unknown age half, all others 1."""
    if record.confirmed_reports >= policy.newcomer_confirmed:
        return 1.0
    if report.anonymous:
        return policy.anonymous_counts
    if report.account_created_at is None:
        return policy.unknown_age_counts
    return 0.0 if is_newcomer(report, record, policy) else 1.0


def views_for_silence(case: Case, policy: Policy, model: Model) -> float:
    """n of the stories: the views, or the site's median when unknown, bounded so that inflated views shield nothing."""
    views: float | None = case.views if case.viewers is None else views_told(case, case.viewers, policy)
    if views is None:
        views = model.median_views if model.median_views is not None else policy.default_views
    return min(float(max(0.0, views)), most_silence(policy, model.median_views))


def most_silence(policy: Policy, median: float | None) -> float:
    """From how many views on silence says nothing more, on a site whose pictures have so many at the median (None: that
    is not known)."""
    usual = policy.default_views if median is None else median
    return max(policy.views_cap, policy.views_cap_medians * usual)


def claims(crowd: Crowd, case: Case, policy: Policy, model: Model, now: datetime) -> list[Claim]:
    """Each reason that somebody names with its supporters' evidence, the gravest first; none when nobody reports.

    Reasons under the same rule share their supporters, so they are one claim, in the name of the one with most voices.
    """
    if not crowd.reports:
        return []
    groups = supporters([report.reason for report in crowd.reports], policy)
    old = _all_but_newcomers(crowd)
    subsets: list[list[bool] | None] = [members for _, members in groups]
    if old is not None:
        subsets += [old if m is None else [a and b for a, b in zip(m, old, strict=True)] for m in subsets]
    voices = independent(crowd.reports, crowd.weights, crowd.newcomers, case, policy, subsets)
    ranked = _ranked(crowd, voices, subsets, case, policy)
    seen = views_for_silence(case, policy, model)
    found = []
    for place, (reasons, members) in enumerate(groups):
        # The whole group, and the same without newcomers: the larger P(violation) counts.
        both = range(place, len(subsets), len(groups))
        plain = max(
            (_stories(crowd, subsets[one], crowd.weights, voices[one], seen, policy, model) for one in both),
            key=_violation,
        )
        stories = plain
        if ranked is not None:
            before, after = ranked
            stories = max(
                (_stories(crowd, subsets[one], before, after[one], seen, policy, model) for one in both),
                key=_violation,
            )
        found.append(_claim(crowd, reasons, members, voices[place], stories, plain.violation, case, policy, now))
    return found


def _ranked(
    crowd: Crowd, voices: list[list[float]], subsets: list[list[bool] | None], case: Case, policy: Policy
) -> tuple[list[float], list[list[float]]] | None:
    """What each report says in the probability before links, and after them for each subset; None where it is no other
    than its voice."""
    known = habits(crowd.reports, case, policy)
    if known is None and crowd.told is None:
        return None
    left = voices
    if known is not None:
        left = independent(crowd.reports, crowd.weights, crowd.newcomers, case, policy, subsets, known)
    if crowd.told is None:
        return crowd.weights, left
    share = [says / weight for says, weight in zip(crowd.told, crowd.weights, strict=True)]
    return crowd.told, [[one * part for one, part in zip(each, share, strict=True)] for each in left]


def _violation(stories: Stories) -> float:
    return stories.violation


def supporters(named: Sequence[str], policy: Policy) -> list[tuple[list[str], list[bool] | None]]:
    """Groups of reasons under one rule, and who supports each (None: everybody); the gravest first."""
    by_rule: dict[tuple[float, float, bool, bool], list[str]] = {}
    for reason in sorted(set(named), key=lambda reason: (_ORDER.get(reason, len(_ORDER)), reason)):
        rule = policy.rule(reason)
        by_rule.setdefault((rule.block_threshold, rule.blur_threshold, rule.guard, rule.blur), []).append(reason)
    if len(by_rule) == 1:
        return [(reasons, None) for reasons in by_rule.values()]
    groups: list[tuple[list[str], list[bool] | None]] = []
    for key in sorted(by_rule):
        graver = {reason for other, reasons in by_rule.items() if _at_least_as_grave(other, key) for reason in reasons}
        groups.append((by_rule[key], [reason in graver for reason in named]))
    return groups


def _at_least_as_grave(one: tuple[float, float, bool, bool], other: tuple[float, float, bool, bool]) -> bool:
    """Whether a rule asks for no more than another: neither for a block nor for a blur nor by the guard."""
    return one[0] <= other[0] and one[1] <= other[1] and one[2] <= other[2]


def _all_but_newcomers(crowd: Crowd) -> list[bool] | None:
    if not any(crowd.newcomers) or all(crowd.newcomers):
        return None
    return [not newcomer for newcomer in crowd.newcomers]


def _stories(
    crowd: Crowd,
    members: list[bool] | None,
    before: list[float],
    left: list[float],
    seen: float,
    policy: Policy,
    model: Model,
) -> Stories:
    """The posterior on one subset, by what its reports say before links and what is left of it. Newcomers are a share
    only of those whose account's age is known."""
    voices = sum(left)
    newcomers = known = 0
    weights = 0.0
    for place, report in enumerate(crowd.reports):
        if members is None or members[place]:
            weights += before[place]
            if age_known(report, crowd.newcomers[place]):
                known += 1
                newcomers += crowd.newcomers[place]
    lost = min(max(0.0, weights - voices), policy.lost_cap)
    # Bounded like the lost weight: forty young accounts say no more of a campaign than four.
    capped = min(newcomers, policy.newcomers_cap)
    return posterior(voices, seen, lost, capped, known - newcomers + capped, model)


def _claim(
    crowd: Crowd,
    reasons: list[str],
    members: list[bool] | None,
    left: list[float],
    stories: Stories,
    plain: float,
    case: Case,
    policy: Policy,
    now: datetime,
) -> Claim:
    blurs_held = policy.stakes_blur if case.site.recorded >= policy.record_pool else policy.stakes_young
    reports = with_record = free_with_record = 0
    established = free_established = free_to_blur = 0.0
    by_reason = dict.fromkeys(reasons, 0.0)
    for place, (report, record) in enumerate(zip(crowd.reports, crowd.records, strict=True)):
        if members is not None and not members[place]:
            continue
        reports += 1
        counts = left[place] * crowd.standing[place]
        established += counts
        if record.supports < policy.stakes_young:
            free_established += counts
        if record.supports + record.blurs < blurs_held:
            free_to_blur += counts
        if record.confirmed_reports and opens_record_gate(record, report.reason, case.site, policy, now):
            with_record += 1
            free_with_record += record.supports < policy.stakes
        if report.reason in by_reason:
            by_reason[report.reason] += left[place]
    reason = max(reasons, key=by_reason.__getitem__)
    return Claim(
        reason,
        policy.rule(reason),
        members,
        reports,
        sum(left),
        sum(nlargest(policy.guard_reports, left)),
        established,
        free_established,
        free_to_blur,
        with_record,
        free_with_record,
        stories.violation,
        stories,
        plain,
    )


def probation_count(crowd: Crowd, now: datetime) -> int:
    return sum(on_probation(record, now) for record in crowd.records)
