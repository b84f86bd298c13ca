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
the same for all. Few reports are linked pair by pair, a flood block by block (`flood.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from tawatur.decision.case import Case, Report
from tawatur.decision.flood import by_blocks
from tawatur.decision.links import DAY, created, histories_keep, network_link, sharing, vouched_for
from tawatur.decision.policy import Policy

FEW = 24

Members = Sequence[bool]
# (i, j, what the stronger signals leave of j, how strongly the network links them), i before j.
Linked = list[tuple[int, int, float, float]]


def independent(
    reports: Sequence[Report],
    weights: Sequence[float],
    newcomers: Members,
    case: Case,
    policy: Policy,
    subsets: Sequence[Members | None],
    habits: Sequence[float] | None = None,
) -> list[list[float]]:
    """om of every report, once for each subset (None: all of them); a report outside the subset has 0.

    `reports` are in order of arrival and `weights` their om0, all above 0. An earlier report discounts a later one only
    where both are in the subset. `habits` lessen what shared histories link (`links.habits`).
    """
    if len(reports) > FEW:
        return by_blocks(reports, weights, newcomers, case, policy, subsets, habits)
    linked = _linked_pairs(reports, newcomers, case, policy, habits)
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


def _linked_pairs(
    reports: Sequence[Report], newcomers: Members, case: Case, policy: Policy, habits: Sequence[float] | None
) -> Linked:
    """Every pair that shares something."""
    if len(reports) < 2:
        return []
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
    for i, j, kept in histories_keep(reports, case, policy, habits):
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
