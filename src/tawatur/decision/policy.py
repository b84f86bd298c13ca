"""A site's rules: what harm and error cost, what a block needs, and how much time people have.

Every number is a field of `Policy` or `Rule`; its range and its reason stand in `NUMBERS` and `RULE_NUMBERS`, from which
the commented TOML is written. Reading and writing TOML is in `policy_text.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

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
    # record
    record_pool: int = 40
    stakes: int = 2
    stakes_young: int = 10
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
    link_network_people: float = 6.0
    link_cohort: float = 0.5
    cohort_days: float = 2.0
    link_shared_rejected: float = 0.6
    link_co_reports: float = 0.85
    co_reports_slope: float = 1.5
    co_reports_offset: float = 3.0
    # views
    default_views: float = 80.0
    views_cap: float = 300.0
    lost_cap: float = 2.0
    # guard
    guard_reports: int = 2
    guard_rho0: float = 0.006
    guard_alpha: float = 0.01
    guard_thetas: tuple[float, ...] = (0.7, 1.5, 2.5)
    # breaker
    breaker_blocks: int = 30
    breaker_times: float = 10.0
    # people
    review_from: float = 0.01
    review_within_hours: float = 24.0
    lapse: bool = False
    immunity_hours: float = 24.0
    reasons: Mapping[str, Rule] = msgspec.field(default_factory=lambda: dict(DEFAULT_RULES))

    def rule(self, reason: str) -> Rule:
        """The rule for a reason; one that the policy does not know is treated as `other`."""
        return self.reasons.get(reason) or self.reasons["other"]


class Number(NamedTuple):
    """The range a field may have and the reason for its default."""

    field: str
    low: float
    high: float
    why: str


class Section(NamedTuple):
    title: str
    numbers: tuple[Number, ...]


SECTIONS = (
    Section(
        "Floor: how many independent people (voices) it takes at least, whatever else speaks for it.",
        (
            Number("floor_block", 1, 1000, "several people means three at the very least"),
            Number("floor_blur", 1, 1000, "a blur costs a reader one click, so two people may cause it"),
            Number("views_per_floor", 100, 1e9, "one more voice for every 25,000 views: stray reports grow with the audience"),
        ),
    ),
    Section(
        "Established: voices of accounts that were not made for the occasion.",
        (
            Number("established", 0, 100, "three people of unknown age reach 1.5, so a site without accounts still works"),
            Number("unknown_age_counts", 0, 1, "an account whose age the site does not say counts half"),
            Number("newcomer_days", 0, 3650, "accounts bought for an attack are used within days; waiting two weeks costs"),
            Number("newcomer_confirmed", 1, 1000, "two confirmed reports say more than an account's age"),
        ),
    ),
    Section(
        "Record: what people decided about a reporter's earlier reports.",
        (
            Number("record_pool", 1, 1_000_000, "from 40 people with a confirmed record on, one of them must take part"),
            Number("stakes", 1, 1000, "a record supports two unreviewed blocks at a time: many strikes at once need a person"),
            Number("stakes_young", 1, 1000, "without records two would stop a small site at two pictures a night; ten are a morning's work"),
            Number("site_prior_confirmed", 0.01, 1000, "before any review, 1.2 of 2 reports count as confirmed: 60 %"),
            Number("site_prior_reviewed", 0.02, 1000, "the prior weighs as much as two reviewed reports"),
            Number("record_strength", 0.1, 1000, "the site's rate weighs as much as four of a reporter's own reports"),
            Number("record_other", 0, 1, "a record earned on one reason says 30 % as much about another"),
            Number("probation_days", 0, 3650, "a month, long enough that a ring cannot strike twice before reviews return"),
            Number("probation_weight", 0, 1, "after a wrong block a report counts a third: three of them make one"),
        ),
    ),
    Section(
        "Links: how likely two reporters are one and the same.",
        (
            Number("link_device", 0, 1, "one device is nearly always one person, but families share"),
            Number("link_referrer", 0, 1, "half of those whom the same link sent would not have come by themselves"),
            Number("link_network", 0, 1, "a network nobody else uses is mostly one household"),
            Number("link_network_people", 0.1, 1e6, "mobile carriers put thousands behind one address, which must link weakly"),
            Number("link_cohort", 0, 1, "newcomers made within days of each other are often made together"),
            Number("cohort_days", 0, 365, "two days: bought accounts come in batches"),
            Number("link_shared_rejected", 0, 1, "what must be independent are the errors: a shared error links by 0.6, two by 0.84"),
            Number("link_co_reports", 0, 1, "reporting the same things is weaker evidence: friends share taste"),
            Number("co_reports_slope", 0, 100, "how fast common reports beyond the first link two people"),
            Number("co_reports_offset", 0, 1000, "keeps two people with hardly any reports from being linked by them"),
        ),
    ),
    Section(
        "Views: what silence says.",
        (
            Number("default_views", 1, 1e9, "assumed when a site sends no views and has no median yet"),
            Number("views_cap", 1, 1e9, "silence beyond 300 views says nothing more, or bots that look would shield a picture"),
            Number("lost_cap", 0, 1000, "linked weight beyond two voices says nothing more, or the uploader's own accounts would shield it"),
        ),
    ),
    Section(
        "Guard: if honest viewers of a legitimate image report with probability <= rho0 and at most guard_reports "
        "reports come from outside, it is ever blocked with probability <= alpha. Needs views.",
        (
            Number("guard_reports", 0, 1000, "the two strongest voices are set aside: two friends with a grudge block nothing"),
            Number("guard_rho0", 1e-6, 0.5, "0.6 % of viewers report a legitimate image; the learned rate counts when it is higher"),
            Number("guard_alpha", 1e-6, 0.5, "one legitimate image in a hundred, over its whole life"),
            Number("guard_thetas", 0.01, 10, "tilts for slow, middling and sudden crowds; the mixture keeps the guarantee"),
        ),
    ),
    Section(
        "Breaker: far more automatic blocks in an hour than usual send cases to people instead.",
        (
            Number("breaker_blocks", 1, 1_000_000, "always allowed in an hour: what one person can look through in half an hour"),
            Number("breaker_times", 1, 1000, "ten times the usual pace is an event or an attack; a person should tell"),
        ),
    ),
    Section(
        "People: when they are asked and how long they have.",
        (
            Number("review_from", 0, 1, "a case goes to review from a chance of 1 % on; the queue's order does the rest"),
            Number("review_within_hours", 0.1, 8760, "a day: small sites look once a day"),
            Number("lapse", 0, 1, "whether a block ends when nobody looked in time; it stands, as nights and holidays are when attacks come"),
            Number("immunity_hours", 0, 8760, "a rejected image stays up for a day at least; doubled at each further rejection"),
        ),
    ),
)

RULE_NUMBERS = (
    Number("harm", 0.001, 1000, "what one view of a violating image costs: mild 1, graphic or hateful 2, terrorism and child safety 5"),
    Number("cost_block", 0.001, 1e6, "what a wrong block costs; blocked from P >= cost_block / (cost_block + harm)"),
    Number("cost_blur", 0.001, 1e6, "what a wrong blur costs: a click"),
    Number("blur", 0, 1, "whether a blur may come before a block"),
    Number("guard", 0, 1, "off where minutes count more than a wrong block: terrorism and child safety"),
)


def parse_policy(text: str) -> Policy:
    """Read a policy from a TOML document; raises `PolicyError`. What it leaves out keeps its default."""
    from tawatur.decision.policy_text import read

    return read(text)


def policy_toml(policy: Policy) -> str:
    """The policy as a TOML document, each number with its reason beside it."""
    from tawatur.decision.policy_text import write

    return write(policy)


class PolicyError(ValueError):
    """The policy cannot be used."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(f"line {line}: {message}")
        self.message = message
        self.line = line


DEFAULT_POLICY = Policy()


def value_of(holder: Policy | Rule, field: str) -> Any:
    return getattr(holder, field)
