"""From reports to voices: how many independent people stand behind the reports (decision.md, section 3).

    strong(i, j) = 1 - (1 - r_device) (1 - r_referrer) (1 - r_cohort) (1 - r_errors) (1 - r_co_reports)
    own_j        = prod_{i earlier} (1 - strong(i, j) min(1, om0_i / om0_j))
    link(i, j)   = 1 - (1 - strong(i, j)) (1 - r_network own_i)
    om_j         = om0_j prod_{i earlier} (1 - link(i, j) min(1, om0_i / om0_j))
    voices       = sum om_j

A later report only ever adds. A network links in as far as the earlier report is somebody of its own by all
stronger signals: forty accounts of one device are one neighbour, not forty, so they cannot drown the honest people who
happen to share their network.

Voices are computed for several subsets of the same reports at once, since the costly part, who is linked with whom, is
the same for all. Few reports are linked pair by pair; a flood is linked in blocks of rows, so that memory
stays linear in the number of reports.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, pairwise

import numpy as np
import numpy.typing as npt

from tawatur.decision.case import Case, Report
from tawatur.decision.links import DAY, created, known_pairs, network_link, pair_keep, record_of, sharing, vouched_for
from tawatur.decision.policy import Policy

FEW = 24
BLOCK_ROWS = 256

Members = Sequence[bool]
# (i, j, what the stronger signals leave of j, how strongly the network links them), i before j.
Linked = list[tuple[int, int, float, float]]
Codes = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]


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
    linked = _linked_pairs(reports, newcomers, case, policy)
    return [_discounted(weights, linked, members) for members in subsets]


def _discounted(weights: Sequence[float], linked: Linked, members: Members | None) -> list[float]:
    own, left = [1.0] * len(weights), list(weights)
    if members is not None:
        linked = [link for link in linked if members[link[0]] and members[link[1]]]
        left = [weight if member else 0.0 for weight, member in zip(weights, members, strict=True)]
    for i, j, kept, _ in linked:
        own[j] *= 1.0 - (1.0 - kept) * min(1.0, weights[i] / weights[j])
    for i, j, kept, network in linked:
        left[j] *= 1.0 - (1.0 - kept * (1.0 - network * own[i])) * min(1.0, weights[i] / weights[j])
    return left


def _linked_pairs(reports: Sequence[Report], newcomers: Members, case: Case, policy: Policy) -> Linked:
    """Every pair that shares something."""
    keep: dict[tuple[int, int], float] = {}
    for link, values in (
        (policy.link_device, [report.device for report in reports]),
        (policy.link_referrer, [report.referrer for report in reports]),
    ):
        for group in sharing(values):
            for pair in combinations(group, 2):
                keep[pair] = keep.get(pair, 1.0) * (1.0 - link)
    fresh = [place for place, newcomer in enumerate(newcomers) if newcomer]
    made = {place: created(reports[place]) for place in fresh}
    for pair in combinations(fresh, 2):
        if abs(made[pair[0]] - made[pair[1]]) < policy.cohort_days * DAY:
            keep[pair] = keep.get(pair, 1.0) * (1.0 - policy.link_cohort)
    for i, j, known in known_pairs(reports, case):
        kept = pair_keep(known, record_of(case, reports[i]), record_of(case, reports[j]), policy)
        keep[i, j] = keep.get((i, j), 1.0) * kept
    groups = sharing([report.network for report in reports])
    others = vouched_for(reports, case) if groups else {}
    networks: dict[tuple[int, int], float] = {}
    for group in groups:
        link = network_link(others.get(reports[group[0]].network or "", 0), policy)
        networks.update(dict.fromkeys(combinations(group, 2), link))
    if not networks:
        return [(i, j, kept, 0.0) for (i, j), kept in keep.items()]
    return [(*pair, keep.get(pair, 1.0), networks.get(pair, 0.0)) for pair in keep | networks]


def _by_blocks(
    reports: Sequence[Report],
    weights: Sequence[float],
    newcomers: Members,
    case: Case,
    policy: Policy,
    subsets: Sequence[Members | None],
) -> list[list[float]]:
    """The same as the pairs, for many reports: rows of later reports against the columns of all earlier ones."""
    weight = np.asarray(weights, dtype=np.float64)
    strong = _StrongLinks(reports, newcomers, case, policy)
    near = _Neighbours(reports, case, policy)
    masks = [None if members is None else np.asarray(members, dtype=bool) for members in subsets]
    results = [weight.copy() if mask is None else np.where(mask, weight, 0.0) for mask in masks]
    if strong.absent and near.absent:
        return [result.tolist() for result in results]
    even = bool((weight == weight[0]).all())
    owns = [np.ones(len(reports)) for _ in subsets]
    for start, stop in pairwise([*range(0, len(reports), BLOCK_ROWS), len(reports)]):
        keep = strong.keep(start, stop)
        share = None if even else np.minimum(1.0, weight[None, :stop] / weight[start:stop, None])
        by_network = None if near.absent else near.links(start, stop)
        for mask, own, result in zip(masks, owns, results, strict=True):
            own[start:stop] = left = _kept(keep, share, mask)
            if by_network is not None:
                left = _kept(keep * (1.0 - by_network * own[:stop]), share, mask)
            result[start:stop] *= left
    return [result.tolist() for result in results]


def _kept(keep: Numbers, share: Numbers | None, mask: npt.NDArray[np.bool_] | None) -> Numbers:
    """For each row the product of 1 - (1 - keep) share over the members' columns."""
    if share is not None:
        keep = 1.0 - (1.0 - keep) * share
    if mask is not None:
        keep = keep[:, mask[: keep.shape[1]]]
    product: Numbers = keep.prod(axis=1)
    return product


