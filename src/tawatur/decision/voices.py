"""From reports to voices: how many independent people stand behind the reports (decision.md, section 3).

    link(a, b) = 1 - prod_f (1 - r_f)
    om_j       = om0_j prod_{i earlier} (1 - link(i, j) min(1, om0_i / om0_j))
    voices     = sum om_j

A later report only ever adds. Voices are computed for several subsets of the same reports at once, since the costly
part, who is linked with whom, is the same for all of them. Few reports are linked pair by pair; a flood is linked in
blocks of rows, so that memory stays linear in the number of reports.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from itertools import pairwise
from math import sqrt

import numpy as np
import numpy.typing as npt

from tawatur.decision.case import Case, Pair, Record, Report
from tawatur.decision.policy import Policy
from tawatur.decision.record import NO_RECORD

FEW = 24
BLOCK_ROWS = 256
DAY = 86_400.0

Members = Sequence[bool]
Linked = list[tuple[int, int, float]]


def network_link(others: int, policy: Policy) -> float:
    """r = 0.7 / (1 + people seen on that network / 60): a carrier's address links weakly.

    N accounts that all report behind one address make at most 1 / r voices, so the scale decides how large a ring
    may grow before it counts as several people: with 60, a ring of 60 stays below three (with 6, one of 8 did not).
    """
    return policy.link_network / (1.0 + others / policy.link_network_people)


def vouched_for(reports: Sequence[Report], case: Case) -> dict[str, int]:
    """How many people of each network are known from something else than this case.

    Whoever was never seen but in this case does not count: otherwise forty accounts behind one address would prove by
    their own number that the address is a carrier's, and make eleven voices.
    """
    others = dict(case.network_people)
    for report in reports:
        if report.network in others and _record(case, report).reported <= 1:
            others[report.network] -= 1
    return {network: max(0, people) for network, people in others.items()}


def pair_keep(pair: Pair, a: Record, b: Record, policy: Policy) -> float:
    """(1 - r) of shared errors times (1 - r) of co-reports beyond chance."""
    return errors_keep(pair, policy) * co_reports_keep(pair, a, b, policy)


def errors_keep(pair: Pair, policy: Policy) -> float:
    """0.4^e for e shared rejected reports."""
    return (1.0 - policy.link_shared_rejected) ** max(0, pair.shared_rejected)


def co_reports_keep(pair: Pair, a: Record, b: Record, policy: Policy) -> float:
    """1 - min(0.85, 1.5 (co - 1) / (sqrt(n_a n_b) + 3)), where co leaves out what review confirmed for both.

    Two diligent people meet on what is truly wrong. Were that a link, they would count as one, and whoever follows
    honest reporters around could weaken them by reporting first.
    """
    beyond = max(0, pair.co_reports - pair.shared_confirmed - 1)
    chance = sqrt(max(0, a.reported) * max(0, b.reported)) + policy.co_reports_offset
    return 1.0 - min(policy.link_co_reports, policy.co_reports_slope * beyond / chance) if beyond else 1.0


def independent(
    reports: Sequence[Report],
    weights: Sequence[float],
    newcomers: Members,
    case: Case,
    policy: Policy,
    subsets: Sequence[Members | None],
) -> list[list[float]]:
    """om of every report, once for each subset (None: all of them); a report outside the subset has 0.

    `reports` are in order of arrival and `weights` their om0, all above 0. An earlier report discounts a later one only
    where both are in the subset.
    """
    if len(reports) > FEW:
        return _by_blocks(reports, weights, newcomers, case, policy, subsets)
    linked = _linked_pairs(reports, weights, newcomers, case, policy)
    return [_discounted(weights, linked, members) for members in subsets]


def _discounted(weights: Sequence[float], linked: Linked, members: Members | None) -> list[float]:
    left = list(weights) if members is None else [w if m else 0.0 for w, m in zip(weights, members, strict=True)]
    for i, j, factor in linked:
        if members is None or members[i]:
            left[j] *= factor
    return left


def _linked_pairs(
    reports: Sequence[Report], weights: Sequence[float], newcomers: Members, case: Case, policy: Policy
) -> Linked:
    """(i, j, factor) for every linked pair, i before j, where factor = 1 - link min(1, om0_i / om0_j)."""
    keep: dict[tuple[int, int], float] = {}

    def link(group: Sequence[int], r: float) -> None:
        for at, j in enumerate(group):
            for i in group[:at]:
                keep[i, j] = keep.get((i, j), 1.0) * (1.0 - r)

    for group in _sharing([report.device for report in reports]):
        link(group, policy.link_device)
    for group in _sharing([report.referrer for report in reports]):
        link(group, policy.link_referrer)
    for group in _sharing([report.network for report in reports]):
        others = vouched_for(reports, case).get(reports[group[0]].network or "", 0)
        link(group, network_link(others, policy))
    fresh = [j for j, newcomer in enumerate(newcomers) if newcomer]
    for at, j in enumerate(fresh):
        for i in fresh[:at]:
            if abs(_created(reports[i]) - _created(reports[j])) < policy.cohort_days * DAY:
                keep[i, j] = keep.get((i, j), 1.0) * (1.0 - policy.link_cohort)
    for i, j, pair in known_pairs(reports, case):
        kept = pair_keep(pair, _record(case, reports[i]), _record(case, reports[j]), policy)
        keep[i, j] = keep.get((i, j), 1.0) * kept
    return [
        (i, j, 1.0 - (1.0 - kept) * min(1.0, weights[i] / weights[j])) for (i, j), kept in keep.items() if kept < 1.0
    ]


def _sharing(values: Sequence[Hashable | None]) -> Iterable[list[int]]:
    """Groups of at least two indices that share a value; an absent value is shared with nobody."""
    groups: dict[Hashable, list[int]] = {}
    for index, value in enumerate(values):
        if value is not None:
            groups.setdefault(value, []).append(index)
    return [group for group in groups.values() if len(group) > 1] if len(groups) < len(values) else ()


def _created(report: Report) -> float:
    return report.account_created_at.timestamp() if report.account_created_at is not None else float("nan")


def _record(case: Case, report: Report) -> Record:
    return case.records.get(report.reporter, NO_RECORD)


def known_pairs(reports: Sequence[Report], case: Case) -> list[tuple[int, int, Pair]]:
    """(i, j, pair), i before j, for the pairs of the case whose two people both report here, each pair once."""
    if not case.pairs:
        return []
    place = {report.reporter: index for index, report in enumerate(reports)}
    found: dict[tuple[int, int], Pair] = {}
    for pair in case.pairs:
        a, b = place.get(pair.a), place.get(pair.b)
        if a is not None and b is not None and a != b:
            found[min(a, b), max(a, b)] = pair
    return [(i, j, pair) for (i, j), pair in found.items()]


def _by_blocks(
    reports: Sequence[Report],
    weights: Sequence[float],
    newcomers: Members,
    case: Case,
    policy: Policy,
    subsets: Sequence[Members | None],
) -> list[list[float]]:
    """The same as the pairs, for many reports: rows of later reports against the columns of all earlier ones."""
    count = len(reports)
    weight = np.asarray(weights, dtype=np.float64)
    even = bool((weight == weight[0]).all())
    signals = _coded_signals(reports, case, policy)
    created = _cohort_times(reports, newcomers)
    pairs = known_pairs(reports, case)
    pairs.sort(key=lambda known: known[1])
    pair_rows = np.asarray([j for _, j, _ in pairs], dtype=np.int64)
    masks = [None if members is None else np.asarray(members, dtype=bool) for members in subsets]
    results = [np.where(mask, weight, 0.0) if mask is not None else weight.copy() for mask in masks]
    edges = [*range(0, count, BLOCK_ROWS), count]
    for start, stop in pairwise(edges):
        keep = np.ones((stop - start, stop))
        for codes, kept in signals:
            same = codes[start:stop, None] == codes[None, :stop]
            keep *= np.where(same, kept[start:stop, None], 1.0)
        if created is not None:
            near = np.abs(created[start:stop, None] - created[None, :stop]) < policy.cohort_days * DAY
            keep *= np.where(near, 1.0 - policy.link_cohort, 1.0)
        first, last = np.searchsorted(pair_rows, (start, stop))
        for i, j, pair in pairs[int(first) : int(last)]:
            keep[j - start, i] *= pair_keep(pair, _record(case, reports[i]), _record(case, reports[j]), policy)
        if not even:
            keep = 1.0 - (1.0 - keep) * np.minimum(1.0, weight[None, :stop] / weight[start:stop, None])
        keep[:, start:][np.triu(np.ones((stop - start, stop - start), dtype=bool))] = 1.0
        for mask, result in zip(masks, results, strict=True):
            result[start:stop] *= keep.prod(axis=1) if mask is None else keep[:, mask[:stop]].prod(axis=1)
    return [[float(left) for left in result] for result in results]


Codes = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]


def _coded_signals(reports: Sequence[Report], case: Case, policy: Policy) -> list[tuple[Codes, Numbers]]:
    """For each signal that at least two share: a code for every report, and the (1 - r) that sharing its code
    leaves."""
    networks = [report.network for report in reports]
    others = vouched_for(reports, case)
    by_network = [network_link(others.get(name or "", 0), policy) for name in networks]
    count = len(reports)
    signals = (
        ([report.device for report in reports], [policy.link_device] * count),
        ([report.referrer for report in reports], [policy.link_referrer] * count),
        (networks, by_network),
    )
    return [(_codes(values), 1.0 - np.asarray(links)) for values, links in signals if _sharing(values)]


def _codes(values: Sequence[str | None]) -> Codes:
    """Equal values get equal codes; every absent one gets a code of its own."""
    known: dict[str, int] = {}
    coded = [-1 - index if value is None else known.setdefault(value, len(known)) for index, value in enumerate(values)]
    return np.asarray(coded, dtype=np.int64)


def _cohort_times(reports: Sequence[Report], newcomers: Members) -> Numbers | None:
    """When the newcomers' accounts were made, in seconds; nan, which is near nothing, for everybody else."""
    if sum(newcomers) < 2:
        return None
    times = [_created(report) if fresh else float("nan") for report, fresh in zip(reports, newcomers, strict=True)]
    return np.asarray(times, dtype=np.float64)
