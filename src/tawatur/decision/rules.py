"""A site's rules: what harm and error cost, what a block needs, and how much time people have.

Every number is a field of `Policy` or `Rule`. Its range and its reason stand in `numbers.py`; how a policy is read and
written as TOML is in `policy.py`, from which all of this is imported.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

REASONS = (
    "terrorism",
    "violence",
    "child_safety",
    "sexual",
    "hate",
    "harassment",
    "privacy",
    "deception",
    "self_harm",
    "illegal_goods",
    "spam",
    "copyright",
    "other",
)


class Rule(msgspec.Struct, frozen=True):
    """What a policy says of one reason."""

    harm: float
    cost_block: float = 10.0
    cost_blur: float = 2.0
    blur: bool = True
    guard: bool = True

    @property
    def block_threshold(self) -> float:
        """C / (C + h): block when the expected harm of one more view outweighs the expected cost of a wrong block."""
        return self.cost_block / (self.cost_block + self.harm)

    @property
    def blur_threshold(self) -> float:
        """C' / (C' + h)."""
        return self.cost_blur / (self.cost_blur + self.harm)


_MILD, _GRAVE, _GRAVEST = Rule(harm=1.0), Rule(harm=2.0), Rule(harm=5.0, guard=False)
DEFAULT_RULES: Mapping[str, Rule] = {
    "terrorism": _GRAVEST,
    "violence": _GRAVE,
    "child_safety": _GRAVEST,
    "sexual": _GRAVE,
    "hate": _GRAVE,
    "harassment": _GRAVE,
    "privacy": _GRAVE,
    "deception": _MILD,
    "self_harm": _GRAVE,
    "illegal_goods": _MILD,
    "spam": _MILD,
    "copyright": _MILD,
    "other": _MILD,
}


class Policy(msgspec.Struct, frozen=True):
    """A site's rules (decision.md, sections 2, 3 and 5). `reasons` holds a rule for each of the 13 reasons."""

    version: str = "default-1"
    # floor
    floor_block: float = 3.0
    floor_blur: float = 2.0
    views_per_floor: float = 25_000.0
    # established
    established: float = 1.5
    unknown_age_counts: float = 0.5
    newcomer_days: float = 14.0
    newcomer_confirmed: int = 2
    # anonymous
    anonymous: bool = True
    anonymous_weight: float = 0.5
    anonymous_counts: float = 0.0
    # record
    record_pool: int = 40
    stakes: int = 2
    stakes_young: int = 10
    stakes_blur: int = 5
    site_prior_confirmed: float = 1.2
    site_prior_reviewed: float = 2.0
    record_strength: float = 4.0
    record_other: float = 0.3
    probation_days: float = 30.0
    probation_weight: float = 0.34
    # links
    link_device: float = 0.9
    link_referrer: float = 0.5
    link_network: float = 0.7
    link_network_people: float = 60.0
    link_cohort: float = 0.5
    cohort_days: float = 2.0
    link_shared_rejected: float = 0.6
    link_co_reports: float = 0.85
    co_reports_slope: float = 1.5
    co_reports_offset: float = 3.0
    proven_reviews: float = 10.0
    # views
    default_views: float = 80.0
    views_cap: float = 200.0
    views_cap_medians: float = 2.0
    lost_cap: float = 2.0
    newcomers_cap: int = 4
    # viewers
    viewers_days: float = 0.0
    coin_sensitivity: float = 10.0
    coin_false_alarm: float = 50.0
    silence_most: float = 10.0
    report_most: float = 2.0
    # guard
    guard_reports: int = 2
    guard_rho0: float = 0.006
    guard_alpha: float = 0.01
    # breaker
    breaker_blocks: int = 30
    breaker_times: float = 10.0
    # trust
    trust_blocks: int = 1
    trust_wrong: float = 0.1
    trust_days: float = 14.0
    # copies
    copy_distance: int = 16
    likely_distance: int = 31
    # people
    review_from: float = 0.01
    review_within_hours: float = 24.0
    lapse: bool = False
    audit_share: float = 0.05
    immunity_hours: float = 24.0
    # abuse
    abuse_rejected: int = 5
    abuse_share: float = 0.75
    abuse_days: float = 90.0
    warning_days: float = 365.0
    suspension_days: float = 7.0
    suspension_most_days: float = 180.0
    # kept
    signals_days: float = 90.0
    comments_days: float = 365.0
    pages_days: float = 365.0
    reporters_days: float = 730.0
    log_days: float = 730.0
    # shadow
    shadow: bool = False
    reasons: Mapping[str, Rule] = msgspec.field(default_factory=lambda: dict(DEFAULT_RULES))

    def rule(self, reason: str) -> Rule:
        """The rule for a reason; one that the policy does not know is treated as `other`."""
        return self.reasons.get(reason) or self.reasons["other"]


DEFAULT_POLICY = Policy()