def _not_earlier(start: int, stop: int) -> npt.NDArray[np.bool_]:
    """True where a column is not earlier than its row, within the square block that starts at column `start`."""
    return np.triu(np.ones((stop - start, stop - start), dtype=bool))


class _Neighbours:
    """How strongly networks link, a block of rows at a time."""

    def __init__(self, reports: Sequence[Report], case: Case, policy: Policy) -> None:
        networks = [report.network for report in reports]
        self.absent = not sharing(networks)
        if self.absent:
            return
        others = vouched_for(reports, case)
        self._codes = _codes(networks)
        self._links = np.asarray([network_link(others.get(name or "", 0), policy) for name in networks])

    def links(self, start: int, stop: int) -> Numbers:
        same = self._codes[start:stop, None] == self._codes[None, :stop]
        same[:, start:][_not_earlier(start, stop)] = False
        links: Numbers = np.where(same, self._links[start:stop, None], 0.0)
        return links


class _StrongLinks:
    """What the stronger signals leave, a block of rows at a time."""

    def __init__(self, reports: Sequence[Report], newcomers: Members, case: Case, policy: Policy) -> None:
        signals = (
            (policy.link_device, [report.device for report in reports]),
            (policy.link_referrer, [report.referrer for report in reports]),
        )
        self._signals = [(_codes(values), 1.0 - link) for link, values in signals if sharing(values)]
        self._created = _cohort_times(reports, newcomers)
        self._span, self._cohort = policy.cohort_days * DAY, 1.0 - policy.link_cohort
        known = sorted(known_pairs(reports, case), key=lambda pair: pair[1])
        self._pairs = [
            (i, j, pair_keep(pair, record_of(case, reports[i]), record_of(case, reports[j]), policy))
            for i, j, pair in known
        ]
        self._rows = np.asarray([j for _, j, _ in known], dtype=np.int64)
        self.absent = not (self._signals or self._pairs or self._created is not None)

    def keep(self, start: int, stop: int) -> Numbers:
        """prod_f (1 - r_f) between rows start to stop and columns 0 to stop."""
        keep = np.ones((stop - start, stop))
        for codes, kept in self._signals:
            keep *= np.where(codes[start:stop, None] == codes[None, :stop], kept, 1.0)
        if self._created is not None:
            near = np.abs(self._created[start:stop, None] - self._created[None, :stop]) < self._span
            keep *= np.where(near, self._cohort, 1.0)
        first, last = np.searchsorted(self._rows, (start, stop))
        for i, j, kept in self._pairs[int(first) : int(last)]:
            keep[j - start, i] *= kept
        keep[:, start:][_not_earlier(start, stop)] = 1.0
        return keep


def _codes(values: Sequence[str | None]) -> Codes:
    """Equal values get equal codes; every absent one gets a code of its own."""
    known: dict[str, int] = {}
    coded = [-1 - index if value is None else known.setdefault(value, len(known)) for index, value in enumerate(values)]
    return np.asarray(coded, dtype=np.int64)


def _cohort_times(reports: Sequence[Report], newcomers: Members) -> Numbers | None:
    """When the newcomers' accounts were made, in seconds; nan, which is near nothing, for everybody else."""
    if sum(newcomers) < 2:
        return None
    times = [created(report) if fresh else float("nan") for report, fresh in zip(reports, newcomers, strict=True)]
    return np.asarray(times, dtype=np.float64)
