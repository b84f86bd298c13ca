"""Voices of a flood: the same as `voices.py`, for many reports, in blocks that bound time and memory.

Rows are later reports, columns earlier ones. Once the stronger links have left next to nothing of a row, the rest of
its columns is skipped, so that thousands of linked accounts cost hardly more than hundreds. What is left of a report
depends on earlier ones alone, so skipping never depends on what comes later.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from tawatur.decision.case import Case, Report
from tawatur.decision.links import DAY, created, histories_keep, network_link, sharing, vouched_for
from tawatur.decision.policy import Policy

BLOCK = 256
# All of a flood of a million such reports is not a thousandth of a voice.
NOTHING = 1e-12

Members = Sequence[bool]
Places = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


def by_blocks(
    reports: Sequence[Report],
    weights: Sequence[float],
    newcomers: Members,
    case: Case,
    policy: Policy,
    subsets: Sequence[Members | None],
    habits: Sequence[float] | None,
) -> list[list[float]]:
    """om of every report, once for each subset; arguments and result as in `voices.independent`."""
    weight = np.asarray(weights, dtype=np.float64)
    masks = [np.ones(len(weights), dtype=bool) if members is None else np.asarray(members) for members in subsets]
    strong, near = _StrongLinks(reports, newcomers, case, policy, habits), _Neighbours(reports, case, policy)
    results = [np.where(mask, weight, 0.0) for mask in masks]
    if strong.absent and near.absent:
        return [result.tolist() for result in results]
    even = bool((weight == weight[0]).all())
    owns = [np.ones(len(weights)) for _ in subsets]

    def kept(keep: Numbers, rows: Places, columns: slice, mask: Mask) -> Numbers:
        """For each row the product of 1 - (1 - keep) min(1, om0_i / om0_j) over the members' columns."""
        if not even:
            keep = 1.0 - (1.0 - keep) * np.minimum(1.0, weight[None, columns] / weight[rows, None])
        counted = mask[columns]
        product: Numbers = (keep if counted.all() else keep[:, counted]).prod(axis=1)
        return product

    for start, stop in pairwise([*range(0, len(weights), BLOCK), len(weights)]):
        rows = np.arange(start, stop)
        tiles: list[tuple[slice, Numbers]] = []
        for first, last in pairwise([*range(0, stop, BLOCK), stop]):
            columns = slice(first, last)
            keep = strong.keep(rows, columns)
            for mask, own in zip(masks, owns, strict=True):
                own[rows] *= kept(keep, rows, columns, mask)
            alive = np.max([own[rows] * mask[rows] for mask, own in zip(masks, owns, strict=True)], axis=0) > NOTHING
            tiles = [(place, tile[alive]) for place, tile in [*tiles, (columns, keep)]]
            rows = rows[alive]
            if not len(rows):
                break
        for mask, own, result in zip(masks, owns, results, strict=True):
            left = own[start:stop].copy()
            if not near.absent and len(rows):
                left[rows - start] = 1.0
                for columns, keep in tiles:
                    links = near.links(rows, columns) * own[columns]
                    left[rows - start] *= kept(keep * (1.0 - links), rows, columns, mask)
            result[start:stop] *= left
    return [result.tolist() for result in results]


def _later(rows: Places, columns: slice) -> Mask:
    """True where a column is not earlier than its row."""
    later: Mask = np.arange(columns.start, columns.stop)[None, :] >= rows[:, None]
    return later


class _StrongLinks:
    """What all signals but the network leave, tile by tile."""

    def __init__(
        self,
        reports: Sequence[Report],
        newcomers: Members,
        case: Case,
        policy: Policy,
        habits: Sequence[float] | None,
    ) -> None:
        signals = (
            (policy.link_device, [report.device for report in reports]),
            (policy.link_referrer, [report.referrer for report in reports]),
        )
        self._signals = [(_codes(values), 1.0 - link) for link, values in signals if sharing(values)]
        self._created = _cohort_times(reports, newcomers)
        self._span, self._cohort = policy.cohort_days * DAY, 1.0 - policy.link_cohort
        known = sorted(histories_keep(reports, case, policy, habits), key=lambda pair: pair[1])
        self._earlier = np.asarray([i for i, _, _ in known], dtype=np.int64)
        self._later = np.asarray([j for _, j, _ in known], dtype=np.int64)
        self._pairs = np.asarray([keep for _, _, keep in known], dtype=np.float64)
        self.absent = not self._signals and self._created is None and not known

    def keep(self, rows: Places, columns: slice) -> Numbers:
        """prod_f (1 - r_f) between these rows and columns; 1 where the column is not earlier."""
        keep = np.ones((len(rows), columns.stop - columns.start))
        for codes, kept in self._signals:
            keep *= np.where(codes[rows, None] == codes[None, columns], kept, 1.0)
        if self._created is not None:
            near = np.abs(self._created[rows, None] - self._created[None, columns]) < self._span
            keep *= np.where(near, self._cohort, 1.0)
        self._apply_pairs(keep, rows, columns)
        if columns.stop > rows[0]:
            keep[_later(rows, columns)] = 1.0
        return keep

    def _apply_pairs(self, keep: Numbers, rows: Places, columns: slice) -> None:
        low, high = np.searchsorted(self._later, (rows[0], rows[-1] + 1))
        earlier, later, pairs = self._earlier[low:high], self._later[low:high], self._pairs[low:high]
        place = np.minimum(np.searchsorted(rows, later), len(rows) - 1)
        here = (rows[place] == later) & (earlier >= columns.start) & (earlier < columns.stop)
        keep[place[here], earlier[here] - columns.start] *= pairs[here]


class _Neighbours:
    """How strongly networks link, tile by tile."""

    def __init__(self, reports: Sequence[Report], case: Case, policy: Policy) -> None:
        networks = [report.network for report in reports]
        self.absent = not sharing(networks)
        others = {} if self.absent else vouched_for(reports, case)
        self._codes = _codes(networks)
        self._links = np.asarray([network_link(others.get(name or "", 0), policy) for name in networks])

    def links(self, rows: Places, columns: slice) -> Numbers:
        """r between these rows and columns; 0 where the column is not earlier."""
        links = np.where(self._codes[rows, None] == self._codes[None, columns], self._links[rows, None], 0.0)
        if columns.stop > rows[0]:
            links[_later(rows, columns)] = 0.0
        return links


def _codes(values: Sequence[str | None]) -> Places:
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
